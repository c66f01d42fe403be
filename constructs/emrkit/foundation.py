"""What clusters stand on: one KMS key, and buckets for data, bundles and logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .acknowledgements import Acknowledgement, Judge, acknowledge
from .pseudo_parameters import Aws
from .roles.key_policies import leave_to_account

__all__ = ["Foundation"]

_ITSELF = "this bucket holds the access logs of the others; logging it into itself would never end"
_GRANTS = "the account's own IAM policies decide who may create grants on this key"
_ACCESS_LOGS = {
    "s3_bucket_logging_enabled_check": _ITSELF,
    "s3_bucket_default_encryption_kms_check": "S3 delivers access logs only to buckets encrypted with its own key",
}
_LOGS_BY_POLICY = "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy"
_EVERYWHERE = {
    "s3_event_notifications_enabled_check": "nothing waits for objects here: jobs are started by a run or a schedule",
    "s3_bucket_object_lock_enabled_check": "jobs overwrite and delete their outputs; versions keep what was replaced",
}


class Foundation(Construct):
    """A key that rotates, and private, versioned buckets encrypted with it; their access logs go to one more bucket.

    Only TLS gets in, uploads that were killed are aborted after a week, access logs go after 90 days. Policies alone
    give access: no bucket has an ACL. In production set `keep_data`: what a deleted key encrypted, snapshots of a
    metastore's database too, nobody reads again.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html

    Args:
        keep_data: Key and buckets outlive the stack. Default: they go with it, if the buckets are empty.
        buckets: Names of the buckets. Default: `data`, `artifacts` and `logs`.
        description: Of the key. Default: none.

    Example:
        ```python
        foundation = emr.Foundation(self, "Foundation", keep_data=True)
        roles = emr.Roles(self, "Roles", data=[emr.DataGrant(foundation.data)], key=foundation.key)
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        keep_data: bool = False,
        buckets: Sequence[str] = ("data", "artifacts", "logs"),
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        # Without this flag, which an app's cdk.json may lack, S3 would be let in by an ACL.
        self.node.set_context(_LOGS_BY_POLICY, True)
        removal = RemovalPolicy.RETAIN if keep_data else RemovalPolicy.DESTROY
        key = kms.Key(
            self,
            "Key",
            description=description,
            enable_key_rotation=True,
            removal_policy=removal,
            policy=_key_policy(),
        )
        # jsii's stubs spell a parameter of Key otherwise than IKey, which type checkers refuse.
        self.key = cast("kms.IKey", key)
        """The KMS key of data, bundles, logs and disks."""
        leave_to_account(key)
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
        acknowledge(self.node.root, Acknowledgement(Judge.CONTROL_TOWER, "kms_create_grant_aws_service_check", _GRANTS))
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
            for name in buckets
        }
        """The buckets by name."""

    @property
    def data(self) -> s3.Bucket:
        """What jobs read and write."""
        return self.buckets["data"]

    @property
    def artifacts(self) -> s3.Bucket:
        """The code of jobs."""
        return self.buckets["artifacts"]

    @property
    def logs(self) -> s3.Bucket:
        """What clusters write about themselves."""
        return self.buckets["logs"]


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
