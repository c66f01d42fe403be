"""Instance fleets and instance groups: what EMR accepts, and the operations on them."""

from __future__ import annotations

from collections.abc import Sequence

from .announcements import capacity_announcement
from .context import Core, Scope
from .errors import ServiceError, invalid_request, validation
from .group_scaling import check_policies, fit_to_constraints
from .identifiers import new_id
from .inventory import fleet_view, group_view, instance_view, instances, node_state
from .paging import page
from .policies import fit_to_policy
from .reading import Document, count, present, records, text, word, words
from .records import Capacity, Cluster

_TYPE_LIMIT = 30
_GROUP_LIMIT = 50
_FLEET_INSTANCES = 4_000
_GROUP_INSTANCES = 2_000


def capacities_of(instances_config: Document, now: float) -> list[Capacity]:
    """The capacities that a RunJobFlow request asks for, in whichever of the three forms it does.

    Raises `ServiceError` (ValidationException) for forms that are mixed, missing or wrong in themselves.
    """
    fleets = records(instances_config, "InstanceFleets")
    groups = records(instances_config, "InstanceGroups")
    simple = text(instances_config, "MasterInstanceType") or text(instances_config, "SlaveInstanceType")
    if sum((bool(fleets), bool(groups), bool(simple))) > 1:
        raise validation(
            "Instance fleets and instance groups are mutually exclusive, and neither goes with MasterInstanceType."
        )
    if fleets:
        _check_roles([word(f, "InstanceFleetType") for f in fleets], single=("MASTER", "CORE", "TASK"))
        return [fleet(f, now) for f in fleets]
    if groups:
        _check_roles([word(g, "InstanceRole") for g in groups], single=("MASTER", "CORE"))
        return [group(g, now) for g in groups]
    if not simple:
        raise validation("Instances must name instance fleets, instance groups or a MasterInstanceType.")
    return _simple_groups(instances_config, simple, now)


def _simple_groups(config: Document, default: str, now: float) -> list[Capacity]:
    number = count(config, "InstanceCount", 1)
    if number < 1:
        raise validation("InstanceCount must be at least 1.")
    primary = word(config, "MasterInstanceType", default)
    found: list[Document] = [{"InstanceRole": "MASTER", "InstanceType": primary, "InstanceCount": 1}]
    if number > 1:
        worker = word(config, "SlaveInstanceType", default)
        found.append({"InstanceRole": "CORE", "InstanceType": worker, "InstanceCount": number - 1})
    return [group({**g, "Market": "ON_DEMAND"}, now) for g in found]


def _check_roles(roles: Sequence[str], *, single: tuple[str, ...]) -> None:
    if "MASTER" not in roles:
        raise validation("The cluster has no MASTER instances.")
    for role in single:
        if roles.count(role) > 1:
            raise validation(f"There may be only one {role} entry, not {roles.count(role)}.")
    if "TASK" in roles and "CORE" not in roles:
        raise validation("A cluster with TASK instances needs CORE instances.")


def fleet(config: Document, now: float) -> Capacity:
    """An instance fleet; raises `ServiceError` (ValidationException) when its numbers do not fit together."""
    role = word(config, "InstanceFleetType")
    on_demand, spot = count(config, "TargetOnDemandCapacity"), count(config, "TargetSpotCapacity")
    types = records(config, "InstanceTypeConfigs")
    _check_targets(role, on_demand, spot)
    names = [word(t, "InstanceType") for t in types]
    if not types:
        raise validation(f"The {role} instance fleet names no instance type.")
    if len(types) > _TYPE_LIMIT:
        raise validation(f"The {role} instance fleet names {len(types)} instance types; at most {_TYPE_LIMIT}.")
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise validation(f"The {role} instance fleet names {', '.join(twice)} more than once.")
    if any(count(t, "WeightedCapacity", 1) < (1 if role == "MASTER" else 0) for t in types):
        raise validation(f"A WeightedCapacity of the {role} instance fleet is too small.")
    if role == "MASTER" and any(count(t, "WeightedCapacity", 1) != 1 for t in types):
        raise validation("WeightedCapacity is not for the MASTER instance fleet; its instances count 1.")
    if (on_demand + spot) / min(max(1, count(t, "WeightedCapacity", 1)) for t in types) > _FLEET_INSTANCES:
        raise validation(f"The {role} instance fleet would have more than {_FLEET_INSTANCES} instances.")
    return Capacity(
        id=new_id("if"), role=role, kind="fleet", on_demand=on_demand, spot=spot, config=config, created=now
    )


