"""Runtime roles: each step runs with a role of its own, and CloudTrail says who sent it."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "RuntimeRolesSecurity")
    foundation = emr.Foundation(stack, "Foundation")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"),
        runtime_roles=emr.RuntimeRoles(propagate_source_identity=True),
    )
    cluster = emr.Cluster(
        stack,
        "Shared",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
    # Steps name it as their `execution_role`; the nodes may take it on, and nothing else.
    emr.RuntimeRole(
        stack,
        "Reporting",
        roles=cluster.roles,
        data=[emr.DataGrant(foundation.data, "marts/", access="read", key=foundation.key)],
        source_identity=True,
    )
