"""Where the connections of a network are logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import BucketLike, Count, Flag, RoleLike, Text, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

__all__ = ["FlowLogs"]

_PAGE = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"
_RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"
# fmt: off
_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
# fmt: on
_INTERVALS = (60, 600)


class FlowLogs(Value):
    """Which connections are logged, and where: a log group in CloudWatch, or a bucket.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html

    >>> FlowLogs.to_log_group(retention_days=90).bucket is None
    True
    >>> FlowLogs.to_bucket("my-logs", traffic="reject").traffic
    'REJECT'
    """

    AREA: ClassVar[str] = "NET"

    traffic: Annotated[str, words("ALL", "ACCEPT", "REJECT")] = "ALL"
    """Which connections."""
    interval: Count = 600
    """Seconds that one record covers: 60 or 600."""
    retention_days: Count = 365
    """How long a log group that is made keeps them."""
    log_group: Text | None = None
    """The name of a log group that exists. Default: one is made."""
    role: RoleLike | None = None
    """The role that writes into it. Default: one is made."""
    bucket: BucketLike | None = None
    """The bucket, instead of a log group."""
    prefix: Text = "flow-logs"
    """Where in the bucket."""
    parquet: Flag = False
    """Whether the bucket gets Parquet, in Hive's partitions by the hour, instead of text."""

    @classmethod
    def to_log_group(
        cls,
        log_group: str | None = None,
        *,
        role: RoleLike | None = None,
        traffic: str = "ALL",
        interval: int = 600,
        retention_days: int = 365,
    ) -> FlowLogs:
        """Into CloudWatch: a log group that exists, by its name, or one that is made."""
        return cls(log_group=log_group, role=role, traffic=traffic, interval=interval, retention_days=retention_days)

    @classmethod
    def to_bucket(
        cls,
        bucket: BucketLike,
        *,
        prefix: str = "flow-logs",
        traffic: str = "ALL",
        interval: int = 600,
        parquet: bool = False,
    ) -> FlowLogs:
        """Into a bucket. A bucket made in the same app is given the statements that the delivery needs; the policy of
        any other, and of the KMS key of an encrypted one, is its owner's to write.
        https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
        """
        return cls(bucket=bucket, prefix=prefix, traffic=traffic, interval=interval, parquet=parquet)

    def problems(self) -> Iterator[Diagnostic]:
        """One destination, and what EC2 and CloudWatch take."""
        if self.bucket is not None and (self.log_group is not None or self.role is not None):
            yield error(
                "NET-050",
                "flow logs go to one place",
                "bucket",
                got="a bucket, and a log group or its role",
                allowed="one of them",
                reason=_PAGE,
            )
        if not is_token(self.interval) and self.interval not in _INTERVALS:
            yield error("NET-051", "interval", "interval", got=self.interval, allowed="60 or 600 seconds", reason=_PAGE)
        if not is_token(self.retention_days) and self.retention_days not in _DAYS:
            yield error(
                "NET-052",
                "CloudWatch does not keep logs for so many days",
                "retention_days",
                got=self.retention_days,
                allowed=", ".join(map(str, _DAYS)),
                reason=_RETENTION,
            )
