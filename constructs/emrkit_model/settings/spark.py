"""Spark's settings for a whole cluster, typed: what `spark-defaults` says most often."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import ClassVar

from emrkit_model.contributions import Contribution, Contributor, under
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Flag, Text
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

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


class SparkSettings(Contributor):
    """What every Spark application of the cluster starts with, unless it says otherwise.

    Each field is the one door to its setting: the same key in `configurations` must say the same.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html

    >>> SparkSettings(executor_memory="4g", executor_cores=2).properties()
    {'spark.executor.memory': '4g', 'spark.executor.cores': '2'}
    """

    AREA: ClassVar[str] = "CONF"

    executor_memory: Text | None = None
    """Heap of an executor, such as `4g`; overhead comes on top."""
    executor_cores: Count | None = None
    """Tasks that an executor runs side by side."""
    executor_instances: Count | None = None
    """A fixed number of executors; not together with `dynamic_allocation`."""
    driver_memory: Text | None = None
    """Heap of the driver."""
    driver_cores: Count | None = None
    """Cores of the driver, in cluster mode."""
    dynamic_allocation: DynamicAllocation | None = None
    """Executors that come and go. Default: EMR's own, which is on and without limits."""
    adaptive: Flag | None = None
    """Adaptive query execution, with coalescing of small partitions. Default: Spark's own, which is on."""
    kryo: Flag = False
    """Kryo in place of Java serialization."""
    maximize_resources: Flag = False
    """One executor a node, sized by EMR from the core type at launch; not for fleets of several types."""

    def problems(self) -> Iterator[Diagnostic]:
        """Readable memory sizes; a fixed number of executors or a moving one, not both."""
        for name in ("executor_memory", "driver_memory"):
            value: str | None = getattr(self, name)
            if value is not None and not is_token(value) and not _MEMORY.match(value):
                yield error("CONF-042", f"{name} is not a size", name, got=value, allowed="512m, 4g, …", reason=_PAGE)
        if self.executor_instances is not None and self.dynamic_allocation is not None:
            yield error(
                "CONF-043",
                "executor_instances and dynamic_allocation exclude each other",
                "executor_instances",
                reason="a fixed number would silently become the initial one",
                hint="set dynamic_allocation.initial",
            )

    def properties(self) -> dict[str, str]:
        """`spark-defaults` in Spark's names."""
        return {key: value for _, properties in self._said() for key, value in properties.items()}

    def configurations(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """`spark-defaults`, and `spark` for EMR's own sizing."""
        for field, properties in self._said():
            yield from under(field, "spark-defaults", properties)
        if self.maximize_resources:
            yield from under("maximize_resources", "spark", {"maximizeResourceAllocation": True})

    def _said(self) -> Iterator[tuple[str, dict[str, str]]]:
        for field, key in _PLAIN.items():
            if (value := getattr(self, field)) is not None:
                yield field, {key: str(value)}
        if self.adaptive is not None:
            word = "true" if self.adaptive else "false"
            yield "adaptive", {f"spark.sql.adaptive.{key}": word for key in ("enabled", "coalescePartitions.enabled")}
        if self.kryo:
            yield "kryo", {"spark.serializer": _KRYO}
        if self.dynamic_allocation is not None:
            yield "dynamic_allocation", self.dynamic_allocation.properties()


_PLAIN = {
    "executor_memory": "spark.executor.memory",
    "executor_cores": "spark.executor.cores",
    "executor_instances": "spark.executor.instances",
    "driver_memory": "spark.driver.memory",
    "driver_cores": "spark.driver.cores",
}
