"""No way to the internet: everything a cluster calls has an endpoint, and its groups let nothing else out."""

import aws_cdk as cdk

import emrkit as emr

APPLICATIONS = [emr.Application.SPARK, emr.Application.HIVE]


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "NetworkIsolated")
    foundation = emr.Foundation(stack, "Foundation")
    # `aws ec2 describe-managed-prefix-lists` tells the id of com.amazonaws.REGION.s3.
    s3_prefix_list = cdk.CfnParameter(stack, "S3PrefixList", type="String", allowed_pattern="^pl-[0-9a-f]+$")
    network = emr.Network(
        stack,
        "Network",
        nat_gateways=0,
        interface_endpoints=emr.interface_endpoints_for(
            APPLICATIONS, glue_catalog=True, cloudwatch_logs=True, session_manager=True
        ),
        rules=emr.GroupRules(egress=emr.Egress.limited(s3_prefix_list.value_as_string)),
        key=foundation.key,
    )
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
        applications=APPLICATIONS,
        metastore=emr.GlueCatalog(),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
