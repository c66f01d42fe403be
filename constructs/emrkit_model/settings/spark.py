"""Spark's settings for a whole cluster, typed: what `spark-defaults` says most often."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Self

from emrkit_facts.storage import s3_connector
from emrkit_model.contributions import Contribution, under
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Flag, Text, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

from .amounts import KeyedSettings

__all__ = ["DynamicAllocation", "SparkSettings"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html"
_KRYO = "org.apache.spark.serializer.KryoSerializer"
_MEMORY = re.compile(r"^\d+[kmgtKMGT]?[bB]?$")


class DynamicAllocation(Value):
    """Executors that come and go with the work; on EMR the external shuffle service makes it safe.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html
    """

    AREA: ClassVar[str] = "CONF"

    minimum: Count = 0
    """Executors that stay."""
    maximum: Count | None = None
    """Executors at most. Default: no limit."""
    initial: Count | None = None
    """Executors to begin with. Default: the minimum."""

    def problems(self) -> Iterator[Diagnostic]:
        """0 <= minimum <= initial <= maximum."""
        order = [("minimum", self.minimum), ("initial", self.initial), ("maximum", self.maximum)]
        known = [(name, value) for name, value in order if value is not None and not is_token(value)]
        for (low_name, low), (name, value) in itertools.pairwise(known):
            if low > value:
                yield error("CONF-040", f"{name} {value} is below {low_name} {low}", name, got=value, reason=_PAGE)
        if known and known[0][1] < 0:
            yield error("CONF-041", f"{known[0][0]} must not be negative", known[0][0], got=known[0][1], reason=_PAGE)

    def properties(self) -> dict[str, str]:
        """The settings in Spark's names."""
        values = {"minExecutors": self.minimum, "maxExecutors": self.maximum, "initialExecutors": self.initial}
        return {
            "spark.dynamicAllocation.enabled": "true",
            **{f"spark.dynamicAllocation.{key}": str(value) for key, value in values.items() if value is not None},
        }


class SparkSettings(KeyedSettings):
    """What every Spark application of the cluster starts with, unless it says otherwise.

    Each field is the one door to its setting: the same key in `configurations` must say the same.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html

    >>> SparkSettings(executor_memory="4g", executor_cores=2).properties()
    {'spark.executor.memory': '4g', 'spark.executor.cores': '2'}
    """

    executor_memory: Text | None = None
    """Heap of an executor, such as `4g`; overhead comes on top. Default: EMR's, by core and task types."""
    executor_memory_overhead: Text | None = None
    """What an executor's container has beside the heap. Default: 18.75 % of it, at least 384m."""
    executor_cores: Count | None = None
    """Tasks that an executor runs side by side. Default: EMR's, by core and task types."""
    executor_instances: Count | None = None
    """A fixed number of executors; with dynamic allocation the number to begin with. Default: as needed."""
    driver_memory: Text | None = None
    """Heap of the driver. Default: EMR's."""
    driver_memory_overhead: Text | None = None
    """What the driver's container has beside the heap, in cluster mode. Default: 10 % of it, at least 384m."""
    driver_cores: Count | None = None
    """Cores of the driver, in cluster mode. Default: 1."""
    deploy_mode: Annotated[str | None, words("cluster", "client")] = None
    """Where a driver runs that nobody placed. Default: client, on the primary node; emrkit's steps say cluster."""
    dynamic_allocation: DynamicAllocation | None = None
    """Executors that come and go. Default: EMR's own, which is on and without limits."""
    adaptive: Flag | None = None
    """Adaptive query execution, with coalescing of small partitions. Default: Spark's own, which is on."""
    kryo: Flag = False
    """Kryo in place of Java serialization."""
    shuffle_partitions: Count | None = None
    """Partitions after a shuffle, before adaptive execution joins small ones. Default: Spark's 200."""
    s3_committer: Flag | None = None
    """Commit writes to S3 without renames: EMRFS's optimized committer, or S3A's magic one, as the release has it.
    Default: EMR's, true from 5.20.0 on."""
    maximize_resources: Flag = False
    """One executor a node, sized by EMR from the core type at launch; not for fleets of several types."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Spark",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "executor_memory": ("spark-defaults", "spark.executor.memory"),
        "executor_memory_overhead": ("spark-defaults", "spark.executor.memoryOverhead"),
        "executor_cores": ("spark-defaults", "spark.executor.cores"),
        "executor_instances": ("spark-defaults", "spark.executor.instances"),
        "driver_memory": ("spark-defaults", "spark.driver.memory"),
        "driver_memory_overhead": ("spark-defaults", "spark.driver.memoryOverhead"),
        "driver_cores": ("spark-defaults", "spark.driver.cores"),
        "deploy_mode": ("spark-defaults", "spark.submit.deployMode"),
        "shuffle_partitions": ("spark-defaults", "spark.sql.shuffle.partitions"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("executor_cores", "driver_cores", "shuffle_partitions")

    @classmethod
    def reference(cls) -> Self:
        """The reference values: 4g and 2 cores an executor, 2g and a core the driver, adaptive, Kryo, 1 to 50 of them.

        Ten executors are also named as a fixed number: dynamic allocation begins with these, not with its own five, and
        the cluster warns of it.

        >>> SparkSettings.reference().properties()["spark.dynamicAllocation.maxExecutors"]
        '50'
        """
        return cls(
            executor_memory="4g",
            executor_cores=2,
            executor_instances=10,
            driver_memory="2g",
            driver_cores=1,
            adaptive=True,
            kryo=True,
            dynamic_allocation=DynamicAllocation(minimum=1, maximum=50, initial=5),
        )

    def contradictions(self) -> Iterator[Diagnostic]:
        """Readable memory sizes."""
        for name in ("executor_memory", "executor_memory_overhead", "driver_memory", "driver_memory_overhead"):
            value: str | None = getattr(self, name)
            if value is not None and not is_token(value) and not _MEMORY.match(value):
                yield error("CONF-042", f"{name} is not a size", name, got=value, allowed="512m, 4g, …", reason=_PAGE)

    def properties(self, release: str = "") -> dict[str, str]:
        """`spark-defaults` in Spark's names, as a release has them. Default: the newest."""
        merged: dict[str, str] = {}
        for _, configuration in self.configurations(release, None):
            if configuration.classification == "spark-defaults":
                merged.update(configuration.properties)
        return merged

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """Fields that stand for several keys, or for one that depends on the release."""
        if self.adaptive is not None:
            keys = ("spark.sql.adaptive.enabled", "spark.sql.adaptive.coalescePartitions.enabled")
            yield from under("adaptive", "spark-defaults", dict.fromkeys(keys, self.adaptive))
        if self.kryo:
            yield from under("kryo", "spark-defaults", {"spark.serializer": _KRYO})
        if self.dynamic_allocation is not None:
            yield from under("dynamic_allocation", "spark-defaults", self.dynamic_allocation.properties())
        if self.s3_committer is not None:
            yield from under("s3_committer", "spark-defaults", {_committer_key(release): self.s3_committer})
        if self.maximize_resources:
            yield from under("maximize_resources", "spark", {"maximizeResourceAllocation": True})


def _committer_key(release: str) -> str:
    connector = None if is_token(release) else s3_connector(release)
    if connector is not None and connector.name == "EMRFS":
        return "spark.sql.parquet.fs.optimized.committer.optimization-enabled"
    return "spark.sql.execution.datasources.SQLEmrOptimizedCommitProtocol.leverageMagicCommitProtocol"
