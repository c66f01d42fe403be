"""Managed scaling, automatic termination, and block public access.

Managed scaling is recorded and shown, and modelled in one respect: the core and task capacity is kept within the
policy's limits (core grows first up to its maximum, then task; task shrinks first, core keeps at least one unit).
The service's own reaction to load is not published and not imitated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from .context import Core, Scope
from .errors import ServiceError, invalid_request, validation
from .reading import Document, count, flag, number, record, word
from .records import Capacity, Cluster

IDLE_TIMEOUT_RANGE = range(60, 604_801)
_MINIMUM_LIMIT = 10_000
_PUBLIC_ACCESS_DEFAULT: Document = {
    "BlockPublicSecurityGroupRules": True,
    "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
}


def check_managed_scaling(policy: Mapping[str, object], *, fleets: bool) -> ServiceError | None:
    """What EMR has against this policy on such a cluster, or None."""
    limits = record(policy, "ComputeLimits")
    if not limits:
        return validation("ComputeLimits of the managed scaling policy must be given.")
    unit = word(limits, "UnitType")
    if fleets != (unit == "InstanceFleetUnits"):
        wanted = "InstanceFleetUnits" if fleets else "Instances or VCPU"
        kind = "instance fleets" if fleets else "instance groups"
        return validation(f"A cluster with {kind} needs the unit type {wanted}, not {unit}.")
    low, high = count(limits, "MinimumCapacityUnits"), count(limits, "MaximumCapacityUnits")
    if low < 1 or high < low:
        return validation("MinimumCapacityUnits must be at least 1 and not more than MaximumCapacityUnits.")
    if low > _MINIMUM_LIMIT:
        return validation(f"MinimumCapacityUnits must not be more than {_MINIMUM_LIMIT}.")
    for key in ("MaximumOnDemandCapacityUnits", "MaximumCoreCapacityUnits"):
        value = number(limits, key)
        if value is not None and not 0 <= value <= high:
            return validation(f"{key} must lie between 0 and MaximumCapacityUnits.")
    return None


def check_auto_termination(policy: Mapping[str, object]) -> ServiceError | None:
    """What EMR has against this policy, or None."""
    timeout = number(policy, "IdleTimeout")
    if timeout is not None and timeout not in IDLE_TIMEOUT_RANGE:
        return validation(
            f"IdleTimeout must lie between {IDLE_TIMEOUT_RANGE.start} and {IDLE_TIMEOUT_RANGE.stop - 1} seconds."
        )
    return None


def fit_to_policy(cluster: Cluster) -> list[Capacity]:
    """Bring core and task capacity within the managed scaling policy; the capacities that changed."""
    if cluster.managed_scaling is None:
        return []
    limits = record(cluster.managed_scaling, "ComputeLimits")
    if word(limits, "UnitType") == "VCPU":
        return []  # Instance counts do not say how many vCPUs there are; left as asked for.
    low, high = count(limits, "MinimumCapacityUnits"), count(limits, "MaximumCapacityUnits")
    core_limit = count(limits, "MaximumCoreCapacityUnits", high)
    on_demand_limit = count(limits, "MaximumOnDemandCapacityUnits", high)
    core = [c for c in cluster.capacities if c.role == "CORE"]
    task = [c for c in cluster.capacities if c.role == "TASK"]
    before = {c.id: (c.on_demand, c.spot) for c in core + task}
    total = sum(c.on_demand + c.spot for c in core + task)
    for group, floor in ((task, 0), (core, 1)):
        for capacity in group:
            total -= _shrink(capacity, total - high, floor)
    for group, ceiling in ((core, core_limit), (task, high)):
        for capacity in group:
            room = max(0, ceiling - capacity.on_demand - capacity.spot)
            total += _grow(capacity, min(room, low - total), on_demand_limit)
    return [c for c in core + task if before[c.id] != (c.on_demand, c.spot)]


def _shrink(capacity: Capacity, units: int, floor: int) -> int:
    units = max(0, min(units, capacity.on_demand + capacity.spot - floor))
    spot = min(units, capacity.spot)
    capacity.spot -= spot
    capacity.on_demand -= units - spot
    return units


def _grow(capacity: Capacity, units: int, on_demand_limit: int) -> int:
    units = max(0, units)
    if capacity.spot and (capacity.kind == "group" or not capacity.on_demand):
        capacity.spot += units
        return units
    on_demand = min(units, max(0, on_demand_limit - capacity.on_demand))
    capacity.on_demand += on_demand
    if capacity.kind == "fleet":
        capacity.spot += units - on_demand
        return units
    return on_demand


def put_managed_scaling_policy(core: Core, scope: Scope, request: Document) -> Document:
    """PutManagedScalingPolicy."""
    with core.state.changing():
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        policy = record(request, "ManagedScalingPolicy")
        if problem := check_managed_scaling(policy, fleets=cluster.uses_fleets):
            raise problem
        if any(record(c.config, "AutoScalingPolicy") for c in cluster.capacities):
            raise validation("Managed scaling and an automatic scaling policy cannot be used together.")
        cluster.managed_scaling = policy
        fit_to_policy(cluster)
        core.state.touch(cluster)
    return {}


def get_managed_scaling_policy(core: Core, scope: Scope, request: Document) -> Document:
    """GetManagedScalingPolicy; no member when there is no policy, as EMR."""
    cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
    return {} if cluster.managed_scaling is None else {"ManagedScalingPolicy": cluster.managed_scaling}


def remove_managed_scaling_policy(core: Core, scope: Scope, request: Document) -> Document:
    """RemoveManagedScalingPolicy."""
    with core.state.changing():
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        cluster.managed_scaling = None
        core.state.touch(cluster)
    return {}


def put_auto_termination_policy(core: Core, scope: Scope, request: Document) -> Document:
    """PutAutoTerminationPolicy."""
    with core.state.changing():
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        policy = record(request, "AutoTerminationPolicy") or {"IdleTimeout": 3600}
        if problem := check_auto_termination(policy):
            raise problem
        cluster.auto_termination = policy
        core.state.touch(cluster)
    return {}


def get_auto_termination_policy(core: Core, scope: Scope, request: Document) -> Document:
    """GetAutoTerminationPolicy; no member when there is no policy, as EMR."""
    cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
    if cluster.auto_termination is None:
        return {}
    return {"AutoTerminationPolicy": {"IdleTimeout": cluster.idle_timeout}}


def remove_auto_termination_policy(core: Core, scope: Scope, request: Document) -> Document:
    """RemoveAutoTerminationPolicy."""
    with core.state.changing():
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        cluster.auto_termination = None
        core.state.touch(cluster)
    return {}


def get_block_public_access(core: Core, scope: Scope, request: Document) -> Document:  # noqa: ARG001
    """GetBlockPublicAccessConfiguration; on with port 22 permitted, until it is changed."""
    with core.state.lock:
        body = core.state.store.entries("public-access", scope.key).get("configuration")
    stored: Document = json.loads(body) if body else {}
    metadata = {
        "CreationDateTime": stored.get("created", 0.0),
        "CreatedByArn": f"arn:aws:iam::{scope.account}:root",
    }
    return {
        "BlockPublicAccessConfiguration": stored.get("configuration", _PUBLIC_ACCESS_DEFAULT),
        "BlockPublicAccessConfigurationMetadata": metadata,
    }


def put_block_public_access(core: Core, scope: Scope, request: Document) -> Document:
    """PutBlockPublicAccessConfiguration: recorded, not enforced (there is no network to close)."""
    configuration = record(request, "BlockPublicAccessConfiguration")
    ranges = configuration.get("PermittedPublicSecurityGroupRuleRanges")
    if ranges and not flag(configuration, "BlockPublicSecurityGroupRules"):
        raise invalid_request("Permitted ranges cannot be given when BlockPublicSecurityGroupRules is false.")
    with core.state.lock:
        body = json.dumps({"created": core.state.clock.now(), "configuration": configuration})
        core.state.store.put_entry("public-access", scope.key, "configuration", body)
    return {}
