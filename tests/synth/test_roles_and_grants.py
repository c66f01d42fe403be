"""Roles of clusters: what is granted, to whom, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

import emrkit as emr
from tests.synth.assembly import flat
from tests.synth.granted import RELEASE, found, lint, reach, statements, template

BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"


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
    roles.grant_secrets(
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:other-AbCdEf",
        key="arn:aws:kms:us-east-1:111122223333:key/1",
    )
    nodes = found(stack, "AWS::IAM::Role", "RolesNodes")
    first, second = reach(nodes, "secretsmanager:GetSecretValue")
    assert first.startswith("<Password")
    assert second.endswith("secret:other-AbCdEf")
    assert reach(nodes, "kms:Decrypt") == ["arn:aws:kms:us-east-1:111122223333:key/1"]


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
        "key": "arn:aws:kms:us-east-1:111122223333:key/1",
    }
    emr.Cluster(stack, "First", data=[emr.DataGrant("shop", "raw/", "read")], **arguments)
    emr.Cluster(stack, "Second", **arguments)
    nodes = found(stack, "AWS::IAM::Role", "RolesNodes")
    assert reach(nodes, "s3:GetObject") == ["arn:<AWS::Partition>:s3:::shop/raw/*"]
    assert reach(nodes, "s3:PutObject") == ["arn:<AWS::Partition>:s3:::logs/logs/*"]
    assert reach(nodes, "kms:Decrypt") == ["arn:aws:kms:us-east-1:111122223333:key/1"]
    service_role = found(stack, "AWS::IAM::Role", "RolesService")
    assert reach(service_role, "kms:CreateGrant") == ["arn:aws:kms:us-east-1:111122223333:key/1"]
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
