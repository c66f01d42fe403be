"""Managed scaling and the end of idle clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Self

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Seconds, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

__all__ = ["AUTO_SCALING", "AutoTermination", "ManagedScaling", "check_idle_timeout"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html"
_IDLE_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html"
AUTO_SCALING = (
    "automatic scaling belongs to a group: `{group: m5.xlarge, scaling: {minimum: 1, maximum: 10}}`, "
    'in Python `InstanceGroup.on_demand("m5.xlarge", scaling=AutoScaling(minimum=1, maximum=10))`'
)
"""Where custom automatic scaling stands, for whoever gives it to the cluster."""
_INDEXES = (1, 25, 50, 75, 100)


class ManagedScaling(Value):
    """The limits within which EMR resizes core and task capacity; the primary node never counts.

    `core_only`, `task_only`, `on_demand_only`, `spot_only` and `mixed` are the usual limits by name, and `explain` says
    what limits mean. Units are those of the fleets (weighted capacity), or nodes of groups. The service changes the
    fleets' targets and the groups' counts by itself within these limits. Releases from 5.30.0, not 6.0.0.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html

    >>> ManagedScaling(minimum=2, maximum=100, maximum_on_demand=20, maximum_core=20).maximum_core
    20
    """

    AREA: ClassVar[str] = "SCALE"
    HINTS: ClassVar[Mapping[str, str]] = {"rules": AUTO_SCALING}

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

    @classmethod
    def core_only(cls, minimum: int, maximum: int) -> Self:
        """Core nodes alone grow, On-Demand: for HDFS that grows with the work. Task nodes stay as they are.

        >>> ManagedScaling.core_only(2, 20).explain()[0]
        '2 to 20 units of core and task nodes together'
        """
        return cls(minimum=minimum, maximum=maximum, maximum_on_demand=maximum, maximum_core=maximum)

    @classmethod
    def task_only(cls, minimum: int, maximum: int, *, maximum_on_demand: int | None = None) -> Self:
        """Core nodes stay at the minimum and task nodes grow: HDFS never moves. Start core with `minimum`.

        >>> ManagedScaling.task_only(2, 20).maximum_core
        2
        """
        return cls(minimum=minimum, maximum=maximum, maximum_on_demand=maximum_on_demand, maximum_core=minimum)

    @classmethod
    def on_demand_only(cls, minimum: int, maximum: int, *, maximum_core: int | None = None) -> Self:
        """Whatever is added is On-Demand. Of groups, each must be On-Demand from the start.

        >>> ManagedScaling.on_demand_only(2, 20).maximum_on_demand
        20
        """
        return cls(minimum=minimum, maximum=maximum, maximum_on_demand=maximum, maximum_core=maximum_core)

    @classmethod
    def spot_only(cls, minimum: int, maximum: int, *, maximum_core: int | None = None) -> Self:
        """Whatever is added is Spot; the core nodes must be Spot from the start, and HDFS may lose them.

        >>> ManagedScaling.spot_only(2, 20).maximum_on_demand
        0
        """
        return cls(minimum=minimum, maximum=maximum, maximum_on_demand=0, maximum_core=maximum_core)

    @classmethod
    def mixed(cls, minimum: int, maximum: int, *, maximum_core: int, maximum_on_demand: int | None = None) -> Self:
        """A core of On-Demand nodes grows to `maximum_core`, and Spot task nodes do the rest: EMR's own advice.

        Without `maximum_on_demand` just the core is On-Demand.

        >>> ManagedScaling.mixed(2, 100, maximum_core=20).maximum_on_demand
        20
        """
        on_demand = maximum_core if maximum_on_demand is None else maximum_on_demand
        return cls(minimum=minimum, maximum=maximum, maximum_on_demand=on_demand, maximum_core=maximum_core)

    def explain(self) -> tuple[str, ...]:
        """What the limits allow, a sentence for each, with its numbers: what is added first, and of what kind.

        >>> ManagedScaling.task_only(2, 20).explain()[1]
        'core grows to 2, then task takes the other 18'
        """
        unit = {"Instances": "nodes", "VCPU": "vCPU"}.get(self.unit or "", "units")
        core = self.maximum if self.maximum_core is None else self.maximum_core
        on_demand = self.maximum if self.maximum_on_demand is None else self.maximum_on_demand
        if any(is_token(number) for number in (self.minimum, self.maximum, core, on_demand)):
            return ("the limits are only known at deployment",)
        rest = (
            f"then task takes the other {self.maximum - core}" if core < self.maximum else "and task is left as it is"
        )
        spot = f"then the other {self.maximum - on_demand} are Spot" if on_demand < self.maximum else "and no Spot"
        return (
            f"{self.minimum} to {self.maximum} {unit} of core and task nodes together",
            f"core grows to {core}, {rest}",
            f"On-Demand to {on_demand}, {spot}" if on_demand else "everything that is added is Spot",
            "less: task nodes go first, core nodes last, never below the minimum",
        )

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
