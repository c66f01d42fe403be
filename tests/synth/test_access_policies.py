"""The policies for who deploys, who submits and who operates: what each holds, and what none of them does."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import parliament
import pytest
from aws_cdk import App, CfnParameter, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.values import InvalidModel
from tests.synth import judged
from tests.synth.assembly import flat

KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
# jsii's stubs spell a parameter otherwise than the interface, which type checkers refuse.
ACCOUNT = cast("iam.IPrincipal", iam.AccountRootPrincipal())
SHOP: dict[str, Any] = {"project": "shop", "environment": "prod"}


@pytest.fixture
def stack() -> Stack:
    return Stack(App(builtin_cloud_formation_validation=False), "Access")


def standing(stack: Stack, *ids: str) -> list[Any]:
    return [emr.Cluster.from_cluster_id(stack, name, name) for name in ids]


def everything(stack: Stack) -> None:
    """Each policy with all that it can take."""
    roles = emr.Roles(stack, "Roles", auto_scaling=True)
    analysts = emr.RuntimeRole(stack, "Analysts", roles=roles)
    job = emr.Job(name="job", run_on="own", steps=(emr.CommandStep(name="only", command=["true"]),))
    value = ClusterValue(name="own", release="emr-7.12.0", primary=emr.InstanceFleet.on_demand("m5.xlarge"))
    pipeline = emr.Pipeline(stack, "Job", job=job, cluster=value, roles=roles)
    clusters = standing(stack, "j-1ABCDEFGHIJKL")
    emr.DeployerPolicy(stack, "Deployers", empties=["data", "logs"], **SHOP)
    emr.SubmitterPolicy(
        stack,
        "Submitters",
        clusters=clusters,
        artifacts="artifacts",
        logs="logs",
        key=KEY,
        runtime_roles=[analysts],
        pipelines=[pipeline],
        launches=[roles],
        data=["data"],
        secrets=["arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf"],
        **SHOP,
    )
    emr.OperatorPolicy(stack, "Operators", logs="logs", key=KEY, pipelines=[pipeline], unprotects=True, **SHOP)


def documents(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """The construct's name → the statements of its policy."""
    found = Template.from_stack(stack).find_resources("AWS::IAM::ManagedPolicy")
    return {
        re.sub(r"[0-9A-F]{8}$", "", name): policy["Properties"]["PolicyDocument"]["Statement"]
        for name, policy in found.items()
    }


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for s in statements for action in judged.listed(s["Action"])}


