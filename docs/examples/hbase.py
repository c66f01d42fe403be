"""HBase's servers: heap, what of it caches and what holds writes, threads for requests."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Hbase")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    cluster = emr.Cluster(
        stack,
        "Store",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.HBASE],
        settings=emr.ApplicationSettings(
            # Both caches together leave a fifth of the heap, or no region server starts.
            hbase=emr.HBaseSettings(heap="12g", block_cache=0.5, memory_stores=0.3, handlers=60, region_size="20g"),
        ),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("m5d.2xlarge", capacity=4),
        idle_timeout=None,
        logs=foundation.logs,
        key=foundation.key,
    )
    served = Acknowledgement(Judge.EMRKIT, "E-RULE-006", "HBase serves all day; EMR would count it as idle")
    acknowledge(cluster, served)
