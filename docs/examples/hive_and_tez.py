"""Hive on Tez: containers, the heap in them, and servers on the primary node."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "HiveAndTez")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    emr.Cluster(
        stack,
        "Warehouse",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.HIVE, emr.Application.TEZ],
        settings=emr.ApplicationSettings(
            # Java gets four fifths of the container: hive.tez.java.opts follows from it.
            hive=emr.HiveSettings(container_memory="4g", server_heap="4g", parallel=True, compress_intermediate=True),
            tez=emr.TezSettings(master_memory="4g", reuse_containers=True, minimum_group="64m", maximum_group="1g"),
        ),
        primary=emr.InstanceFleet.on_demand("m5.2xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
