"""What a cluster needs, read from a request and from templates: what is known is asked about, the rest is left out."""

from __future__ import annotations

from typing import Any

import pytest

from emrkit_jobs.preflight import ClusterNeeds, read_request
from emrkit_jobs.preflight.demand import read_demand
from emrkit_jobs.preflight.templates import DeployedStack, read_stacks
from emrkit_model import Cluster, InstanceFleet, ManagedScaling
from emrkit_model.render.request import run_job_flow

from .stubbed_account import REGION, REQUEST

STANDARD = frozenset({"m6g.xlarge", "r6g.xlarge", "r6g.2xlarge"})


def fleet(kind: str, on_demand: int = 0, spot: int = 0, **weights: int) -> dict[str, Any]:
    types = [{"InstanceType": n.replace("_", "."), "WeightedCapacity": w} for n, w in weights.items()]
    return {
        "InstanceFleetType": kind,
        "TargetOnDemandCapacity": on_demand,
        "TargetSpotCapacity": spot,
        "InstanceTypeConfigs": types,
    }


def demand(*pools: dict[str, Any], groups: bool = False, **limits: Any) -> Any:
    name = "InstanceGroups" if groups else "InstanceFleets"
    policy = {"ManagedScalingPolicy": {"ComputeLimits": limits}} if limits else {}
    return read_demand({"Instances": {name: list(pools)}, **policy})


PRIMARY = fleet("MASTER", 1, m6g_xlarge=1)


def test_units_are_counted_by_the_lightest_and_the_heaviest_type() -> None:
    found = demand(PRIMARY, fleet("CORE", 4, r6g_xlarge=1, r6g_2xlarge=2))
    assert (found.first_nodes, found.most_nodes) == (3, 5)
    assert found.first_vcpus("on-demand", STANDARD) == 4 + 16
    assert found.most_vcpus("on-demand", STANDARD) == 4 + 16


def test_managed_scaling_sets_the_most() -> None:
    pools = (PRIMARY, fleet("CORE", 2, r6g_xlarge=1, r6g_2xlarge=2), fleet("TASK", 0, 1, m6g_xlarge=1))
    found = demand(*pools, UnitType="InstanceFleetUnits", MaximumCapacityUnits=20, MaximumOnDemandCapacityUnits=6)
    assert found.most_nodes == 21
    assert found.most_vcpus("on-demand", STANDARD) == 4 + 6 * 4
    assert found.most_vcpus("spot", STANDARD) == 20 * 4


def test_without_spot_no_spot_quota_is_needed() -> None:
    found = demand(PRIMARY, fleet("CORE", 2, r6g_xlarge=1), UnitType="InstanceFleetUnits", MaximumCapacityUnits=20)
    assert found.most_vcpus("spot", STANDARD) == 0


def test_limits_in_vcpu_are_vcpu() -> None:
    found = demand(PRIMARY, fleet("CORE", 2, r6g_xlarge=1), UnitType="VCPU", MaximumCapacityUnits=64)
    assert found.most_vcpus("on-demand", STANDARD) == 4 + 64
    assert found.most_nodes == 1 + 16


def test_groups_count_instances_and_grow_by_their_own_policy() -> None:
    core = {"InstanceRole": "CORE", "InstanceType": "r6g.xlarge", "InstanceCount": 2}
    policy = {"Constraints": {"MinCapacity": 1, "MaxCapacity": 8}}
    task = {
        "InstanceRole": "TASK",
        "InstanceType": "m6g.xlarge",
        "InstanceCount": 1,
        "Market": "SPOT",
        "AutoScalingPolicy": policy,
    }
    primary = {"InstanceRole": "MASTER", "InstanceType": "m6g.xlarge", "InstanceCount": 1}
    found = demand(primary, core, task, groups=True)
    assert (found.first_nodes, found.most_nodes) == (4, 11)
    assert found.most_vcpus("spot", STANDARD) == 8 * 4
    assert found.first_vcpus("on-demand", STANDARD) == 3 * 4


