"""An account in which nothing is in the way of the cluster of `REQUEST`: every answer is checked by botocore's Stubber.

A test changes one answer and sees one finding.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.stub import Stubber

from emrkit_jobs.targets.account_api import ApiAccount
from emrkit_jobs.targets.aws import EndpointSession
from emrkit_jobs.targets.calls import Caller

__all__ = ["KEY", "LOGS_KEY", "REGION", "REQUEST", "Answers", "StubbedCaller", "account", "error", "good_answers"]

REGION = "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/11111111-2222-3333-4444-555555555555"
LOGS_KEY = f"arn:aws:kms:{REGION}:123456789012:key/99999999-2222-3333-4444-555555555555"
TAG = [{"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}]
STANDARD = "(A, C, D, H, I, M, R, T, Z)"

REQUEST: dict[str, Any] = {
    "Name": "etl",
    "LogUri": "s3://logs/etl/",
    "LogEncryptionKmsKeyId": LOGS_KEY,
    "ServiceRole": "arn:aws:iam::123456789012:role/emr/service",
    "JobFlowRole": "nodes",
    "AutoScalingRole": "scaling",
    "SecurityConfiguration": "secure",
    "CustomAmiId": "ami-1",
    "BootstrapActions": [
        {"Name": "tools", "ScriptBootstrapAction": {"Path": "s3://code/0f1e2d3c4b5a69788796/setup.sh"}}
    ],
    "Steps": [{"Name": "daily", "HadoopJarStep": {"Jar": "command-runner.jar"}}],
    "Instances": {
        "Ec2SubnetIds": ["subnet-a", "subnet-b"],
        "Ec2KeyName": "ops",
        "EmrManagedMasterSecurityGroup": "sg-primary",
        "EmrManagedSlaveSecurityGroup": "sg-core",
        "InstanceFleets": [
            {
                "InstanceFleetType": "MASTER",
                "TargetOnDemandCapacity": 1,
                "InstanceTypeConfigs": [{"InstanceType": "m6g.xlarge"}],
            },
            {
                "InstanceFleetType": "CORE",
                "TargetOnDemandCapacity": 4,
                "InstanceTypeConfigs": [
                    {"InstanceType": "r6g.xlarge", "WeightedCapacity": 1},
                    {"InstanceType": "r6g.2xlarge", "WeightedCapacity": 2},
                ],
            },
            {
                "InstanceFleetType": "TASK",
                "TargetSpotCapacity": 2,
                "InstanceTypeConfigs": [{"InstanceType": "m6g.xlarge", "WeightedCapacity": 1}],
            },
        ],
    },
    "ManagedScalingPolicy": {
        "ComputeLimits": {
            "UnitType": "InstanceFleetUnits",
            "MinimumCapacityUnits": 2,
            "MaximumCapacityUnits": 10,
            "MaximumOnDemandCapacityUnits": 6,
        }
    },
}

Answer = Any
Answers = dict[str, Answer]


class error:  # noqa: N801 - reads as a word in the tables
    """A refusal of the service."""

    def __init__(self, code: str, status: int = 400, **headers: str) -> None:
        self.code = code
        self.status = status
        self.headers = headers


def _type_offerings(request: dict[str, Any]) -> dict[str, Any]:
    names = request["Filters"][0]["Values"]
    zones = [f"{REGION}a", f"{REGION}b"]
    return {
        "InstanceTypeOfferings": [
            {"InstanceType": name, "LocationType": "availability-zone", "Location": zone}
            for name in names
            for zone in zones
        ]
    }


def _subnet(letter: str) -> dict[str, Any]:
    return {
        "SubnetId": f"subnet-{letter}",
        "VpcId": "vpc-1",
        "AvailabilityZone": f"{REGION}{letter}",
        "AvailableIpAddressCount": 250,
        "Tags": TAG,
    }


def _key(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "KeyMetadata": {
            "KeyId": request["KeyId"],
            "Arn": request["KeyId"],
            "KeyState": "Enabled",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeySpec": "SYMMETRIC_DEFAULT",
        }
    }


def _role(request: dict[str, Any]) -> dict[str, Any]:
    name = request["RoleName"]
    return {
        "Role": {
            "Path": "/",
            "RoleName": name,
            "RoleId": "AROA0123456789ABCDEF0",
            "Arn": f"arn:aws:iam::123456789012:role/{name}",
            "CreateDate": "2026-01-01T00:00:00Z",
        }
    }


def _quotas(request: dict[str, Any]) -> dict[str, Any]:
    if request["ServiceCode"] == "elasticmapreduce":
        return {"Quotas": [{"QuotaName": "Maximum number of active clusters", "Value": 500.0}]}
    names = {
        f"Running On-Demand Standard {STANDARD} instances": 640.0,
        f"All Standard {STANDARD} Spot Instance Requests": 640.0,
        "Running On-Demand G and VT instances": 0.0,
        "All P4, P3 and P2 Spot Instance Requests": 0.0,
    }
    return {"Quotas": [{"QuotaName": name, "Value": value} for name, value in names.items()]}


GOOD: Answers = {
    "s3:head_bucket": {"BucketRegion": REGION},
    "s3:head_object": {"ContentLength": 10},
    "ec2:describe_instance_type_offerings": _type_offerings,
    "ec2:describe_subnets": {"Subnets": [_subnet("a"), _subnet("b")]},
    "ec2:describe_route_tables": {
        "RouteTables": [
            {
                "Associations": [{"SubnetId": "subnet-a"}, {"SubnetId": "subnet-b"}],
                "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}],
            },
            {
                "Associations": [{"Main": True}],
                "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}],
            },
        ]
    },
    "ec2:describe_vpcs": {"Vpcs": [{"VpcId": "vpc-1", "DhcpOptionsId": "dopt-1"}]},
    "ec2:describe_vpc_attribute": {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}},
    "ec2:describe_dhcp_options": {
        "DhcpOptions": [
            {
                "DhcpConfigurations": [
                    {"Key": "domain-name", "Values": [{"Value": f"{REGION}.compute.internal"}]},
                    {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
                ]
            }
        ]
    },
    "ec2:describe_security_groups": {
        "SecurityGroups": [
            {"GroupId": name, "GroupName": name, "VpcId": "vpc-1", "Tags": TAG, "IpPermissions": []}
            for name in ("sg-primary", "sg-core")
        ]
    },
    "ec2:describe_instances": {"Reservations": []},
    "ec2:describe_images": {
        "Images": [{"ImageId": "ami-1", "State": "available", "Architecture": "arm64", "RootDeviceType": "ebs"}]
    },
    "ec2:describe_key_pairs": {"KeyPairs": [{"KeyName": "ops"}]},
    "service-quotas:list_service_quotas": _quotas,
    "emr:list_clusters": {"Clusters": []},
    "emr:get_block_public_access_configuration": {
        "BlockPublicAccessConfiguration": {
            "BlockPublicSecurityGroupRules": True,
            "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
        },
        "BlockPublicAccessConfigurationMetadata": {
            "CreationDateTime": "2026-01-01T00:00:00Z",
            "CreatedByArn": "arn:aws:iam::123456789012:root",
        },
    },
    "emr:describe_security_configuration": {"Name": "secure", "SecurityConfiguration": "{}"},
    "iam:get_role": _role,
    "iam:list_attached_role_policies": {
        "AttachedPolicies": [{"PolicyName": "AmazonEMRServicePolicy_v2", "PolicyArn": "arn:aws:iam::aws:policy/x/y"}]
    },
    "iam:get_instance_profile": {
        "InstanceProfile": {
            "Path": "/",
            "InstanceProfileName": "nodes",
            "InstanceProfileId": "AIPA0123456789ABCDEF0",
            "Arn": "arn:aws:iam::123456789012:instance-profile/nodes",
            "CreateDate": "2026-01-01T00:00:00Z",
            "Roles": [_role({"RoleName": "nodes"})["Role"]],
        }
    },
    "kms:describe_key": _key,
}


def good_answers() -> Answers:
    """A copy to change."""
    return copy.deepcopy(GOOD)


# Shared by all tests: making a client takes longer than asking it.
_CLIENTS: dict[Any, object] = {}


class StubbedCaller(Caller):
    """Answers from a table; request and response are checked against the service model."""

    def __init__(self, answers: Answers) -> None:
        session = boto3.Session("test", "test", region_name=REGION)
        super().__init__("prod", None, lambda: EndpointSession(session, None), "check the network")
        self._clients = _CLIENTS
        self.answers = answers
        self.asked: list[str] = []
        self.turn = threading.Lock()

    def ask(self, service: str, operation: str, **request: object) -> dict[str, object]:
        return self._answered(service, operation, request, lambda: super(StubbedCaller, self).ask)

    def ask_pages(self, service: str, operation: str, key: str, **request: object) -> Iterator[dict[str, object]]:
        def all_pages(*args: Any, **given: Any) -> Any:
            return list(super(StubbedCaller, self).ask_pages(args[0], args[1], key, **given))

        yield from self._answered(service, operation, request, lambda: all_pages)

    def _answered(self, service: str, operation: str, request: dict[str, object], send: Callable[[], Any]) -> Any:
        answer = self.answers[f"{service}:{operation}"]
        if callable(answer):
            answer = answer(request)
        with self.turn, Stubber(self.client(service, manner="ask")) as stub:
            self.asked.append(f"{service}:{operation}")
            if isinstance(answer, error):
                meta = {"HTTPHeaders": {name.replace("_", "-"): value for name, value in answer.headers.items()}}
                stub.add_client_error(
                    operation, answer.code, "said no", http_status_code=answer.status, response_meta=meta
                )
            else:
                stub.add_response(operation, answer)
            return send()(service, operation, **request)


def account(answers: Answers | None = None) -> ApiAccount:
    """The account with these answers."""
    return ApiAccount(StubbedCaller(answers or good_answers()), REGION)
