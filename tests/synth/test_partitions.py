"""The same app in China and in GovCloud: every ARN in its partition, every service by the name it has there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit_model.cluster import Cluster as ClusterValue

PARTITIONS = {
    "eu-central-1": ("aws", "amazonaws.com"),
    "cn-north-1": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-west-1": ("aws-us-gov", "amazonaws.com"),
}
ACCOUNT = "111122223333"
# Services are trusted by their global names, which every partition knows.
PRINCIPAL = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$")


def define(stack: Stack) -> None:
    """Everything that has a policy or an ARN."""
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network")
    security = emr.SecurityConfiguration(stack, "Security")
    data = [emr.DataGrant(foundation.data, "raw/", key=foundation.key)]
    catalog = [emr.CatalogGrant("sales", access="read-write")]
    roles = emr.Roles(stack, "Roles", data=data, catalog=catalog, key=foundation.key, auto_scaling=True)
    analysts = emr.RuntimeRole(stack, "Analysts", roles=roles, data=data, lake_formation=emr.LakeFormation())
    cluster = emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        roles=roles,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        logs=foundation.logs,
        key=foundation.key,
    )
    step = emr.ScriptStep(name="only", script="s3://shop/run.sh")
    value = ClusterValue(name="own", release="emr-7.12.0", primary=emr.InstanceFleet.on_demand("m5.xlarge"))
    job = emr.Job(name="job", run_on="own", steps=(step,))
    topic = sns.Topic(stack, "Ends", master_key=foundation.key)
    pipeline = emr.Pipeline(
        stack,
        "Job",
        job=job,
        cluster=value,
        roles=roles,
        key=foundation.key,
        notifications=emr.Notifications(success=topic, failure=topic),
        when_running="refuse",
    )
    shop: dict[str, Any] = {"project": "shop", "environment": "dev"}
    emr.DeployerPolicy(stack, "Deployers", empties=[foundation.data], **shop)
    emr.SubmitterPolicy(
        stack,
        "Submitters",
        clusters=[cluster],
        artifacts=foundation.artifacts,
        logs=foundation.logs,
        key=foundation.key,
        runtime_roles=[analysts],
        pipelines=[pipeline],
        launches=[roles],
        **shop,
    )
    emr.OperatorPolicy(stack, "Operators", logs=foundation.logs, key=foundation.key, pipelines=[pipeline], **shop)


@pytest.fixture(scope="module", params=PARTITIONS)
def place(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    region = request.param
    app = App(builtin_cloud_formation_validation=False)
    stack = Stack(app, "Everything", env=Environment(account=ACCOUNT, region=region))
    define(stack)
    return region, filled_in(dict(Template.from_stack(stack).to_json()), region)


def filled_in(value: Any, region: str) -> Any:
    """The template as CloudFormation of that region would see it; references to resources stand as `<name>`."""
    partition, suffix = PARTITIONS[region]
    known = {
        "AWS::Partition": partition,
        "AWS::URLSuffix": suffix,
        "AWS::Region": region,
        "AWS::AccountId": ACCOUNT,
    }
    if isinstance(value, list):
        return [filled_in(item, region) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return known.get(value["Ref"], f"<{value['Ref']}>")
    if set(value) == {"Fn::GetAtt"}:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    if set(value) == {"Fn::Join"}:
        return value["Fn::Join"][0].join(str(filled_in(part, region)) for part in value["Fn::Join"][1])
    return {key: filled_in(item, region) for key, item in value.items()}


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, f"{path}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, path)
    elif isinstance(value, str):
        yield path, value


def test_every_arn_is_of_the_partition(place: tuple[str, dict[str, Any]]) -> None:
    region, template = place
    partition, _ = PARTITIONS[region]
    arns = [(path, arn) for path, text in texts(template) for arn in re.findall(r"arn:[^\s\"',]+", text)]
    assert len(arns) > 60
    assert [found for found in arns if not found[1].startswith(f"arn:{partition}:")] == []


def test_every_arn_with_a_region_names_this_one(place: tuple[str, dict[str, Any]]) -> None:
    region, template = place
    arns = [arn for _, text in texts(template) for arn in re.findall(r"arn:[^\s\"',]+", text)]
    assert {arn.split(":")[3] for arn in arns} <= {"", "*", region}


def test_services_are_trusted_by_names_that_the_partition_knows(place: tuple[str, dict[str, Any]]) -> None:
    """EMR, EC2, auto scaling, events and Step Functions have one name everywhere; CloudWatch Logs a regional one."""
    region, template = place
    suffix = PARTITIONS[region][1]
    principals = {text for path, text in texts(template) if path.endswith("/Principal/Service")}
    assert {p for p in principals if not PRINCIPAL.match(p)} == set()
    names = ("elasticmapreduce", "ec2", "application-autoscaling", "events", "states")
    everywhere = {f"{name}.amazonaws.com" for name in names}
    assert everywhere <= principals
    assert f"logs.{region}.{suffix}" in principals


def test_a_role_is_passed_to_a_service_by_either_of_its_names(place: tuple[str, dict[str, Any]]) -> None:
    """AWS's own policies do so: in China EMR and EC2 act under names that end in .cn."""
    _, template = place
    passed = [text for path, text in texts(template) if path.endswith("iam:PassedToService")]
    assert len(passed) >= 7
    assert {text for text in passed if not text.endswith(".amazonaws.com*")} == set()


def test_a_service_in_whose_name_a_key_is_used_may_have_either_name(place: tuple[str, dict[str, Any]]) -> None:
    region, template = place
    via = {text for path, text in texts(template) if path.endswith("kms:ViaService")}
    assert via == {f"s3.{region}.amazonaws.com*"}


def test_the_managed_policy_is_the_partitions_own(place: tuple[str, dict[str, Any]]) -> None:
    region, template = place
    partition, _ = PARTITIONS[region]
    attached = {text for path, text in texts(template) if "/ManagedPolicyArns" in path}
    assert attached == {f"arn:{partition}:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"}


def test_nothing_names_a_host_of_another_partition(place: tuple[str, dict[str, Any]]) -> None:
    region, template = place
    text = json.dumps(template)
    if not region.startswith("cn-"):
        assert "amazonaws.com.cn" not in text
        return
    # Buckets are called so, wherever they are.
    elsewhere = re.sub(r"arn:aws-cn:s3:::[^\s\"]+", "", text)
    hosts = set(re.findall(r"[a-z0-9.-]+\.amazonaws\.com(?!\.cn|\*)", elsewhere))
    services = {"application-autoscaling", "ec2", "elasticmapreduce", "events", "states", "vpc-flow-logs"}
    allowed = {f"{name}.amazonaws.com" for name in (*services, "logging.s3")}
    assert hosts - allowed == set()
