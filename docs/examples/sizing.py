"""Fleets chosen by what the cluster does: On-Demand core, task nodes mostly Spot over nine types of Graviton."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Sizing")
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
        applications=[emr.Application.SPARK],
        sizing=emr.Sizing(workload="memory", architecture="arm64", core=4, task=20),
        scaling=emr.ManagedScaling(minimum=4, maximum=24, maximum_core=4),
        logs=foundation.logs,
        key=foundation.key,
    )
