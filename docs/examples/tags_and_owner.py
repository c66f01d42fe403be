"""Owner and cost center on everything that an app makes, and on the clusters that its pipeline launches."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.cluster import place_cluster
from emrkit_model import Cluster


def define(app: cdk.App) -> None:
    ownership = emr.Ownership(owner="data-platform", cost_center="4711", tags={"tier": "gold"})
    stack = cdk.Stack(app, "TagsAndOwner")
    foundation = emr.Foundation(stack, "Foundation")
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    roles = emr.Roles(
        stack,
        "Roles",
        data=[emr.DataGrant(foundation.data, key=foundation.key)],
        logs=emr.DataGrant(foundation.logs, "logs/", access="write"),
        key=foundation.key,
    )
    # A cluster that a state machine launches is no resource of the stack: it is given the tags itself.
    nightly = place_cluster(
        Cluster(
            name="nightly",
            release="emr-7.12.0",
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
            tags=ownership.all_tags(),
        ),
        network=emr.Network(stack, "Network", zones=2),
        security=security,
        roles=roles,
        log_uri=f"s3://{foundation.logs.bucket_name}/logs/",
        log_key=foundation.key,
    )
    step = emr.SparkStep(name="marts", entry_point=f"s3://{foundation.artifacts.bucket_name}/marts.py")
    emr.Pipeline(
        stack,
        "Marts",
        job=emr.Job(name="marts", run_on="nightly", steps=(step,)),
        cluster=nightly,
        roles=roles,
        key=foundation.key,
    )
    emr.tag_everything(stack, ownership)
