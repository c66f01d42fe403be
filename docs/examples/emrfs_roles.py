"""Roles for EMRFS: who asks, or for which data, decides with which role S3 is reached."""

import aws_cdk as cdk

import emrkit as emr

ACCOUNT = "111122223333"


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "EmrfsRoles")
    foundation = emr.Foundation(stack, "Foundation")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(
            at_rest=emr.AtRest.kms(foundation.key),
            in_transit=emr.InTransit.pem(foundation.artifacts.s3_url_for_object("certificates/nodes.zip")),
        ),
        # The first mapping that fits decides; who fits none works with the nodes' own role.
        role_mappings=[
            emr.RoleMapping.users(f"arn:aws:iam::{ACCOUNT}:role/auditor", "ana"),
            emr.RoleMapping.groups(f"arn:aws:iam::{ACCOUNT}:role/analysts", "bi", "marketing"),
            emr.RoleMapping.prefixes(f"arn:aws:iam::{ACCOUNT}:role/salaries", "s3://company-data/salaries/"),
        ],
    )
    # The cluster's role may act as these three. Their own trust policies must name it: `cluster.roles`.
    emr.Cluster(
        stack,
        "Shared",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        # EMRFS is behind s3:// up to 7.9.
        release="emr-7.9.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
