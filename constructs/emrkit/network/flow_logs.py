"""Flow logs of a network: into a log group that is made or exists, or into a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from emrkit.acknowledgements import Acknowledgement, Judge, acknowledge
from emrkit.pseudo_parameters import Aws
from emrkit_model.fields import read
from emrkit_model.tokens import has_member

from .tags import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms
    from constructs import Construct

    from emrkit_model.network import FlowLogs

__all__ = ["build_flow_logs"]

_KEY_ELSEWHERE = "the key belongs to another stack; the rule does not follow an import, the template names the key"
_PLAIN_LOG = "flow logs hold addresses and ports and are encrypted by CloudWatch; give the network a key for yours"
_WRITES = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]


def build_flow_logs(
    scope: Construct,
    given: FlowLogs,
    *,
    resources: Sequence[tuple[str, str, str]],
    key: kms.IKey | None,
) -> None:
    """Log the connections of these resources: suffix of the construct's id, kind, id."""
    destination = _bucket(given) if given.bucket is not None else _log_group(scope, given, key)
    if given.interval != _DEFAULT_INTERVAL:
        destination["max_aggregation_interval"] = given.interval
    for suffix, kind, identity in resources:
        ec2.CfnFlowLog(
            scope,
            f"FlowLog{suffix}",
            resource_id=identity,
            resource_type=kind,
            traffic_type=given.traffic,
            **destination,
        )


_DEFAULT_INTERVAL = 600


def _log_group(scope: Construct, given: FlowLogs, key: kms.IKey | None) -> dict[str, Any]:
    name, arn = given.log_group, f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{given.log_group}:*"
    if name is None:
        group = logs.CfnLogGroup(
            scope,
            "FlowLogGroup",
            retention_in_days=given.retention_days,
            kms_key_id=None if key is None else key.key_arn,
        )
        if (reason := _PLAIN_LOG if key is None else _elsewhere(scope, key)) is not None:
            acknowledge(group, Acknowledgement(Judge.CONTROL_TOWER, "cloudwatch_log_group_encrypted_check", reason))
        name, arn = group.ref, group.attr_arn
    role = read(given.role) if given.role is not None else _writer(scope, arn)
    return {
        "log_destination_type": "cloud-watch-logs",
        "log_group_name": name,
        "deliver_logs_permission_arn": role,
    }


def _elsewhere(scope: Construct, key: kms.IKey) -> str | None:
    """The reason, where the judge cannot see that there is a key: it looks for one in the same template."""
    from aws_cdk import aws_kms

    here = isinstance(key, aws_kms.Key) and Stack.of(key) is Stack.of(scope)
    return None if here else _KEY_ELSEWHERE


def _writer(scope: Construct, group_arn: str) -> str:
    writer = iam.CfnRole(
        scope,
        "FlowLogRole",
        assume_role_policy_document=_allow("sts:AssumeRole", Principal={"Service": "vpc-flow-logs.amazonaws.com"}),
        policies=[{"policyName": "write", "policyDocument": _allow(_WRITES, Resource=group_arn)}],
    )
    return writer.attr_arn


def _bucket(given: FlowLogs) -> dict[str, Any]:
    bucket = given.bucket
    name, prefix = read(bucket), given.prefix.strip("/")
    arn = f"arn:{Aws.PARTITION}:s3:::{name}"
    if has_member(bucket, "add_to_resource_policy"):
        _admit_delivery(bucket, arn, prefix)
    return {
        "log_destination_type": "s3",
        "log_destination": f"{arn}/{prefix}/" if prefix else arn,
        "destination_options": {
            "FileFormat": "parquet" if given.parquet else "plain-text",
            "HiveCompatiblePartitions": given.parquet,
            "PerHourPartition": given.parquet,
        },
        "tags": tags("flow-logs"),
    }


def _admit_delivery(bucket: Any, arn: str, prefix: str) -> None:
    """What the delivery of logs asks of a bucket; without it EC2 would write the policy, and CloudFormation undo it.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
    """
    delivery = {"Service": "delivery.logs.amazonaws.com"}
    source: dict[str, Any] = {
        "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
        "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"},
    }
    folder = f"{prefix}/" if prefix else ""
    written = {**source, "StringEquals": {**source["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}}
    for sid, action, resource, condition in (
        ("FlowLogsWrite", "s3:PutObject", f"{arn}/{folder}AWSLogs/{Aws.ACCOUNT_ID}/*", written),
        ("FlowLogsCheck", "s3:GetBucketAcl", arn, source),
    ):
        bucket.add_to_resource_policy(
            iam.PolicyStatement.from_json(
                {
                    "Sid": sid,
                    "Effect": "Allow",
                    "Principal": delivery,
                    "Action": action,
                    "Resource": resource,
                    "Condition": condition,
                }
            )
        )


def _allow(actions: str | list[str], **rest: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, **rest}]}
