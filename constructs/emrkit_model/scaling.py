"""Managed scaling and the end of idle clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from .diagnostics import Diagnostic
from .fields import Count, Seconds, words
from .findings import error
from .tokens import is_token
from .values import Value

__all__ = ["AutoTermination", "ManagedScaling", "check_idle_timeout"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html"
_IDLE_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html"
_INDEXES = (1, 25, 50, 75, 100)


class ManagedScaling(Value):
    """The limits within which EMR resizes core and task capacity; the primary node never counts.

    Units are those of the fleets (weighted capacity), or nodes of groups. The service changes the fleets' targets and
    the groups' counts by itself within these limits. Releases from 5.30.0, not 6.0.0.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html

    >>> ManagedScaling(minimum=2, maximum=100, maximum_on_demand=20, maximum_core=20).maximum_core
    20
    """

    AREA: ClassVar[str] = "SCALE"

    minimum: Count
    """Capacity that is always there, in units; at least 1."""
    maximum: Count
    """Capacity that is never exceeded, in units."""
    maximum_on_demand: Count | None = None
    """How much of the maximum may be On-Demand; the rest is Spot. Default: all of it."""
    maximum_core: Count | None = None
    """How much of the maximum may be core nodes; the rest is task nodes. Default: all of it."""
    unit: Annotated[str | None, words("InstanceFleetUnits", "Instances", "VCPU")] = None
    """What a unit is; groups scale in `Instances` or `VCPU`. Default: fleets in `InstanceFleetUnits`, groups in
    `Instances`."""
    strategy: Annotated[str | None, words("DEFAULT", "ADVANCED")] = None
    """`ADVANCED` weighs cost against speed by `utilization_index`; releases from 7.0.0. Default: `DEFAULT`."""
    utilization_index: Count | None = None
    """1 saves most, 100 is fastest: 1, 25, 50, 75 or 100. Only with `ADVANCED`."""

    def problems(self) -> Iterator[Diagnostic]:
        """Minimum at most maximum; the partial limits at most the maximum; an index only with ADVANCED."""
        if not is_token(self.minimum) and self.minimum < 1:
            yield error("SCALE-010", "minimum must be at least 1", "minimum", got=self.minimum, reason=_PAGE)
        if not is_token(self.maximum) and not is_token(self.minimum) and self.maximum < self.minimum:
            yield error(
                "SCALE-011",
                f"maximum {self.maximum} is below minimum {self.minimum}",
                "maximum",
                got=self.maximum,
                allowed=f"{self.minimum} or more",
                reason=_PAGE,
            )
        for name, low in (("maximum_on_demand", 0), ("maximum_core", 1)):
            value: int | None = getattr(self, name)
            if value is None or is_token(value) or is_token(self.maximum):
                continue
            if not low <= value <= self.maximum:
                yield error(
                    "SCALE-012",
                    f"{name} {value} is outside the limits",
                    name,
                    got=value,
                    allowed=f"{low} to maximum ({self.maximum})",
                    reason=_PAGE,
                )
        yield from self._check_strategy()

    def _check_strategy(self) -> Iterator[Diagnostic]:
        page = _PAGE.replace("emr-managed-scaling", "managed-scaling-allocation-strategy-optimized")
        index = self.utilization_index
        if index is not None and self.strategy != "ADVANCED" and not is_token(self.strategy):
            yield error(
                "SCALE-013",
                "utilization_index needs strategy ADVANCED",
                "utilization_index",
                got=index,
                reason=page,
                hint="set strategy: ADVANCED",
            )
        if index is not None and not is_token(index) and index not in _INDEXES:
            allowed = ", ".join(map(str, _INDEXES))
            yield error(
                "SCALE-014",
                f"utilization_index {index} does not exist",
                "utilization_index",
                got=index,
                allowed=allowed,
                reason=page,
            )


class AutoTermination(Value):
    """Ends a cluster that has been idle for some time: no YARN application, no pending step, no notebook kernel.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html
    """

    AREA: ClassVar[str] = "SCALE"

    idle_timeout: Seconds = 3600
    """Seconds of idleness, 60 to 604,800 (a week)."""

    def problems(self) -> Iterator[Diagnostic]:
        """The limits of the service."""
        yield from check_idle_timeout(self.idle_timeout)


def check_idle_timeout(seconds: int | None) -> Iterator[Diagnostic]:
    """60 seconds to a week."""
    if seconds is not None and not is_token(seconds) and not 60 <= seconds <= 604_800:
        yield error(
            "SCALE-020",
            "idle_timeout is outside the service's limits",
            "idle_timeout",
            got=f"{seconds} s",
            allowed="60 s to 604800 s (7 days)",
            reason=_IDLE_PAGE,
        )
