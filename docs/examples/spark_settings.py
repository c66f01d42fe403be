"""Spark's settings for all applications of a cluster, held against its nodes when the app is synthesized."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "SparkSettings")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.SPARK],
        settings=emr.ApplicationSettings(
            spark=emr.SparkSettings(
                # 16 GB and 3 GB of overhead: one executor on r5.xlarge, two on r5.2xlarge.
                executor_memory="16g",
                executor_cores=4,
                driver_memory="4g",
                deploy_mode="cluster",
                adaptive=True,
                kryo=True,
                dynamic_allocation=emr.DynamicAllocation(minimum=1, initial=5, maximum=40),
            ),
        ),
        # What no field covers goes through the free map; a key that a field sets cannot differ here.
        configurations=[emr.Configuration.of("spark-defaults", {"spark.sql.session.timeZone": "UTC"})],
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        scaling=emr.ManagedScaling(minimum=4, maximum=40),
        logs=foundation.logs,
        key=foundation.key,
    )
