"""A pipeline whose cluster may be made larger or smaller by whoever starts it, within bounds."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.cluster import place_cluster
from emrkit_model import Cluster


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "PipelineOverrides")
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
        Cluster(
            name="nightly",
            release="emr-7.12.0",
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
            task=emr.InstanceFleet.spot("m5.xlarge", "m5.2xlarge", "r5.xlarge", capacity=12, on_demand=4),
            scaling=emr.ManagedScaling(minimum=4, maximum=40, maximum_core=12),
        ),
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
        # Started with {"run": …, "bundle": …, "overrides": {"most": 80}}; what is left out has its default.
        overrides={
            "spot": emr.Override(path="task.target_spot", minimum=0, maximum=30),
            "most": emr.Override(path="scaling.maximum", allowed=[20, 40, 80]),
            "idle_seconds": emr.Override(path="idle_timeout", minimum=300, maximum=7200, default=600),
        },
    )
