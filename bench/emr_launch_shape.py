"""The shape that aws-emr-launch and emrkit can both express, built by either: a state machine that launches a cluster.

One unit is: security groups with the rules that EMR wants, roles and an instance profile with the logs and the key
granted, a security configuration with encryption at rest and in transit, a cluster of one type in a primary and a core
fleet with managed scaling and twenty classifications of five settings, and the state machine that launches it. The VPC
exists. emrkit's state machine also runs a step and ends the cluster, which aws-emr-launch leaves to another one.

What the units have in common is a choice (`Sharing`), because the libraries draw the line elsewhere: aws-emr-launch
puts security groups, roles and security configuration into one profile, emrkit puts the groups into the network.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from aws_cdk import aws_ec2 as ec2

if TYPE_CHECKING:
    from aws_cdk import Stack

__all__ = ["Sharing", "build_ours", "build_theirs"]

Sharing = Literal["nothing", "groups", "profile"]
"""What units share: nothing; groups, where a library can; groups, roles and security configuration."""

_KEY = "arn:aws:kms:us-east-1:111111111111:key/11111111-2222-3333-4444-555555555555"
_PEM = "s3://bench-artifacts/certificates.zip"
_LOGS = "bench-logs"
_VPC = "vpc-0123456789abcdef0"
_RELEASE = "emr-6.15.0"
_PRIMARY, _CORE, _CORES = "m5.2xlarge", "m5.xlarge", 4
_MINIMUM, _MAXIMUM = 4, 40
_NAMES = ("spark-defaults", "hive-site", "core-site", "yarn-site", "hdfs-site", "mapred-site", "spark-hive-site")
_SITES = {
    site: {f"bench.{site}.setting.{n}": str(n) for n in range(5)}
    for site in (*_NAMES, *(f"site-{n}" for n in range(20 - len(_NAMES))))
}


def _vpc(stack: Stack) -> ec2.IVpc:
    return ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id=_VPC,
        availability_zones=["us-east-1a", "us-east-1b"],
        private_subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        private_subnet_route_table_ids=["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
    )


def build_ours(stack: Stack, units: int, *, sharing: Sharing) -> None:
    """The shape in emrkit."""
    import emrkit as emr
    from emrkit.cluster import place_cluster
    from emrkit.network import SecurityGroups
    from emrkit_model import Cluster, Job, SparkStep

    network = emr.Network.from_vpc(stack, "Network", vpc=_vpc(stack))
    volume = (emr.EbsVolume(type="st1", size_gib=500),)
    profiles: list[tuple[emr.SecurityConfiguration, emr.Roles, dict[str, object]]] = []

    def fleet(name: str, capacity: int) -> emr.InstanceFleet:
        return emr.InstanceFleet.on_demand(
            emr.InstanceType(type=name, weight=1, ebs=volume, ebs_optimized=True), capacity=capacity
        )

    def profile(number: int) -> None:
        encryption = emr.Encryption(at_rest=emr.AtRest.kms(_KEY), in_transit=emr.InTransit.pem(_PEM))
        security = emr.SecurityConfiguration(stack, f"Security{number}", encryption=encryption)
        logs = emr.DataGrant(_LOGS, "elasticmapreduce/", "write")
        roles = emr.Roles(stack, f"Roles{number}", logs=logs, key=_KEY)
        # The first unit has the groups that come with the network.
        own_groups = sharing == "nothing" and profiles
        groups = SecurityGroups(stack, f"Groups{number}", vpc_id=_VPC) if own_groups else network.security_groups
        own: dict[str, object] = {
            "primary_security_group": groups.primary,
            "core_security_group": groups.core,
            "service_access_security_group": groups.service_access,
        }
        profiles.append((security, roles, own))

    for number in range(units):
        if not profiles or sharing != "profile":
            profile(number)
        security, roles, groups = profiles[-1]
        value = Cluster.parse(
            groups,
            name=f"cluster{number}",
            release=_RELEASE,
            applications=(emr.Application.SPARK, emr.Application.HIVE),
            primary=fleet(_PRIMARY, 1),
            core=fleet(_CORE, _CORES),
            scaling=emr.ManagedScaling(minimum=_MINIMUM, maximum=_MAXIMUM),
            configurations=tuple(emr.Configuration(classification=k, properties=v) for k, v in _SITES.items()),
        )
        log_uri = f"s3://{_LOGS}/elasticmapreduce/"
        placed = place_cluster(value, network=network, security=security, roles=roles, log_uri=log_uri, log_key=None)
        job = Job(
            name=f"job{number}", run_on=value.name, steps=(SparkStep(name="only", entry_point="s3://bench/job.py"),)
        )
        emr.Pipeline(stack, f"Launch{number}", job=job, cluster=placed, roles=roles)


def build_theirs(stack: Stack, units: int, *, sharing: Sharing) -> None:
    """The same in aws-emr-launch, as its examples do it; `EMR_LAUNCH_FOLDER` says where it is installed."""
    from bench.emr_launch_shim import install

    install(os.environ["EMR_LAUNCH_FOLDER"])
    from aws_cdk import aws_kms, aws_s3

    profiles: Any = import_module("aws_emr_launch.constructs.emr_constructs.emr_profile")
    fleets: Any = import_module("aws_emr_launch.constructs.managed_configurations.instance_fleet_configuration")
    functions: Any = import_module("aws_emr_launch.constructs.step_functions.emr_launch_function")
    vpc = _vpc(stack)
    subnets = vpc.private_subnets
    key = aws_kms.Key.from_key_arn(stack, "Key", _KEY)
    logs = aws_s3.Bucket.from_bucket_name(stack, "Logs", _LOGS)
    profile: Any = None
    for number in range(units):
        if profile is None or sharing != "profile":
            profile = profiles.EMRProfile(
                stack, f"Profile{number}", profile_name=f"profile{number}", vpc=vpc, logs_bucket=logs
            )
            profile.set_s3_encryption(profiles.S3EncryptionMode.SSE_KMS, key)
            profile.set_local_disk_encryption(key)
            profile.set_tls_certificate(_PEM)
        configuration = fleets.ManagedScalingConfiguration(
            stack,
            f"Configuration{number}",
            configuration_name=f"configuration{number}",
            subnets=subnets,
            release_label=_RELEASE,
            master_instance_type=_PRIMARY,
            core_instance_type=_CORE,
            core_instance_on_demand_count=_CORES,
            applications=["Spark", "Hive"],
            configurations=[{"Classification": k, "Properties": dict(v)} for k, v in _SITES.items()],
            use_glue_catalog=False,
            minimum_capacity=_MINIMUM,
            maximum_capcity=_MAXIMUM,
        )
        functions.EMRLaunchFunction(
            stack,
            f"Launch{number}",
            launch_function_name=f"launch{number}",
            emr_profile=profile,
            cluster_configuration=configuration,
            cluster_name=f"cluster{number}",
        )
