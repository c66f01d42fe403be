"""Three primary nodes: the cluster goes on when one of them is lost."""

import aws_cdk as cdk

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "ThreePrimaries")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack, "Security", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0")
    )
    emr.Cluster(
        stack,
        "Serving",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.SPARK, emr.Application.HIVE],
        metastore=emr.GlueCatalog(),  # tables are known outside the cluster, or they would go with a primary node
        primary=emr.InstanceGroup.on_demand("m5.2xlarge", count=3),
        core=emr.InstanceGroup.on_demand("r5.2xlarge", count=4),  # with fewer, set dfs.replication to 2
        spread_primaries=True,
        # EMR protects such a cluster from its end; before the stack is deleted this is switched off and deployed.
        termination_protected=True,
        idle_timeout=None,
        logs=foundation.logs,
        key=foundation.key,
    )
