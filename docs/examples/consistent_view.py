"""An old release that still asks for EMRFS consistent view; newer ones are refused with the reason."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "ConsistentView")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(
            at_rest=emr.AtRest.kms(foundation.key),
            in_transit=emr.InTransit.pem(f"s3://{foundation.artifacts.bucket_name}/certificates.zip"),
        ),
    )
    logs = emr.DataGrant(foundation.logs, "logs/", "write")
    roles = emr.Roles(stack, "Roles", data=[emr.DataGrant(foundation.data)], logs=logs, key=foundation.key)
    emr.Cluster(
        stack,
        "Legacy",
        network=network,
        security=security,
        release="emr-5.27.1",
        applications=[emr.Application.SPARK],
        consistent_view=emr.ConsistentView(table="LegacyEmrfs", read_capacity=200, write_capacity=50),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("m5.xlarge", capacity=2),
        idle_timeout=None,
        logs=foundation.logs,
        roles=roles,
    )
