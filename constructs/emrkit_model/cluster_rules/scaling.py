"""Managed scaling, automatic scaling and idle termination against nodes, applications and release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import instance_types
from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.capacity.managed_scaling import ManagedScaling, check_idle_timeout
from emrkit_model.diagnostics import Diagnostic, FieldPath
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_scaling"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_PAGE = f"{_GUIDE}emr-managed-scaling.html"
_OFF_YARN = {"presto", "prestosql", "trino", "hbase", "phoenix", "zookeeper", "amazoncloudwatchagent"}
_AUTOMATIC_PAGE = f"{_GUIDE}emr-automatic-scaling.html"


def check_scaling(cluster: Cluster) -> Iterator[Diagnostic]:
    """Managed scaling, automatic scaling and idle termination against nodes, applications and release."""
    if cluster.idle_timeout is not None:
        yield from check_idle_timeout(cluster.idle_timeout)
        if cluster.keep_alive is True:
            yield from gate_problem(
                "auto-termination", cluster.release, "CLUS-030", "idle_timeout", hint="set idle_timeout: null"
            )
    yield from _check_idle(cluster)
    yield from _check_automatic(cluster)
    scaling = cluster.scaling
    if scaling is None:
        return
    yield from gate_problem("managed-scaling", cluster.release, "CLUS-031", "scaling")
    if scaling.strategy == "ADVANCED":
        yield from gate_problem("advanced-scaling", cluster.release, "CLUS-032", "scaling", "strategy")
    if cluster.core is None:
        yield error("CLUS-033", "managed scaling needs core nodes", "scaling", reason=_PAGE)
    yield from _check_unit(cluster, scaling)
    yield from _check_start(cluster, scaling)
    yield from _check_on_demand_core(cluster, scaling)
    yield from _check_sizes(cluster, scaling)
    names = _names(cluster)
    if names and names <= _OFF_YARN:
        yield warning(
            "CLUS-035",
            "managed scaling has nothing to go by: no application here runs on YARN",
            "scaling",
            got=", ".join(a.name for a in cluster.applications),
            reason=_PAGE,
        )


def _check_idle(cluster: Cluster) -> Iterator[Diagnostic]:
    names = _names(cluster)
    if cluster.idle_timeout is None or cluster.keep_alive is not True:
        return
    # HBase has a rule of its own: it keeps data on the cluster.
    if names and names <= _OFF_YARN - {"hbase", "phoenix"}:
        yield warning(
            "CLUS-039",
            "the cluster ends when YARN is idle, and no application here runs on YARN",
            "idle_timeout",
            got=", ".join(a.name for a in cluster.applications),
            reason=f"it would end under running queries ({_GUIDE}emr-auto-termination-policy.html)",
            hint="set idle_timeout: null",
        )


def _names(cluster: Cluster) -> set[str]:
    if is_token(cluster.applications) or any(is_token(a.name) for a in cluster.applications):
        return set()
    return {a.name.lower() for a in cluster.applications}


def _check_unit(cluster: Cluster, scaling: ManagedScaling) -> Iterator[Diagnostic]:
    grouped = bool(cluster.groups())
    if scaling.unit is None or is_token(scaling.unit) or grouped == (scaling.unit != "InstanceFleetUnits"):
        return
    yield error(
        "CLUS-034",
        f"instance {'groups' if grouped else 'fleets'} do not scale in {scaling.unit}",
        "scaling",
        "unit",
        got=scaling.unit,
        allowed="Instances or VCPU" if grouped else "InstanceFleetUnits",
        reason=_PAGE,
        hint="leave unit out: it follows the nodes",
    )


def _check_start(cluster: Cluster, scaling: ManagedScaling) -> Iterator[Diagnostic]:
    if is_token(scaling.minimum) or is_token(scaling.maximum):
        return
    sizes = [_start(nodes, scaling) for role, nodes in cluster.nodes() if role != "primary"]
    known = [size for size in sizes if size is not None]
    if not sizes or len(known) < len(sizes):
        return
    total, unit = sum(known), _unit(cluster, scaling)
    if not scaling.minimum <= total <= scaling.maximum:
        yield warning(
            "CLUS-036",
            f"core and task start with {total} {unit}, outside the limits of managed scaling",
            "scaling",
            "minimum" if total < scaling.minimum else "maximum",
            got=f"{total} {unit}",
            allowed=f"{scaling.minimum} to {scaling.maximum}",
            reason=f"EMR resizes the cluster as soon as it runs ({_PAGE})",
            hint="bring the capacity of core and task within the limits",
        )


def _unit(cluster: Cluster, scaling: ManagedScaling) -> str:
    if not cluster.groups():
        return "units"
    return "vCPU" if scaling.unit == "VCPU" else "nodes"


def _start(nodes: InstanceFleet | InstanceGroup, scaling: ManagedScaling) -> int | None:
    """What a fleet or group starts with, in the units of managed scaling; None while it is not known."""
    if isinstance(nodes, InstanceFleet):
        targets = (nodes.target_on_demand, nodes.target_spot)
        return None if any(is_token(target) for target in targets) else sum(targets)
    step = _smallest(nodes, scaling)
    return None if is_token(nodes.count) or step is None else nodes.count * step


def _smallest(nodes: InstanceFleet | InstanceGroup, scaling: ManagedScaling) -> int | None:
    """The least that one more node of a fleet or group adds, in the units of managed scaling."""
    if isinstance(nodes, InstanceFleet):
        weights = [w for w in nodes.weights().values() if not is_token(w)] if not is_token(nodes.types) else []
        return min(weights, default=None)
    if scaling.unit != "VCPU":
        return 1
    found = instance_types.find(nodes.type) if not is_token(nodes.type) else None
    return found.vcpu if isinstance(found, instance_types.InstanceTypeFacts) else None


def _check_on_demand_core(cluster: Cluster, scaling: ManagedScaling) -> Iterator[Diagnostic]:
    """An On-Demand core may never grow beyond what may be On-Demand, whatever its own maximum says."""
    if scaling.maximum_on_demand is None or not _is_on_demand(cluster.core) or cluster.core is None:
        return
    core = scaling.maximum if scaling.maximum_core is None else scaling.maximum_core
    limit = scaling.maximum_on_demand
    if is_token(core) or is_token(limit) or core <= limit:
        return
    unit = _unit(cluster, scaling)
    yield warning(
        "CLUS-037",
        f"core may grow to {core} {unit}, all of it is On-Demand, and {limit} may be On-Demand",
        "scaling",
        "maximum_on_demand",
        got=f"{limit} {unit}",
        allowed=f"{core} or more, or maximum_core {limit} or less",
        reason=f"an On-Demand core stops growing at the On-Demand limit ({_PAGE})",
        hint=f"set maximum_core to {limit}, or maximum_on_demand to {core}",
    )


def _is_on_demand(nodes: InstanceFleet | InstanceGroup | None) -> bool:
    if isinstance(nodes, InstanceGroup):
        return not nodes.is_spot
    return nodes is not None and not is_token(nodes.target_spot) and nodes.target_spot == 0


def _check_sizes(cluster: Cluster, scaling: ManagedScaling) -> Iterator[Diagnostic]:
    """A node that is larger than the room between the limits is never added."""
    for role, path, nodes in cluster.placed_nodes():
        if role == "primary":
            continue
        room, said = scaling.maximum, "maximum"
        if role == "core" and scaling.maximum_core is not None:
            room, said = scaling.maximum_core, "maximum_core"
        on_demand = scaling.maximum_on_demand
        if role == "task" and _is_on_demand(nodes) and on_demand is not None and not is_token(on_demand):
            room, said = (on_demand, "maximum_on_demand") if is_token(room) or on_demand < room else (room, said)
        step = _smallest(nodes, scaling)
        if step is None or is_token(room) or step <= room:
            continue
        unit = _unit(cluster, scaling)
        yield warning(
            "CLUS-038",
            f"one {role} node counts {step} {unit}, and {said} is {room}",
            *path,
            got=f"{step} {unit} for the smallest type",
            allowed=f"{room} {unit} or less",
            reason=f"managed scaling could not add a single node ({_PAGE})",
            hint=f"add a smaller type, or raise scaling.{said}",
        )


def _check_automatic(cluster: Cluster) -> Iterator[Diagnostic]:
    scaled: list[tuple[str, FieldPath, InstanceGroup]] = [
        (role, path, nodes)
        for role, path, nodes in cluster.placed_nodes()
        if isinstance(nodes, InstanceGroup) and nodes.scaling is not None
    ]
    for role, path, group in scaled:
        assert group.scaling is not None
        if role == "primary":
            yield error(
                "SCALE-040",
                "primary nodes do not scale",
                *path,
                "scaling",
                reason=_AUTOMATIC_PAGE,
                hint="give the policy to core or task groups",
            )
        if cluster.scaling is not None:
            yield error(
                "SCALE-041",
                "managed scaling and automatic scaling exclude each other",
                *path,
                "scaling",
                reason=_PAGE,
                hint="keep the cluster's `scaling`, or the groups' own policies",
            )
        policy = group.scaling
        if any(is_token(number) for number in (group.count, policy.minimum, policy.maximum)):
            continue
        if role == "core" and policy.minimum < 1:
            yield error(
                "SCALE-042",
                "a core group keeps at least one node",
                *path,
                "scaling",
                "minimum",
                got=policy.minimum,
                reason=_AUTOMATIC_PAGE,
            )
        if not policy.minimum <= group.count <= policy.maximum:
            yield warning(
                "SCALE-043",
                f"the group starts with {group.count} nodes, outside {policy.minimum} to {policy.maximum}",
                *path,
                "count",
                got=group.count,
                allowed=f"{policy.minimum} to {policy.maximum}",
                reason=_AUTOMATIC_PAGE,
            )
    # A cluster that has its roles is complete: nothing will add this one any more.
    if scaled and cluster.service_role is not None and cluster.auto_scaling_role is None:
        yield error(
            "SCALE-044",
            "automatic scaling needs the cluster's auto scaling role",
            "auto_scaling_role",
            reason=f"it cannot be added to a cluster that runs ({_AUTOMATIC_PAGE})",
            hint="name a role that application-autoscaling.amazonaws.com may assume",
        )
    if scaled:
        yield from gate_problem("automatic-scaling", cluster.release, "SCALE-045", *scaled[0][1], "scaling")
