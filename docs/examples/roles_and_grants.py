"""Roles that reach two prefixes, one database and one secret, and nothing else; shared by two clusters."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "RolesAndGrants")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    warehouse = secretsmanager.Secret.from_secret_name_v2(stack, "Warehouse", "warehouse/reader")
    roles = emr.Roles(
        stack,
        "Roles",
        data=[
            emr.DataGrant(foundation.data, "raw/", access="read", key=foundation.key),
            emr.DataGrant(foundation.data, "marts/", access="read-write", key=foundation.key),
        ],
        catalog=[emr.CatalogGrant("sales", tables=["orders_*"], access="read-write")],
        secrets=[warehouse],
        key=foundation.key,
    )
    for name in ("Morning", "Evening"):
        emr.Cluster(
            stack,
            name,
            network=network,
            security=security,
            roles=roles,
            release="emr-7.12.0",
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
            logs=foundation.logs,
            key=foundation.key,
        )
