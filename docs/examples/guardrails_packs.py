"""Judges beyond the usual ones: what they find is mended, or accepted where it is made, with the reason."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "GuardrailsPacks")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", key=foundation.key)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    adhoc = emr.Cluster(
        stack,
        "Adhoc",
        network=network,
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m6g.xlarge"),
        core=emr.InstanceFleet.spot("m6g.xlarge", "m6g.2xlarge", "r6g.xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
    # A guardrail of emrkit: core nodes are not on Spot, unless somebody says why.
    acknowledge(
        adhoc,
        Acknowledgement(Judge.EMRKIT, "E-RULE-011", "tables lie in S3; what HDFS holds is made again in minutes"),
    )
    # Rules of the HIPAA pack; what is said of them counts only where the pack sits.
    acknowledge(
        adhoc,
        Acknowledgement.of("HIPAA.Security-EMRKerberosEnabled", "one team's jobs run here, and nobody else signs in"),
    )
    acknowledge(
        foundation,
        Acknowledgement.of("HIPAA.Security-S3BucketReplicationEnabled", "the sources are kept by the billing system"),
    )
