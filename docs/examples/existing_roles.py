"""Roles that another team makes and keeps: by name, by ARN, or as the CDK imports them."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "ExistingRoles")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    # Given as a role of the CDK, the nodes' role is granted what the cluster needs; by name it would be left alone.
    nodes = iam.Role.from_role_name(stack, "Nodes", "emr-nodes")
    roles = emr.Roles.from_names(
        stack, "Roles", service_role="emr-service", instance_profile="emr-nodes", instance_role=nodes
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        roles=roles,
        data=[emr.DataGrant(foundation.data, "raw/", access="read", key=foundation.key)],
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
