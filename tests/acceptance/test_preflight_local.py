"""Preflight as a user meets it: `plan`, `run` and `deploy` on local EMR say what EMR would refuse, and do nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.conftest import Shop, quick_job, write_contract

pytestmark = pytest.mark.daemon
Client = Callable[[str], Any]
GPU_QUOTA = {"ServiceCode": "ec2", "QuotaCode": "L-DB2E81BA"}


@pytest.fixture(scope="module")
def elsewhere(daemon: Any) -> str:
    """A bucket in another Region."""
    import boto3

    name = f"elsewhere-{os.urandom(4).hex()}"
    keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "local"}
    s3 = boto3.client("s3", endpoint_url=daemon.url, region_name="eu-west-1", **keys)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


def codes(data: Any, key: str) -> list[str]:
    return [found["code"] for found in data[key]]


def launched(aws: Client) -> int:
    return sum(len(page["Clusters"]) for page in aws("emr").get_paginator("list_clusters").paginate())


def test_a_run_whose_logs_are_in_another_region_launches_nothing(shop: Shop, aws: Client, elsewhere: str) -> None:
    shop.write({"quick": quick_job(run_on="own")})
    write_contract(aws, shop.name, {**shop.standing, "logs": elsewhere})
    before = launched(aws)
    done = shop("run", "quick", "--output", "json")
    assert done.code == 3, done.err
    assert codes(done.data, "diagnostics") == ["E-PRE-002"]
    assert "eu-west-1" in done.err
    assert launched(aws) == before


def test_a_run_on_a_standing_cluster_is_not_asked_about(shop: Shop, aws: Client, elsewhere: str) -> None:
    shop.write({"quick": quick_job()})
    write_contract(aws, shop.name, {**shop.standing, "logs": elsewhere})
    done = shop("run", "quick", "--no-follow")
    assert done.code == 0, done.err


def test_a_run_without_preflight_goes_on(shop: Shop, aws: Client, elsewhere: str) -> None:
    shop.write({"quick": quick_job(run_on="own")})
    write_contract(aws, shop.name, {**shop.standing, "logs": elsewhere})
    done = shop("run", "quick", "--no-preflight", "--no-follow")
    assert done.code == 0, done.err


def test_plan_shows_every_obstacle_at_once(shop: Shop, aws: Client, elsewhere: str) -> None:
    own = {
        "transient": True,
        "release": "emr-7.10.0",
        "primary": {"on_demand": ["m6g.xlarge"]},
        "custom_ami": "ami-0feedfacefeedface",
        "key_pair": "nobody",
    }
    shop.write({"quick": quick_job(run_on="own")}, clusters={"own": own, "etl": {**own, "transient": False}})
    write_contract(aws, shop.name, {**shop.standing, "logs": elsewhere})
    done = shop("plan", "--no-stacks", "--output", "json")
    assert done.code == 3, done.err
    assert sorted(codes(done.data, "preflight")) == ["E-PRE-002", "E-PRE-034", "E-PRE-050"]
    assert "actions" in done.data
    quiet = shop("plan", "--no-stacks", "--no-preflight", "--output", "json")
    assert (quiet.code, quiet.data["preflight"]) == (0, [])


@pytest.fixture
def no_gpus(aws: Client) -> Iterator[None]:
    """The account may run no instance with a GPU."""
    quotas = aws("service-quotas")
    before = quotas.get_service_quota(**GPU_QUOTA)["Quota"]["Value"]
    quotas.request_service_quota_increase(**GPU_QUOTA, DesiredValue=0.0)
    yield
    quotas.request_service_quota_increase(**GPU_QUOTA, DesiredValue=before)


def test_a_quota_of_the_account_is_found(shop: Shop, no_gpus: None) -> None:
    own = {"transient": True, "release": "emr-7.10.0", "primary": {"on_demand": ["g5.xlarge"]}}
    shop.write({"quick": quick_job(run_on="own")}, clusters={"own": own})
    done = shop("plan", "--no-stacks", "--output", "json")
    assert (done.code, codes(done.data, "preflight")) == (3, ["E-PRE-012"])


@pytest.fixture
def small_subnet(aws: Client) -> str:
    """A subnet with eleven addresses."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/28", AvailabilityZone="us-east-1a")
    return made["Subnet"]["SubnetId"]


