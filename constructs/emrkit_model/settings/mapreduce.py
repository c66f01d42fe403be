"""MapReduce and YARN: containers and what runs in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from emrkit_facts.versions import parse
from emrkit_model.contributions import Contribution, under
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Flag, Seconds, Text, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

from .amounts import KeyedSettings, Megabytes, Share, heap_of

__all__ = ["MapReduceSettings", "YarnSettings"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html"
_SCHEDULERS = {
    "capacity": "org.apache.hadoop.yarn.server.resourcemanager.scheduler.capacity.CapacityScheduler",
    "fair": "org.apache.hadoop.yarn.server.resourcemanager.scheduler.fair.FairScheduler",
}


class MapReduceSettings(KeyedSettings):
    """`mapred-site`: containers of MapReduce; the heap in each follows as four fifths of it.

    A field that is left out leaves EMR's value for the instance type.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html

    >>> for _, c in MapReduceSettings(map_memory="2g").configurations("emr-7.12.0", None):
    ...     print(dict(c.properties))
    {'mapreduce.map.memory.mb': '2048'}
    {'mapreduce.map.java.opts': '-Xmx1638m'}
    """

    map_memory: Megabytes | None = None
    """MB of the container of a map task. Default: the node's memory divided by its cores."""
    reduce_memory: Megabytes | None = None
    """MB of the container of a reduce task. Default: twice that of a map task."""
    master_memory: Megabytes | None = None
    """MB of the container of the application master. Default: twice that of a map task."""
    map_cores: Count | None = None
    """Cores of a map task. Default: 1."""
    reduce_cores: Count | None = None
    """Cores of a reduce task. Default: 1."""
    java_options: Text | None = None
    """Options of Java beside the heap, for map and reduce tasks; needs both memories. Default: none."""
    sort_memory: Megabytes | None = None
    """MB of a map task's heap for sorting. Default: EMR's."""
    slow_start: Share | None = None
    """Share of map tasks that are done before reduce tasks start, 0 to 1. Default: EMR's."""
    compress_map_output: Flag | None = None
    """Compress what goes from map to reduce. Default: EMR's."""
    compress_output: Flag | None = None
    """Compress what the job writes. Default: false."""
    speculative: Flag | None = None
    """Start slow tasks a second time elsewhere. Default: EMR's."""
    reuse_ubertask: Flag | None = None
    """Run small jobs inside the application master. Default: false."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Hadoop",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "map_memory": ("mapred-site", "mapreduce.map.memory.mb"),
        "reduce_memory": ("mapred-site", "mapreduce.reduce.memory.mb"),
        "master_memory": ("mapred-site", "yarn.app.mapreduce.am.resource.mb"),
        "map_cores": ("mapred-site", "mapreduce.map.cpu.vcores"),
        "reduce_cores": ("mapred-site", "mapreduce.reduce.cpu.vcores"),
        "sort_memory": ("mapred-site", "mapreduce.task.io.sort.mb"),
        "slow_start": ("mapred-site", "mapreduce.job.reduce.slowstart.completedmaps"),
        "compress_map_output": ("mapred-site", "mapreduce.map.output.compress"),
        "compress_output": ("mapred-site", "mapreduce.output.fileoutputformat.compress"),
        "reuse_ubertask": ("mapred-site", "mapreduce.job.ubertask.enable"),
    }
    SHARES: ClassVar[tuple[str, ...]] = ("slow_start",)
    COUNTS: ClassVar[tuple[str, ...]] = (
        "map_memory",
        "reduce_memory",
        "master_memory",
        "map_cores",
        "reduce_cores",
        "sort_memory",
    )

    def contradictions(self) -> Iterator[Diagnostic]:
        """Java's options need the heap beside them; the buffer for sorting lies in the heap."""
        if self.java_options is not None and (self.map_memory is None or self.reduce_memory is None):
            yield error(
                "CONF-077",
                "java_options needs map_memory and reduce_memory",
                "java_options",
                reason="the options replace EMR's, the heap among them",
                hint="set both memories; the heap follows from them",
            )
        memory, sort = self.map_memory, self.sort_memory
        if memory is not None and sort is not None and not is_token(memory) and not is_token(sort):
            heap = heap_of(memory)
            if int(sort) >= heap:
                yield error(
                    "CONF-078",
                    "sort_memory leaves nothing of the heap of a map task",
                    "sort_memory",
                    got=f"{sort} MB",
                    allowed=f"below {heap} MB: four fifths of map_memory {memory}",
                    reason=_PAGE,
                )

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """The heap of each container: four fifths."""
        more = f" {self.java_options}" if self.java_options else ""
        for field, key, options in (
            ("map_memory", "mapreduce.map.java.opts", more),
            ("reduce_memory", "mapreduce.reduce.java.opts", more),
            ("master_memory", "yarn.app.mapreduce.am.command-opts", ""),
        ):
            memory: int | None = getattr(self, field)
            if memory is not None and not is_token(memory):
                yield from under(field, "mapred-site", {key: f"-Xmx{heap_of(memory)}m{options}"})
        if self.speculative is not None:
            keys = ("mapreduce.map.speculative", "mapreduce.reduce.speculative")
            yield from under("speculative", "mapred-site", dict.fromkeys(keys, self.speculative))


