"""A cluster of instance groups: one type, one market and a count for each, and several groups of task nodes."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "InstanceGroups")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack, "Security", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0")
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,  # groups have one subnet: they take the network's first
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceGroup.on_demand("m5.xlarge"),
        core=emr.InstanceGroup.on_demand(
            "r5.xlarge", count=3, ebs=[emr.EbsVolume(size_gib=128, count=2, throughput=250)]
        ),
        task=[
            emr.InstanceGroup.on_demand("m5.2xlarge", count=2),
            emr.InstanceGroup.spot("m5.4xlarge", count=4),
            emr.InstanceGroup.spot("r5.2xlarge", count=4, bid_price="0.30", name="large-memory"),
        ],
        logs=foundation.logs,
        key=foundation.key,
    )
