"""A pipeline that tells an encrypted topic how every execution ended, also one that was stopped."""

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

import emrkit as emr
from emrkit.cluster import place_cluster
from emrkit_model import Cluster


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "PipelineNotifications")
    foundation = emr.Foundation(stack, "Foundation")
    alarms = sns.Topic(stack, "Alarms", master_key=foundation.key, enforce_ssl=True)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    roles = emr.Roles(
        stack,
        "Roles",
        data=[emr.DataGrant(foundation.data, key=foundation.key)],
        logs=emr.DataGrant(foundation.logs, "logs/", access="write"),
        key=foundation.key,
    )
    nightly = place_cluster(
        Cluster(name="nightly", release="emr-7.12.0", primary=emr.InstanceFleet.on_demand("m5.xlarge")),
        network=emr.Network(stack, "Network"),
        security=security,
        roles=roles,
        log_uri=f"s3://{foundation.logs.bucket_name}/logs/",
        log_key=foundation.key,
    )
    step = emr.SparkStep(name="marts", entry_point=f"s3://{foundation.artifacts.bucket_name}/marts.py")
    emr.Pipeline(
        stack,
        "Marts",
        job=emr.Job(name="marts", run_on="nightly", steps=(step,)),
        cluster=nightly,
        roles=roles,
        key=foundation.key,
        # A topic that is named by its ARN does not say how it is encrypted: Notifications(failure=arn, key=its key).
        notifications=emr.Notifications(failure=alarms),
    )