def test_limits_in_instances_count_groups() -> None:
    primary = {"InstanceRole": "MASTER", "InstanceType": "m6g.xlarge", "InstanceCount": 1}
    core = {"InstanceRole": "CORE", "InstanceType": "r6g.2xlarge", "InstanceCount": 2}
    found = demand(primary, core, groups=True, UnitType="Instances", MaximumCapacityUnits=10)
    assert found.most_nodes == 11
    assert found.most_vcpus("on-demand", STANDARD) == 4 + 10 * 8


def test_the_short_form_counts_too() -> None:
    instances = {"MasterInstanceType": "m6g.xlarge", "SlaveInstanceType": "r6g.xlarge", "InstanceCount": 3}
    found = read_demand({"Instances": instances})
    assert (found.first_nodes, found.first_vcpus("on-demand", STANDARD)) == (3, 12)


def test_the_request_of_a_declared_cluster_says_what_it_needs() -> None:
    cluster = Cluster(
        name="etl",
        release="emr-7.12.0",
        primary=InstanceFleet.on_demand("m6g.xlarge"),
        core=InstanceFleet.on_demand("r6g.xlarge", "r6g.2xlarge", capacity=4),
        scaling=ManagedScaling(minimum=2, maximum=10),
        log_uri="s3://logs/etl/",
        service_role="arn:aws:iam::123456789012:role/emr/service",
        instance_profile="arn:aws:iam::123456789012:instance-profile/nodes",
        subnets=["subnet-1"],
        primary_security_group="sg-1",
        core_security_group="sg-2",
    )
    needs = read_request("etl", run_job_flow(cluster, region=REGION), REGION)
    assert (needs.service_role, needs.profile, needs.subnets) == ("service", "nodes", ("subnet-1",))
    assert needs.groups == {"primary security group": "sg-1", "core security group": "sg-2"}
    assert [(place.bucket, place.key) for place in needs.places] == [("logs", "")]
    assert needs.demand.types == ("m6g.xlarge", "r6g.xlarge", "r6g.2xlarge")
    assert needs.demand.most_nodes == 11


# Templates ------------------------------------------------------------------------------------------------------------


def template(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Resources": {"Etl": {"Type": "AWS::EMR::Cluster", "Properties": properties}, **more}}


def read(*stacks: DeployedStack) -> list[ClusterNeeds]:
    return list(read_stacks(stacks, region=REGION, account="123456789012"))


PROPERTIES: dict[str, Any] = {
    "Name": "etl",
    "LogUri": {"Fn::Join": ["", ["s3://", {"Ref": "Logs"}, "/etl/"]]},
    "LogEncryptionKmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
    "ServiceRole": {"Fn::GetAtt": ["Service", "Arn"]},
    "Instances": {
        "Ec2SubnetIds": [{"Ref": "SubnetA"}, "subnet-b"],
        "EmrManagedMasterSecurityGroup": {"Fn::GetAtt": ["Group", "GroupId"]},
        "MasterInstanceFleet": {"TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m6g.xlarge"}]},
        "TaskInstanceFleets": [{"TargetSpotCapacity": 2, "InstanceTypeConfigs": [{"InstanceType": "r6g.xlarge"}]}],
    },
}
RESOURCES = {
    "Logs": {"Type": "AWS::S3::Bucket"},
    "Key": {"Type": "AWS::KMS::Key"},
    "Service": {
        "Type": "AWS::IAM::Role",
        "Properties": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"]},
    },
}


def test_what_the_same_deployment_makes_is_left_out() -> None:
    (needs,) = read(DeployedStack("emr", template(PROPERTIES, **RESOURCES)))
    assert (needs.name, needs.places, needs.keys, needs.service_role) == ("etl", (), {}, None)
    assert needs.subnets == ("subnet-b",)
    assert needs.scoped
    assert [(pool.role, pool.spot) for pool in needs.demand.pools] == [("primary", 0), ("task", 2)]


