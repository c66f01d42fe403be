"""Where data lies: HBase on S3 with its write-ahead log, EMRFS consistent view, and what stands behind `s3://`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from emrkit_facts import storage as facts
from emrkit_facts.storage import S3Connector, s3_connector

from .configurations import Configuration
from .contributions import Contribution, Contributor, under
from .diagnostics import Diagnostic
from .fields import Count, Flag, Seconds, Text
from .findings import error, warning
from .permissions import Place, Statement
from .tokens import is_token
from .values import Value

if TYPE_CHECKING:
    from .cluster import Cluster

__all__ = ["ConsistentView", "HBaseStorage", "S3Connector", "WriteAheadLog", "check_shared_roots", "s3_connector"]

_ROOT = re.compile(r"^s3://[^/]+(/.*)?$")
_WORKSPACE = re.compile(r"^[a-zA-Z0-9]{1,32}$")


class WriteAheadLog(Value):
    """EMR's write-ahead log for HBase: what was not yet flushed to S3 survives the cluster, up to 30 days.

    A paid service, releases from 6.15.0, only with HBase's root on S3 and with instance groups. In a file the name of
    the workspace alone is enough.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hbase-wal.html

    >>> WriteAheadLog.parse({"workspace": "orders"}).workspace
    'orders'
    """

    AREA: ClassVar[str] = "STORE"

    workspace: Text | None = None
    """The workspace that holds the logs, 1 to 32 letters and digits. Default: EMR's `defaultWALworkspace`."""
    groups: Count | None = None
    """Logs of each region server, releases from 7.3.0. Default: EMR's, 2."""
    record_size: Count | None = None
    """The largest record in bytes, releases from 7.5.0. Default: EMR's, 1 GB."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: object) -> object:
        return {"workspace": data} if isinstance(data, str) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return {"anyOf": [{"type": "string"}, super().__get_pydantic_json_schema__(core, handler)]}

    def problems(self) -> Iterator[Diagnostic]:
        """A name that a workspace can have."""
        if self.workspace is not None and not is_token(self.workspace) and not _WORKSPACE.match(self.workspace):
            yield error(
                "STORE-010",
                f"'{self.workspace}' is not the name of a WAL workspace",
                "workspace",
                got=self.workspace,
                allowed="1 to 32 letters and digits",
                reason="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
                "aws-resource-emr-walworkspace.html",
            )


class HBaseStorage(Contributor):
    """HBase with its root directory on S3: tables outlive the cluster, and a read replica may use them beside it.

    Only one cluster at a time may write below a root. Releases from 5.2.0, read replicas from 5.7.0.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hbase-s3.html

    >>> storage = HBaseStorage(root="s3://lake/hbase", wal="orders")
    >>> [dict(c.properties) for _, c in storage.configurations("emr-7.14.0", None)][1]
    {'hbase.emr.storageMode': 's3'}
    """

    AREA: ClassVar[str] = "STORE"

    root: Text
    """The root directory, `s3://bucket/prefix/`, in the cluster's Region."""
    read_replica: Flag = False
    """Whether this cluster only reads what another one writes below the same root."""
    wal: WriteAheadLog | None = None
    """EMR's write-ahead log. Default: the log lies in the cluster's HDFS and ends with it."""
    cache_size_mb: Count | None = None
    """The bucket cache of each region server on its disks, in MB. Default: HBase's on EMR, 8192."""
    sequential_reads: Flag | None = None
    """Whether S3A reads ahead, which compactions, scans and bulk loads need. Default: on the releases whose own
    setting makes them slow (7.10 to 7.13)."""

    def problems(self) -> Iterator[Diagnostic]:
        """A root on S3; a replica keeps no log."""
        if not is_token(self.root) and not _ROOT.match(self.root):
            yield error(
                "STORE-011",
                "HBase's root is not a location on S3",
                "root",
                got=self.root,
                allowed="s3://bucket/prefix/",
                reason=facts.fact("hbase", "page"),
                hint="leave `hbase` out to keep HBase in HDFS",
            )
        if self.wal is not None and not is_token(self.read_replica) and self.read_replica:
            yield error(
                "STORE-012",
                "a read replica has no write-ahead log",
                "wal",
                reason=facts.fact("hbase", "wal", "page"),
                hint="keep `wal` on the cluster that writes",
            )

    def root_directory(self) -> str:
        """The root as HBase gets it: a bucket alone ends with a slash, as EMR's page asks."""
        bare = not is_token(self.root) and re.match(r"^s3://[^/]+$", self.root)
        return f"{self.root}/" if bare else self.root

    def configurations(
        self,
        release: str,
        applications: frozenset[str] | None,  # noqa: ARG002 - the question is the same for every contributor
    ) -> Iterator[Contribution]:
        """`hbase` and `hbase-site` of the release."""
        yield from under("root", "hbase-site", {"hbase.rootdir": self.root_directory()})
        yield from under("root", "hbase", {"hbase.emr.storageMode": "s3"})
        if self.read_replica:
            yield from under("read_replica", "hbase", {"hbase.emr.readreplica.enabled": True})
            if facts.within([["5.0.0", facts.fact("hbase", "compaction_off_before")]], release):
                yield from under("read_replica", "hbase-site", {"hbase.regionserver.compaction.enabled": False})
        if self.wal is not None:
            yield from under("wal", "hbase", {"hbase.emr.wal.enabled": True})
            site = {
                "emr.wal.workspace": self.wal.workspace,
                "hbase.wal.regiongrouping.numgroups": self.wal.groups,
                "emr.wal.max.payload.size": self.wal.record_size,
            }
            yield from under("wal", "hbase-site", site)
        yield from under("cache_size_mb", "hbase-site", {"hbase.bucketcache.size": self.cache_size_mb})
        slow, told = facts.sequential_reads(release)
        if self.sequential_reads or (self.sequential_reads is None and slow):
            yield from under("sequential_reads", "hbase-site", told)

    def node_statements(self, place: Place) -> tuple[Statement, ...]:
        """What the nodes need for EMR's log: its actions on the workspace, and its service-linked role."""
        if self.wal is None:
            return ()
        name = self.wal.workspace or facts.fact("hbase", "wal", "default_workspace")
        workspace = f"arn:{place.partition}:emrwal:{place.region}:{place.account}:workspace/{name}"
        service, role = facts.fact("hbase", "wal", "service"), facts.fact("hbase", "wal", "service_linked_role")
        return (
            {"Effect": "Allow", "Action": list(facts.wal_actions()), "Resource": [workspace, f"{workspace}/*"]},
            {
                "Effect": "Allow",
                "Action": ["iam:CreateServiceLinkedRole"],
                "Resource": f"arn:{place.partition}:iam::{place.account}:role/aws-service-role/{service}*/{role}*",
                "Condition": {"StringLike": {"iam:AWSServiceName": [service, "elasticmapreduce.amazonaws.com.cn"]}},
            },
        )


