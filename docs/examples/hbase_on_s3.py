"""HBase whose tables lie on S3: one cluster writes, a read replica serves queries beside it."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "HbaseOnS3")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
    )
    root = f"s3://{foundation.data.bucket_name}/hbase/"
    for name, replica in (("Writer", False), ("Replica", True)):
        cluster = emr.Cluster(
            stack,
            name,
            network=network,
            security=security,
            release="emr-7.12.0",
            applications=[emr.Application.HBASE],
            hbase=emr.HBaseStorage(root=root, read_replica=replica),
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            core=emr.InstanceFleet.on_demand("m5d.2xlarge", capacity=4),
            idle_timeout=None,
            logs=foundation.logs,
            key=foundation.key,
            data=[emr.DataGrant(foundation.data, "hbase/")],
        )
        served = Acknowledgement(Judge.EMRKIT, "E-RULE-006", "HBase serves all day; EMR would count it as idle")
        acknowledge(cluster, served)
