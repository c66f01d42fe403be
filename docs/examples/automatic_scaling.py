"""Custom automatic scaling: rules of one's own over CloudWatch metrics, for instance groups."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "AutomaticScaling")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack, "Security", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0")
    )
    queue = emr.ScalingRule(
        name="queue",
        metric="AppsPending",
        comparison="above",
        threshold=5,
        periods=2,  # for ten minutes
        adjustment=4,
        cool_down=600,
    )
    calm = emr.ScalingRule(
        name="calm", metric="YARNMemoryAvailablePercentage", comparison="above", threshold=80, periods=3, adjustment=-2
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceGroup.on_demand("m5.xlarge"),
        # Out below 15 % of free memory or above 0.75 pending containers, in above 75 % or below 0.1: one node a time.
        core=emr.InstanceGroup.on_demand("r5.xlarge", count=2, scaling=emr.AutoScaling.reference(2, 6)),
        task=emr.InstanceGroup.spot(
            "m5.2xlarge", count=2, scaling=emr.AutoScaling(minimum=0, maximum=20, rules=[queue, calm])
        ),
        logs=foundation.logs,
        key=foundation.key,
    )
