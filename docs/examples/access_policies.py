"""Who deploys, who submits and who operates: three policies for three groups of people, on one project's clusters."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "AccessPolicies")
    foundation = emr.Foundation(stack, "Foundation")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    cluster = emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
        # Operators are let in by these two tags; a project file puts them on everything.
        tags={"emrkit:project": "shop", "emrkit:environment": "prod"},
    )
    deployers = emr.DeployerPolicy(stack, "Deployers", project="shop", environment="prod")
    submitters = emr.SubmitterPolicy(
        stack,
        "Submitters",
        project="shop",
        environment="prod",
        clusters=[cluster],
        artifacts=foundation.artifacts,
        logs=foundation.logs,
        key=foundation.key,
        data=[foundation.data],
    )
    operators = emr.OperatorPolicy(
        stack, "Operators", project="shop", environment="prod", logs=foundation.logs, key=foundation.key
    )
    for name, policy in {"Deployers": deployers, "Submitters": submitters, "Operators": operators}.items():
        cdk.CfnOutput(stack, f"{name}Arn", value=policy.managed_policy_arn)
