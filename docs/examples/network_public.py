"""Public subnets, for data that the internet has anyway; who reaches the nodes is named, and is never everybody."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge

OPEN_DATA = "this cluster reads open data from the internet; its groups let in nobody but EMR and the office"


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "NetworkPublic")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(
        stack,
        "Network",
        public=True,
        interface_endpoints=(),
        rules=emr.GroupRules(
            primary_inbound=[emr.InboundRule(source="198.51.100.0/24", port=18080, description="the office: history")]
        ),
        key=foundation.key,
    )
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    cluster = emr.Cluster(
        stack,
        "Crawl",
        network=network,
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("m5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
    acknowledge(cluster, Acknowledgement(Judge.EMRKIT, "E-RULE-009", OPEN_DATA))
    acknowledge(network, Acknowledgement(Judge.CONTROL_TOWER, "subnet_auto_assign_public_ip_disabled_check", OPEN_DATA))
