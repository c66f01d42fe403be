"""What every other stack stands on: the key and the buckets."""

from __future__ import annotations

from typing import cast

from aws_cdk import Aws, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

import emrkit as emr
from emrkit.guardrails import Acknowledgement, Judge, acknowledge
from emrkit_model.contract import Contract

_ITSELF = "this bucket holds the access logs of the others; logging it into itself would never end"

_GRANTS = "the account's own IAM policies decide who may create grants on this key"
_ACCESS_LOGS = {
    "s3_bucket_logging_enabled_check": _ITSELF,
    "s3_bucket_default_encryption_kms_check": "S3 delivers access logs only to buckets encrypted with its own key",
}
_EVERYWHERE = {
    "s3_event_notifications_enabled_check": "nothing waits for objects here: jobs are started by a run or a schedule",
    "s3_bucket_object_lock_enabled_check": "jobs overwrite and delete their outputs; versions keep what was replaced",
}


class FoundationStack(Stack):
    """One KMS key; buckets for data, for bundles and for logs, and one for the access logs of these."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        project: str,
        environment: str,
        keep_data: bool,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, env=env)
        removal = RemovalPolicy.RETAIN if keep_data else RemovalPolicy.DESTROY
        key = kms.Key(
            self,
            "Key",
            description=f"emrkit: {project} {environment}",
            enable_key_rotation=True,
            removal_policy=removal,
            policy=_key_policy(),
        )
        # jsii's stubs spell a parameter of Key otherwise than IKey, which type checkers refuse.
        self.key = cast("kms.IKey", key)
        """The KMS key of data, bundles, logs and disks."""
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[_abort(), s3.LifecycleRule(expiration=Duration.days(90))],
            removal_policy=removal,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
        )
        for rule, reason in _ACCESS_LOGS.items():
            acknowledge(access_logs, Acknowledgement(Judge.CONTROL_TOWER, rule, reason))
        # On the whole app: this judge also reports the rule without saying for which resource.
        acknowledge(scope, Acknowledgement(Judge.CONTROL_TOWER, "kms_create_grant_aws_service_check", _GRANTS))
        for rule, reason in _EVERYWHERE.items():
            acknowledge(self, Acknowledgement(Judge.CONTROL_TOWER, rule, reason))
        self.buckets = {
            name: s3.Bucket(
                self,
                name.capitalize(),
                encryption=s3.BucketEncryption.KMS,
                encryption_key=self.key,
                bucket_key_enabled=True,
                block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
                enforce_ssl=True,
                versioned=True,
                server_access_logs_bucket=access_logs,
                server_access_logs_prefix=f"{name}/",
                lifecycle_rules=[_abort()],
                removal_policy=removal,
            )
            for name in ("data", "artifacts", "logs")
        }
        emr.Contract(
            self,
            "Contract",
            value=Contract(
                project=project,
                environment=environment,
                stack="foundation",
                buckets={name: bucket.bucket_name for name, bucket in self.buckets.items()},
                keys={"data": self.key.key_arn},
            ),
        )

    def look_up(self, name: str, attribute: str) -> str:
        """What `${resource.<name>.<attribute>}` of the project file stands for in a template.

        Raises KeyError for a resource that this stack does not have.
        """
        if attribute == "bucket":
            return self.buckets[name].bucket_name
        if (name, attribute) == ("data", "key_arn"):
            return self.key.key_arn
        raise KeyError(f"{name}.{attribute}")


def _abort() -> s3.LifecycleRule:
    """An upload that was killed leaves parts behind that cost until they are aborted."""
    return s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7))


def _key_policy() -> iam.PolicyDocument:
    """The account's own policies decide who uses the key; CloudWatch Logs may use it for this account's log groups.

    Grants, which outlive the policies they were made under, are only made by AWS's services (EC2, for encrypted disks).
    """
    account = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:root"
    logs = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
    return iam.PolicyDocument.from_json(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}"},
                    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                    "Resource": "*",
                    "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
                },
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": "kms:CreateGrant",
                    "Resource": "*",
                    "Condition": {
                        "BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
                    },
                },
            ],
        }
    )
