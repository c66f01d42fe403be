"""How many nodes and vCPU a cluster takes at its start and at most, by market and instance family.

A fleet counts in units, and EMR chooses which types make them up: the number of nodes is bounded by the lightest type,
the number of vCPU by the type with the most of them for a unit.
Page: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from emrkit_facts import instance_types
from emrkit_jobs.targets.account import Market

__all__ = ["Demand", "Limits", "NodeType", "Pool", "read_demand"]

_FLEETS = {"MASTER": "primary", "CORE": "core", "TASK": "task"}


@dataclass(frozen=True, slots=True)
class NodeType:
    """An instance type of a pool, and the units that one instance counts."""

    name: str
    weight: int = 1
    image: str | None = None

    @property
    def vcpu(self) -> int:
        """vCPU as EC2 counts them; 0 for a type that the data does not have."""
        found = instance_types.find(self.name)
        return (found.ec2_vcpu or found.vcpu) if isinstance(found, instance_types.InstanceTypeFacts) else 0

    @property
    def architecture(self) -> str | None:
        """`x86_64` or `arm64`; None for a type that the data does not have."""
        found = instance_types.find(self.name)
        return found.arch if isinstance(found, instance_types.InstanceTypeFacts) else None


@dataclass(frozen=True, slots=True)
class Pool:
    """A fleet or a group: its role, its types, and the units it starts with in each market."""

    role: str
    types: tuple[NodeType, ...]
    on_demand: int = 0
    spot: int = 0
    name: str = ""

    @property
    def units(self) -> int:
        """Units of both markets."""
        return self.on_demand + self.spot

    def nodes(self, units: int) -> int:
        """The most nodes that so many units can be."""
        return math.ceil(units / min((t.weight for t in self.types), default=1))

    def fewest(self, units: int) -> int:
        """The fewest nodes that so many units can be."""
        return math.ceil(units / max((t.weight for t in self.types), default=1))


@dataclass(frozen=True, slots=True)
class Limits:
    """What managed scaling allows core and task nodes together."""

    unit: str
    maximum: int
    on_demand: int | None = None
    core: int | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """The pools of a cluster and the limits of its scaling."""

    pools: tuple[Pool, ...]
    limits: Limits | None = None
    scaled: Mapping[str, int] | None = None
    """The most instances of each group with a scaling policy of its own, by the group's name."""

    @property
    def types(self) -> tuple[str, ...]:
        """Every instance type, each once."""
        return tuple(dict.fromkeys(kind.name for pool in self.pools for kind in pool.types))

    @property
    def first_nodes(self) -> int:
        """The fewest nodes with which the cluster starts."""
        return sum(pool.fewest(pool.units) for pool in self.pools)

    @property
    def most_nodes(self) -> int:
        """The most nodes that it can have."""
        workers = [pool for pool in self.pools if pool.role != "primary"]
        primary = sum(pool.nodes(pool.units) for pool in self.pools if pool.role == "primary")
        if self.limits is None:
            return primary + sum(pool.nodes(self._most_units(pool)) for pool in workers)
        start = sum(pool.nodes(pool.units) for pool in workers)
        if self.limits.unit == "VCPU":
            smallest = min((t.vcpu for pool in workers for t in pool.types if t.vcpu), default=1)
            return primary + max(start, math.ceil(self.limits.maximum / smallest))
        lightest = min((t.weight for pool in workers for t in pool.types), default=1)
        units = lightest if self.limits.unit == "InstanceFleetUnits" else 1
        return primary + max(start, math.ceil(self.limits.maximum / units))

    def first_vcpus(self, market: Market, names: frozenset[str]) -> int:
        """The vCPU of these types that the cluster starts with whatever EMR chooses."""
        return sum(
            _vcpus(pool.types, _of(pool, market), min)
            for pool in self.pools
            if all(kind.name in names for kind in pool.types)
        )

    def most_vcpus(self, market: Market, names: frozenset[str]) -> int:
        """The vCPU of these types that the cluster can come to in a market."""
        found = 0
        workers: list[NodeType] = []
        start = 0
        for pool in self.pools:
            types = tuple(kind for kind in pool.types if kind.name in names)
            if pool.role == "primary" or self.limits is None:
                units = _of(pool, market)
                if units and pool.role != "primary":
                    units = max(units, self._most_units(pool))
                found += _vcpus(types, units, max)
            else:
                workers += types
                start += _vcpus(types, _of(pool, market), max)
        if self.limits is not None:
            found += max(start, self._scaled_vcpus(market, workers))
        return found

    def _scaled_vcpus(self, market: Market, types: Iterable[NodeType]) -> int:
        limits = self.limits
        assert limits is not None
        units = limits.maximum if limits.on_demand is None else limits.on_demand
        if market == "spot":
            spots = any(pool.spot for pool in self.pools) or (limits.on_demand or limits.maximum) < limits.maximum
            units = limits.maximum if spots else 0
        kinds = tuple(types)
        if limits.unit == "VCPU":
            return units if kinds else 0
        if limits.unit == "InstanceFleetUnits":
            return _vcpus(kinds, units, max)
        return max((kind.vcpu for kind in kinds), default=0) * units

    def _most_units(self, pool: Pool) -> int:
        return max(pool.units, (self.scaled or {}).get(pool.name, 0))