def own_cluster(subnet: str, capacity: int, **more: object) -> dict[str, object]:
    core = {"on_demand": ["m5.xlarge"], "capacity": capacity}
    primary = {"on_demand": ["m5.xlarge"]}
    return {"transient": True, "release": "emr-7.10.0", "primary": primary, "core": core, "subnets": [subnet], **more}


def test_a_subnet_that_is_too_small_is_found(shop: Shop, small_subnet: str) -> None:
    shop.write({"quick": quick_job(run_on="own")}, clusters={"own": own_cluster(small_subnet, 11)})
    done = shop("plan", "--no-stacks", "--output", "json")
    assert (done.code, codes(done.data, "preflight")) == (3, ["E-PRE-011"])
    assert "free addresses" in done.err


def test_a_warning_is_shown_and_the_run_goes_on(shop: Shop, small_subnet: str) -> None:
    own = own_cluster(small_subnet, 2, scaling={"minimum": 2, "maximum": 40})
    shop.write({"quick": quick_job(run_on="own")}, clusters={"own": own})
    done = shop("run", "quick", "--no-follow", "--output", "json")
    assert done.code == 0, done.err
    assert codes(done.data, "preflight") == ["W-PRE-011"]
    assert "W-PRE-011" in done.err


def test_the_keys_of_a_deployed_security_configuration_are_asked_about(shop: Shop, aws: Client) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    aws("kms").disable_key(KeyId=key)
    disk = {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": key, "EnableEbsEncryption": True}
    encryption = {
        "EnableAtRestEncryption": True,
        "EnableInTransitEncryption": False,
        "AtRestEncryptionConfiguration": {"LocalDiskEncryptionConfiguration": disk},
    }
    document = json.dumps({"EncryptionConfiguration": encryption})
    aws("emr").create_security_configuration(Name=shop.name, SecurityConfiguration=document)
    shop.write({"quick": quick_job(run_on="own")})
    place = f"/emrkit/{shop.name}/dev/emr"
    for name, code in ((shop.name, "E-PRE-041"), ("no-such-configuration", "E-PRE-035")):
        contract = json.loads(aws("ssm").get_parameter(Name=place)["Parameter"]["Value"])
        contract["clusters"]["own"]["securityConfiguration"] = name
        aws("ssm").put_parameter(Name=place, Value=json.dumps(contract), Type="String", Overwrite=True)
        done = shop("plan", "--no-stacks", "--output", "json")
        assert (done.code, codes(done.data, "preflight")) == (3, [code])


# An app that needs no CDK: what a deployment reads is the assembly.
APP = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
template = {"Resources": {"Etl": {"Type": "AWS::EMR::Cluster", "Properties": json.loads(%r)}}}
artifact = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json", "stackName": %r}}
(out / "t.json").write_text(json.dumps(template))
(out / "manifest.json").write_text(json.dumps({"artifacts": {"Main": artifact}}))
"""


def write_app(shop: Shop, properties: Mapping[str, object]) -> None:
    folder = shop.command.folder
    (folder / "app.py").write_text(APP % (json.dumps(properties), shop.name))
    (folder / "cdk.json").write_text('{"app": "python app.py"}')


@pytest.mark.parametrize("verb", ["plan", "deploy"])
def test_a_standing_cluster_is_asked_about_before_its_stack_is_deployed(
    shop: Shop, aws: Client, elsewhere: str, verb: str
) -> None:
    fleet = {"TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
    shop.write({})
    write_app(
        shop,
        {
            "Name": "etl",
            "ReleaseLabel": "emr-7.10.0",
            "LogUri": {"Fn::Sub": f"s3://{elsewhere}/${{AWS::Region}}/"},
            "JobFlowRole": "nodes",
            "ServiceRole": "no-such-role",
            "Instances": {"MasterInstanceFleet": fleet},
        },
    )
    done = shop(verb, "--output", "json")
    assert done.code == 3, done.err
    key = "preflight" if verb == "plan" else "diagnostics"
    assert sorted(codes(done.data, key)) == ["E-PRE-002", "E-PRE-030"]
    assert [s for s in aws("cloudformation").describe_stacks()["Stacks"] if s["StackName"] == shop.name] == []