class YarnSettings(KeyedSettings):
    """`yarn-site`: what a node gives to containers, and how the scheduler deals it out.

    A field that is left out leaves EMR's value for the instance type.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html and
    https://hadoop.apache.org/docs/stable/hadoop-yarn/hadoop-yarn-common/yarn-default.xml

    >>> [dict(c.properties) for _, c in YarnSettings(node_memory="20g").configurations("emr-7.12.0", None)]
    [{'yarn.nodemanager.resource.memory-mb': '20480'}]
    """

    node_memory: Megabytes | None = None
    """MB that each node gives to containers, the same on every type. Default: EMR's, by type."""
    node_cores: Count | None = None
    """Cores that each node gives to containers. Default: EMR's vCPU count of the type."""
    minimum_container: Megabytes | None = None
    """MB of the smallest container; sizes are rounded up to multiples of it. Default: EMR's."""
    maximum_container: Megabytes | None = None
    """MB of the largest container. Default: what the node has."""
    scheduler: Annotated[str | None, words("capacity", "fair")] = None
    """How containers are dealt out. Default: capacity."""
    virtual_memory_check: Flag | None = None
    """End containers that use more virtual memory than they may. Default: EMR's, false."""
    physical_memory_check: Flag | None = None
    """End containers that use more memory than they asked for. Default: true."""
    log_retention: Seconds | None = None
    """How long gathered container logs stay. Default: EMR's."""
    master_attempts: Count | None = None
    """How often an application master may start. Default: 2."""
    decommission_timeout: Seconds | None = None
    """How long a leaving node may finish its containers. Default: one hour.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-scaledown-behavior.html"""
    wait_for_shuffle_data: Flag | None = None
    """A leaving node stays until nobody needs its shuffle data; advised from 7.4.0 on. Default: EMR's."""
    masters_on_core_only: Flag | None = None
    """Application masters run on core nodes, which Spot does not take away. Default: no node labels from 6.x on."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Hadoop",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "node_memory": ("yarn-site", "yarn.nodemanager.resource.memory-mb"),
        "node_cores": ("yarn-site", "yarn.nodemanager.resource.cpu-vcores"),
        "minimum_container": ("yarn-site", "yarn.scheduler.minimum-allocation-mb"),
        "maximum_container": ("yarn-site", "yarn.scheduler.maximum-allocation-mb"),
        "virtual_memory_check": ("yarn-site", "yarn.nodemanager.vmem-check-enabled"),
        "physical_memory_check": ("yarn-site", "yarn.nodemanager.pmem-check-enabled"),
        "log_retention": ("yarn-site", "yarn.log-aggregation.retain-seconds"),
        "master_attempts": ("yarn-site", "yarn.resourcemanager.am.max-attempts"),
        "wait_for_shuffle_data": (
            "yarn-site",
            "yarn.resourcemanager.decommissioning-nodes-watcher.wait-for-shuffle-data",
        ),
    }
    COUNTS: ClassVar[tuple[str, ...]] = (
        "node_memory",
        "node_cores",
        "minimum_container",
        "maximum_container",
        "master_attempts",
    )

    def contradictions(self) -> Iterator[Diagnostic]:
        """Smallest container <= largest container <= node."""
        order = [
            (name, value)
            for name in ("minimum_container", "maximum_container", "node_memory")
            if (value := getattr(self, name)) is not None and not is_token(value)
        ]
        for (low_name, low), (high_name, high) in itertools.pairwise(order):
            if low > high:
                yield error(
                    "CONF-079",
                    f"{low_name} {low} is above {high_name} {high}",
                    low_name,
                    got=f"{low} MB",
                    allowed=f"at most {high} MB",
                    reason=_PAGE,
                )

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """The scheduler's class, the time to leave under its name of the release, and node labels."""
        if self.scheduler is not None and not is_token(self.scheduler):
            yield from under(
                "scheduler", "yarn-site", {"yarn.resourcemanager.scheduler.class": _SCHEDULERS[self.scheduler]}
            )
        if self.decommission_timeout is not None:
            yield from under("decommission_timeout", "yarn-site", {_decommission(release): self.decommission_timeout})
        if self.masters_on_core_only is True:
            labels = {
                "yarn.node-labels.enabled": True,
                "yarn.node-labels.am.default-node-label-expression": "CORE",
            }
            yield from under("masters_on_core_only", "yarn-site", labels)


def _decommission(release: str) -> str:
    """EMR's own key up to 5.11, then YARN's."""
    version, since = parse(release), parse("5.12.0")
    if version is not None and since is not None and version < since:
        return "yarn.resourcemanager.decommissioning.timeout"
    return "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"
