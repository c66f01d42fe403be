"""Where a cluster's logs go besides its log bucket: CloudWatch Logs, and whether EMR uploads each kind to S3.

CloudFormation and Step Functions have no words for it: it is for clusters that the command line launches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, cast

from .diagnostics import Diagnostic
from .fields import Items, KeyLike, Text, listed, read, words
from .findings import error
from .values import Json, Value

__all__ = ["CloudWatchLogs", "Monitoring", "read_monitoring"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/APIReference/API_MonitoringConfiguration.html"
_UPLOADS = ("emr-managed", "on-customer-s3only", "disabled")
_KINDS = {"steps": "STEP_LOGS", "spark_driver": "SPARK_DRIVER", "spark_executor": "SPARK_EXECUTOR"}
_STREAMS = ("STDOUT", "STDERR")


class CloudWatchLogs(Value):
    """Logs that stream into a log group while the steps run.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_CloudWatchLogConfiguration.html

    >>> CloudWatchLogs(group="/emr/etl", steps=["STDERR"]).document()["LogTypes"]
    {'STEP_LOGS': ['STDERR']}
    """

    AREA: ClassVar[str] = "CLUS"

    group: Text | None = None
    """The log group. Default: EMR's own."""
    stream_prefix: Text | None = None
    """What the names of its streams begin with. Default: EMR's own."""
    key: KeyLike | None = None
    """The KMS key of the group. Default: CloudWatch's own encryption."""
    steps: Items[Annotated[str, words(*_STREAMS)]] = _STREAMS
    """The streams of steps: STDOUT, STDERR, or none. Default: both."""
    spark_driver: Items[Annotated[str, words(*_STREAMS)]] = ()
    """The streams of Spark's driver. Default: none."""
    spark_executor: Items[Annotated[str, words(*_STREAMS)]] = ()
    """The streams of Spark's executors. Default: none."""

    def problems(self) -> Iterator[Diagnostic]:
        """At least one stream is sent."""
        if not (self.steps or self.spark_driver or self.spark_executor):
            yield error("CLUS-100", "no stream is sent to CloudWatch Logs", "steps", reason=_PAGE, hint="name STDERR")

    def document(self) -> dict[str, Json]:
        """`CloudWatchLogConfiguration`."""
        result: dict[str, Json] = {"Enabled": True}
        if self.group is not None:
            result["LogGroupName"] = self.group
        if self.stream_prefix is not None:
            result["LogStreamNamePrefix"] = self.stream_prefix
        if self.key is not None:
            result["EncryptionKeyArn"] = read(self.key)
        chosen = {"STEP_LOGS": self.steps, "SPARK_DRIVER": self.spark_driver, "SPARK_EXECUTOR": self.spark_executor}
        result["LogTypes"] = {kind: listed(streams) for kind, streams in chosen.items() if streams}
        return result


class Monitoring(Value):
    """CloudWatch Logs, and for each kind of log whether EMR uploads it.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_MonitoringConfiguration.html

    >>> Monitoring(system_logs="disabled").document()
    {'S3LoggingConfiguration': {'LogTypeUploadPolicy': {'system-logs': 'disabled'}}}
    """

    AREA: ClassVar[str] = "CLUS"

    cloudwatch: CloudWatchLogs | None = None
    """Logs that stream into CloudWatch. Default: none."""
    system_logs: Annotated[str | None, words(*_UPLOADS)] = None
    """Logs of the nodes: `emr-managed` (EMR keeps a copy too), `on-customer-s3only`, `disabled`. Default: EMR's."""
    application_logs: Annotated[str | None, words(*_UPLOADS)] = None
    """Logs of applications and steps; the same words. Default: EMR's."""
    persistent_ui_logs: Annotated[str | None, words("emr-managed", "disabled")] = None
    """Event logs behind the persistent UIs; EMR keeps them or nobody does. Default: EMR's."""

    def document(self) -> dict[str, Json]:
        """`MonitoringConfiguration`."""
        result: dict[str, Json] = {}
        if self.cloudwatch is not None:
            result["CloudWatchLogConfiguration"] = self.cloudwatch.document()
        policy: dict[str, Json] = {
            kind: value
            for kind, value in (
                ("system-logs", self.system_logs),
                ("application-logs", self.application_logs),
                ("persistent-ui-logs", self.persistent_ui_logs),
            )
            if value is not None
        }
        if policy:
            result["S3LoggingConfiguration"] = {"LogTypeUploadPolicy": policy}
        return result


def read_monitoring(document: Mapping[str, object]) -> dict[str, object]:
    """The fields of a `Monitoring` that a request's `MonitoringConfiguration` stands for."""
    fields: dict[str, object] = {}
    if cloudwatch := cast("Mapping[str, object]", document.get("CloudWatchLogConfiguration") or {}):
        kinds = cast("Mapping[str, Sequence[str]]", cloudwatch.get("LogTypes") or {})
        given = {
            "group": cloudwatch.get("LogGroupName"),
            "stream_prefix": cloudwatch.get("LogStreamNamePrefix"),
            "key": cloudwatch.get("EncryptionKeyArn"),
        }
        streams = {name: tuple(kinds.get(kind, ())) for name, kind in _KINDS.items()}
        fields["cloudwatch"] = {**{k: v for k, v in given.items() if v is not None}, **streams}
    uploads = cast("Mapping[str, Mapping[str, object]]", document.get("S3LoggingConfiguration") or {})
    for kind, value in (uploads.get("LogTypeUploadPolicy") or {}).items():
        fields[kind.replace("-", "_")] = value
    return fields
