"""Roles beyond the demo's: what is granted, to whom it is passed, what is brought along, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import parliament
import pytest
from aws_cdk import App, CfnParameter, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match, Template

import emrkit as emr
from emrkit.cluster import place_cluster
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.values import InvalidModel
from tests.synth import judged
from tests.synth.assembly import flat

BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
RELEASE = "emr-7.12.0"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(builtin_cloud_formation_validation=False), "Grants")


def template(stack: Stack) -> dict[str, Any]:
    return dict(Template.from_stack(stack).to_json())


def service(name: str) -> iam.IPrincipal:
    # jsii's stubs spell a parameter otherwise than the interface, which type checkers refuse.
    return cast("iam.IPrincipal", iam.ServicePrincipal(f"{name}.amazonaws.com"))


def found(stack: Stack, kind: str, start: str = "") -> dict[str, Any]:
    """The properties of the only resource of a type whose logical id begins so."""
    resources = template(stack)["Resources"]
    (properties,) = [r.get("Properties", {}) for n, r in resources.items() if r["Type"] == kind and n.startswith(start)]
    return properties


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            lists = {k: judged.listed(v) for k, v in statement.items() if k in {"Action", "Resource"}}
            yield {**statement, **lists}


def reach(role: dict[str, Any], action: str) -> list[str]:
    """The resources on which a role may do something."""
    return [flat(r) for s in statements(role) if action in s["Action"] for r in s["Resource"]]


def lint(stack: Stack) -> list[str]:
    """What parliament says of every policy of the stack."""
    document = template(stack)
    return [
        f"{name}: {finding}"
        for name, policy in judged.policies(document)
        for finding in parliament.analyze_policy_string(json.dumps(judged.plain(policy, document, {}))).findings
        if parliament.enhance_finding(finding).severity not in {"MUTED", "INFO"}
    ]


# ---- data, keys, catalog, secrets


def test_a_prefix_is_granted_and_not_its_neighbours(stack: Stack) -> None:
    emr.Roles(stack, "Roles", data=[emr.DataGrant("shop", "raw/", "read"), emr.DataGrant("shop", "out", "write")])
    nodes = found(stack, "AWS::IAM::Role", "RolesNodes")
    assert reach(nodes, "s3:GetObject") == ["arn:<AWS::Partition>:s3:::shop/raw/*"]
    assert reach(nodes, "s3:PutObject") == ["arn:<AWS::Partition>:s3:::shop/out*"]
    assert lint(stack) == []


def test_the_policy_of_a_key_made_here_admits_the_nodes_by_name_in_one_statement(stack: Stack) -> None:
    """The role refers to the key, so the key cannot refer to the role: its ARN is written out."""
    key = kms.Key(stack, "Key")
    for name in ("First", "Second"):
        emr.Roles(stack, name, data=[emr.DataGrant("shop", key=key)], key=key)
    document = found(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (nodes,) = [s for s in document if "ArnEquals" in s.get("Condition", {})]
    names = [flat(arn) for arn in nodes["Condition"]["ArnEquals"]["aws:PrincipalArn"]]
    roles = template(stack)["Resources"]
    expected = [
        f"arn:<AWS::Partition>:iam::<AWS::AccountId>:role/{flat(r['Properties']['RoleName'])}"
        for n, r in roles.items()
        if "Nodes" in n
    ]
    assert sorted(names) == sorted(expected)
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(nodes["Action"])
    assert len([s for s in document if "kms:ViaService" in str(s)]) == 2
    assert flat(nodes["Principal"]["AWS"]) == "arn:<AWS::Partition>:iam::<AWS::AccountId>:root"
    for role in ("FirstNodes", "SecondNodes"):
        assert reach(found(stack, "AWS::IAM::Role", role), "kms:Decrypt")


def test_the_disks_key_is_granted_through_ec2_alone(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    emr.Roles(stack, "Roles", key=key)
    document = found(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (grants,) = [s for s in document if s["Action"] == "kms:CreateGrant"]
    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert flat(grants["Condition"]["StringLike"]["kms:ViaService"]) == "ec2.<AWS::Region>.amazonaws.com*"


def test_the_policy_of_a_foundations_key_leaves_it_to_the_account(stack: Stack) -> None:
    foundation = emr.Foundation(stack, "Foundation")
    emr.Roles(stack, "Roles", data=[emr.DataGrant(foundation.data, key=foundation.key)], key=foundation.key)
    document = found(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert (document[0]["Effect"], document[0]["Action"]) == ("Allow", "kms:*")
    assert "aws:PrincipalArn" not in str(document)
    assert "kms:ViaService" not in str(document)


def test_a_key_of_another_account_is_named_in_the_roles_policy(stack: Stack) -> None:
    arn = "arn:aws:kms:eu-west-1:999999999999:key/11111111-2222-3333-4444-555555555555"
    emr.Roles(stack, "Roles", data=[emr.DataGrant("theirs", "shared/", "read", arn)])
    imported = kms.Key.from_key_arn(stack, "Theirs", arn)
    emr.Roles(stack, "Others", data=[emr.DataGrant("theirs", "shared/", "read", imported)])
    assert reach(found(stack, "AWS::IAM::Role", "RolesNodes"), "kms:Decrypt") == [arn]
    assert reach(found(stack, "AWS::IAM::Role", "OthersNodes"), "kms:Decrypt") == [arn]


def test_a_database_of_the_catalog_is_read_and_its_neighbours_are_not_seen(stack: Stack) -> None:
    emr.Roles(stack, "Roles", catalog=[emr.CatalogGrant("sales", tables=["orders_*"], access="read")])
    nodes = found(stack, "AWS::IAM::Role", "RolesNodes")
    place = "arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>"
    tables = [r for r in reach(nodes, "glue:GetTable") if ":table/" in r]
    assert tables == [f"{place}:table/sales/orders_*"]
    assert reach(nodes, "glue:CreateTable") == reach(nodes, "glue:DeleteDatabase") == []
    assert f"{place}:database/default" in reach(nodes, "glue:GetDatabase")
    assert f"{place}:database/default" not in reach(nodes, "glue:GetTable")
    assert lint(stack) == []


@pytest.mark.parametrize(("access", "tables", "databases"), [("read-write", True, False), ("manage", True, True)])
def test_changing_tables_does_not_imply_changing_databases(
    stack: Stack, access: Any, tables: bool, databases: bool
) -> None:
    roles = emr.Roles(stack, "Roles")
    roles.grant_catalog(emr.CatalogGrant("sales", access=access))
    nodes = found(stack, "AWS::IAM::Role", "RolesNodes")
    assert bool(reach(nodes, "glue:CreateTable")) is tables
    assert bool(reach(nodes, "glue:CreateDatabase")) is databases
    assert reach(nodes, "glue:GetTable")


def test_exactly_the_secrets_that_were_given_are_read(stack: Stack) -> None:
    secret = secretsmanager.Secret(stack, "Password")
    roles = emr.Roles(stack, "Roles", secrets=[secret])
    roles.grant_secrets("arn:aws:secretsmanager:eu-west-1:111122223333:secret:other-AbCdEf", key="arn:aws:kms:x")
    nodes = found(stack, "AWS::IAM::Role", "RolesNodes")
    first, second = reach(nodes, "secretsmanager:GetSecretValue")
    assert first.startswith("<Password")
    assert second.endswith("secret:other-AbCdEf")
    assert reach(nodes, "kms:Decrypt") == ["arn:aws:kms:x"]


# ---- boundary and path


def test_every_role_and_policy_has_the_boundary_and_the_path(stack: Stack) -> None:
    given: dict[str, Any] = {"permissions_boundary": BOUNDARY, "path": "/teams/data/"}
    roles = emr.Roles(stack, "Roles", auto_scaling=True, **given)
    emr.RuntimeRole(stack, "Analysts", roles=roles, **given)
    emr.SubmitterPolicy(stack, "Submitters", project="shop", environment="dev", path="/teams/data/")
    resources = template(stack)["Resources"].values()
    made = [r["Properties"] for r in resources if r["Type"] == "AWS::IAM::Role"]
    assert len(made) == 4
    assert {(r["PermissionsBoundary"], r["Path"]) for r in made} == {(BOUNDARY, "/teams/data/")}
    with_path = {"AWS::IAM::Role", "AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy"}
    assert {r["Properties"]["Path"] for r in resources if r["Type"] in with_path} == {"/teams/data/"}


# ---- auto scaling


def test_the_auto_scaling_role_trusts_the_scaling_service_for_this_accounts_targets(stack: Stack) -> None:
    roles = emr.Roles(stack, "Roles")
    arn = roles.require_auto_scaling_role()
    assert roles.require_auto_scaling_role() == arn == roles.auto_scaling_role_arn
    role = found(stack, "AWS::IAM::Role", "RolesAutoScaling")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "application-autoscaling.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    source = flat(trust["Condition"]["ArnLike"]["aws:SourceArn"])
    assert source == "arn:<AWS::Partition>:application-autoscaling:*:<AWS::AccountId>:scalable-target/*"
    clusters = ["arn:<AWS::Partition>:elasticmapreduce:<AWS::Region>:<AWS::AccountId>:cluster/*"]
    assert reach(role, "elasticmapreduce:ModifyInstanceGroups") == clusters
    assert lint(stack) == []


def test_the_service_role_passes_the_auto_scaling_role_because_it_does_not_have_the_default_name(stack: Stack) -> None:
    emr.Roles(stack, "Roles", auto_scaling=True)
    service = found(stack, "AWS::IAM::Role", "RolesService")
    passed = {
        s["Condition"]["StringLike"]["iam:PassedToService"]: flat(s["Resource"][0])
        for s in statements(service)
        if "iam:PassRole" in s["Action"]
    }
    assert set(passed) == {"ec2.amazonaws.com*", "application-autoscaling.amazonaws.com*"}
    assert passed["application-autoscaling.amazonaws.com*"].startswith("<RolesAutoScaling")


def test_who_launches_may_pass_each_role_to_its_own_service(stack: Stack) -> None:
    passing = emr.Roles(stack, "Roles", auto_scaling=True).passing()
    assert len({str(s["Resource"]) for s in passing}) == 3
    services = [s["Condition"]["StringLike"]["iam:PassedToService"] for s in passing]  # type: ignore[index]
    assert services == [f"{name}.amazonaws.com*" for name in ("elasticmapreduce", "ec2", "application-autoscaling")]


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


# ---- roles that exist


def test_roles_by_name_are_used_and_nothing_is_made(stack: Stack) -> None:
    roles = emr.Roles.from_names(stack, "Roles", service_role="emr-service", instance_profile="emr-nodes")
    assert "Resources" not in template(stack)
    resolve = stack.resolve
    assert flat(resolve(roles.service_role_arn)) == "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/emr-service"
    assert flat(resolve(roles.instance_role_arn)) == "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/emr-nodes"
    assert (roles.instance_profile_name, roles.instance_role_name) == ("emr-nodes", "emr-nodes")


def test_roles_by_arn_keep_their_path_and_profiles_lose_theirs(stack: Stack) -> None:
    service = "arn:aws:iam::111122223333:role/teams/service"
    profile = "arn:aws:iam::111122223333:instance-profile/teams/nodes"
    nodes = "arn:aws:iam::111122223333:role/teams/nodes"
    roles = emr.Roles.from_names(
        stack, "Roles", service_role=service, instance_profile=profile, instance_role=nodes, auto_scaling_role="scaling"
    )
    assert (roles.service_role_arn, roles.instance_role_arn) == (service, nodes)
    assert (roles.instance_profile_name, roles.instance_role_name) == ("nodes", "nodes")
    assert str(roles.auto_scaling_role_arn).endswith(":role/scaling")
    assert roles.require_auto_scaling_role() == roles.auto_scaling_role_arn


def test_a_cluster_runs_with_roles_that_exist(stack: Stack) -> None:
    service = iam.Role.from_role_name(stack, "Service", "emr-service")
    roles = emr.Roles.from_names(stack, "Roles", service_role=service, instance_profile="emr-nodes")
    value = ClusterValue(name="etl", release=RELEASE, primary=emr.InstanceFleet.on_demand("m5.xlarge"))
    placed = place_cluster(
        value,
        network=emr.Network(stack, "Network", flow_logs=False),
        security=emr.SecurityConfiguration(stack, "Security"),
        roles=roles,
        log_uri=None,
        log_key=None,
    )
    assert flat(stack.resolve(placed.service_role)).endswith(":role/emr-service")
    assert placed.instance_profile == "emr-nodes"


def test_a_grant_on_a_role_known_by_name_alone_is_an_error(stack: Stack) -> None:
    roles = emr.Roles.from_names(stack, "Roles", service_role="emr-service", instance_profile="emr-nodes")
    with pytest.raises(InvalidModel, match="E-ROLE-001") as caught:
        roles.grant_data(emr.DataGrant("shop"))
    assert "iam.Role.from_role_name" in str(caught.value)
    with pytest.raises(InvalidModel, match="E-ROLE-001"):
        emr.Roles(stack, "Others", service_role="a", instance_profile="b", data=[emr.DataGrant("shop")])


def test_what_a_cluster_needs_of_a_role_known_by_name_is_a_warning(stack: Stack) -> None:
    roles = emr.Roles.from_names(stack, "Roles", service_role="emr-service", instance_profile="emr-nodes")
    roles.allow(nodes=[{"Effect": "Allow", "Action": ["glue:GetTable"], "Resource": "*"}])
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp(".*owner must allow glue:GetTable.*"))


def test_a_grant_on_a_role_of_the_cdk_is_made_as_the_cdk_makes_it(stack: Stack) -> None:
    nodes = iam.Role(stack, "Mine", assumed_by=service("ec2"), role_name="mine")
    profile = iam.InstanceProfile(stack, "Profile", role=cast("iam.IRole", nodes), instance_profile_name="mine")
    roles = emr.Roles(
        stack, "Roles", service_role="emr-service", instance_profile=profile, instance_role=nodes,
        data=[emr.DataGrant("shop", "raw/", "read")],
    )  # fmt: skip
    roles.allow_runtime_role("arn:aws:iam::111122223333:role/analysts")
    policy = str(found(stack, "AWS::IAM::Policy"))
    assert "s3:GetObject" in policy
    assert "sts:AssumeRole" in policy
    assert flat(stack.resolve(roles.instance_profile_name)).startswith("<Profile")
    assert lint(stack) == []


def test_one_role_may_exist_and_the_other_be_made(stack: Stack) -> None:
    emr.Roles(stack, "Roles", service_role="emr-service", key="arn:aws:kms:x")
    nodes = emr.Roles(stack, "Others", instance_profile="nodes")
    kinds = sorted(r["Type"] for r in template(stack)["Resources"].values())
    assert kinds == ["AWS::IAM::InstanceProfile", "AWS::IAM::Role", "AWS::IAM::Role"]
    service = found(stack, "AWS::IAM::Role", "OthersService")
    assert reach(service, "iam:PassRole") == [flat(stack.resolve(nodes.instance_role_arn))]


def test_a_service_role_of_the_cdk_may_pass_the_nodes_that_are_made_here(stack: Stack) -> None:
    mine = iam.Role(stack, "Mine", assumed_by=service("elasticmapreduce"))
    emr.Roles(stack, "Roles", service_role=mine, auto_scaling=True)
    document = found(stack, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    services = {s["Condition"]["StringLike"]["iam:PassedToService"] for s in document}
    assert services == {"ec2.amazonaws.com*", "application-autoscaling.amazonaws.com*"}


def test_an_instance_role_without_its_profile_is_refused(stack: Stack) -> None:
    with pytest.raises(InvalidModel, match="E-ROLE-002"):
        emr.Roles(stack, "Roles", instance_role="emr-nodes")


def test_tokens_pass_for_roles_that_exist(stack: Stack) -> None:
    arn = CfnParameter(stack, "ServiceRole").value_as_string
    roles = emr.Roles.from_names(stack, "Roles", service_role=arn, instance_profile="emr-nodes")
    assert stack.resolve(roles.service_role_arn) == {"Ref": "ServiceRole"}


def test_grants_of_the_cdk_reach_the_nodes(stack: Stack) -> None:
    roles = emr.Roles(stack, "Roles")
    s3.Bucket(stack, "Bucket").grant_read(roles.instance_role)
    assert "s3:GetObject*" in str(found(stack, "AWS::IAM::Policy"))


# ---- roles made before the cluster


def test_roles_made_before_are_given_what_the_cluster_reads_and_writes(stack: Stack) -> None:
    """Data, logs and key of a cluster are not forgotten because its roles come from elsewhere."""
    roles = emr.Roles(stack, "Roles")
    arguments: dict[str, Any] = {
        "network": emr.Network(stack, "Network", flow_logs=False),
        "security": emr.SecurityConfiguration(stack, "Security"),
        "release": RELEASE,
        "primary": emr.InstanceFleet.on_demand("m5.xlarge"),
        "roles": roles,
        "logs": "logs",
        "key": "arn:aws:kms:x",
    }
    emr.Cluster(stack, "First", data=[emr.DataGrant("shop", "raw/", "read")], **arguments)
    emr.Cluster(stack, "Second", **arguments)
    nodes = found(stack, "AWS::IAM::Role", "RolesNodes")
    assert reach(nodes, "s3:GetObject") == ["arn:<AWS::Partition>:s3:::shop/raw/*"]
    assert reach(nodes, "s3:PutObject") == ["arn:<AWS::Partition>:s3:::logs/logs/*"]
    assert reach(nodes, "kms:Decrypt") == ["arn:aws:kms:x"]
    service_role = found(stack, "AWS::IAM::Role", "RolesService")
    assert reach(service_role, "kms:CreateGrant") == ["arn:aws:kms:x"]
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 2)


def test_a_cluster_of_instance_groups_that_scale_has_the_scaling_role_in_its_contract(stack: Stack) -> None:
    cluster = emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network", flow_logs=False),
        security=emr.SecurityConfiguration(stack, "Security"),
        release=RELEASE,
        primary=emr.InstanceGroup.on_demand("m5.xlarge"),
        core=emr.InstanceGroup.on_demand("m5.xlarge", count=2, scaling=emr.AutoScaling(minimum=2, maximum=10)),
    )
    contract = cluster.contract()
    assert contract.auto_scaling_role == cluster.roles.auto_scaling_role_arn
    ((_, made),) = Template.from_stack(stack).find_resources("AWS::EMR::Cluster").items()
    assert flat(made["Properties"]["AutoScalingRole"]).startswith("<EtlRolesAutoScaling")
