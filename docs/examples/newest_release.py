"""The newest release of a line, looked up in emrkit's own data: in development, where a replacement hurts nobody."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "NewestRelease")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    releases = {
        "Newest": emr.newest_release("7"),
        # The newest 7.x that still has Spark 3.5.6: later ones have left that line, so this answer changes no more.
        "Settled": emr.newest_release("7", application="Spark@3.5.6"),
        # The same as the first, in the form that a project file takes as well.
        "Written": "emr-7.*",
    }
    for name, release in releases.items():
        emr.Cluster(
            stack,
            name,
            network=network,
            security=security,
            release=release,
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            logs=foundation.logs,
            key=foundation.key,
        )