def test_what_is_deployed_is_asked_about() -> None:
    ids = {"Logs": "logs-1", "Key": "11111111-2222", "Service": "service-1", "SubnetA": "subnet-a", "Group": "sg-1"}
    before = template({**PROPERTIES, "Name": "old"}, **RESOURCES)
    (needs,) = read(DeployedStack("emr", template(PROPERTIES, **RESOURCES), before, ids))
    assert [place.bucket for place in needs.places] == ["logs-1"]
    assert needs.keys == {"logs": f"arn:aws:kms:{REGION}:123456789012:key/11111111-2222"}
    assert needs.service_role == "service-1"
    assert needs.subnets == ("subnet-a", "subnet-b")
    assert needs.groups == {"primary security group": "sg-1"}


def test_a_cluster_that_stays_as_it_is_is_not_asked_about() -> None:
    wanted = template(PROPERTIES, **RESOURCES)
    assert read(DeployedStack("emr", wanted, wanted, {"Etl": "j-1"})) == []


def test_an_import_leads_to_the_other_stack() -> None:
    output = {"Value": {"Ref": "Subnet"}, "Export": {"Name": "net-Subnet"}}
    network = {"Resources": {"Subnet": {"Type": "AWS::EC2::Subnet"}}, "Outputs": {"Subnet": output}}
    instances = {"Ec2SubnetId": {"Fn::ImportValue": "net-Subnet"}}
    new = DeployedStack("emr", template({"Name": "etl", "Instances": instances}))
    deployed = DeployedStack("network", network, network, {"Subnet": "subnet-9"})
    assert read(deployed, new)[0].subnets == ("subnet-9",)
    assert read(DeployedStack("network", network), new)[0].subnets == ()


@pytest.mark.parametrize(
    ("value", "buckets"),
    [
        ("s3://logs/x/", ["logs"]),
        ({"Fn::Sub": "s3://logs-${AWS::Region}/x/"}, [f"logs-{REGION}"]),
        ({"Fn::Sub": ["s3://${Name}/x/", {"Name": "logs"}]}, ["logs"]),
        ({"Fn::Sub": "s3://${Unknown}/x/"}, []),
        ({"Ref": "Place"}, ["from-parameter"]),
        ({"Fn::If": ["IsProd", "s3://a/", "s3://b/"]}, []),
        ("{{resolve:ssm:/logs}}", []),
        ("s3://own-name/x/", []),
        ({"Fn::Sub": "s3://cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}/x/"}, []),
    ],
)
def test_an_address_is_read_as_far_as_it_is_known(value: object, buckets: list[str]) -> None:
    own = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "own-name"}}
    wanted = template({"Name": "etl", "LogUri": value}, Own=own)
    wanted["Parameters"] = {"Place": {"Type": "String", "Default": "s3://from-parameter/"}}
    (needs,) = read(DeployedStack("emr", wanted))
    assert [place.bucket for place in needs.places] == buckets


def test_the_security_configuration_of_the_template_names_keys_and_archives() -> None:
    tls = {"CertificateProviderType": "PEM", "S3Object": "s3://code/pem.zip"}
    disk = {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": "arn:aws:kms:eu-west-1:123456789012:key/1"}
    document = {
        "EncryptionConfiguration": {
            "InTransitEncryptionConfiguration": {"TLSCertificateConfiguration": tls},
            "AtRestEncryptionConfiguration": {"LocalDiskEncryptionConfiguration": disk},
        }
    }
    security = {"Type": "AWS::EMR::SecurityConfiguration", "Properties": {"SecurityConfiguration": document}}
    wanted = template({"Name": "etl", "SecurityConfiguration": {"Ref": "Security"}}, Security=security)
    (needs,) = read(DeployedStack("emr", wanted))
    assert [(place.bucket, place.key) for place in needs.places] == [("code", "pem.zip")]
    assert needs.keys == {"local disks": "arn:aws:kms:eu-west-1:123456789012:key/1"}
    assert needs.security_configuration is None


def test_a_named_security_configuration_is_looked_up() -> None:
    assert read_request("etl", REQUEST, REGION).security_configuration == "secure"


@pytest.mark.parametrize("odd", [{}, {"Resources": None}, {"Resources": {"Etl": {"Type": "AWS::EMR::Cluster"}}}])
def test_an_odd_template_is_survived(odd: dict[str, Any]) -> None:
    read(DeployedStack("emr", odd))
