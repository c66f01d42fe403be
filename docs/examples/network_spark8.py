"""A network for emr-spark-8: nodes call EMR through its own endpoint, and 8443 and 9443 are gone."""

import aws_cdk as cdk

import emrkit as emr

RELEASE = "emr-spark-8.1.0"


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "NetworkSpark8")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", releases=[RELEASE], key=foundation.key)
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
        release=RELEASE,
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
