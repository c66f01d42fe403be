"""Shells through Session Manager: no SSH, no key pair, no open port, in a network without NAT."""

import aws_cdk as cdk

import emrkit as emr

RELEASE = "emr-7.12.0"


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "SessionManager")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(
        stack,
        "Network",
        zones=2,
        nat_gateways=0,
        interface_endpoints=emr.interface_endpoints_for(["Spark"], encryption=True, session_manager=True),
    )
    security = emr.SecurityConfiguration(stack, "Security", encryption=emr.Encryption.safe(foundation.key, RELEASE))
    etl = emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        roles=emr.Roles(stack, "Roles", session_manager=True, key=foundation.key),
        release=RELEASE,
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("m5.xlarge", capacity=2),
        logs=foundation.logs,
        log_prefix="clusters/etl/",
        key=foundation.key,
    )
    cdk.CfnOutput(stack, "Primary", value=etl.primary_dns)
