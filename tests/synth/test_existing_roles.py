"""Roles that somebody else made: by name, by ARN, as objects of the CDK."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

import emrkit as emr
from emrkit.cluster import place_cluster
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.values import InvalidModel
from tests.synth.assembly import flat
from tests.synth.granted import RELEASE, found, lint, reach, service, template

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


def told(stack: Stack, field: str) -> list[dict[str, Any]]:
    """The statements that the owner of a role known by its name is given, one after another."""
    entries = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("W-ROLE-003"))
    texts = [text for entry in entries if f"at {field}" in (text := str(entry.entry.data))]
    lists = [text.partition("for its owner to add: ")[2].partition(" [ack:")[0] for text in texts]
    return [statement for said in lists for statement in json.loads(said)]


def test_what_a_cluster_needs_of_nodes_known_by_name_is_a_warning_with_the_statements(stack: Stack) -> None:
    roles = emr.Roles.from_names(stack, "Roles", service_role="emr-service", instance_profile="emr-nodes")
    needed = {"Effect": "Allow", "Action": ["glue:GetTable"], "Resource": "arn:aws:glue:eu-west-1:1:table/a/b"}
    roles.allow(nodes=[needed])
    roles.allow(nodes=[needed])
    assert told(stack, "instance_role") == [needed]


def test_the_owner_of_a_service_role_known_by_name_is_told_of_the_nodes_role_and_of_the_key(stack: Stack) -> None:
    roles = emr.Roles.from_names(stack, "Roles", service_role="emr-service", instance_profile="emr-nodes")
    foundation = emr.Foundation(stack, "Foundation")
    roles.serve(key=foundation.key)
    passing, *disks = told(stack, "service_role")
    assert passing["Action"] == "iam:PassRole"
    assert passing["Resource"] == "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/emr-nodes"
    (key,) = [name for name in template(stack)["Resources"] if name.startswith("FoundationKey")]
    assert {statement["Resource"] for statement in disks} == {f"${{{key}.Arn}}"}
    assert "kms:CreateGrant" in str([statement["Action"] for statement in disks])


def test_the_role_that_every_service_role_may_pass_is_not_asked_for(stack: Stack) -> None:
    emr.Roles.from_names(stack, "Roles", service_role="emr-service", instance_profile="EMR_EC2_DefaultRole")
    assert told(stack, "service_role") == []


def test_roles_of_the_cdk_are_granted_on_and_nobody_is_told(stack: Stack) -> None:
    service_role = iam.Role.from_role_name(stack, "Service", "emr-service")
    nodes = iam.Role.from_role_name(stack, "Nodes", "emr-nodes")
    roles = emr.Roles.from_names(
        stack, "Roles", service_role=service_role, instance_profile="emr-nodes", instance_role=nodes
    )
    roles.serve(data=[emr.DataGrant("shop")], key="arn:aws:kms:us-east-1:111122223333:key/1")
    assert told(stack, "service_role") == told(stack, "instance_role") == []


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
    emr.Roles(stack, "Roles", service_role="emr-service", key="arn:aws:kms:us-east-1:111122223333:key/1")
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
