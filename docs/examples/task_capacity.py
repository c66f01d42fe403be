"""Task capacity apart from its cluster: it comes, changes its size and goes while the cluster stays."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "TaskCapacity")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack, "Security", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0")
    )
    fleets = emr.Cluster(
        stack,
        "Fleets",
        network=network,
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
    emr.TaskFleet(stack, "Burst", cluster=fleets, fleet=emr.InstanceFleet.spot("m5.xlarge", "m5.2xlarge", capacity=8))
    groups = emr.Cluster(
        stack,
        "Groups",
        network=network,
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceGroup.on_demand("m5.xlarge"),
        core=emr.InstanceGroup.on_demand("r5.xlarge", count=2),
        logs=foundation.logs,
        key=foundation.key,
    )
    emr.TaskGroup(stack, "Steady", cluster=groups, group=emr.InstanceGroup.on_demand("m5.xlarge", count=2))
    emr.TaskGroup(
        stack,
        "Elastic",
        cluster=groups,
        group=emr.InstanceGroup.spot("m5.2xlarge", count=1, scaling=emr.AutoScaling.reference(0, 10, adjustment=2)),
    )
