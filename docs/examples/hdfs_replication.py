"""Two copies of each HDFS block, and a minimum of core nodes that has room for both."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "HdfsReplication")
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
        configurations=[emr.Configuration.of("hdfs-site", {"dfs.replication": 2, "dfs.blocksize": "256m"})],
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("m5d.xlarge", capacity=4),
        task=emr.InstanceFleet.spot("m5.xlarge", "m5.2xlarge", "r5.xlarge", capacity=8),
        scaling=emr.ManagedScaling(minimum=3, maximum=40, maximum_core=4),
        logs=foundation.logs,
        key=foundation.key,
    )
