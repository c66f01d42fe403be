"""HBase on S3, copies in HDFS, and EMRFS consistent view against release, applications and nodes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import storage as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

from .core_nodes import CoreNodes, core_nodes
from .metastore import installed

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_storage"]

_MIB = 1024 * 1024


def check_storage(cluster: Cluster) -> Iterator[Diagnostic]:
    """HBase on S3, copies in HDFS, and EMRFS consistent view against release, applications and nodes."""
    if cluster.hbase is not None:
        yield from _check_hbase(cluster)
    if cluster.consistent_view is not None:
        yield from _check_consistent_view(cluster)
    if not is_token(cluster.configurations):
        yield from _check_hdfs(cluster)
    if "hbase" in (installed(cluster) or ()) and cluster.idle_timeout is not None and cluster.keep_alive is True:
        yield warning(
            "STORE-026",
            "HBase at work is idle in EMR's eyes, and the cluster would end",
            "idle_timeout",
            got=f"{cluster.idle_timeout} s",
            reason="EMR looks at YARN, steps and notebooks; HBase uses none of them "
            "(https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html)",
            hint="set idle_timeout: null",
        )


def _check_hbase(cluster: Cluster) -> Iterator[Diagnostic]:
    storage, names = cluster.hbase, installed(cluster)
    assert storage is not None
    if names is not None and "hbase" not in names:
        yield error(
            "STORE-020",
            "`hbase` is set, and HBase is not among the applications",
            "hbase",
            got=", ".join(sorted(names)),
            reason=facts.fact("hbase", "page"),
            hint="add HBase to `applications`",
        )
    yield from gate_problem("hbase-on-s3", cluster.release, "STORE-021", "hbase")
    if not is_token(storage.read_replica) and storage.read_replica:
        yield from gate_problem("hbase-read-replica", cluster.release, "STORE-022", "hbase", "read_replica")
    if storage.wal is None:
        return
    yield from gate_problem("emr-wal", cluster.release, "STORE-023", "hbase", "wal")
    if storage.wal.record_size is not None:
        yield from gate_problem("emr-wal-record-size", cluster.release, "STORE-024", "hbase", "wal", "record_size")
    if cluster.fleets():
        yield error(
            "STORE-025",
            "EMR's write-ahead log does not work with instance fleets",
            "hbase",
            "wal",
            reason=facts.fact("hbase", "wal", "page"),
            hint="use instance groups for primary, core and task nodes, or leave `wal` out",
        )


def _check_consistent_view(cluster: Cluster) -> Iterator[Diagnostic]:
    since = facts.fact("consistent_view", "s3_consistent_since")
    needed = None if is_token(cluster.release) else facts.consistent_view_predates_s3(cluster.release)
    reason = (
        f"S3 itself is consistent since {since}: a list shows what was written, and a read gets the newest "
        f"({facts.fact('consistent_view', 'page')})"
    )
    if needed is False:
        yield error(
            "STORE-030",
            f"{cluster.release} has no use for EMRFS consistent view",
            "consistent_view",
            allowed="releases before 5.32.0 and 6.2.0, which came out before S3 was consistent",
            reason=reason,
            hint="leave it out, and delete its DynamoDB table when no older cluster uses it",
        )
    elif needed:
        yield warning(
            "STORE-031",
            "EMRFS consistent view costs a DynamoDB table and guards against nothing any more",
            "consistent_view",
            reason=reason,
            hint="turn it off on all clusters that share the table at once, then delete the table",
        )


def _check_hdfs(cluster: Cluster) -> Iterator[Diagnostic]:
    settings = cluster.effective_settings()
    page = facts.fact("hdfs", "page")
    nodes = core_nodes(cluster)
    copies = _whole(settings.value("hdfs-site", "dfs.replication"))
    if copies is not None:
        yield from _check_copies(cluster, copies, nodes)
    elif nodes is not None and not settings.place("hdfs-site", "dfs.replication"):
        default = facts.default_replication(nodes.surely_at_start)
        if default > nodes.most_at_least:
            yield warning(
                "STORE-044",
                f"{nodes.surely_at_start} core nodes start with dfs.replication {default}, and scaling may go down to "
                f"{nodes.most_at_least}",
                *nodes.path,
                got=nodes.most_at_least,
                allowed=f"{default} or more, or a smaller dfs.replication",
                reason=f"EMR keeps as many core nodes as blocks have copies, so it never gets there ({page})",
                hint=f"raise the minimum to {default}, or set dfs.replication in hdfs-site",
            )
    key = "dfs.blocksize" if settings.place("hdfs-site", "dfs.blocksize") else "dfs.block.size"
    size = _bytes(settings.value("hdfs-site", key))
    least, step = facts.number("hdfs", "minimum_block_size"), facts.number("hdfs", "checksum_bytes")
    if size is not None and (size < least or size % step):
        yield error(
            "STORE-045",
            f"HDFS has no blocks of {size} bytes",
            *settings.place("hdfs-site", key),
            got=size,
            allowed=f"a multiple of {step}, from {least} ({least // _MIB} MiB)",
            reason=facts.fact("hdfs", "hadoop_page"),
            hint="128m is EMR's own",
        )


def _check_copies(cluster: Cluster, copies: int, nodes: CoreNodes | None) -> Iterator[Diagnostic]:
    page, floor_page = facts.fact("hdfs", "page"), facts.fact("hdfs", "floor_page")
    place = cluster.effective_settings().place("hdfs-site", "dfs.replication")
    if copies < 1:
        yield error("STORE-040", "dfs.replication is at least 1", *place, got=copies, allowed="1 or more", reason=page)
        return
    if nodes is None:
        return
    if copies > nodes.at_start:
        yield error(
            "STORE-041",
            f"{copies} copies of a block do not fit {nodes.at_start} core nodes",
            *place,
            got=copies,
            allowed=f"1 to {nodes.at_start}",
            reason=f"each copy needs a node of its own ({page})",
            hint=f"lower dfs.replication to {nodes.at_start}, or start with {copies} core nodes",
        )
    elif copies > nodes.least:
        yield warning(
            "STORE-042",
            f"scaling may go down to {nodes.least} core nodes, and blocks have {copies} copies",
            *place,
            got=copies,
            allowed=f"{nodes.least} or fewer",
            reason=f"EMR keeps as many core nodes as blocks have copies, or fails to take one away ({floor_page})",
            hint=f"raise the minimum of scaling to {copies}, or lower dfs.replication",
        )
    elif copies == nodes.least and cluster.unhealthy_node_replacement is True:
        yield warning(
            "STORE-046",
            f"{copies} copies on {nodes.least} core nodes leave no room to replace an unhealthy one",
            *place,
            got=copies,
            allowed=f"{nodes.least - 1} or fewer" if nodes.least > 1 else "more core nodes",
            reason=f"at least one core node more than copies is needed to replace one ({floor_page})",
            hint=f"keep {copies + 1} core nodes",
        )
    if copies == 1 and (cluster.scaling is not None or nodes.spot):
        yield warning(
            "STORE-043",
            "one copy of each block, and core nodes that come and go",
            *place,
            got=copies,
            allowed="2 or more",
            reason=f"a core node that leaves takes its blocks with it ({page})",
            hint="set dfs.replication to 2, or keep nothing but scratch data in HDFS",
        )


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and not is_token(text) and text.strip().isdigit() else None


def _bytes(text: str | None) -> int | None:
    """A size as Hadoop reads it: bytes, or a number with k, m, g, t, p or e."""
    if text is None or is_token(text):
        return None
    word = text.strip().lower()
    power = "kmgtpe".find(word[-1:]) + 1 if word[-1:].isalpha() else 0
    number = word[:-1] if power else word
    return int(number) * math.prod([1024] * power) if number.isdigit() else None
