"""Trino: memory of queries, another try when a worker is lost, and a connector of its own."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Trino")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    cluster = emr.Cluster(
        stack,
        "Queries",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.TRINO],
        settings=emr.ApplicationSettings(
            trino=emr.TrinoSettings(
                query_memory="60GB",
                query_memory_per_node="12GB",
                # Workers on Spot come and go: lost tasks are done again from what others left on HDFS.
                retry="TASK",
                connectors={"tpch": {"connector.name": "tpch"}},
            ),
        ),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        task=emr.InstanceFleet.spot("r5.xlarge", "r5a.xlarge", capacity=4),
        idle_timeout=None,
        logs=foundation.logs,
        key=foundation.key,
    )
    served = Acknowledgement(Judge.EMRKIT, "E-RULE-006", "Trino serves all day; EMR would count it as idle")
    acknowledge(cluster, served)