def check_shared_roots(clusters: Mapping[str, Cluster]) -> Iterator[Diagnostic]:
    """Clusters that would write below one root of HBase, of which only one may be active; replicas do not count."""
    first: dict[str, str] = {}
    for name, cluster in clusters.items():
        storage = cluster.hbase
        if storage is None or is_token(storage.root) or storage.read_replica is True:
            continue
        root = storage.root.rstrip("/")
        if (other := first.setdefault(root, name)) != name:
            yield warning(
                "STORE-027",
                f"clusters {other} and {name} write below the same root",
                name,
                "hbase",
                "root",
                got=storage.root,
                allowed="one active cluster for each root, and read replicas",
                reason=facts.fact("hbase", "page"),
                hint="give one of them `read_replica: true` or a root of its own, or never run both at once",
            )


class ConsistentView(Contributor):
    """EMRFS consistent view: a DynamoDB table that remembers what lies on S3, for releases older than S3's own promise.

    S3 is consistent for every reader since December 2020, whatever the release: nobody needs this for new work, and
    releases that came out later are refused. EMRFS makes the table itself when it is not there (its inner form is not
    documented), and nobody removes it: delete it when the last cluster that uses it is gone.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-plan-consistent-view.html

    >>> ConsistentView().table
    'EmrFSMetadata'
    """

    AREA: ClassVar[str] = "STORE"

    table: Text = "EmrFSMetadata"
    """The DynamoDB table; clusters that share data share it."""
    read_capacity: Count = 500
    """Read units of the table that EMRFS makes."""
    write_capacity: Count = 100
    """Write units of the table that EMRFS makes."""
    retries: Count | None = None
    """How often EMRFS asks again when S3 does not show what the table knows. Default: EMRFS's own, 10."""
    retry_period: Seconds | None = None
    """How long it waits between two tries. Default: EMRFS's own, 1 second, growing."""

    def problems(self) -> Iterator[Diagnostic]:
        """Capacities within DynamoDB's limits of a partition."""
        limits = facts.partition_limits()
        for name, value in (("read", self.read_capacity), ("write", self.write_capacity)):
            if not is_token(value) and not 1 <= value <= limits[name]:
                yield error(
                    "STORE-013",
                    f"{name}_capacity {value} is outside what one partition of DynamoDB gives",
                    f"{name}_capacity",
                    got=value,
                    allowed=f"1 to {limits[name]}",
                    reason=facts.fact("consistent_view", "metadata_page"),
                )

    def configurations(
        self,
        release: str,  # noqa: ARG002 - the same on every release
        applications: frozenset[str] | None,  # noqa: ARG002 - the question is the same for every contributor
    ) -> Iterator[Contribution]:
        """`emrfs-site`."""
        start = "fs.s3.consistent"
        yield (), Configuration.of("emrfs-site", {start: True})
        yield from under("table", "emrfs-site", {f"{start}.metadata.tableName": self.table})
        yield from under("read_capacity", "emrfs-site", {f"{start}.metadata.read.capacity": self.read_capacity})
        yield from under("write_capacity", "emrfs-site", {f"{start}.metadata.write.capacity": self.write_capacity})
        yield from under("retries", "emrfs-site", {f"{start}.retryCount": self.retries})
        yield from under("retry_period", "emrfs-site", {f"{start}.retryPeriodSeconds": self.retry_period})

    def node_statements(self, place: Place) -> tuple[Statement, ...]:
        """What the nodes need: this one table, to make it and to use it."""
        return (
            {
                "Effect": "Allow",
                "Action": [
                    *("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:CreateTable"),
                    *("dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem"),
                    *("dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:UpdateTable"),
                ],
                "Resource": f"arn:{place.partition}:dynamodb:{place.region}:{place.account}:table/{self.table}",
            },
        )
