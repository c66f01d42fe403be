"""What local EMR answers about the account: instance types, addresses, quotas, EMR's own role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.daemon
Client = Callable[[str], Any]


def offered(aws: Client, place: str, *names: str) -> set[tuple[str, str]]:
    filters = [{"Name": "instance-type", "Values": list(names)}]
    pages = aws("ec2").get_paginator("describe_instance_type_offerings").paginate(LocationType=place, Filters=filters)
    return {(row["InstanceType"], row["Location"]) for page in pages for row in page["InstanceTypeOfferings"]}


def test_types_are_offered_where_aws_offers_them(aws: Client) -> None:
    assert offered(aws, "region", "m6g.xlarge") == {("m6g.xlarge", "us-east-1")}
    zones = {("m6g.xlarge", f"us-east-1{letter}") for letter in "abc"}
    assert offered(aws, "availability-zone", "m6g.xlarge") == zones
    assert offered(aws, "availability-zone", "zz9.big") == set()


def test_a_pattern_finds_the_sizes_of_a_family(aws: Client) -> None:
    names = {name for name, _ in offered(aws, "region", "r6g.*")}
    assert {"r6g.xlarge", "r6g.2xlarge"} <= names
    assert {name.partition(".")[0] for name in names} == {"r6g"}


def test_a_type_has_its_own_vcpu_and_architecture(aws: Client) -> None:
    (row,) = aws("ec2").describe_instance_types(InstanceTypes=["r6g.2xlarge"])["InstanceTypes"]
    assert row["VCpuInfo"]["DefaultVCpus"] == 8
    assert row["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"]
    with pytest.raises(ClientError, match="InvalidInstanceType"):
        aws("ec2").describe_instance_types(InstanceTypes=["zz9.big"])


@pytest.mark.parametrize(("size", "free"), [(28, 11), (24, 251), (20, 4091)])
def test_a_subnet_has_the_addresses_of_its_range_but_five(aws: Client, size: int, free: int) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.88.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.88.0.0/{size}")["Subnet"]["SubnetId"]
    (row,) = ec2.describe_subnets(SubnetIds=[made])["Subnets"]
    assert row["AvailableIpAddressCount"] == free


def test_a_quota_can_be_asked_for_and_changed(aws: Client) -> None:
    quotas = aws("service-quotas")
    code = {"ServiceCode": "ec2", "QuotaCode": "L-E3A00192"}
    before = quotas.get_aws_default_service_quota(**code)["Quota"]
    assert before["QuotaName"] == "All X Spot Instance Requests"
    quotas.request_service_quota_increase(**code, DesiredValue=8.0)
    assert quotas.get_service_quota(**code)["Quota"]["Value"] == 8.0
    assert quotas.get_aws_default_service_quota(**code)["Quota"]["Value"] == before["Value"]
    quotas.request_service_quota_increase(**code, DesiredValue=before["Value"])
    names = {row["QuotaName"] for row in quotas.list_service_quotas(ServiceCode="elasticmapreduce")["Quotas"]}
    assert any("active clusters" in name for name in names)


def test_what_local_emr_lacks_of_quotas_is_refused_by_name(aws: Client) -> None:
    with pytest.raises(ClientError, match="no quota L-00000000"):
        aws("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")
    with pytest.raises(ClientError, match="servicequotas:ListServices"):
        aws("service-quotas").list_services()


def test_the_service_linked_role_of_emr_is_there(aws: Client) -> None:
    role = aws("iam").get_role(RoleName="AWSServiceRoleForEMRCleanup")["Role"]
    assert role["Path"] == "/aws-service-role/elasticmapreduce.amazonaws.com/"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws("iam").get_role(RoleName="AWSServiceRoleForNobody")
