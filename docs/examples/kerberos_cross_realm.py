"""Kerberos with a trust: the KDC on the cluster trusts an Active Directory, whose users run jobs as themselves."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "KerberosCrossRealm")
    foundation = emr.Foundation(stack, "Foundation")
    # One secret that holds {"user": …, "password": …, "trust": …}, made where the directory is kept.
    directory = secretsmanager.Secret.from_secret_name_v2(stack, "Directory", "emr/active-directory")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"),
        kerberos=emr.Kerberos.cluster_dedicated(
            realm="EC2.INTERNAL",
            trust=emr.CrossRealmTrust(
                realm="AD.EXAMPLE.COM",
                domain="ad.example.com",
                admin_server="ad.example.com:749",
                kdc_server="ad.example.com:88",
            ),
            trust_password=emr.SecretField(directory, "trust"),
            join_user=emr.SecretField(directory, "user"),
            join_password=emr.SecretField(directory, "password"),
        ),
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
