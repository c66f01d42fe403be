"""Security groups that another team made, by their ids; nothing of the network is made here."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "NetworkCustomGroups")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network.from_attributes(
        stack,
        "Network",
        vpc_id="vpc-0123456789abcdef0",
        subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        security_groups=emr.SecurityGroups.from_ids(
            primary="sg-0123456789abcdef0",
            core="sg-0123456789abcdef1",
            service_access="sg-0123456789abcdef2",
            additional_primary=["sg-0123456789abcdef3"],
        ),
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
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
