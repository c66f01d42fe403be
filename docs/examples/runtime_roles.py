"""One cluster for analysts and loaders: each step reaches its own data only, and Lake Formation decides for one."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "RuntimeRoles")
    foundation = emr.Foundation(stack, "Foundation")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
        runtime_roles=emr.RuntimeRoles(propagate_source_identity=True),
        lake_formation=emr.LakeFormation(),
    )
    cluster = emr.Cluster(
        stack,
        "Shared",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
    analysts = emr.RuntimeRole(
        stack,
        "Analysts",
        roles=cluster.roles,
        catalog=[emr.CatalogGrant("marts")],
        lake_formation=emr.LakeFormation(),
        source_identity=True,
    )
    loaders = emr.RuntimeRole(
        stack,
        "Loaders",
        roles=cluster.roles,
        data=[emr.DataGrant(foundation.data, "raw/", access="read-write", key=foundation.key)],
        source_identity=True,
    )
    # Who submits names one of the two: a step without a role, or with another, is refused.
    emr.SubmitterPolicy(
        stack,
        "Submitters",
        project="shop",
        environment="prod",
        clusters=[cluster],
        runtime_roles=[analysts, loaders],
    )
    cdk.CfnOutput(stack, "AnalystsRole", value=analysts.role_arn)
