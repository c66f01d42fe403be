"""Ranger: the policies of a Ranger server decide what users may read, and CloudWatch keeps what they did."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr

ACCOUNT = "111122223333"


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Ranger")
    foundation = emr.Foundation(stack, "Foundation")

    def secret(name: str) -> secretsmanager.ISecret:
        return secretsmanager.Secret.from_secret_name_v2(stack, name, f"emr/ranger-{name.lower()}")

    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"),
        kerberos=emr.Kerberos.cluster_dedicated(realm="EC2.INTERNAL"),
        ranger=emr.Ranger(
            admin_url="https://ranger.example.com:6182",
            admin_secret=secret("Admin"),
            plugins_role=f"arn:aws:iam::{ACCOUNT}:role/ranger-data",
            other_services_role=f"arn:aws:iam::{ACCOUNT}:role/ranger-services",
            plugins=[
                emr.RangerPlugin(application="Spark", client_secret=secret("Spark"), repository="amazonemrspark"),
                emr.RangerPlugin(application="EMRFS-S3", client_secret=secret("Emrfs"), repository="amazonemrs3"),
            ],
            audit_log_group=f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/emr/ranger-audit:*",
        ),
    )
    emr.Cluster(
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
