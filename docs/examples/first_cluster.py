"""A cluster with everything around it: network, encryption, roles, logs, managed scaling."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "FirstCluster")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.SPARK, emr.Application.HIVE],
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        task=emr.InstanceFleet.spot("m5.xlarge", "m5.2xlarge", "r5.xlarge", capacity=12, on_demand=5),
        scaling=emr.ManagedScaling(minimum=4, maximum=100, maximum_on_demand=20, maximum_core=20),
        idle_timeout=cdk.Duration.hours(1),
        logs=foundation.logs,
        key=foundation.key,
    )