def with_action(statements: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    return [s for s in statements if action in judged.listed(s["Action"])]


def test_parliament_finds_nothing_in_any_of_them(stack: Stack) -> None:
    everything(stack)
    template = dict(Template.from_stack(stack).to_json())
    found = [
        f"{name}: {finding}"
        for name, policy in judged.policies(template)
        for finding in parliament.analyze_policy_string(json.dumps(judged.plain(policy, template, {}))).findings
        if parliament.enhance_finding(finding).severity not in {"MUTED", "INFO"}
    ]
    # Delivering logs and traces of a state machine knows no resources; that is the pipeline's, and judged with it.
    assert [f for f in found if not f.startswith("JobRole")] == []


def test_each_is_within_iams_size(stack: Stack) -> None:
    everything(stack)
    template = dict(Template.from_stack(stack).to_json())
    sizes = {
        name: len(json.dumps(judged.plain(policy, template, {}), separators=(",", ":")))
        for name, policy in judged.policies(template)
        if template["Resources"][name]["Type"] == "AWS::IAM::ManagedPolicy"
    }
    assert len(sizes) == 3
    assert max(sizes.values()) < 6144


def test_no_action_is_a_pattern_and_none_is_of_iam_but_passing(stack: Stack) -> None:
    everything(stack)
    for name, statements in documents(stack).items():
        assert not [a for a in actions(statements) if a.endswith("*")], name
        assert {a for a in actions(statements) if a.startswith("iam:")} <= {"iam:PassRole"}, name


def test_what_knows_no_resource_is_looking_or_launching_with_the_projects_tags(stack: Stack) -> None:
    everything(stack)
    for name, statements in documents(stack).items():
        for statement in statements:
            if statement["Resource"] == "*":
                open_to_all = {
                    a for a in judged.listed(statement["Action"]) if not re.search(r":(Get|List|Describe|View)", a)
                }
                assert open_to_all <= {"elasticmapreduce:RunJobFlow"}, name
                if open_to_all:
                    assert statement["Condition"]["StringEquals"]["aws:RequestTag/emrkit:project"] == "shop"


def test_passing_is_pinned_to_one_role_and_one_service(stack: Stack) -> None:
    everything(stack)
    found = {
        flat(s["Resource"]): s["Condition"]["StringLike"]["iam:PassedToService"]
        for statements in documents(stack).values()
        for s in with_action(statements, "iam:PassRole")
    }
    kinds = {re.sub(r"Roles|[0-9A-F]{8}.Arn|[<>]", "", role): service for role, service in found.items()}
    assert kinds == {
        "Service": "elasticmapreduce.amazonaws.com*",
        "Nodes": "ec2.amazonaws.com*",
        "AutoScaling": "application-autoscaling.amazonaws.com*",
    }


def test_a_deployer_works_through_the_roles_of_the_cdk(stack: Stack) -> None:
    emr.DeployerPolicy(stack, "Deployers", qualifier="shop", **SHOP)
    (statements,) = documents(stack).values()
    (assume,) = with_action(statements, "sts:AssumeRole")
    names = [flat(r).rpartition("role/")[2] for r in assume["Resource"]]
    place = "<AWS::AccountId>-<AWS::Region>"
    tasks = ("deploy", "file-publishing", "image-publishing", "lookup")
    assert names == [f"cdk-shop-{task}-role-{place}" for task in tasks]
    services = {action.split(":")[0] for action in actions(statements)}
    assert services == {"sts", "cloudformation", "ssm", "elasticmapreduce"}
    (delete,) = with_action(statements, "cloudformation:DeleteStack")
    assert flat(delete["Resource"]).endswith(":stack/shop-prod-*/*")


def test_a_deployer_empties_the_buckets_that_were_named_and_no_others(stack: Stack) -> None:
    emr.DeployerPolicy(stack, "Deployers", empties=["data"], **SHOP)
    (statements,) = documents(stack).values()
    (delete,) = with_action(statements, "s3:DeleteObjectVersion")
    assert flat(delete["Resource"]) == "arn:<AWS::Partition>:s3:::data/*"
    assert with_action(statements, "s3:GetObject") == []


def test_a_submitter_adds_steps_to_one_cluster_as_one_role(stack: Stack) -> None:
    role = "arn:aws:iam::111122223333:role/analysts"
    clusters = standing(stack, "j-1")
    emr.SubmitterPolicy(stack, "Submitters", clusters=clusters, runtime_roles=[role], **SHOP)
    (statements,) = documents(stack).values()
    (add,) = with_action(statements, "elasticmapreduce:AddJobFlowSteps")
    (cluster,) = judged.listed(add["Resource"])
    assert flat(cluster).endswith(":cluster/j-1")
    assert add["Condition"] == {"ArnEquals": {"elasticmapreduce:ExecutionRoleArn": [role]}}
    assert with_action(statements, "elasticmapreduce:RunJobFlow") == []
    assert with_action(statements, "elasticmapreduce:TerminateJobFlows") == []


def test_a_submitter_without_runtime_roles_submits_as_the_nodes(stack: Stack) -> None:
    emr.SubmitterPolicy(stack, "Submitters", clusters=standing(stack, "j-1"), **SHOP)
    (statements,) = documents(stack).values()
    (add,) = with_action(statements, "elasticmapreduce:AddJobFlowSteps")
    assert "Condition" not in add


def test_a_submitter_uploads_bundles_and_holds_locks_and_reaches_no_data(stack: Stack) -> None:
    emr.SubmitterPolicy(stack, "Submitters", artifacts="artifacts", logs="logs", data=["data"], key=KEY, **SHOP)
    (statements,) = documents(stack).values()
    place = "arn:<AWS::Partition>:s3:::"

    def reach(action: str) -> list[str]:
        return [flat(r) for s in with_action(statements, action) for r in judged.listed(s["Resource"])]

    assert reach("s3:PutObject") == [f"{place}artifacts/bundles/*", f"{place}artifacts/locks/*"]
    assert reach("s3:DeleteObject") == [f"{place}artifacts/locks/*"]
    assert [r for r in reach("s3:GetObject") if "data" in r] == []
    assert f"{place}logs/logs/*" in reach("s3:GetObject")
    (use,) = with_action(statements, "kms:Decrypt")
    assert flat(use["Condition"]["StringLike"]["kms:ViaService"]) == "s3.<AWS::Region>.amazonaws.com*"


def test_an_operator_is_shown_everything_and_changes_the_projects_clusters_alone(stack: Stack) -> None:
    emr.OperatorPolicy(stack, "Operators", logs="logs", **SHOP)
    (statements,) = documents(stack).values()
    for action in ("TerminateJobFlows", "ModifyInstanceFleet", "PutManagedScalingPolicy", "CancelSteps"):
        (found,) = with_action(statements, f"elasticmapreduce:{action}")
        tags = found["Condition"]["StringEquals"]
        assert tags["aws:ResourceTag/emrkit:project"] == "shop"
        assert tags["aws:ResourceTag/emrkit:environment"] == "prod"
    never = {"AddJobFlowSteps", "RunJobFlow", "SetTerminationProtection", "AddTags", "RemoveTags"}
    assert not {a.partition(":")[2] for a in actions(statements)} & never
    assert {a for a in actions(statements) if a.startswith(("s3:Put", "s3:Delete"))} == set()


def test_an_operator_of_named_clusters_needs_no_tags(stack: Stack) -> None:
    emr.OperatorPolicy(stack, "Operators", clusters=standing(stack, "j-1", "j-2"), unprotects=True, **SHOP)
    (statements,) = documents(stack).values()
    (found,) = with_action(statements, "elasticmapreduce:SetTerminationProtection")
    assert [flat(r).rpartition("/")[2] for r in found["Resource"]] == ["j-1", "j-2"]
    assert "Condition" not in found


def test_tags_cannot_be_changed_by_those_whom_tags_let_in(stack: Stack) -> None:
    """Whoever could tag any cluster as the project's could then end it."""
    everything(stack)
    for name, statements in documents(stack).items():
        for statement in with_action(statements, "elasticmapreduce:AddTags"):
            assert name == "Submitters"
            assert statement["Condition"]["StringEquals"]["aws:RequestTag/emrkit:project"] == "shop"
            assert statement["Condition"]["Null"] == {"aws:ResourceTag/emrkit:project": "true"}


def test_a_policy_too_large_for_iam_is_refused_with_the_way_out(stack: Stack) -> None:
    many = standing(stack, *(f"j-{number:013d}" for number in range(60)))
    with pytest.raises(InvalidModel, match="E-ROLE-010") as caught:
        emr.SubmitterPolicy(stack, "Submitters", clusters=many, **SHOP)
    assert "for each group of clusters" in str(caught.value)


def test_a_policy_is_attached_as_any_of_the_cdk(stack: Stack) -> None:
    operators = emr.OperatorPolicy(stack, "Operators", **SHOP)
    role = iam.Role(stack, "Team", assumed_by=ACCOUNT)
    role.add_managed_policy(operators.managed_policy)
    assert operators.managed_policy is operators.managed_policy
    (found,) = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    assert flat(found["Properties"]["ManagedPolicyArns"][0]).startswith("<Operators")


def test_a_grant_of_a_cluster_is_for_that_cluster(stack: Stack) -> None:
    role = iam.Role(stack, "Team", assumed_by=ACCOUNT)
    (cluster,) = standing(stack, "j-1")
    cluster.grant_submit(role)
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert flat(statement["Resource"]).endswith(":cluster/j-1")
    assert "elasticmapreduce:AddJobFlowSteps" in statement["Action"]


@pytest.mark.parametrize(
    ("policy", "given", "found"),
    [
        (emr.DeployerPolicy, {"project": "Ü x", "environment": None}, ["E-ROLE-027 project", "E-ROLE-027 environment"]),
        (emr.DeployerPolicy, {"environment": "prod/*"}, ["E-ROLE-027 environment"]),
        (emr.DeployerPolicy, {"empties": ["s3://shop"]}, ["E-STORE-051 empties.0"]),
        (emr.DeployerPolicy, {"empties": "shop"}, ["E-ROLE-028 empties"]),
        (emr.SubmitterPolicy, {"clusters": ["etl"]}, ["E-ROLE-029 clusters.0"]),
        (emr.SubmitterPolicy, {"clusters": "etl"}, ["E-ROLE-028 clusters"]),
        (
            emr.SubmitterPolicy,
            {"pipelines": [None], "launches": ["roles"]},
            ["E-ROLE-029 pipelines.0", "E-ROLE-029 launches.0"],
        ),
        (
            emr.SubmitterPolicy,
            {"artifacts": "s3://shop/bundles", "data": ["Shop"], "key": "alias/shop"},
            ["E-STORE-051 artifacts", "E-STORE-051 data.0", "E-ENC-040 key"],
        ),
        (emr.OperatorPolicy, {"clusters": [None], "project": ""}, ["E-ROLE-027 project", "E-ROLE-029 clusters.0"]),
    ],
)
def test_what_no_policy_can_be_made_of_is_refused_by_its_name(
    stack: Stack, policy: Any, given: dict[str, Any], found: list[str]
) -> None:
    with pytest.raises(InvalidModel) as refused:
        policy(stack, "Policy", **{**SHOP, **given})
    assert [f"{d.code} {'.'.join(map(str, d.path))}" for d in refused.value.diagnostics] == found


def test_tokens_pass_for_names_and_buckets_of_policies(stack: Stack) -> None:
    name = CfnParameter(stack, "Name").value_as_string
    emr.SubmitterPolicy(stack, "Submitters", project=name, environment=name, artifacts=name, data=[name], key=name)
