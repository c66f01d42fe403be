"""Fleets: several types by weight and priority, Spot with time-outs, and capacity that was reserved beforehand."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "FleetsAndSpot")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack, "Security", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0")
    )
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge", "m5a.xlarge"),
        # Reservations first, and the rest by price.
        core=emr.InstanceFleet.on_demand(
            "r5.xlarge", "r5.2xlarge", capacity=8, reservation=emr.CapacityReservation.open()
        ),
        task=emr.InstanceFleet.spot(
            emr.InstanceType.of("m5.2xlarge", priority=0),
            emr.InstanceType.of("m5a.2xlarge", priority=1),
            emr.InstanceType.of("r5.2xlarge", priority=2, bid_percentage=80),
            emr.InstanceType.of("r5.4xlarge", priority=2, weight=2),
            capacity=14,
            on_demand=6,
            spot_strategy="capacity-optimized-prioritized",
            spot_timeout=20 * 60,
            spot_timeout_action="SWITCH_TO_ON_DEMAND",
            spot_resize_timeout=10 * 60,
        ),
        logs=foundation.logs,
        key=foundation.key,
    )
