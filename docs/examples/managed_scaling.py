"""Managed scaling: limits by name. The core is On-Demand up to 20 units, Spot task nodes do the rest."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "ManagedScaling")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack, "Security", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0")
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5a.xlarge", capacity=4),
        task=emr.InstanceFleet.spot("m5.xlarge", "m5.2xlarge", "m5a.2xlarge", capacity=4),
        scaling=emr.ManagedScaling.mixed(4, 100, maximum_core=20),
        logs=foundation.logs,
        key=foundation.key,
    )
