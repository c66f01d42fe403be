"""LDAP: users sign in to the cluster's applications and nodes with the accounts of a directory."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Ldap")
    foundation = emr.Foundation(stack, "Foundation")
    # EMR reads both on the nodes; the cluster's role may read exactly these two.
    certificate = secretsmanager.Secret.from_secret_name_v2(stack, "Certificate", "emr/ldap-certificate")
    bind = secretsmanager.Secret.from_secret_name_v2(stack, "Bind", "emr/ldap-bind")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"),
        ldap=emr.Ldap(
            server_url="ldaps://ldap.example.com",
            bind_certificate=certificate,
            bind_credentials=bind,
            access_filter="(memberOf=cn=emr,ou=groups,dc=example,dc=com)",
            user_search_base="ou=people,dc=example,dc=com",
            group_search_base="ou=groups,dc=example,dc=com",
            ssh_login=True,
        ),
    )
    emr.Cluster(
        stack,
        "Sql",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.HIVE],
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )
