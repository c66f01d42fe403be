"""Where people sit: JupyterHub and Zeppelin with notes on S3, Livy towards Spark, Hue with a database of its own."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Notebooks")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:emr/hue-password-AbCdEf"
    password = secretsmanager.Secret.from_secret_complete_arn(stack, "HuePassword", arn)
    emr.Cluster(
        stack,
        "Notebooks",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[
            emr.Application.SPARK,
            emr.Application.HIVE,
            emr.Application.LIVY,
            emr.Application.JUPYTER_HUB,
            emr.Application.ZEPPELIN,
            emr.Application.HUE,
        ],
        settings=emr.ApplicationSettings(
            livy=emr.LivySettings(session_timeout=7200, deploy_mode="cluster"),
            jupyterhub=emr.JupyterHubSettings(bucket=foundation.data),
            zeppelin=emr.ZeppelinSettings(bucket=foundation.data, folder="zeppelin", anonymous=False),
            hue=emr.HueSettings(
                time_zone="Europe/Berlin",
                idle_timeout=3600,
                # EMR reads the password itself; the cluster lets its service role do so.
                database=emr.HueDatabase(host="hue.cluster-example.eu-west-1.rds.amazonaws.com", password=password),
            ),
        ),
        primary=emr.InstanceFleet.on_demand("m5.2xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        data=[emr.DataGrant(foundation.data, "jupyter/"), emr.DataGrant(foundation.data, "zeppelin/")],
        logs=foundation.logs,
        key=foundation.key,
    )
