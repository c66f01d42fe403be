"""A Hive metastore that exists: its address, its secret, and its security group opened for the nodes."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "ImportedMetastore")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    password = secretsmanager.Secret.from_secret_complete_arn(
        stack, "Password", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:hive-password-AbCdEf"
    )
    store = emr.HiveMetastore.from_attributes(
        stack,
        "Metastore",
        host="metastore.cluster-abc.eu-central-1.rds.amazonaws.com",
        username="hive",
        password=password,
        ca_file="/etc/pki/rds/global-bundle.pem",
        network=network,
        security_group="sg-0123456789abcdef0",
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.SPARK, emr.Application.HIVE],
        metastore=store,
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
