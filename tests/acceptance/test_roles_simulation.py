"""What the roles of a cluster may do, asked of IAM's own simulation: allowed and denied cases."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

ACCOUNT = "000000000000"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
PLACES = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": "us-east-1"}


def _plain(value: Any, node_role: str) -> Any:
    """The value with CloudFormation's functions carried out."""
    if isinstance(value, list):
        return [_plain(item, node_role) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return PLACES[value["Ref"]]
    if set(value) == {"Fn::GetAtt"}:
        return f"arn:aws:iam::{ACCOUNT}:role/{node_role}"
    if set(value) == {"Fn::Join"}:
        return "".join(_plain(value["Fn::Join"][1], node_role))
    return {key: _plain(item, node_role) for key, item in value.items()}


@pytest.fixture(scope="module")
def roles(aws: Any) -> dict[str, str]:
    """ARNs of the two roles that the construct declares, made on local EMR with the policies of its template."""
    from aws_cdk import App, Stack
    from aws_cdk.assertions import Template

    import emrkit as emr

    stack = Stack(App(builtin_cloud_formation_validation=False), "Roles")
    grants = [emr.DataGrant("shop", "raw/", access="read"), emr.DataGrant("shop", "out/", access="write")]
    emr.Roles(stack, "Roles", data=grants, key=KEY)
    suffix = os.urandom(4).hex()
    iam, made = aws("iam"), {}
    for properties in Template.from_stack(stack).find_resources("AWS::IAM::Role").values():
        declared = properties["Properties"]
        kind = "nodes" if "RoleName" in declared else "service"
        trust = _plain(declared["AssumeRolePolicyDocument"], f"nodes-{suffix}")
        name = f"{kind}-{suffix}"
        made[kind] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        for policy in declared["Policies"]:
            document = json.dumps(_plain(policy["PolicyDocument"], f"nodes-{suffix}"))
            iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
    return made


def _decide(aws: Any, role: str, action: str, resource: str, **context: str) -> str:
    entries = [
        {"ContextKeyName": key.replace("_", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in context.items()
    ]
    (result,) = aws("iam").simulate_principal_policy(
        PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource], ContextEntries=entries
    )["EvaluationResults"]
    return result["EvalDecision"]


@pytest.mark.parametrize(
    ("action", "resource", "decision"),
    [
        ("s3:GetObject", "arn:aws:s3:::shop/raw/a.csv", "allowed"),
        ("s3:PutObject", "arn:aws:s3:::shop/out/a.parquet", "allowed"),
        ("s3:ListBucket", "arn:aws:s3:::shop", "allowed"),
        ("kms:Decrypt", KEY, "allowed"),
        ("s3:PutObject", "arn:aws:s3:::shop/raw/a.csv", "implicitDeny"),
        ("s3:DeleteObject", "arn:aws:s3:::shop/raw/a.csv", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::shop/out/a.parquet", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::shop/other/a.csv", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::elsewhere/raw/a.csv", "implicitDeny"),
        ("kms:Decrypt", KEY.replace("1111", "9999"), "implicitDeny"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", "implicitDeny"),
    ],
)
def test_nodes_reach_what_they_were_granted_and_no_more(
    aws: Any, roles: dict[str, str], action: str, resource: str, decision: str
) -> None:
    assert _decide(aws, roles["nodes"], action, resource) == decision


def test_the_service_passes_the_nodes_role_to_ec2_alone(aws: Any, roles: dict[str, str]) -> None:
    service, nodes = roles["service"], roles["nodes"]
    assert _decide(aws, service, "iam:PassRole", nodes, iam_PassedToService="ec2.amazonaws.com") == "allowed"
    assert _decide(aws, service, "iam:PassRole", nodes, iam_PassedToService="lambda.amazonaws.com") == "implicitDeny"
    assert _decide(aws, service, "iam:PassRole", service, iam_PassedToService="ec2.amazonaws.com") == "implicitDeny"
    assert _decide(aws, service, "s3:GetObject", "arn:aws:s3:::shop/raw/a.csv") == "implicitDeny"