def read_demand(request: Mapping[str, object]) -> Demand:
    """The demand of a RunJobFlow request."""
    instances = _dict(request.get("Instances"))
    pools = [_fleet(fleet) for fleet in _list(instances.get("InstanceFleets"))]
    scaled: dict[str, int] = {}
    for number, group in enumerate(_list(instances.get("InstanceGroups"))):
        pool = _group(group, f"{number}")
        pools.append(pool)
        constraints = _dict(_dict(group.get("AutoScalingPolicy")).get("Constraints"))
        if most := _number(constraints.get("MaxCapacity")):
            scaled[pool.name] = most
    if not pools:
        pools = list(_plain(instances))
    limits = _dict(_dict(request.get("ManagedScalingPolicy")).get("ComputeLimits"))
    return Demand(
        tuple(pool for pool in pools if pool.types),
        Limits(
            str(limits.get("UnitType", "Instances")),
            _number(limits.get("MaximumCapacityUnits")),
            _number(limits["MaximumOnDemandCapacityUnits"]) if limits.get("MaximumOnDemandCapacityUnits") else None,
            _number(limits["MaximumCoreCapacityUnits"]) if limits.get("MaximumCoreCapacityUnits") else None,
        )
        if limits
        else None,
        scaled or None,
    )


def _fleet(fleet: Mapping[str, object]) -> Pool:
    types = tuple(
        NodeType(
            str(row["InstanceType"]),
            _number(row.get("WeightedCapacity")) or 1,
            cast("str | None", row.get("CustomAmiId")),
        )
        for row in _list(fleet.get("InstanceTypeConfigs"))
        if row.get("InstanceType")
    )
    role = _FLEETS.get(str(fleet.get("InstanceFleetType")), "task")
    on_demand, spot = _number(fleet.get("TargetOnDemandCapacity")), _number(fleet.get("TargetSpotCapacity"))
    return Pool(role, types, on_demand, spot, role)


def _group(group: Mapping[str, object], name: str) -> Pool:
    kind = group.get("InstanceType")
    types = (NodeType(str(kind), 1, cast("str | None", group.get("CustomAmiId"))),) if kind else ()
    role = _FLEETS.get(str(group.get("InstanceRole")), "task")
    count = _number(group.get("InstanceCount"))
    spot = group.get("Market") == "SPOT"
    return Pool(role, types, 0 if spot else count, count if spot else 0, name)


def _plain(instances: Mapping[str, object]) -> Iterable[Pool]:
    """The short form: one type for the primary node, one for the others, and how many there are."""
    count = _number(instances.get("InstanceCount"))
    if primary := instances.get("MasterInstanceType"):
        yield Pool("primary", (NodeType(str(primary)),), 1, 0, "primary")
    if count > 1 and (core := instances.get("SlaveInstanceType")):
        yield Pool("core", (NodeType(str(core)),), count - 1, 0, "core")


def _of(pool: Pool, market: Market) -> int:
    return pool.spot if market == "spot" else pool.on_demand


def _vcpus(types: tuple[NodeType, ...], units: int, choose: Callable[[Iterable[float]], float]) -> int:
    """The vCPU of so many units, by the type with the fewest or the most for a unit."""
    rates = [kind.vcpu / kind.weight for kind in types if kind.vcpu]
    return math.ceil(choose(rates) * units) if rates and units else 0


def _number(value: object) -> int:
    """A whole number; templates may write it as text, and an unknown one counts as none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        return int(value)
    except ValueError:
        return 0


def _dict(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Mapping[str, object]]:
    items = cast("list[object]", value) if isinstance(value, list | tuple) else []
    return [_dict(item) for item in items if isinstance(item, Mapping)]
