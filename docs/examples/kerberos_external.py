"""Kerberos with a KDC that exists, which trusts an Active Directory; three primary nodes are possible with it."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "KerberosExternal")
    foundation = emr.Foundation(stack, "Foundation")
    kdc = secretsmanager.Secret.from_secret_name_v2(stack, "Kdc", "emr/kdc-admin")
    directory = secretsmanager.Secret.from_secret_name_v2(stack, "Directory", "emr/active-directory")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"),
        kerberos=emr.Kerberos.external(
            realm="EC2.INTERNAL",
            admin_server="kdc.example.com:749",
            kdc_server="kdc.example.com:88",
            kdc_admin_password=kdc,
            active_directory=emr.ActiveDirectory(
                realm="AD.EXAMPLE.COM", domain="ad.example.com", server="dc1.ad.example.com"
            ),
            join_user="emr-joiner",
            join_password=emr.SecretField(directory, "password"),
        ),
    )
    emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge", capacity=3),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
