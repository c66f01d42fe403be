"""A property that no field covers: an override on CDK's own resource, which every construct keeps as default child."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_emr

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "EscapeHatch")
    foundation = emr.Foundation(stack, "Foundation")
    cluster = emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network"),
        security=emr.SecurityConfiguration(
            stack,
            "Security",
            encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
        ),
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        logs=foundation.logs,
        key=foundation.key,
    )
    resource = cast("aws_emr.CfnCluster", cluster.node.default_child)
    resource.add_property_override("AdditionalInfo", {"for": "AWS Support, on request"})
