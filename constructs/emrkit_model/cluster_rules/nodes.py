"""The nodes: which roles a cluster has, fleets or groups, and what its release can run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import instance_types, versions
from emrkit_model.capacity import InstanceFleet, InstanceType
from emrkit_model.capacity.fleet_rules import check_primary_fleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.capacity.node_names import node_names
from emrkit_model.configurations import check_list
from emrkit_model.diagnostics import Diagnostic, FieldPath
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_nodes", "typed_paths"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_CHOICE_PAGE = f"{_GUIDE}emr-instance-group-configuration.html"
_GROUP_PAGE = f"{_GUIDE}emr-uniform-instance-group.html"
_FLEET_PAGE = f"{_GUIDE}emr-instance-fleet.html"
_TASK_GROUPS = 48
_SMALL_MOST = 2000
_LARGE_MOST = 4000
_LARGE_FLEETS = versions.ReleaseVersion(7, 7, 0)


def check_nodes(cluster: Cluster) -> Iterator[Diagnostic]:
    """The nodes: which roles a cluster has, fleets or groups, and what its release can run."""
    if isinstance(cluster.primary, InstanceFleet):
        for found in check_primary_fleet(cluster.primary):
            yield found.within("primary")
    yield from _check_one_kind(cluster)
    yield from _check_groups(cluster)
    if cluster.task is not None and cluster.core is None:
        yield error("CLUS-020", "task nodes need core nodes", "task", reason=_CHOICE_PAGE)
    names = node_names(cluster)
    for i, (_, path, _) in enumerate(cluster.placed_nodes()):
        if names[i] in names[:i]:
            yield error("CLUS-024", f"two fleets or groups are named '{names[i]}'", *path, "name", got=names[i])
    for _, path, nodes in cluster.placed_nodes():
        if isinstance(nodes, InstanceFleet):
            yield from _check_number(cluster.release, path, nodes)
        for where, item in typed_paths(path, nodes):
            if item.configurations:
                yield from check_list(item.configurations, cluster.release, *where, "configurations")
            yield from _check_floor(cluster.release, item.type, where)


def _check_number(release: str, path: FieldPath, nodes: InstanceFleet) -> Iterator[Diagnostic]:
    """More instances than EMR runs in one fleet, whatever the quotas of the account."""
    targets = (nodes.target_on_demand, nodes.target_spot)
    if any(is_token(target) for target in targets) or is_token(nodes.types) or not nodes.types:
        return
    heaviest = max((weight for weight in nodes.weights().values() if not is_token(weight)), default=1)
    fewest = -(-sum(targets) // max(1, heaviest))
    # Without a version nobody knows better than the larger of the two.
    large = (versions.parse(release) or _LARGE_FLEETS) >= _LARGE_FLEETS
    chosen = nodes.on_demand_strategy is not None or nodes.spot_strategy is not None
    most = _LARGE_MOST if large and chosen else _SMALL_MOST
    if fewest > most:
        yield error(
            "FLEET-064",
            "more instances than a fleet may have",
            *path,
            "target_on_demand" if targets[0] >= targets[1] else "target_spot",
            got=f"{sum(targets)} units, {fewest} instances of the largest type",
            allowed=f"{_LARGE_MOST} with an allocation strategy from emr-7.7.0 on, {_SMALL_MOST} otherwise",
            reason=_FLEET_PAGE,
            hint="larger instances, or fewer units",
        )


def typed_paths(path: FieldPath, nodes: InstanceFleet | InstanceGroup) -> Iterator[tuple[FieldPath, InstanceType]]:
    """Each instance type of a fleet or group with the path of the value that says it."""
    for i, item in enumerate(nodes.instance_types()):
        yield ((*path, "types", i) if isinstance(nodes, InstanceFleet) else path), item


def _check_one_kind(cluster: Cluster) -> Iterator[Diagnostic]:
    """Groups for all roles or fleets for all; what the primary nodes are decides."""
    if isinstance(cluster.primary, InstanceFleet) and is_token(cluster.primary.types):
        return
    kinds = {True: "instance groups", False: "instance fleets"}
    grouped = isinstance(cluster.primary, InstanceGroup)
    for role, path, nodes in cluster.placed_nodes():
        if isinstance(nodes, InstanceGroup) != grouped:
            yield error(
                "GROUP-021",
                f"the primary nodes are {kinds[grouped]}, the {role} nodes {kinds[not grouped]}",
                *path,
                reason=f"a cluster has one kind for all its nodes ({_CHOICE_PAGE})",
                hint="`group: m5.xlarge` makes a group, `on_demand:` and `spot:` make fleets",
            )


def _check_groups(cluster: Cluster) -> Iterator[Diagnostic]:
    if not cluster.groups():
        return
    for role, path, group in cluster.placed_nodes():
        if not isinstance(group, InstanceGroup) or is_token(group.count):
            continue
        if role == "primary" and group.count not in (1, 3):
            yield error(
                "GROUP-022",
                "a primary group has one node, or three",
                *path,
                "count",
                got=group.count,
                allowed="1 or 3",
                reason=f"{_GUIDE}emr-plan-ha-launch.html",
            )
        if role == "core" and group.count < 1:
            yield error(
                "GROUP-023", "a core group has at least one node", *path, "count", got=group.count, reason=_GROUP_PAGE
            )
    number = sum(role == "task" for role, _ in cluster.groups())
    if number > _TASK_GROUPS:
        yield error(
            "GROUP-024",
            f"{number} task groups",
            "task",
            got=number,
            allowed=f"{_TASK_GROUPS}: 50 groups in all, with primary and core",
            reason=_GROUP_PAGE,
        )
    if not is_token(cluster.subnets) and len(cluster.subnets) > 1:
        yield error(
            "GROUP-025",
            "instance groups take one subnet",
            "subnets",
            got=", ".join(cluster.subnets),
            allowed="one subnet",
            reason=_CHOICE_PAGE,
            hint="keep one, or use fleets, for which EMR chooses among several",
        )


def _check_floor(release: str, name: str, where: FieldPath) -> Iterator[Diagnostic]:
    if is_token(name) or is_token(release):
        return
    facts = instance_types.find(name)
    if isinstance(facts, instance_types.UnknownInstanceType) or facts.supported_by(release) is not False:
        return
    floors = ", ".join(v for v in facts.min_release.values() if v)
    yield error(
        "CLUS-023",
        f"release '{release}' does not run {name}",
        *where,
        got=name,
        allowed=f"from {floors}, each in its series",
        reason=f"{_GUIDE}emr-supported-instance-types.html",
        hint="choose a newer release or an older family",
    )
