"""The fixed shape of the synthesis bench: a network, and clusters of one size, each with all that belongs to it.

One cluster is: a security configuration with encryption everywhere, roles of its own, a cluster of three fleets with
five types each and twenty classifications with five settings each, and the pipeline that runs one job on its like.
Changing the shape changes the numbers, so it does not change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import emrkit as emr
from emrkit_model import Cluster as ClusterValue
from emrkit_model import Job, SecurityConfiguration, SparkStep

if TYPE_CHECKING:
    from aws_cdk import Stack

__all__ = ["build", "build_values"]

_KEY = "arn:aws:kms:us-east-1:111111111111:key/11111111-2222-3333-4444-555555555555"
_TYPES = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge")
_ENCRYPTION = emr.Encryption(at_rest=emr.AtRest.kms(_KEY), in_transit=emr.InTransit.emr_managed())
_RELEASE = "emr-7.12.0"
_FAMILIES = ("m5", "r5", "m5a")


_SITES = (
    "spark-defaults",
    "hive-site",
    "core-site",
    "yarn-site",
    "hdfs-site",
    "mapred-site",
    "spark-hive-site",
    "spark-log4j2",
    "spark-metrics",
    "hadoop-log4j",
    "hadoop-kms-site",
    "hadoop-ssl-server",
    "capacity-scheduler",
    "httpfs-site",
    "hive-log4j2",
    "hive-exec-log4j2",
    "hiveserver2-site",
    "hcatalog-webhcat-site",
    "tez-site",
    "emrfs-site",
)


def _classifications() -> tuple[emr.Configuration, ...]:
    """Twenty of them with five settings each, all known to the release: a cluster that nobody has to be warned of."""
    return tuple(
        emr.Configuration(classification=site, properties={f"bench.{site}.setting.{n}": str(n) for n in range(5)})
        for site in _SITES
    )


def _fleets() -> tuple[emr.InstanceFleet, emr.InstanceFleet, emr.InstanceFleet]:
    primary, core, task = ([f"{family}.{size}" for size in _TYPES] for family in _FAMILIES)
    return (
        emr.InstanceFleet.on_demand(*primary),
        emr.InstanceFleet.on_demand(*core, capacity=4),
        emr.InstanceFleet.spot(*task, capacity=12),
    )


def build(stack: Stack, clusters: int) -> None:
    """The shape with so many clusters."""
    network = emr.Network(stack, "Network")
    for number in range(clusters):
        primary, core, task = _fleets()
        security = emr.SecurityConfiguration(stack, f"Security{number}", encryption=_ENCRYPTION)
        roles = emr.Roles(stack, f"Roles{number}", key=_KEY)
        emr.Cluster(
            stack,
            f"Cluster{number}",
            network=network,
            security=security,
            roles=roles,
            release=_RELEASE,
            applications=[emr.Application.SPARK, emr.Application.HIVE],
            primary=primary,
            core=core,
            task=task,
            scaling=emr.ManagedScaling(minimum=4, maximum=40),
            configurations=_classifications(),
        )
        launched = ClusterValue(
            name="launched",
            release=_RELEASE,
            primary=primary,
            core=core,
            security_configuration=SecurityConfiguration(encryption=_ENCRYPTION),
        )
        job = Job(name="job", run_on="launched", steps=(SparkStep(name="only", entry_point="s3://bench/job.py"),))
        emr.Pipeline(stack, f"Pipeline{number}", job=job, cluster=launched, roles=roles)


def build_values() -> None:
    """What emrkit does for one cluster and its job without the CDK: values checked, properties and states rendered."""
    from emrkit.state_language import job_states
    from emrkit_model.render import cloudformation

    primary, core, task = _fleets()
    security = SecurityConfiguration(encryption=_ENCRYPTION)
    value = ClusterValue(
        name="values",
        release=_RELEASE,
        applications=(emr.Application.SPARK, emr.Application.HIVE),
        primary=primary,
        core=core,
        task=task,
        scaling=emr.ManagedScaling(minimum=4, maximum=40),
        configurations=_classifications(),
        security_configuration=security,
    )
    cloudformation.to_l1(cloudformation.CLUSTER, cloudformation.cluster_properties(value))
    properties = cloudformation.security_configuration_properties(security)
    cloudformation.to_l1(cloudformation.SECURITY_CONFIGURATION, properties)
    job = Job(name="job", run_on="values", steps=(SparkStep(name="only", entry_point="s3://bench/job.py"),))
    job_states(job, job.ordered_steps(), value, partition="aws")
