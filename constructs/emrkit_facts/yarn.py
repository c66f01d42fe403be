"""What a node gives to YARN, and what Spark's containers take beside their heap.

Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
"""

from __future__ import annotations

from .instance_types import InstanceTypeFacts
from .tables import load
from .versions import parse

__all__ = ["driver_overhead_mb", "executor_overhead_mb", "node_memory_mb"]


def node_memory_mb(node: InstanceTypeFacts, *, with_hbase: bool = False) -> int | None:
    """`yarn.nodemanager.resource.memory-mb` on a node; None where AWS prints no usable value (x2iedn with HBase).

    With HBase YARN keeps half of the node's containers up to 64 GB, and some 30 GB above.

    >>> from emrkit_facts.instance_types import find
    >>> node_memory_mb(find("m5.xlarge")), node_memory_mb(find("i3.xlarge"), with_hbase=True)
    (12288, 11712)
    """
    if not with_hbase:
        return node.yarn_memory_mb
    table = load("yarn")
    if node.type in table["unusable_with_hbase"]:
        return None
    if (printed := table["with_hbase"].get(node.type)) is not None:
        return printed
    container = round(node.yarn_memory_mb / node.vcpu)
    if node.memory_gb <= 64:
        kept = node.vcpu // 2
    else:
        per_core = node.memory_gb / node.vcpu
        kept = next((k for least, k in ((12, 2), (6, 4), (3, 8)) if per_core >= least), 16)
    return node.yarn_memory_mb - max(0, node.vcpu - kept) * container


def executor_overhead_mb(memory_mb: int, release: str, factor: float | None = None) -> int:
    """What an executor's container takes beside its heap, unless a setting says it: a share of it, at least 384 MB.

    EMR's default share is 18.75 % from 5.22.0 on, Spark's own 10 % before.

    >>> executor_overhead_mb(4096, "emr-7.12.0"), executor_overhead_mb(1024, "emr-7.12.0")
    (768, 384)
    """
    row = load("yarn")["overhead"]
    version, since = parse(release), parse(row["since"])
    usual = row["before"] if version is not None and since is not None and version < since else row["factor"]
    return max(row["floor_mb"], round(memory_mb * (usual if factor is None else factor)))


def driver_overhead_mb(memory_mb: int, factor: float | None = None) -> int:
    """The same for a driver in cluster mode: 10 % of its heap, at least 384 MB."""
    row = load("yarn")["overhead"]
    return max(row["floor_mb"], round(memory_mb * (row["driver"] if factor is None else factor)))
