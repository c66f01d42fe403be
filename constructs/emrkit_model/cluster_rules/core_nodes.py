"""How many core nodes a cluster has: when it starts, and when scaling took away what it may."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.diagnostics import FieldPath
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["CoreNodes", "core_nodes"]


@dataclass(frozen=True, slots=True)
class CoreNodes:
    """Core nodes by number. A fleet counts in units, so that its largest and its smallest types give two numbers."""

    at_start: int
    """When the cluster starts, at most."""
    least: int
    """When scaling took away what it may: the fewest."""
    surely_at_start: int
    """When the cluster starts, at least."""
    most_at_least: int
    """When scaling took away what it may: the most."""
    spot: bool
    path: FieldPath
    """The field that sets the least."""


def core_nodes(cluster: Cluster) -> CoreNodes | None:
    """The core nodes of a cluster; without any the primary node holds HDFS alone. None where a number is a token."""
    core = cluster.core
    if core is None:
        return CoreNodes(1, 1, 1, 1, spot=False, path=("core",))
    return _of_group(cluster, core) if isinstance(core, InstanceGroup) else _of_fleet(cluster, core)


def _of_group(cluster: Cluster, group: InstanceGroup) -> CoreNodes | None:
    if is_token(group.count):
        return None
    floor, path = group.count, ("core", "count")
    scaling = cluster.scaling
    if group.scaling is not None:
        floor, path = group.scaling.minimum, ("core", "scaling", "minimum")
    elif scaling is not None:
        if scaling.unit == "VCPU" or is_token(scaling.minimum) or is_token(scaling.maximum_core or 0):
            return None
        limits = [scaling.minimum, *([] if scaling.maximum_core is None else [scaling.maximum_core])]
        # Task nodes go first, so that core alone may be left with the whole minimum.
        floor, path = max(1, min(group.count, *limits)), ("scaling", "minimum")
    if is_token(floor):
        return None
    return CoreNodes(group.count, floor, group.count, floor, spot=group.is_spot, path=path)


def _of_fleet(cluster: Cluster, fleet: InstanceFleet) -> CoreNodes | None:
    if is_token(fleet.types) or is_token(fleet.target_on_demand) or is_token(fleet.target_spot):
        return None
    weights = [w for w in fleet.weights().values() if not is_token(w) and w > 0]
    units = fleet.target_on_demand + fleet.target_spot
    if not weights or units < 1:
        return None
    spot = fleet.target_spot > 0
    scaling = cluster.scaling
    floor, path = units, ("core",)
    if scaling is not None:
        limits = [scaling.minimum, *([] if scaling.maximum_core is None else [scaling.maximum_core])]
        if any(is_token(limit) for limit in limits):
            return None
        # Task nodes go first, so that core alone may be left with the whole minimum.
        floor, path = max(1, min(units, *limits)), ("scaling", "minimum")
    small, large = min(weights), max(weights)
    return CoreNodes(
        at_start=math.ceil(units / small),
        least=math.ceil(floor / large),
        surely_at_start=math.ceil(units / large),
        most_at_least=math.ceil(floor / small),
        spot=spot,
        path=path,
    )
