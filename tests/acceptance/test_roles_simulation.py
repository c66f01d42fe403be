"""What the roles of a cluster and of a pipeline may do, asked of IAM's own simulation: allowed and denied cases."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

pytestmark = pytest.mark.daemon
ACCOUNT = "000000000000"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
CLUSTER = f"arn:aws:elasticmapreduce:us-east-1:{ACCOUNT}:cluster/j-1ABCDEFGHIJKL"
PLACES = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": "us-east-1"}
KINDS = {"RolesNodes": "nodes", "RolesService": "service", "JobRole": "pipeline"}


def _arn(logical_id: str, suffix: str) -> str:
    (kind,) = [kind for start, kind in KINDS.items() if logical_id.startswith(start)]
    return f"arn:aws:iam::{ACCOUNT}:role/{kind}-{suffix}"


def _plain(value: Any, suffix: str) -> Any:
    """The value with CloudFormation's functions carried out."""
    if isinstance(value, list):
        return [_plain(item, suffix) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return PLACES[value["Ref"]]
    if set(value) == {"Fn::GetAtt"}:
        return _arn(value["Fn::GetAtt"][0], suffix)
    if set(value) == {"Fn::Join"}:
        return "".join(_plain(value["Fn::Join"][1], suffix))
    return {key: _plain(item, suffix) for key, item in value.items()}


@pytest.fixture(scope="module")
def roles(aws: Any) -> dict[str, str]:
    """ARNs of the roles that the constructs declare, made on local EMR with the policies of their template."""
    from aws_cdk import App, Stack
    from aws_cdk.assertions import Template

    import emrkit as emr
    from emrkit_model.cluster import Cluster

    stack = Stack(App(builtin_cloud_formation_validation=False), "Roles")
    grants = [emr.DataGrant("shop", "raw/", access="read"), emr.DataGrant("shop", "out/", access="write")]
    made = emr.Roles(stack, "Roles", data=grants, logs=emr.DataGrant("logs", "logs/", "write"), key=KEY)
    step = emr.CommandStep(name="only", command=["true"])
    emr.Pipeline(
        stack,
        "Job",
        job=emr.Job(name="job", run_on="own", steps=(step,)),
        cluster=Cluster(name="own", release="emr-7.12.0", primary=emr.InstanceFleet.on_demand("m5.xlarge")),
        roles=made,
    )
    suffix = os.urandom(4).hex()
    iam, arns = aws("iam"), {}
    for logical_id, resource in Template.from_stack(stack).find_resources("AWS::IAM::Role").items():
        declared = _plain(
            {k: v for k, v in resource["Properties"].items() if k in {"AssumeRolePolicyDocument", "Policies"}}, suffix
        )
        arn = _arn(logical_id, suffix)
        name = arn.rsplit("/", 1)[1]
        trust = json.dumps(declared["AssumeRolePolicyDocument"])
        assert iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"] == arn
        for policy in declared["Policies"]:
            document = json.dumps(policy["PolicyDocument"])
            iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
        arns[name.split("-")[0]] = arn
    assert set(arns) == set(KINDS.values())
    return arns


def _decide(aws: Any, role: str, action: str, resource: str, service: str | None = None) -> str:
    context = [] if service is None else [("iam:PassedToService", service)]
    (result,) = aws("iam").simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in context
        ],
    )["EvaluationResults"]
    return result["EvalDecision"]


