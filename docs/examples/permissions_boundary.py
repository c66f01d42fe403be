"""An account that lets nobody make a role without its boundary, below a path of the team's own."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "PermissionsBoundary")
    foundation = emr.Foundation(stack, "Foundation")
    boundary = f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:policy/team-boundary"
    roles = emr.Roles(
        stack,
        "Roles",
        data=[emr.DataGrant(foundation.data, key=foundation.key)],
        logs=emr.DataGrant(foundation.logs, "logs/", access="write"),
        key=foundation.key,
        permissions_boundary=boundary,
        path="/teams/data/",
    )
    emr.RuntimeRole(
        stack,
        "Loaders",
        roles=roles,
        data=[emr.DataGrant(foundation.data, "raw/", key=foundation.key)],
        permissions_boundary=boundary,
        path="/teams/data/",
    )
    emr.OperatorPolicy(stack, "Operators", project="shop", environment="prod", path="/teams/data/")
