"""Hadoop itself: HDFS, YARN, MapReduce, S3A, and one switch for encryption between the nodes."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

import emrkit as emr


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "HadoopSettings")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:emr/kdc-password-AbCdEf"
    password = secretsmanager.Secret.from_secret_complete_arn(stack, "KdcPassword", arn)
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed()),
        kerberos=emr.Kerberos.cluster_dedicated(realm="EXAMPLE.COM", kdc_admin_password=password),
    )
    emr.Cluster(
        stack,
        "Batch",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.HADOOP],
        settings=emr.ApplicationSettings(
            core=emr.CoreSettings(trash_minutes=60, s3a=emr.S3aSettings(connections=200, multipart_size="128m")),
            hdfs=emr.HdfsSettings(replication=3, block_size="256m", encryption_zones={"/secret": "secret_key"}),
            yarn=emr.YarnSettings(decommission_timeout=1800, wait_for_shuffle_data=True, log_retention=259200),
            # The heaps follow: four fifths of each container.
            mapreduce=emr.MapReduceSettings(map_memory="2g", reduce_memory="4g", compress_output=True),
            # Hadoop's calls and the data of HDFS, both; the calls need Kerberos.
            wire_encryption=True,
        ),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=4),
        logs=foundation.logs,
        key=foundation.key,
    )
