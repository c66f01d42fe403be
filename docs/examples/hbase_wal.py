"""HBase on S3 whose write-ahead log outlives the cluster: instance groups, and a workspace of EMR's own service."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "HbaseWal")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=1)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    workspace = emr.WalWorkspace(stack, "Logs")
    cluster = emr.Cluster(
        stack,
        "Orders",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.HBASE],
        hbase=emr.HBaseStorage(
            root=f"s3://{foundation.data.bucket_name}/hbase/", wal=emr.WriteAheadLog(workspace=workspace.name)
        ),
        primary=emr.InstanceGroup(type="m5.xlarge"),
        core=emr.InstanceGroup(type="m5d.2xlarge", count=4),
        idle_timeout=None,
        logs=foundation.logs,
        key=foundation.key,
        data=[emr.DataGrant(foundation.data, "hbase/")],
    )
    served = Acknowledgement(Judge.EMRKIT, "E-RULE-006", "HBase serves all day; EMR would count it as idle")
    acknowledge(cluster, served)
