"""Runtime roles of steps: who takes them on, and what they may do."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

import emrkit as emr
from tests.synth import judged
from tests.synth.assembly import flat
from tests.synth.granted import found, lint, reach, template

# ---- runtime roles


def trusted(stack: Stack, start: str) -> list[dict[str, Any]]:
    return found(stack, "AWS::IAM::Role", start)["AssumeRolePolicyDocument"]["Statement"]


def test_the_nodes_take_on_exactly_the_runtime_roles_that_trust_them(stack: Stack) -> None:
    roles = emr.Roles(stack, "Roles")
    emr.RuntimeRole(stack, "Analysts", roles=roles)
    emr.RuntimeRole(stack, "Loaders", roles=roles)
    (trust,) = trusted(stack, "Analysts")
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert flat(trust["Principal"]["AWS"]).startswith("<RolesNodes")
    policy = found(stack, "AWS::IAM::Policy")
    assert flat(policy["Roles"][0]).startswith("<RolesNodes")
    (allowed,) = policy["PolicyDocument"]["Statement"]
    assert allowed["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert [flat(arn)[:8] for arn in allowed["Resource"]] == ["<Analyst", "<Loaders"]
    assert lint(stack) == []


def test_a_stack_with_runtime_roles_has_no_circle(stack: Stack) -> None:
    roles = emr.Roles(stack, "Roles")
    emr.RuntimeRole(stack, "Analysts", roles=roles)
    document = template(stack)["Resources"]

    def needs(name: str, seen: tuple[str, ...] = ()) -> None:
        assert name not in seen, " -> ".join((*seen, name))
        text = json.dumps(document[name])
        for other in document:
            if other != name and f'"{other}"' in text:
                needs(other, (*seen, name))

    for name in document:
        needs(name)


def test_the_source_identity_is_allowed_where_it_is_propagated(stack: Stack) -> None:
    roles = emr.Roles(stack, "Roles")
    emr.RuntimeRole(stack, "Named", roles=roles, source_identity=True)
    emr.RuntimeRole(stack, "Plain", roles=roles)
    assert "sts:SetSourceIdentity" in trusted(stack, "Named")[0]["Action"]
    assert "sts:SetSourceIdentity" not in trusted(stack, "Plain")[0]["Action"]
    with_identity = [
        s for s in found(stack, "AWS::IAM::Policy")["PolicyDocument"]["Statement"] if "Identity" in str(s["Action"])
    ]
    (only,) = with_identity
    (resource,) = judged.listed(only["Resource"])
    assert flat(resource).startswith("<Named")


def test_with_lake_formation_only_sessions_marked_as_emrs_are_tagged(stack: Stack) -> None:
    emr.RuntimeRole(stack, "Analysts", roles=emr.Roles(stack, "Roles"), lake_formation=emr.LakeFormation())
    assume, tag = trusted(stack, "Analysts")
    assert (judged.listed(assume["Action"]), judged.listed(tag["Action"])) == (["sts:AssumeRole"], ["sts:TagSession"])
    assert "Condition" not in assume
    assert tag["Condition"] == {"StringEquals": {"aws:RequestTag/LakeFormationAuthorizedCaller": "Amazon EMR"}}
    assert reach(found(stack, "AWS::IAM::Role", "Analysts"), "lakeformation:GetDataAccess") == ["*"]


def test_without_lake_formation_its_data_stays_out_of_reach(stack: Stack) -> None:
    emr.RuntimeRole(stack, "Analysts", roles=emr.Roles(stack, "Roles"), data=[emr.DataGrant("shop")])
    assert reach(found(stack, "AWS::IAM::Role", "Analysts"), "lakeformation:GetDataAccess") == []


def test_one_runtime_role_serves_several_clusters(stack: Stack) -> None:
    both = [emr.Roles(stack, name) for name in ("First", "Second")]
    emr.RuntimeRole(stack, "Analysts", roles=both)
    (trust,) = trusted(stack, "Analysts")
    assert [flat(arn).split("Nodes")[0] for arn in trust["Principal"]["AWS"]] == ["<First", "<Second"]
    Template.from_stack(stack).resource_count_is("AWS::IAM::Policy", 2)


def test_a_runtime_role_that_exists_is_allowed_by_its_arn(stack: Stack) -> None:
    arn = "arn:aws:iam::111122223333:role/analysts"
    emr.Roles(stack, "Roles").allow_runtime_role(arn)
    (allowed,) = found(stack, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert allowed["Resource"] in (arn, [arn])


def test_a_step_runs_as_a_runtime_role_and_cdk_grants_reach_it(stack: Stack) -> None:
    role = emr.RuntimeRole(stack, "Analysts", roles=emr.Roles(stack, "Roles"), data=[emr.DataGrant("shop")])
    step = emr.CommandStep(name="only", command=["true"], execution_role=role)
    assert step.execution_role is role
    sqs.Queue(stack, "Queue").grant_send_messages(role.role)
    role.grant_data(emr.DataGrant("marts", access="read"))
    role.grant_catalog(emr.CatalogGrant("marts"))
    assert reach(found(stack, "AWS::IAM::Role", "Analysts"), "s3:GetObject")[-1].endswith("marts/*")
    assert "sqs:SendMessage" in str(found(stack, "AWS::IAM::Policy", "AnalystsRolePolicy"))
