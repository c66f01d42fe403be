"""YARN's arithmetic: whether containers fit the nodes, and how many the cluster can ever run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emrkit_facts import instance_types, yarn
from emrkit_facts.instance_types import InstanceTypeFacts
from emrkit_model.capacity import InstanceFleet
from emrkit_model.contributions import EffectiveSettings
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.setting_keys import megabytes
from emrkit_model.settings.amounts import heap_of
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["Container", "Node", "check_containers", "driver", "executor", "room", "types", "worker_nodes"]

_SPARK_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html"
_TASK_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html"
_HEAP = re.compile(r"-Xmx(\d+)([kKmMgG]?)")
_MAPREDUCE = (
    ("a map task", "mapreduce.map.memory.mb", "mapreduce.map.java.opts"),
    ("a reduce task", "mapreduce.reduce.memory.mb", "mapreduce.reduce.java.opts"),
    ("the application master", "yarn.app.mapreduce.am.resource.mb", "yarn.app.mapreduce.am.command-opts"),
)
_OTHERS = (
    ("a task of Tez", "tez-site", "tez.task.resource.memory.mb"),
    ("Tez's application master", "tez-site", "tez.am.resource.memory.mb"),
    ("a task of Hive", "hive-site", "hive.tez.container.size"),
    ("a TaskManager of Flink", "flink-conf", "taskmanager.memory.process.size"),
    ("Flink's JobManager", "flink-conf", "jobmanager.memory.process.size"),
)


@dataclass(frozen=True, slots=True)
class Node:
    """An instance type of the cluster, and what YARN has on it."""

    type: str
    memory_mb: int
    cores: int
    weight: int

    def __str__(self) -> str:
        return f"{self.type} {self.memory_mb} MB, {self.cores} cores"


@dataclass(frozen=True, slots=True)
class Container:
    """What somebody asks YARN for, and the words that say what it is made of."""

    memory_mb: int
    cores: int
    words: str

    def fits(self, node: Node) -> bool:
        """Whether a node has room for one."""
        return self.memory_mb <= node.memory_mb and self.cores <= node.cores

    def misfits(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        """The nodes without room for one."""
        return tuple(node for node in nodes if not self.fits(node))


def check_containers(cluster: Cluster) -> Iterator[Diagnostic]:
    """Executors, drivers and tasks against the memory and cores of the nodes that are to run them."""
    if is_token(cluster.configurations):
        return
    effective = cluster.effective_settings()
    nodes = worker_nodes(cluster)
    yield from _check_heaps(effective, nodes)
    if not nodes:
        return
    yield from _check_executor(cluster, effective, nodes)
    yield from _check_driver(effective, nodes)
    for what, key, _ in _MAPREDUCE:
        yield from _check_size(what, "mapred-site", key, effective, nodes)
    for what, classification, key in _OTHERS:
        yield from _check_size(what, classification, key, effective, nodes)


def worker_nodes(cluster: Cluster) -> tuple[Node, ...]:
    """The types that run containers: core and task nodes, else the primary; unknown types are left out."""
    with_hbase = "hbase" in (cluster.application_names() or ())
    effective = cluster.effective_settings()
    memory = megabytes(effective.value("yarn-site", "yarn.nodemanager.resource.memory-mb"))
    cores = megabytes(effective.value("yarn-site", "yarn.nodemanager.resource.cpu-vcores"))
    largest = megabytes(effective.value("yarn-site", "yarn.scheduler.maximum-allocation-mb"))
    workers = [nodes for role, nodes in cluster.nodes() if role != "primary"] or [cluster.primary]
    found: dict[str, Node] = {}
    for nodes in workers:
        types = nodes.instance_types()
        weights = nodes.weights() if isinstance(nodes, InstanceFleet) and types else {}
        for item in types:
            facts = None if is_token(item.type) else instance_types.find(item.type)
            if not isinstance(facts, InstanceTypeFacts):
                continue
            own = yarn.node_memory_mb(facts, with_hbase=with_hbase) if memory is None else memory
            if own is not None:
                limit = own if largest is None else min(own, largest)
                # Groups count instances.
                weight = weights.get(item.type, 1)
                found[item.type] = Node(item.type, limit, cores or facts.vcpu, 1 if is_token(weight) else weight)
    return tuple(found.values())


def executor(settings: Mapping[str, str], release: str) -> Container | None:
    """An executor as `spark-defaults` describe it; None where they leave it to EMR, or hold what is not known yet."""
    memory = megabytes(settings.get("spark.executor.memory"))
    cores = settings.get("spark.executor.cores", "1")
    if not cores.isdigit() or (memory is None and "spark.executor.cores" not in settings):
        return None
    if memory is None:
        return Container(0, int(cores), f"{cores} cores")
    overhead = _overhead(settings, "executor")
    if overhead is None:
        overhead = yarn.executor_overhead_mb(memory, release, _factor(settings, "executor"))
    more = megabytes(settings.get("spark.executor.pyspark.memory")) or 0
    if settings.get("spark.memory.offHeap.enabled", "").lower() == "true":
        size = settings.get("spark.memory.offHeap.size", "")
        # Bare numbers are bytes here, unlike everywhere else in Spark's memory settings.
        more += int(size) // 1024**2 if size.isdigit() else (megabytes(size) or 0)
    words = f"{memory} MB with {overhead} MB overhead"
    words += f", {more} MB off the heap" if more else ""
    words += f" and {cores} cores" if "spark.executor.cores" in settings else ""
    return Container(memory + overhead + more, int(cores), words)


def driver(settings: Mapping[str, str]) -> Container | None:
    """A driver in cluster mode as `spark-defaults` describe it; None where they leave it to EMR."""
    memory, cores = megabytes(settings.get("spark.driver.memory")), settings.get("spark.driver.cores", "1")
    if memory is None or not cores.isdigit():
        return None
    overhead = _overhead(settings, "driver")
    if overhead is None:
        overhead = yarn.driver_overhead_mb(memory, _factor(settings, "driver"))
    return Container(memory + overhead, int(cores), f"{memory} MB with {overhead} MB overhead")


def _overhead(settings: Mapping[str, str], who: str) -> int | None:
    return megabytes(
        settings.get(f"spark.{who}.memoryOverhead") or settings.get(f"spark.yarn.{who}.memoryOverhead") or None
    )


def _factor(settings: Mapping[str, str], who: str) -> float | None:
    text = settings.get(f"spark.{who}.memoryOverheadFactor") or settings.get(f"spark.yarn.{who}.memoryOverheadFactor")
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _check_executor(cluster: Cluster, effective: EffectiveSettings, nodes: tuple[Node, ...]) -> Iterator[Diagnostic]:
    settings = effective.properties("spark-defaults")
    wanted = executor(settings, cluster.release)
    if wanted is None:
        return
    misfits = wanted.misfits(nodes)
    of_memory = wanted.memory_mb and any(wanted.memory_mb > node.memory_mb for node in nodes)
    key = "spark.executor.memory" if of_memory or "spark.executor.cores" not in settings else "spark.executor.cores"
    place = effective.place("spark-defaults", key)
    got = f"{settings[key]}: {wanted.memory_mb} MB for YARN" if of_memory else settings[key]
    if len(misfits) == len(nodes):
        by_memory = all(wanted.memory_mb > node.memory_mb for node in nodes)
        why = "YARN refuses a container that no node has room for" if by_memory else "no node has so many cores"
        yield error(
            "CONF-051",
            f"an executor of {wanted.words} fits none of the core and task types",
            *place,
            got=got,
            allowed=room(nodes),
            reason=f"{why} ({_SPARK_PAGE})",
            hint="lower spark.executor.memory or spark.executor.cores, or take larger instances",
        )
        return
    if misfits:
        yield warning(
            "CONF-031",
            f"an executor of {wanted.words} does not fit {types(misfits)}",
            *place,
            got=got,
            allowed=room(misfits),
            reason=f"nodes of these types would stay empty, or share their cores ({_SPARK_PAGE})",
            hint="lower spark.executor.memory or spark.executor.cores, or leave the small types out",
        )
    if wanted.memory_mb:
        yield from _check_most_executors(cluster, effective, wanted, nodes)


def _check_driver(effective: EffectiveSettings, nodes: tuple[Node, ...]) -> Iterator[Diagnostic]:
    """The driver in cluster mode is a container too; in client mode it is a process of the primary node."""
    settings = effective.properties("spark-defaults")
    wanted, mode = driver(settings), settings.get("spark.submit.deployMode")
    if wanted is None or mode == "client":
        return
    if len(wanted.misfits(nodes)) < len(nodes):
        return
    place, got = effective.place("spark-defaults", "spark.driver.memory"), settings["spark.driver.memory"]
    told = {
        "allowed": room(nodes),
        "reason": f"in cluster mode the driver is a container of YARN's ({_SPARK_PAGE})",
    }
    if mode == "cluster":
        yield error(
            "CONF-052",
            f"a driver of {wanted.words} fits none of the core and task types",
            *place,
            got=f"{got}: {wanted.memory_mb} MB for YARN",
            hint="lower spark.driver.memory, or take larger instances",
            **told,
        )
    else:
        yield warning(
            "CONF-053",
            f"a driver of {wanted.words} fits none of the core and task types: only client mode can run it",
            *place,
            got=got,
            hint="lower spark.driver.memory, or say spark.submit.deployMode: client",
            **told,
        )


def _check_most_executors(
    cluster: Cluster, effective: EffectiveSettings, wanted: Container, nodes: tuple[Node, ...]
) -> Iterator[Diagnostic]:
    """More executors than the cluster can ever hold: harmless, but somebody expects them."""
    settings = effective.properties("spark-defaults")
    text = settings.get("spark.dynamicAllocation.maxExecutors", "")
    units = None if cluster.scaling is None else cluster.scaling.maximum
    if not text.isdigit() or units is None or is_token(units):
        return
    by_cores = cluster.scaling is not None and cluster.scaling.unit == "VCPU"
    most = max(
        (units // (node.cores if by_cores else node.weight)) * (node.memory_mb // wanted.memory_mb)
        for node in nodes
        if wanted.fits(node)
    )
    if int(text) > most:
        yield warning(
            "CONF-067",
            f"dynamic allocation asks for up to {text} executors, the cluster never holds more than {most}",
            *effective.place("spark-defaults", "spark.dynamicAllocation.maxExecutors"),
            got=text,
            allowed=f"{most}: {wanted.memory_mb} MB each on {units} units (scaling.maximum)",
            reason=_SPARK_PAGE,
            hint="lower the maximum, or let the cluster grow further",
        )


def _check_size(
    what: str, classification: str, key: str, effective: EffectiveSettings, nodes: tuple[Node, ...]
) -> Iterator[Diagnostic]:
    text = effective.value(classification, key)
    memory = megabytes(text)
    if memory is not None and classification == "flink-conf" and (text or "").strip().isdigit():
        # Flink takes bare numbers as bytes.
        memory //= 1024**2
    if memory is None or memory <= 0:
        return
    wanted = Container(memory, 1, f"{memory} MB")
    place, misfits = effective.place(classification, key), wanted.misfits(nodes)
    if len(misfits) == len(nodes):
        yield error(
            "CONF-064",
            f"a container of {wanted.words} for {what} fits none of the core and task types",
            *place,
            got=text,
            allowed=room(nodes),
            reason=f"YARN refuses a container that no node has room for ({_TASK_PAGE})",
            hint=f"lower {key}, or take larger instances",
        )
    elif misfits:
        yield warning(
            "CONF-065",
            f"a container of {wanted.words} for {what} does not fit {types(misfits)}",
            *place,
            got=text,
            allowed=room(misfits),
            reason=f"nodes of these types would stay empty ({_TASK_PAGE})",
            hint=f"lower {key}, or leave the small types out",
        )


def _check_heaps(effective: EffectiveSettings, nodes: Sequence[Node]) -> Iterator[Diagnostic]:
    """Java's heap lies within its container and leaves room for what is not heap; EMR's own container by default."""
    for what, memory_key, options_key in _MAPREDUCE:
        memory = megabytes(effective.value("mapred-site", memory_key)) or _default_container(memory_key, nodes)
        heap = _heap(effective.value("mapred-site", options_key))
        if memory is None or heap is None:
            continue
        place, most = effective.place("mapred-site", options_key), heap_of(memory)
        told = {
            "got": effective.value("mapred-site", options_key),
            "allowed": f"-Xmx{most}m: four fifths of {memory_key}",
        }
        if heap >= memory:
            yield error(
                "CONF-062",
                f"the heap of {what}, {heap} MB, does not fit its container of {memory} MB",
                *place,
                reason=f"YARN ends a container that uses more than it asked for ({_TASK_PAGE})",
                hint="leave the options out and set settings.mapreduce: the heap follows from the memory",
                **told,
            )
        elif heap > most:
            yield warning(
                "CONF-063",
                f"the heap of {what}, {heap} MB, leaves little of its container of {memory} MB",
                *place,
                reason=_TASK_PAGE,
                **told,
            )


def _default_container(memory_key: str, nodes: Sequence[Node]) -> int | None:
    """What EMR gives a task that nobody sized: a core's share of a node, twice that for all but map tasks.

    Of the node with the most for a core: a heap that does not fit there fits nowhere.
    """
    shares = [round(node.memory_mb / node.cores) for node in nodes if node.cores]
    return None if not shares else max(shares) * (1 if memory_key == "mapreduce.map.memory.mb" else 2)


def _heap(options: str | None) -> int | None:
    match = _HEAP.search(options or "")
    if match is None:
        return None
    number, unit = int(match[1]), match[2].lower()
    return number * 1024 if unit == "g" else number // 1024 if unit == "k" else number if unit else number // 1024**2


def room(nodes: Sequence[Node]) -> str:
    """What nodes have, in words."""
    return f"at most {'; '.join(map(str, nodes))}"


def types(nodes: Sequence[Node]) -> str:
    """Which types nodes are, in words."""
    return ", ".join(node.type for node in nodes)
