"""Kerberos with a KDC on the cluster: its administrator's password is generated, and only referred to."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Kerberos")
    foundation = emr.Foundation(stack, "Foundation")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"),
        # Without `kdc_admin_password` a secret is made; the template holds a reference that CloudFormation resolves.
        kerberos=emr.Kerberos.cluster_dedicated(realm="EC2.INTERNAL", ticket_lifetime=10 * 3600),
    )
    emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
