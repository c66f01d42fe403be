"""The same stack in three partitions of AWS: nothing in it names one."""

import aws_cdk as cdk

import emrkit as emr

REGIONS = {"World": "eu-central-1", "China": "cn-north-1", "GovCloud": "us-gov-west-1"}


def define(app: cdk.App) -> None:
    for place, region in REGIONS.items():
        stack = cdk.Stack(app, f"Partitions-{place}", env=cdk.Environment(account="111122223333", region=region))
        foundation = emr.Foundation(stack, "Foundation")
        roles = emr.Roles(
            stack,
            "Roles",
            data=[emr.DataGrant(foundation.data, key=foundation.key)],
            logs=emr.DataGrant(foundation.logs, "logs/", access="write"),
            key=foundation.key,
            auto_scaling=True,
        )
        emr.SubmitterPolicy(
            stack, "Submitters", project="shop", environment="prod", artifacts=foundation.artifacts, launches=[roles]
        )
