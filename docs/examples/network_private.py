"""Private subnets in three zones: NAT in each, endpoints by need, network ACLs, flow logs in a bucket."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "NetworkPrivate")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(
        stack,
        "Network",
        cidr="10.40.0.0/16",
        zones=3,
        nat_gateways=3,
        releases=["emr-7.12.0"],
        interface_endpoints=emr.interface_endpoints_for(["Spark", "Hive"], glue_catalog=True),
        dynamodb=True,
        access_lists=True,
        dhcp_options=True,
        flow_logs=emr.FlowLogs.to_bucket(foundation.logs, parquet=True),
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
        applications=[emr.Application.SPARK, emr.Application.HIVE],
        metastore=emr.GlueCatalog(),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
