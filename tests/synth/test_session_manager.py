"""Shells without SSH, managed policies of one's own, and where logs go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit_facts.iam import SESSION_MANAGER_ACTIONS
from emrkit_model import EmrkitError

_POLICY = "arn:aws:iam::111122223333:policy/audit"


def roles_of(stack: Stack) -> list[dict[str, Any]]:
    return list(Template.from_stack(stack).find_resources("AWS::IAM::Role").values())


def test_nodes_are_reached_by_session_manager_only_when_that_is_asked(stack: Stack) -> None:
    emr.Roles(stack, "Plain")
    emr.Roles(stack, "Shells", session_manager=True)
    held = [role for role in roles_of(stack) if "ssmmessages" in json.dumps(role)]
    (role,) = held
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert {"Effect": "Allow", "Action": list(SESSION_MANAGER_ACTIONS), "Resource": "*"} in statements


def test_a_role_that_exists_gets_the_channels_too_and_no_managed_policies(stack: Stack) -> None:
    known = iam.Role(stack, "Known", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    emr.Roles(stack, "Roles", session_manager=True, instance_profile="known", instance_role=known)
    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy")
    assert "ssmmessages:OpenDataChannel" in json.dumps(policies)
    with pytest.raises(EmrkitError, match="E-ROLE-025"):
        emr.Roles(stack, "More", managed_policies=[_POLICY], instance_profile="known", instance_role=known)


def test_managed_policies_stand_on_the_nodes_role_alone(stack: Stack) -> None:
    emr.Roles(stack, "Roles", managed_policies=[_POLICY])
    held = [role for role in roles_of(stack) if _POLICY in role["Properties"].get("ManagedPolicyArns", [])]
    assert len(held) == 1
    assert "ec2.amazonaws.com" in json.dumps(held[0]["Properties"]["AssumeRolePolicyDocument"])
    with pytest.raises(EmrkitError, match="E-ROLE-026"):
        emr.Roles(stack, "Text", managed_policies=_POLICY)


def test_logs_go_below_a_prefix_of_ones_own_and_nodes_may_write_there(stack: Stack) -> None:
    etl = emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network"),
        security=emr.SecurityConfiguration(stack, "Security"),
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        logs="my-logs",
        log_prefix="clusters/etl",
        scale_down="TERMINATE_AT_TASK_COMPLETION",
    )
    assert etl.value.log_uri == "s3://my-logs/clusters/etl/"
    assert any("my-logs/clusters/etl/*" in json.dumps(role) for role in roles_of(stack))
    (cluster,) = Template.from_stack(stack).find_resources("AWS::EMR::Cluster").values()
    assert cluster["Properties"]["ScaleDownBehavior"] == "TERMINATE_AT_TASK_COMPLETION"
    assert "MasterPublicDNS" in json.dumps(stack.resolve(etl.primary_dns))
