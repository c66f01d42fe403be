"""Subnets of a VPC that exists: nothing in it changes but three security groups of the cluster's own."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "NetworkExistingVpc")
    foundation = emr.Foundation(stack, "Foundation")
    # In an app that names its account, ec2.Vpc.from_lookup(stack, "Vpc", vpc_name="data") finds all of this.
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-0123456789abcdef0",
        vpc_cidr_block="10.20.0.0/16",
        availability_zones=["eu-central-1a", "eu-central-1b"],
        private_subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        private_subnet_route_table_ids=["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
    )
    network = emr.Network.from_vpc(stack, "Network", vpc=vpc)
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
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
