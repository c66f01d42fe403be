"""Hive and Tez: how queries run, and the containers that they run in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from emrkit_model.configurations import Configuration
from emrkit_model.contributions import Contribution, export, under
from emrkit_model.fields import Count, Flag, Text, words
from emrkit_model.tokens import is_token

from .amounts import Bytes, KeyedSettings, Megabytes, Share, heap_of

__all__ = ["HiveSettings", "LlapSettings", "TezSettings"]


class LlapSettings(KeyedSettings):
    """Hive's daemons that live on and cache (LLAP), for releases from 6.0.0 on; they keep their share of YARN.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hive-llap.html

    >>> [dict(c.properties) for _, c in LlapSettings(share=0.4).configurations("emr-7.12.0", None)]
    [{'hive.llap.percent-allocation': '0.4'}, {'hive.llap.enabled': 'true'}]
    """

    share: Share | None = None
    """Share of the cluster's YARN that the daemons get, 0 to 1. Default: 0.6."""
    instances: Count | None = None
    """Nodes with a daemon. Default: all core and task nodes."""
    container_memory: Megabytes | None = None
    """MB of a daemon's container. Default: EMR's, by the share."""
    memory: Megabytes | None = None
    """MB of the executors in a daemon. Default: EMR's."""
    cache: Bytes | None = None
    """Bytes of a daemon's cache. Default: EMR's."""
    executors: Count | None = None
    """Executors in a daemon. Default: EMR's."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Hive",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "share": ("hive", "hive.llap.percent-allocation"),
        "instances": ("hive", "hive.llap.num-instances"),
        "container_memory": ("hive-site", "hive.llap.daemon.yarn.container.mb"),
        "memory": ("hive-site", "hive.llap.daemon.memory.per.instance.mb"),
        "cache": ("hive-site", "hive.llap.io.memory.size"),
        "executors": ("hive-site", "hive.llap.daemon.num.executors"),
    }
    SHARES: ClassVar[tuple[str, ...]] = ("share",)
    COUNTS: ClassVar[tuple[str, ...]] = ("instances", "container_memory", "memory", "cache", "executors")

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """The switch itself."""
        yield (), Configuration.of("hive", {"hive.llap.enabled": True})


class HiveSettings(KeyedSettings):
    """`hive-site`, `hive-env` and the daemons of LLAP. Where the tables are described is `Cluster.metastore`'s to say.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hive.html

    >>> for _, c in HiveSettings(container_memory="4g").configurations("emr-7.12.0", None):
    ...     print(dict(c.properties))
    {'hive.tez.container.size': '4096'}
    {'hive.tez.java.opts': '-Xmx3276m'}
    """

    engine: Annotated[str | None, words("tez", "mr")] = None
    """What queries run on. Default: tez."""
    container_memory: Megabytes | None = None
    """MB of the container of a Tez task; the heap in it follows as four fifths. Default: EMR's for the type."""
    server_heap: Megabytes | None = None
    """MB of heap of HiveServer2 and of the metastore on the primary node. Default: EMR's for the type."""
    vectorized: Flag | None = None
    """Work on batches of rows. Default: Hive's, true."""
    cost_based: Flag | None = None
    """Plan by statistics. Default: Hive's, true."""
    parallel: Flag | None = None
    """Run independent stages side by side. Default: false."""
    dynamic_partitions: Annotated[str | None, words("strict", "nonstrict")] = None
    """Whether one partition at least must be named. Default: Hive's own."""
    compress_intermediate: Flag | None = None
    """Compress what goes between stages. Default: false."""
    compress_output: Flag | None = None
    """Compress what queries write. Default: false."""
    bytes_per_reducer: Bytes | None = None
    """Bytes for which one more reducer is planned. Default: Hive's 256m."""
    scratch_directory: Text | None = None
    """Where queries keep what they need for a while. Default: on HDFS."""
    llap: LlapSettings | None = None
    """Daemons that live on and cache. Default: none."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Hive",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "engine": ("hive-site", "hive.execution.engine"),
        "container_memory": ("hive-site", "hive.tez.container.size"),
        "vectorized": ("hive-site", "hive.vectorized.execution.enabled"),
        "cost_based": ("hive-site", "hive.cbo.enable"),
        "parallel": ("hive-site", "hive.exec.parallel"),
        "dynamic_partitions": ("hive-site", "hive.exec.dynamic.partition.mode"),
        "compress_intermediate": ("hive-site", "hive.exec.compress.intermediate"),
        "compress_output": ("hive-site", "hive.exec.compress.output"),
        "bytes_per_reducer": ("hive-site", "hive.exec.reducers.bytes.per.reducer"),
        "scratch_directory": ("hive-site", "hive.exec.scratchdir"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("container_memory", "server_heap", "bytes_per_reducer")

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
        """The heap of a Tez task, the heap of the servers, LLAP."""
        if self.container_memory is not None and not is_token(self.container_memory):
            options = f"-Xmx{heap_of(self.container_memory)}m"
            yield from under("container_memory", "hive-site", {"hive.tez.java.opts": options})
        yield from export("server_heap", "hive-env", {"HADOOP_HEAPSIZE": self.server_heap})
        for path, configuration in self.llap.configurations(release, applications) if self.llap else ():
            yield ("llap", *path), configuration


class TezSettings(KeyedSettings):
    """`tez-site`: what Tez asks YARN for; it gives four fifths of each container to Java's heap by itself.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/tez-configure.html

    >>> [dict(c.properties) for _, c in TezSettings(task_memory="3g").configurations("emr-7.12.0", None)]
    [{'tez.task.resource.memory.mb': '3072'}]
    """

    master_memory: Megabytes | None = None
    """MB of the application master's container. Default: EMR's for the type."""
    task_memory: Megabytes | None = None
    """MB of a task's container. Default: EMR's for the type."""
    reuse_containers: Flag | None = None
    """Tasks follow each other in one container. Default: true."""
    minimum_group: Bytes | None = None
    """Bytes of input below which a task is not made. Default: Tez's own."""
    maximum_group: Bytes | None = None
    """Bytes of input above which a task is split. Default: Tez's own."""
    sort_memory: Megabytes | None = None
    """MB for sorting what a task puts out. Default: EMR's."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Tez", "Hive", "Pig")
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "master_memory": ("tez-site", "tez.am.resource.memory.mb"),
        "task_memory": ("tez-site", "tez.task.resource.memory.mb"),
        "reuse_containers": ("tez-site", "tez.am.container.reuse.enabled"),
        "minimum_group": ("tez-site", "tez.grouping.min-size"),
        "maximum_group": ("tez-site", "tez.grouping.max-size"),
        "sort_memory": ("tez-site", "tez.runtime.io.sort.mb"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = (
        "master_memory",
        "task_memory",
        "minimum_group",
        "maximum_group",
        "sort_memory",
    )