def _check_targets(role: str, on_demand: int, spot: int) -> None:
    if on_demand < 0 or spot < 0:
        raise validation(f"The target capacities of the {role} instance fleet must not be negative.")
    if role == "MASTER":
        if sorted((on_demand, spot)) != [0, 1] and (on_demand, spot) != (3, 0):
            raise validation(
                "The MASTER instance fleet takes exactly one of TargetOnDemandCapacity and TargetSpotCapacity, with "
                "the value 1 (or 3 On-Demand for several primary nodes)."
            )
    elif on_demand + spot == 0 and role == "CORE":
        raise validation("The CORE instance fleet needs a target capacity of at least 1.")


def group(config: Document, now: float) -> Capacity:
    """An instance group; raises `ServiceError` (ValidationException) when its count does not fit."""
    role, number = word(config, "InstanceRole"), count(config, "InstanceCount")
    if role == "MASTER" and number not in (1, 3):
        raise validation("The MASTER instance group has 1 instance (or 3 for several primary nodes).")
    if role == "CORE" and number < 1:
        raise validation("The CORE instance group needs at least 1 instance.")
    if number < 0:
        raise validation(f"InstanceCount of the {role} instance group must not be negative.")
    if number > _GROUP_INSTANCES:
        raise validation(f"An instance group has at most {_GROUP_INSTANCES} instances.")
    spot = word(config, "Market", "ON_DEMAND") == "SPOT"
    return Capacity(
        id=new_id("ig"),
        role=role,
        kind="group",
        on_demand=0 if spot else number,
        spot=number if spot else 0,
        config=config,
        created=now,
    )


def _must_use(cluster: Cluster, kind: str) -> None:
    if cluster.uses_fleets != (kind == "fleet"):
        have = "instance fleets" if cluster.uses_fleets else "instance groups"
        raise invalid_request(f"Instance fleets and instance groups are mutually exclusive. The cluster uses {have}.")


def list_instance_fleets(core: Core, scope: Scope, request: Document) -> Document:
    """ListInstanceFleets."""
    with core.state.lock:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        _must_use(cluster, "fleet")
        size = core.state.settings.page_size
        found, marker = page(cluster.capacities, lambda c: c.id, text(request, "Marker"), size, lambda _: True)
        return present(InstanceFleets=[fleet_view(cluster, c) for c in found], Marker=marker)


def list_instance_groups(core: Core, scope: Scope, request: Document) -> Document:
    """ListInstanceGroups."""
    with core.state.lock:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        _must_use(cluster, "group")
        size = core.state.settings.page_size
        found, marker = page(cluster.capacities, lambda c: c.id, text(request, "Marker"), size, lambda _: True)
        return present(InstanceGroups=[group_view(cluster, c) for c in found], Marker=marker)


def list_instances(core: Core, scope: Scope, request: Document) -> Document:
    """ListInstances, with its filters by fleet, group, role and state."""
    fleet_id, group_id = text(request, "InstanceFleetId"), text(request, "InstanceGroupId")
    roles = set(words(request, "InstanceGroupTypes"))
    if role := text(request, "InstanceFleetType"):
        roles.add(role)
    states = words(request, "InstanceStates")
    with core.state.lock:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        wanted = fleet_id or group_id
        if wanted and all(c.id != wanted for c in cluster.capacities):
            raise invalid_request(f"Instance fleet or group id '{wanted}' is not valid.")
        found, marker = page(
            instances(cluster) if not states or node_state(cluster) in states else [],
            lambda i: i.id,
            text(request, "Marker"),
            core.state.settings.page_size,
            lambda i: (not wanted or i.capacity.id == wanted) and (not roles or i.capacity.role in roles),
        )
        return present(Instances=[instance_view(cluster, i) for i in found], Marker=marker)


def add_instance_fleet(core: Core, scope: Scope, request: Document) -> Document:
    """AddInstanceFleet: a TASK fleet, when there is none."""
    config = request.get("InstanceFleet")
    assert isinstance(config, dict)
    with core.state.changing() as now:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        _must_use(cluster, "fleet")
        added = fleet(config, now)
        if added.role != "TASK" or any(c.role == "TASK" for c in cluster.capacities):
            raise invalid_request("Only a TASK instance fleet can be added, and only one.")
        _add(core, cluster, added, now)
        return {"ClusterId": cluster.id, "InstanceFleetId": added.id, "ClusterArn": cluster.arn}


