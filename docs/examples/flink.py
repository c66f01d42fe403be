"""Flink: processes of a size that fits the nodes, and state that outlives them on S3."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Flink")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    state = f"s3://{foundation.data.bucket_name}/flink"
    emr.Cluster(
        stack,
        "Streams",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.FLINK],
        settings=emr.ApplicationSettings(
            flink=emr.FlinkSettings(
                task_slots=2,
                job_manager_memory="2g",
                task_manager_memory="6g",
                checkpoints=f"{state}/checkpoints/",
                savepoints=f"{state}/savepoints/",
                checkpoint_milliseconds=60000,
            ),
        ),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("m5.2xlarge", capacity=3),
        data=[emr.DataGrant(foundation.data, "flink/")],
        logs=foundation.logs,
        key=foundation.key,
    )
