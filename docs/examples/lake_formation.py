"""Lake Formation: runtime roles see the databases, rows and columns that Lake Formation grants them."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "LakeFormation")
    foundation = emr.Foundation(stack, "Foundation")
    # The session tag's value that Lake Formation was told to trust in its application integration settings.
    governance = emr.LakeFormation(session_tag="Amazon EMR")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"),
        runtime_roles=emr.RuntimeRoles(),
        lake_formation=governance,
    )
    cluster = emr.Cluster(
        stack,
        "Governed",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
    emr.RuntimeRole(
        stack,
        "Analysts",
        roles=cluster.roles,
        catalog=[emr.CatalogGrant("sales", access="read")],
        lake_formation=governance,
    )
