"""One line per obstacle that a preflight finds, each a change to the answers of an account that has none."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from .stubbed_account import REGION, Answers, error

__all__ = ["FINDINGS", "make_public", "open_to_all", "put", "quota", "role_without", "subnets"]


def subnets(answers: Answers) -> list[dict[str, Any]]:
    return answers["ec2:describe_subnets"]["Subnets"]


def groups(answers: Answers) -> list[dict[str, Any]]:
    return answers["ec2:describe_security_groups"]["SecurityGroups"]


def put(answers: Answers, **values: Any) -> None:
    for name, value in values.items():
        answers[name.replace("__", ":")] = value


def open_to_all(answers: Answers, port: int) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    groups(answers)[0]["IpPermissions"] = [rule]


def make_public(answers: Answers, *letters: str) -> None:
    table = answers["ec2:describe_route_tables"]["RouteTables"][0]
    table["Associations"] = [{"SubnetId": f"subnet-{x}"} for x in "ab" if x not in letters]
    answers["ec2:describe_route_tables"]["RouteTables"].append(
        {
            "Associations": [{"SubnetId": f"subnet-{x}"} for x in letters],
            "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}],
        }
    )


def quota(service: str, form: str, value: float) -> Callable[[Answers], None]:
    """A quota of this service whose name matches has another value."""

    def change(answers: Answers) -> None:
        before = answers["service-quotas:list_service_quotas"]

        def asked(request: dict[str, Any]) -> dict[str, Any]:
            found = copy.deepcopy(before(request))
            for row in found["Quotas"]:
                if request["ServiceCode"] == service and re.search(form, row["QuotaName"]):
                    row["Value"] = value
            return found

        answers["service-quotas:list_service_quotas"] = asked

    return change


def role_without(name: str) -> Callable[[Answers], None]:
    def change(answers: Answers) -> None:
        before = answers["iam:get_role"]
        answers["iam:get_role"] = lambda r: error("NoSuchEntity", 404) if r["RoleName"] == name else before(r)

    return change


def key_that_is(**values: Any) -> Callable[[Answers], None]:
    def change(answers: Answers) -> None:
        before = answers["kms:describe_key"]
        answers["kms:describe_key"] = lambda r: {"KeyMetadata": {**before(r)["KeyMetadata"], **values}}

    return change


def offered(missing: dict[str, str]) -> Callable[[Answers], None]:
    """Without these types in the zones with these letters."""

    def change(answers: Answers) -> None:
        before = answers["ec2:describe_instance_type_offerings"]

        def asked(request: dict[str, Any]) -> dict[str, Any]:
            rows = before(request)["InstanceTypeOfferings"]
            kept = [r for r in rows if r["Location"][-1] not in missing.get(r["InstanceType"], "")]
            return {"InstanceTypeOfferings": kept}

        answers["ec2:describe_instance_type_offerings"] = asked

    return change


def running(vcpu: int, kind: str = "m5.xlarge", **more: Any) -> Callable[[Answers], None]:
    instance = {"InstanceType": kind, "CpuOptions": {"CoreCount": vcpu, "ThreadsPerCore": 1}, **more}
    return lambda a: put(a, ec2__describe_instances={"Reservations": [{"Instances": [instance]}]})


DHCP = {"DhcpOptions": [{"DhcpConfigurations": [{"Key": "domain-name-servers", "Values": [{"Value": "10.0.0.2"}]}]}]}
NO_HOSTNAMES = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": False}}
NO_SUPPORT = {"EnableDnsSupport": {"Value": False}, "EnableDnsHostnames": {"Value": True}}
BLOCK_OFF = {
    "BlockPublicAccessConfiguration": {"BlockPublicSecurityGroupRules": False},
    "BlockPublicAccessConfigurationMetadata": {
        "CreationDateTime": "2026-01-01T00:00:00Z",
        "CreatedByArn": "arn:aws:iam::123456789012:root",
    },
}
Change = Callable[[Answers], object]
FINDINGS: dict[str, tuple[str, Change]] = {
    "a bucket that is not there": ("E-PRE-001", lambda a: put(a, s3__head_bucket=error("404", 404))),
    "a bucket elsewhere": ("E-PRE-002", lambda a: put(a, s3__head_bucket={"BucketRegion": "us-east-1"})),
    "a bucket elsewhere that says no": (
        "E-PRE-002",
        lambda a: put(a, s3__head_bucket=error("403", 403, x_amz_bucket_region="us-east-1")),
    ),
    "a bucket that says no": (
        "W-PRE-003",
        lambda a: put(a, s3__head_bucket=error("403", 403, x_amz_bucket_region=REGION)),
    ),
    "a script that is not there": ("E-PRE-004", lambda a: put(a, s3__head_object=error("404", 404))),
    "a type that no zone offers": ("E-PRE-010", offered({"m6g.xlarge": "ab"})),
    "one type of two that no zone offers": ("W-PRE-010", offered({"r6g.2xlarge": "ab"})),
    "a zone without any of the types": ("W-PRE-013", offered({"r6g.xlarge": "b", "r6g.2xlarge": "b"})),
    "too few addresses to start": (
        "E-PRE-011",
        lambda a: [row.update(AvailableIpAddressCount=4) for row in subnets(a)],
    ),
    "too few addresses to grow": ("W-PRE-011", lambda a: subnets(a)[1].update(AvailableIpAddressCount=8)),
    "a quota below the start": ("E-PRE-012", quota("ec2", "Running On-Demand Standard", 16)),
    "a quota below the growth": ("W-PRE-012", quota("ec2", "Running On-Demand Standard", 24)),
    "a Spot quota of nothing": ("E-PRE-012", quota("ec2", "All Standard .* Spot", 0)),
    "what runs leaves too little": ("W-PRE-014", running(630)),
    "Spot that runs leaves too little": ("W-PRE-014", running(636, InstanceLifecycle="spot")),
    "as many clusters as there may be": ("E-PRE-015", quota("elasticmapreduce", "active clusters", 0)),
    "a subnet that is not there": ("E-PRE-020", lambda a: subnets(a).pop()),
    "subnets of two VPCs": ("E-PRE-021", lambda a: subnets(a)[1].update(VpcId="vpc-2")),
    "a subnet without the tag": ("E-PRE-022", lambda a: subnets(a)[0].pop("Tags")),
    "a group without the tag": ("E-PRE-022", lambda a: groups(a)[0].pop("Tags")),
    "no DNS hostnames in a private subnet": ("W-PRE-023", lambda a: put(a, ec2__describe_vpc_attribute=NO_HOSTNAMES)),
    "no DNS hostnames in a public subnet": (
        "E-PRE-023",
        lambda a: (make_public(a, "a", "b"), put(a, ec2__describe_vpc_attribute=NO_HOSTNAMES)),
    ),
    "no DNS resolution": ("E-PRE-023", lambda a: put(a, ec2__describe_vpc_attribute=NO_SUPPORT)),
    "name servers of their own": ("W-PRE-024", lambda a: put(a, ec2__describe_dhcp_options=DHCP)),
    "block public access off": (
        "W-PRE-025",
        lambda a: put(a, emr__get_block_public_access_configuration=BLOCK_OFF),
    ),
    "an open group in a public subnet": (
        "E-PRE-025",
        lambda a: (make_public(a, "a", "b"), open_to_all(a, 8088)),
    ),
    "a group that is not there": ("E-PRE-026", lambda a: groups(a).pop()),
    "a public subnet beside a private one": ("E-PRE-027", lambda a: make_public(a, "a")),
    "a group of another VPC": ("E-PRE-028", lambda a: groups(a)[1].update(VpcId="vpc-2")),
    "no service role": ("E-PRE-030", role_without("service")),
    "no scaling role": ("E-PRE-030", role_without("scaling")),
    "no instance profile": ("E-PRE-031", lambda a: put(a, iam__get_instance_profile=error("NoSuchEntity", 404))),
    "a profile without a role": (
        "E-PRE-031",
        lambda a: a["iam:get_instance_profile"]["InstanceProfile"].update(Roles=[]),
    ),
    "a profile with another name than its role": (
        "E-PRE-032",
        lambda a: a["iam:get_instance_profile"]["InstanceProfile"]["Roles"][0].update(RoleName="workers"),
    ),
    "no service-linked role": ("W-PRE-033", role_without("AWSServiceRoleForEMRCleanup")),
    "no key pair": ("E-PRE-034", lambda a: put(a, ec2__describe_key_pairs={"KeyPairs": []})),
    "no security configuration": (
        "E-PRE-035",
        lambda a: put(a, emr__describe_security_configuration=error("InvalidRequestException")),
    ),
    "no key": ("E-PRE-040", lambda a: put(a, kms__describe_key=error("NotFoundException"))),
    "a key that waits for its end": ("E-PRE-041", key_that_is(KeyState="PendingDeletion")),
    "a key that only signs": ("E-PRE-042", key_that_is(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")),
    "no AMI": ("E-PRE-050", lambda a: put(a, ec2__describe_images=error("InvalidAMIID.NotFound"))),
    "an AMI that failed": ("E-PRE-050", lambda a: a["ec2:describe_images"]["Images"][0].update(State="failed")),
    "an AMI of another architecture": (
        "E-PRE-051",
        lambda a: a["ec2:describe_images"]["Images"][0].update(Architecture="x86_64"),
    ),
    "an AMI without EBS": (
        "E-PRE-052",
        lambda a: a["ec2:describe_images"]["Images"][0].update(RootDeviceType="instance-store"),
    ),
}
