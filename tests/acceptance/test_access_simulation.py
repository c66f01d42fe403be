"""What deployers, submitters, operators and runtime roles may do, asked of IAM's own simulation: allowed and denied."""

from __future__ import annotations

import json
import os
import re
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.daemon
ACCOUNT = "000000000000"
REGION = "us-east-1"
PLACES = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::URLSuffix": "amazonaws.com"}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
CLUSTERS = f"arn:aws:elasticmapreduce:{REGION}:{ACCOUNT}:cluster/"
ETL, OTHER = f"{CLUSTERS}j-1ABCDEFGHIJKL", f"{CLUSTERS}j-2ABCDEFGHIJKL"
STACKS = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack"
CONTRACTS = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/emrkit"
STATES = f"arn:aws:states:{REGION}:{ACCOUNT}"
GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
OURS = {"aws:ResourceTag/emrkit:project": "shop", "aws:ResourceTag/emrkit:environment": "prod"}
THEIRS = {**OURS, "aws:ResourceTag/emrkit:project": "bank"}
ASKED = {
    "aws:RequestTag/emrkit:project": "shop",
    "aws:RequestTag/emrkit:environment": "prod",
    "aws:RequestTag/for-use-with-amazon-emr-managed-policies": "true",
}
S3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}


def _plain(value: Any) -> Any:
    """The value with CloudFormation's functions carried out; a role is named after its construct."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        name = re.sub(r"[0-9A-F]{8}$", "", value["Ref"])
        return PLACES.get(value["Ref"]) or f"{STATES}:stateMachine:{name}"
    if set(value) == {"Fn::GetAtt"}:
        name, attribute = value["Fn::GetAtt"]
        name = re.sub(r"[0-9A-F]{8}$", "", name)
        return name if attribute == "Name" else f"{ROLE}/{name}"
    if set(value) == {"Fn::Join"}:
        return value["Fn::Join"][0].join(_plain(value["Fn::Join"][1]))
    return {key: _plain(item) for key, item in value.items()}


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    """The policies that the constructs declare, by who has them."""
    from aws_cdk import App, Stack
    from aws_cdk.assertions import Template

    import emrkit as emr
    from emrkit_model.cluster import Cluster

    stack = Stack(App(builtin_cloud_formation_validation=False), "Access")
    roles = emr.Roles(stack, "Roles", auto_scaling=True)
    emr.RuntimeRole(
        stack,
        "Analysts",
        roles=roles,
        data=[emr.DataGrant("shop", "marts/", "read", KEY)],
        catalog=[emr.CatalogGrant("marts")],
    )
    step = emr.CommandStep(name="only", command=["true"])
    pipeline = emr.Pipeline(
        stack,
        "Job",
        job=emr.Job(name="job", run_on="own", steps=(step,)),
        cluster=Cluster(name="own", release="emr-7.12.0", primary=emr.InstanceFleet.on_demand("m5.xlarge")),
        roles=roles,
    )
    etl = emr.Cluster.from_cluster_id(stack, "Etl", "j-1ABCDEFGHIJKL")
    shop: dict[str, Any] = {"project": "shop", "environment": "prod"}
    emr.DeployerPolicy(stack, "Deployers", empties=["shop"], **shop)
    emr.SubmitterPolicy(
        stack,
        "Submitters",
        clusters=[etl],
        artifacts="artifacts",
        logs="logs",
        key=KEY,
        runtime_roles=[f"{ROLE}/Analysts"],
        pipelines=[pipeline],
        launches=[roles],
        **shop,
    )
    emr.SubmitterPolicy(stack, "Plain", clusters=[etl], **shop)
    emr.OperatorPolicy(stack, "Operators", logs="logs", key=KEY, pipelines=[pipeline], **shop)
    found: dict[str, Any] = {}
    for logical_id, resource in Template.from_stack(stack).to_json()["Resources"].items():
        properties, kind = resource["Properties"], resource["Type"]
        name = re.sub(r"[0-9A-F]{8}$", "", logical_id)
        if kind in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}:
            found[name] = properties["PolicyDocument"]
        elif kind == "AWS::IAM::Role" and properties.get("Policies"):
            (policy,) = properties["Policies"]
            found[name] = policy["PolicyDocument"]
    return {name: json.dumps(_plain(document)) for name, document in found.items()}


class Case(NamedTuple):
    """One question."""

    who: str
    action: str
    resource: str
    decision: str
    context: dict[str, str] = {}  # noqa: RUF012 - never changed


def may(who: str, action: str, resource: str, **more: str) -> Case:
    return Case(who, action, resource, "allowed", more)


def may_not(who: str, action: str, resource: str, **more: str) -> Case:
    return Case(who, action, resource, "implicitDeny", more)


def check(aws: Any, documents: dict[str, str], case: Case) -> None:
    (result,) = aws("iam").simulate_custom_policy(
        PolicyInputList=[documents[case.who]],
        ActionNames=[case.action],
        ResourceArns=[case.resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in case.context.items()
        ],
    )["EvaluationResults"]
    assert result["EvalDecision"] == case.decision


def as_role(name: str) -> dict[str, str]:
    return {"elasticmapreduce:ExecutionRoleArn": f"{ROLE}/{name}"}


def to(service: str) -> dict[str, str]:
    return {"iam:PassedToService": service}


@pytest.mark.parametrize(
    "case",
    [
        may("Deployers", "sts:AssumeRole", f"{ROLE}/cdk-hnb659fds-deploy-role-{ACCOUNT}-{REGION}"),
        may("Deployers", "sts:AssumeRole", f"{ROLE}/cdk-hnb659fds-file-publishing-role-{ACCOUNT}-{REGION}"),
        may("Deployers", "cloudformation:DescribeStacks", f"{STACKS}/shop-prod-cluster/1"),
        may("Deployers", "cloudformation:DescribeStacks", f"{STACKS}/CDKToolkit/1"),
        may("Deployers", "cloudformation:DeleteStack", f"{STACKS}/shop-prod-cluster/1"),
        may("Deployers", "ssm:GetParametersByPath", f"{CONTRACTS}/shop/prod"),
        may("Deployers", "elasticmapreduce:DescribeCluster", ETL, **OURS),
        may("Deployers", "s3:DeleteObjectVersion", "arn:aws:s3:::shop/raw/a.csv"),
        may_not("Deployers", "sts:AssumeRole", f"{ROLE}/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"),
        may_not("Deployers", "sts:AssumeRole", f"{ROLE}/admin"),
        may_not("Deployers", "cloudformation:DeleteStack", f"{STACKS}/bank-prod-cluster/1"),
        may_not("Deployers", "cloudformation:DeleteStack", f"{STACKS}/CDKToolkit/1"),
        may_not("Deployers", "cloudformation:CreateStack", f"{STACKS}/shop-prod-cluster/1"),
        may_not("Deployers", "iam:CreateRole", f"{ROLE}/shop"),
        may_not("Deployers", "iam:PassRole", f"{ROLE}/RolesService", **to("elasticmapreduce.amazonaws.com")),
        may_not("Deployers", "elasticmapreduce:DescribeCluster", OTHER, **THEIRS),
        may_not("Deployers", "elasticmapreduce:AddJobFlowSteps", ETL, **OURS),
        may_not("Deployers", "elasticmapreduce:TerminateJobFlows", ETL, **OURS),
        may_not("Deployers", "s3:GetObject", "arn:aws:s3:::shop/raw/a.csv"),
        may_not("Deployers", "s3:DeleteObject", "arn:aws:s3:::bank/raw/a.csv"),
    ],
    ids=lambda case: f"{case.decision} {case.action} {case.resource.rpartition(':')[2]}",
)
def test_a_deployer_works_through_the_cdks_roles(aws: Any, documents: dict[str, str], case: Case) -> None:
    check(aws, documents, case)


@pytest.mark.parametrize(
    "case",
    [
        may("Submitters", "ssm:GetParametersByPath", f"{CONTRACTS}/shop/prod"),
        may("Submitters", "elasticmapreduce:AddJobFlowSteps", ETL, **as_role("Analysts")),
        may("Submitters", "elasticmapreduce:CancelSteps", ETL),
        may("Submitters", "elasticmapreduce:ListSteps", ETL),
        may("Plain", "elasticmapreduce:AddJobFlowSteps", ETL),
        may("Submitters", "s3:PutObject", "arn:aws:s3:::artifacts/bundles/ab/job.py"),
        may("Submitters", "s3:PutObject", "arn:aws:s3:::artifacts/locks/job/000000000001.json"),
        may("Submitters", "s3:DeleteObject", "arn:aws:s3:::artifacts/locks/job/000000000001.json"),
        may("Submitters", "s3:ListBucket", "arn:aws:s3:::artifacts", **{"s3:prefix": "locks/job/"}),
        may("Submitters", "s3:GetObject", "arn:aws:s3:::logs/logs/j-1/steps/s-1/stderr.gz"),
        may("Submitters", "kms:Decrypt", KEY, **S3),
        may("Submitters", "kms:GenerateDataKey", KEY, **S3),
        may("Submitters", "states:StartExecution", f"{STATES}:stateMachine:Job"),
        may("Submitters", "states:StopExecution", f"{STATES}:execution:Job:run-1"),
        may("Submitters", "elasticmapreduce:RunJobFlow", "*", **ASKED),
        may("Submitters", "elasticmapreduce:AddTags", ETL, **ASKED),
        may("Submitters", "elasticmapreduce:TerminateJobFlows", OTHER, **OURS),
        may("Submitters", "iam:PassRole", f"{ROLE}/RolesService", **to("elasticmapreduce.amazonaws.com")),
        may("Submitters", "iam:PassRole", f"{ROLE}/RolesNodes", **to("ec2.amazonaws.com")),
        may("Submitters", "iam:PassRole", f"{ROLE}/RolesAutoScaling", **to("application-autoscaling.amazonaws.com")),
        may_not("Submitters", "ssm:GetParametersByPath", f"{CONTRACTS}/shop/dev"),
        may_not("Submitters", "ssm:GetParametersByPath", f"{CONTRACTS}/bank/prod"),
        may_not("Submitters", "elasticmapreduce:AddJobFlowSteps", ETL),
        may_not("Submitters", "elasticmapreduce:AddJobFlowSteps", ETL, **as_role("admin")),
        may_not("Submitters", "elasticmapreduce:AddJobFlowSteps", OTHER, **as_role("Analysts")),
        may_not("Plain", "elasticmapreduce:AddJobFlowSteps", OTHER),
        may_not("Plain", "elasticmapreduce:RunJobFlow", "*", **ASKED),
        may_not("Plain", "elasticmapreduce:TerminateJobFlows", ETL, **OURS),
        may_not("Submitters", "elasticmapreduce:ModifyInstanceFleet", ETL, **OURS),
        may_not("Submitters", "elasticmapreduce:SetTerminationProtection", ETL, **OURS),
        may_not("Submitters", "elasticmapreduce:RunJobFlow", "*"),
        may_not("Submitters", "elasticmapreduce:RunJobFlow", "*", **{**ASKED, "aws:RequestTag/emrkit:project": "bank"}),
        may_not("Submitters", "elasticmapreduce:AddTags", OTHER, **ASKED, **THEIRS),
        may_not("Submitters", "elasticmapreduce:TerminateJobFlows", OTHER, **THEIRS),
        may_not("Submitters", "iam:PassRole", f"{ROLE}/RolesNodes", **to("lambda.amazonaws.com")),
        may_not("Submitters", "iam:PassRole", f"{ROLE}/RolesService", **to("ec2.amazonaws.com")),
        may_not("Submitters", "iam:PassRole", f"{ROLE}/admin", **to("ec2.amazonaws.com")),
        may_not("Submitters", "iam:PassRole", f"{ROLE}/RolesNodes"),
        may_not("Submitters", "sts:AssumeRole", f"{ROLE}/Analysts"),
        may_not("Submitters", "s3:DeleteObject", "arn:aws:s3:::artifacts/bundles/ab/job.py"),
        may_not("Submitters", "s3:ListBucket", "arn:aws:s3:::artifacts"),
        may_not("Submitters", "s3:GetObject", "arn:aws:s3:::shop/raw/a.csv"),
        may_not("Submitters", "kms:Decrypt", KEY),
        may_not("Submitters", "kms:Decrypt", KEY, **{"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}),
        may_not("Submitters", "states:StartExecution", f"{STATES}:stateMachine:Other"),
        may_not("Submitters", "cloudformation:DescribeStacks", f"{STACKS}/shop-prod-cluster/1"),
    ],
    ids=lambda case: f"{case.who} {case.decision} {case.action} {len(case.context)} {case.resource.rpartition(':')[2]}",
)
def test_a_submitter_runs_jobs_and_reaches_no_data(aws: Any, documents: dict[str, str], case: Case) -> None:
    check(aws, documents, case)


@pytest.mark.parametrize(
    "case",
    [
        may("Operators", "elasticmapreduce:ListClusters", "*"),
        may("Operators", "elasticmapreduce:DescribeCluster", ETL, **OURS),
        may("Operators", "elasticmapreduce:ListInstances", ETL, **OURS),
        may("Operators", "elasticmapreduce:TerminateJobFlows", ETL, **OURS),
        may("Operators", "elasticmapreduce:ModifyInstanceFleet", ETL, **OURS),
        may("Operators", "elasticmapreduce:ModifyInstanceGroups", ETL, **OURS),
        may("Operators", "elasticmapreduce:PutManagedScalingPolicy", ETL, **OURS),
        may("Operators", "elasticmapreduce:CancelSteps", ETL, **OURS),
        may("Operators", "cloudwatch:GetMetricData", "*"),
        may("Operators", "s3:GetObject", "arn:aws:s3:::logs/logs/j-1/node/i-1.gz"),
        may("Operators", "kms:Decrypt", KEY, **S3),
        may("Operators", "states:StopExecution", f"{STATES}:execution:Job:run-1"),
        may_not("Operators", "elasticmapreduce:TerminateJobFlows", OTHER, **THEIRS),
        may_not("Operators", "elasticmapreduce:TerminateJobFlows", OTHER),
        may_not("Operators", "elasticmapreduce:SetTerminationProtection", ETL, **OURS),
        may_not("Operators", "elasticmapreduce:AddJobFlowSteps", ETL, **OURS),
        may_not("Operators", "elasticmapreduce:AddTags", OTHER, **ASKED),
        may_not("Operators", "elasticmapreduce:RunJobFlow", "*", **ASKED),
        may_not("Operators", "iam:PassRole", f"{ROLE}/RolesNodes", **to("ec2.amazonaws.com")),
        may_not("Operators", "states:StartExecution", f"{STATES}:stateMachine:Job"),
        may_not("Operators", "s3:GetObject", "arn:aws:s3:::shop/raw/a.csv"),
        may_not("Operators", "s3:PutObject", "arn:aws:s3:::logs/logs/j-1/node/i-1.gz"),
        may_not("Operators", "kms:Encrypt", KEY, **S3),
        may_not("Operators", "ssm:GetParametersByPath", f"{CONTRACTS}/bank/prod"),
    ],
    ids=lambda case: f"{case.decision} {case.action} {len(case.context)} {case.resource.rpartition(':')[2]}",
)
def test_an_operator_keeps_the_projects_clusters_and_no_others(aws: Any, documents: dict[str, str], case: Case) -> None:
    check(aws, documents, case)


@pytest.mark.parametrize(
    "case",
    [
        may("RolesRuntimeRoles", "sts:AssumeRole", f"{ROLE}/Analysts"),
        may("RolesRuntimeRoles", "sts:TagSession", f"{ROLE}/Analysts"),
        may("Analysts", "s3:GetObject", "arn:aws:s3:::shop/marts/a.parquet"),
        may("Analysts", "kms:Decrypt", KEY),
        may("Analysts", "glue:GetTable", f"{GLUE}:table/marts/orders"),
        may("Analysts", "glue:GetDatabase", f"{GLUE}:database/default"),
        may("RolesService", "iam:PassRole", f"{ROLE}/RolesAutoScaling", **to("application-autoscaling.amazonaws.com")),
        may("RolesAutoScaling", "elasticmapreduce:ModifyInstanceGroups", ETL),
        may_not("RolesRuntimeRoles", "sts:AssumeRole", f"{ROLE}/admin"),
        may_not("RolesRuntimeRoles", "sts:SetSourceIdentity", f"{ROLE}/Analysts"),
        may_not("Analysts", "s3:PutObject", "arn:aws:s3:::shop/marts/a.parquet"),
        may_not("Analysts", "s3:GetObject", "arn:aws:s3:::shop/raw/a.csv"),
        may_not("Analysts", "glue:GetTable", f"{GLUE}:table/raw/orders"),
        may_not("Analysts", "glue:CreateTable", f"{GLUE}:table/marts/orders"),
        may_not("Analysts", "glue:GetTables", f"{GLUE}:table/default/orders"),
        may_not("Analysts", "lakeformation:GetDataAccess", "*"),
        may_not("Analysts", "sts:AssumeRole", f"{ROLE}/admin"),
        may_not("RolesService", "iam:PassRole", f"{ROLE}/RolesAutoScaling", **to("ec2.amazonaws.com")),
        may_not("RolesAutoScaling", "elasticmapreduce:TerminateJobFlows", ETL),
    ],
    ids=lambda case: f"{case.who} {case.decision} {case.action} {case.resource.rpartition(':')[2]}",
)
def test_a_runtime_role_reaches_its_own_data_and_the_nodes_reach_it_alone(
    aws: Any, documents: dict[str, str], case: Case
) -> None:
    check(aws, documents, case)


def test_roles_and_policies_are_deployed_on_local_emr(aws: Any) -> None:
    """What these constructs declare is known to the local endpoint, so that a project with them can be tried there."""
    from aws_cdk import App, DefaultStackSynthesizer, Stack
    from aws_cdk.assertions import Template

    import emrkit as emr

    plain = DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    stack = Stack(App(builtin_cloud_formation_validation=False), "LocalRoles", synthesizer=plain)
    roles = emr.Roles(stack, "Roles", auto_scaling=True, data=[emr.DataGrant("shop")])
    emr.RuntimeRole(stack, "Analysts", roles=roles)
    shop: dict[str, Any] = {"project": "shop", "environment": "dev"}
    emr.DeployerPolicy(stack, "Deployers", **shop)
    emr.SubmitterPolicy(stack, "Submitters", launches=[roles], **shop)
    emr.OperatorPolicy(stack, "Operators", **shop)
    template = json.dumps(Template.from_stack(stack).to_json())
    stacks, iam, name = aws("cloudformation"), aws("iam"), f"local-roles-{os.urandom(4).hex()}"
    stacks.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    made = stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
    (nodes,) = [r["PhysicalResourceId"] for r in made if r["LogicalResourceId"].startswith("RolesNodes")]
    assert set(iam.list_role_policies(RoleName=nodes)["PolicyNames"]) == {"data", "runtime-roles"}
    assert len([r for r in made if r["ResourceType"] == "AWS::IAM::ManagedPolicy"]) == 3
    stacks.delete_stack(StackName=name)
