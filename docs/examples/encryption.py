"""Every kind of encryption: one key for everything, certificates with a lifetime, buckets that differ, HBase's log."""

import aws_cdk as cdk

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Encryption")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)

    # What a new cluster should have: S3, disks and EBS with your key, TLS with certificates that EMR makes.
    safe = emr.SecurityConfiguration(stack, "Safe", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0"))
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=safe,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        logs=foundation.logs,
        key=foundation.key,
    )

    # The same with more said: how long certificates live, tags of their secret, and HBase's write-ahead log.
    emr.SecurityConfiguration(
        stack,
        "Detailed",
        encryption=emr.Encryption(
            at_rest=emr.AtRest.kms(foundation.key),
            in_transit=emr.InTransit.emr_managed(validity_days=365, secret_tags={"team": "data"}),
            wal=emr.WalEncryption(key=foundation.key),
        ),
    )

    # On a release with EMRFS behind s3://, objects can be encrypted before they leave the nodes, and buckets differ.
    emr.SecurityConfiguration(
        stack,
        "ClientSide",
        encryption=emr.Encryption(
            at_rest=emr.AtRest(
                s3_mode="CSE-KMS",
                s3_key=foundation.key,
                s3_overrides=[emr.BucketEncryption(bucket=foundation.data, mode="SSE-KMS", key=foundation.key)],
                disk_key=foundation.key,
            ),
            in_transit=emr.InTransit.pem(foundation.artifacts.s3_url_for_object("certificates/nodes.zip")),
        ),
    )

    # Keys and certificates from classes of your own: jars that exist, or assets of the CDK. The guardrails ask for KMS,
    # so this needs a reason.
    own = emr.SecurityConfiguration(
        stack,
        "OwnKeys",
        encryption=emr.Encryption(
            at_rest=emr.AtRest.custom(
                emr.KeyProvider(jar="s3://company-jars/keys.jar", class_name="com.example.S3Keys"),
                disk_provider=emr.KeyProvider(jar="s3://company-jars/keys.jar", class_name="com.example.DiskKeys"),
            ),
            in_transit=emr.InTransit.custom("s3://company-jars/tls.jar", "com.example.Certificates"),
        ),
    )
    reason = "the company's own key server holds these keys, as its regulator asks; its classes give them to the nodes"
    acknowledge(
        own,
        Acknowledgement(Judge.EMRKIT, "E-RULE-002", reason),
        Acknowledgement(Judge.CONTROL_TOWER, "emr_sec_config_encryption_at_rest_s3_kms_check", reason),
        Acknowledgement(Judge.CONTROL_TOWER, "emr_sec_config_ebs_encryption_check", reason),
    )