def add_instance_groups(core: Core, scope: Scope, request: Document) -> Document:
    """AddInstanceGroups: TASK groups."""
    with core.state.changing() as now:
        cluster = core.state.job_flow(word(request, "JobFlowId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        _must_use(cluster, "group")
        added = [group(g, now) for g in records(request, "InstanceGroups")]
        has_core = any(c.role == "CORE" for c in cluster.capacities)
        if any(g.role == "MASTER" or (g.role == "CORE" and has_core) for g in added):
            raise validation("Only TASK instance groups can be added to a running cluster.")
        if len(cluster.capacities) + len(added) > _GROUP_LIMIT:
            raise validation(f"A cluster has at most {_GROUP_LIMIT} instance groups.")
        cluster.capacities += added
        problem = check_policies(cluster)
        del cluster.capacities[-len(added) :]
        if problem:
            raise problem
        for capacity in added:
            _add(core, cluster, capacity, now)
        ids = [g.id for g in added]
        return {"JobFlowId": cluster.id, "InstanceGroupIds": ids, "ClusterArn": cluster.arn}


def _add(core: Core, cluster: Cluster, capacity: Capacity, now: float) -> None:
    cluster.capacities.append(capacity)
    fit_to_policy(cluster)
    fit_to_constraints(cluster)
    core.state.touch(cluster)
    core.state.announce(capacity_announcement(cluster, capacity, "RUNNING", now))


def modify_instance_fleet(core: Core, scope: Scope, request: Document) -> Document:
    """ModifyInstanceFleet: new targets, types or resize specifications."""
    change = request.get("InstanceFleet")
    assert isinstance(change, dict)
    with core.state.changing() as now:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        _must_use(cluster, "fleet")
        changed = _capacity(cluster, word(change, "InstanceFleetId"), "Instance fleet")
        on_demand = count(change, "TargetOnDemandCapacity", changed.on_demand)
        spot = count(change, "TargetSpotCapacity", changed.spot)
        config = {**changed.config, "TargetOnDemandCapacity": on_demand, "TargetSpotCapacity": spot}
        for key in ("InstanceTypeConfigs", "ResizeSpecifications", "Context"):
            if key in change:
                config[key] = change[key]
        fresh = fleet(config, now)
        if changed.role == "MASTER" and (on_demand, spot) != (changed.on_demand, changed.spot):
            raise invalid_request("The MASTER instance fleet cannot be resized.")
        changed.on_demand, changed.spot, changed.config = fresh.on_demand, fresh.spot, config
        core.state.touch(cluster)
        core.state.announce(capacity_announcement(cluster, changed, "RUNNING", now))
    return {}


def modify_instance_groups(core: Core, scope: Scope, request: Document) -> Document:
    """ModifyInstanceGroups: counts, configurations and shrink policies, all or none."""
    changes = records(request, "InstanceGroups")
    with core.state.changing() as now:
        cluster = _cluster_of_groups(core, scope, request, changes)
        core.state.must_be_modifiable(cluster)
        _must_use(cluster, "group")
        planned: list[tuple[Capacity, Capacity]] = []
        for change in changes:
            changed = _capacity(cluster, word(change, "InstanceGroupId"), "Instance group")
            number = count(change, "InstanceCount", changed.on_demand + changed.spot)
            config = {**changed.config, "InstanceCount": number}
            for key in ("Configurations", "ShrinkPolicy"):
                if key in change:
                    config[key] = change[key]
            planned.append((changed, group(config, now)))
        for changed, fresh in planned:
            changed.on_demand, changed.spot, changed.config = fresh.on_demand, fresh.spot, fresh.config
            core.state.announce(capacity_announcement(cluster, changed, "RUNNING", now))
        core.state.touch(cluster)
    return {}


def _cluster_of_groups(core: Core, scope: Scope, request: Document, changes: list[Document]) -> Cluster:
    if cluster_id := text(request, "ClusterId"):
        return core.state.cluster(cluster_id, scope.account, scope.region)
    wanted = {word(c, "InstanceGroupId") for c in changes}
    for cluster in core.state.clusters():
        mine = (cluster.account, cluster.region) == (scope.account, scope.region)
        if mine and any(c.id in wanted for c in cluster.capacities):
            return cluster
    raise validation("No cluster has these instance groups.")


def _capacity(cluster: Cluster, capacity_id: str, what: str) -> Capacity:
    for capacity in cluster.capacities:
        if capacity.id == capacity_id:
            return capacity
    raise _unknown(what, capacity_id)


def _unknown(what: str, capacity_id: str) -> ServiceError:
    return invalid_request(f"{what} id '{capacity_id}' is not valid.")
