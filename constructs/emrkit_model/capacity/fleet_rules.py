"""The rules of instance fleets and instance types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emrkit_facts import instance_types as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from .fleets import EbsVolume, InstanceFleet, InstanceType

__all__ = ["check_fleet", "check_instance_type", "check_primary_fleet", "check_type_name", "check_volumes"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html"
_TYPES_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-supported-instance-types.html"
_RESERVATIONS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/on-demand-capacity-reservations.html"
_STORAGE_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-storage.html"
_HA_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-ha-launch.html"


def check_instance_type(item: InstanceType) -> Iterator[Diagnostic]:
    """One type alone."""
    if not is_token(item.type):
        yield from check_type_name(item.type)
    if item.weight is not None and not is_token(item.weight) and item.weight < 1:
        yield error("FLEET-010", "weight must be at least 1", "weight", got=item.weight, reason=_PAGE)
    if item.bid_price is not None and item.bid_percentage is not None:
        yield error(
            "FLEET-011",
            "bid_price and bid_percentage exclude each other",
            "bid_price",
            reason=_PAGE,
            hint="keep one; neither means up to the On-Demand price",
        )
    if item.priority is not None and not is_token(item.priority) and item.priority < 0:
        yield error("FLEET-012", "priority must not be negative", "priority", got=item.priority, reason=_PAGE)
    if item.ebs is not None:
        yield from check_volumes(item.ebs)


def check_type_name(name: str) -> Iterator[Diagnostic]:
    """A name that EMR may run; an unknown one is a warning."""
    found = facts.find(name)
    if isinstance(found, facts.InstanceTypeFacts):
        return
    family = name.partition(".")[0]
    if name.endswith(".metal") or family in {"t2", "t3", "t3a", "t4g", "a1"}:
        yield error(
            "FLEET-014",
            f"EMR does not run on '{name}'",
            "type",
            got=name,
            reason=f"no bare-metal and no burstable types ({_TYPES_PAGE})",
            hint="m5.xlarge or m6g.xlarge are the smallest general-purpose choices",
        )
        return
    if _is_too_small(name):
        yield error(
            "FLEET-016",
            f"EMR does not run on '{name}'",
            "type",
            got=name,
            reason=f"sizes begin at xlarge, but for c4, m1 and m4 ({_TYPES_PAGE})",
            hint=f"{family}.xlarge",
        )
        return
    close = ", ".join(found.suggestions)
    yield warning(
        "FLEET-015",
        f"instance type '{name}' is not known",
        "type",
        got=name,
        reason=f"it is newer than the packaged data, or misspelt ({_TYPES_PAGE})",
        hint=f"did you mean {close}?" if close else None,
    )


def _is_too_small(name: str) -> bool:
    """A size below xlarge of a family that EMR knows; c3.large and m3.large stand in its price list alone."""
    family, _, size = name.partition(".")
    small = size in {"large", "medium", "small", "micro", "nano"}
    return small and family not in {"c3", "m3"} and any(known.startswith(f"{family}.") for known in facts.names())


def check_volumes(volumes: Sequence[EbsVolume]) -> Iterator[Diagnostic]:
    """At most 25 volumes for each instance, of all kinds together."""
    if is_token(volumes):
        return
    number = sum(v.count for v in volumes if not is_token(v.count))
    if number > 25:
        yield error(
            "FLEET-013", "more than 25 volumes for one instance", "ebs", got=number, allowed="25", reason=_STORAGE_PAGE
        )


def check_fleet(fleet: InstanceFleet) -> Iterator[Diagnostic]:
    """A fleet as a whole."""
    if not is_token(fleet.types):
        yield from _check_types(fleet)
        yield from _check_priorities(fleet)
    yield from _check_targets(fleet)
    yield from _check_timeouts(fleet)
    yield from _check_reservations(fleet)


def _check_reservations(fleet: InstanceFleet) -> Iterator[Diagnostic]:
    resize = fleet.on_demand_resize_strategy or fleet.on_demand_strategy
    rows = (
        ("reservation", fleet.reservation, fleet.on_demand_strategy),
        ("resize_reservation", fleet.resize_reservation, resize),
    )
    for name, value, strategy in rows:
        if value is not None and strategy != "lowest-price" and not is_token(strategy):
            yield error(
                "FLEET-061",
                "capacity reservations need the On-Demand strategy lowest-price",
                name,
                got=strategy or "no On-Demand strategy",
                allowed="lowest-price",
                reason=_RESERVATIONS,
                hint="set on_demand_strategy: lowest-price",
            )


def _check_types(fleet: InstanceFleet) -> Iterator[Diagnostic]:
    types = fleet.types
    if not types:
        yield error("FLEET-020", "a fleet needs at least one instance type", "types", reason=_PAGE)
    limit = 30 if fleet.on_demand_strategy or fleet.spot_strategy else 5
    if len(types) > limit:
        yield error(
            "FLEET-021",
            f"{len(types)} instance types in one fleet",
            "types",
            got=len(types),
            allowed=f"{limit}" + ("" if limit == 30 else " (30 with an allocation strategy)"),
            reason=_PAGE,
        )
    names = [t.type for t in types]
    for i, name in enumerate(names):
        if name in names[:i] and not is_token(name):
            yield error("FLEET-022", f"instance type '{name}' is listed twice", "types", i, "type", reason=_PAGE)
    architectures = {
        name: found.arch
        for name in names
        if not is_token(name) and isinstance(found := facts.find(name), facts.InstanceTypeFacts)
    }
    if len(set(architectures.values())) > 1:
        yield error(
            "FLEET-023",
            "the fleet mixes architectures",
            "types",
            got=", ".join(f"{name} ({arch})" for name, arch in architectures.items()),
            reason=f"one AMI and one set of binaries serve a whole fleet ({_PAGE})",
            hint="keep the arm64 types or the x86_64 types",
        )


def _check_priorities(fleet: InstanceFleet) -> Iterator[Diagnostic]:
    prioritized = fleet.on_demand_strategy == "prioritized" or fleet.spot_strategy == "capacity-optimized-prioritized"
    given = [i for i, t in enumerate(fleet.types) if t.priority is not None]
    if prioritized and not given and fleet.types:
        yield error(
            "FLEET-024",
            "a prioritized strategy needs a priority on at least one type",
            "types",
            reason=_PAGE,
            hint="give the types priority 0, 1, 2, …; 0 is taken first",
        )
    if given and not prioritized:
        yield warning(
            "FLEET-025",
            "priority has no effect without a prioritized strategy",
            "types",
            given[0],
            "priority",
            reason=_PAGE,
            hint="set on_demand_strategy: prioritized or spot_strategy: capacity-optimized-prioritized",
        )


def _check_targets(fleet: InstanceFleet) -> Iterator[Diagnostic]:
    targets = {"target_on_demand": fleet.target_on_demand, "target_spot": fleet.target_spot}
    for name, value in targets.items():
        if not is_token(value) and value < 0:
            yield error("FLEET-026", "capacity must not be negative", name, got=value, reason=_PAGE)
    if not any(is_token(v) or v != 0 for v in targets.values()):
        named = "target_spot" if fleet.spot_strategy and not fleet.on_demand_strategy else "target_on_demand"
        yield error("FLEET-027", "a fleet needs capacity: neither On-Demand nor Spot is above 0", named, reason=_PAGE)


def _check_timeouts(fleet: InstanceFleet) -> Iterator[Diagnostic]:
    limits = {
        "spot_timeout": (300, 86_400, "5 minutes to 24 hours"),
        "on_demand_resize_timeout": (300, 604_800, "5 minutes to 7 days"),
        "spot_resize_timeout": (300, 604_800, "5 minutes to 7 days"),
    }
    for name, (low, high, text) in limits.items():
        value: int | None = getattr(fleet, name)
        if value is not None and not is_token(value) and not low <= value <= high:
            yield error(
                "FLEET-028", f"{name} is outside the limits", name, got=f"{value} s", allowed=text, reason=_PAGE
            )
        elif value is not None and not is_token(value) and value % 60:
            yield warning(
                "FLEET-065",
                f"EMR counts {name} in whole minutes: it takes {value // 60}",
                name,
                got=f"{value} s",
                reason=_PAGE,
                hint=f"{value // 60}m, or {value // 60 + 1}m",
            )


def check_primary_fleet(fleet: InstanceFleet) -> Iterator[Diagnostic]:
    """What holds for a primary fleet besides: one node (or three On-Demand ones), every weight 1."""
    on_demand, spot = fleet.target_on_demand, fleet.target_spot
    if not is_token(on_demand) and not is_token(spot) and (on_demand, spot) not in {(1, 0), (0, 1), (3, 0)}:
        yield error(
            "FLEET-030",
            "a primary fleet has one node, or three On-Demand ones",
            "target_on_demand" if on_demand else "target_spot",
            got=f"{on_demand} On-Demand, {spot} Spot",
            allowed="capacity 1, or 3 On-Demand",
            reason=_HA_PAGE,
        )
    for i, item in enumerate(() if is_token(fleet.types) else fleet.types):
        if item.weight is not None and not is_token(item.weight) and item.weight != 1:
            yield error(
                "FLEET-031", "weight in a primary fleet is 1", "types", i, "weight", got=item.weight, reason=_PAGE
            )
