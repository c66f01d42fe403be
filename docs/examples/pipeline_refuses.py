"""A pipeline that launches nothing while a cluster of the same name runs: one execution at a time, or by hand."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.cluster import place_cluster
from emrkit_model import Cluster


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "PipelineRefuses")
    foundation = emr.Foundation(stack, "Foundation")
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
        when_running="refuse",
    )