@pytest.mark.parametrize(
    ("action", "resource", "decision"),
    [
        ("s3:GetObject", "arn:aws:s3:::shop/raw/a.csv", "allowed"),
        ("s3:PutObject", "arn:aws:s3:::shop/out/a.parquet", "allowed"),
        ("s3:DeleteObject", "arn:aws:s3:::shop/out/a.parquet", "allowed"),
        ("s3:ListBucket", "arn:aws:s3:::shop", "allowed"),
        ("s3:PutObject", "arn:aws:s3:::logs/logs/j-1/node/i-1.gz", "allowed"),
        ("kms:Decrypt", KEY, "allowed"),
        ("kms:GenerateDataKey", KEY, "allowed"),
        ("s3:PutObject", "arn:aws:s3:::shop/raw/a.csv", "implicitDeny"),
        ("s3:DeleteObject", "arn:aws:s3:::shop/raw/a.csv", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::shop/out/a.parquet", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::shop/other/a.csv", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::elsewhere/raw/a.csv", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::logs/logs/j-1/node/i-1.gz", "implicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::logs/elsewhere/i-1.gz", "implicitDeny"),
        ("s3:DeleteBucket", "arn:aws:s3:::shop", "implicitDeny"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::shop", "implicitDeny"),
        ("s3:ListBucket", "arn:aws:s3:::elsewhere", "implicitDeny"),
        ("kms:Decrypt", KEY.replace("1111", "9999"), "implicitDeny"),
        ("kms:ScheduleKeyDeletion", KEY, "implicitDeny"),
        ("kms:CreateGrant", KEY, "implicitDeny"),
        ("iam:PassRole", ADMIN, "implicitDeny"),
        ("elasticmapreduce:RunJobFlow", "*", "implicitDeny"),
    ],
)
def test_nodes_reach_what_they_were_granted_and_no_more(
    aws: Any, roles: dict[str, str], action: str, resource: str, decision: str
) -> None:
    assert _decide(aws, roles["nodes"], action, resource) == decision


@pytest.mark.parametrize(
    ("role", "service", "decision"),
    [
        ("nodes", "ec2.amazonaws.com", "allowed"),
        ("nodes", "ec2.amazonaws.com.cn", "allowed"),
        ("nodes", "lambda.amazonaws.com", "implicitDeny"),
        ("nodes", None, "implicitDeny"),
        ("service", "ec2.amazonaws.com", "implicitDeny"),
        ("admin", "ec2.amazonaws.com", "implicitDeny"),
    ],
)
def test_the_service_passes_the_nodes_role_to_ec2_alone(
    aws: Any, roles: dict[str, str], role: str, service: str | None, decision: str
) -> None:
    assert _decide(aws, roles["service"], "iam:PassRole", roles.get(role, ADMIN), service) == decision


@pytest.mark.parametrize(
    ("action", "resource", "decision"),
    [
        ("kms:GenerateDataKeyWithoutPlaintext", KEY, "allowed"),
        ("kms:GenerateDataKeyWithoutPlaintext", KEY.replace("1111", "9999"), "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::shop/raw/a.csv", "implicitDeny"),
        ("iam:CreateRole", ADMIN, "implicitDeny"),
    ],
)
def test_the_service_uses_the_disks_key_and_no_data(
    aws: Any, roles: dict[str, str], action: str, resource: str, decision: str
) -> None:
    assert _decide(aws, roles["service"], action, resource) == decision


@pytest.mark.parametrize(
    ("action", "resource", "decision"),
    [
        ("elasticmapreduce:RunJobFlow", "*", "allowed"),
        ("elasticmapreduce:AddJobFlowSteps", CLUSTER, "allowed"),
        ("elasticmapreduce:DescribeStep", CLUSTER, "allowed"),
        ("elasticmapreduce:CancelSteps", CLUSTER, "allowed"),
        ("elasticmapreduce:TerminateJobFlows", CLUSTER, "allowed"),
        ("elasticmapreduce:TerminateJobFlows", CLUSTER.replace(ACCOUNT, "999999999999"), "implicitDeny"),
        ("elasticmapreduce:SetTerminationProtection", CLUSTER, "implicitDeny"),
        ("elasticmapreduce:DeleteSecurityConfiguration", "*", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::shop/raw/a.csv", "implicitDeny"),
        ("kms:Decrypt", KEY, "implicitDeny"),
        ("events:PutRule", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/somebody-elses", "implicitDeny"),
    ],
)
def test_a_pipeline_drives_clusters_and_touches_no_data(
    aws: Any, roles: dict[str, str], action: str, resource: str, decision: str
) -> None:
    assert _decide(aws, roles["pipeline"], action, resource) == decision


@pytest.mark.parametrize(
    ("role", "service", "decision"),
    [
        ("service", "elasticmapreduce.amazonaws.com", "allowed"),
        ("nodes", "ec2.amazonaws.com", "allowed"),
        ("service", "ec2.amazonaws.com", "implicitDeny"),
        ("nodes", "elasticmapreduce.amazonaws.com", "implicitDeny"),
        ("admin", "elasticmapreduce.amazonaws.com", "implicitDeny"),
        ("pipeline", "states.amazonaws.com", "implicitDeny"),
    ],
)
def test_a_pipeline_passes_the_clusters_two_roles_to_their_services(
    aws: Any, roles: dict[str, str], role: str, service: str, decision: str
) -> None:
    assert _decide(aws, roles["pipeline"], "iam:PassRole", roles.get(role, ADMIN), service) == decision
