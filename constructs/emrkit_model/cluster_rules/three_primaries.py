"""Three primary nodes: what high availability needs of release, market, core nodes and databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.configurations import Configuration
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_three_primaries"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_LAUNCH = f"{_GUIDE}emr-plan-ha-launch.html"
_CORE = f"{_GUIDE}emr-plan-ha-considerations.html"
_APPLICATIONS = f"{_GUIDE}emr-plan-ha-applications.html"
_HINTS = {
    "hive": "set `metastore`: glue, or a MySQL database outside the cluster",
    "hue": "set HueSettings(database=HueDatabase(...)) in the settings, or [desktop] [[database]] in hue-ini",
    "oozie": "set oozie.service.JPAService.jdbc.url in oozie-site",
}


def check_three_primaries(cluster: Cluster) -> Iterator[Diagnostic]:
    """Three primary nodes: what high availability needs of release, market, core nodes and databases."""
    if cluster.primaries != 3:
        if cluster.spread_primaries is True and not _unknown_count(cluster):
            yield warning(
                "CLUS-090",
                "one primary node has nothing to be spread from",
                "spread_primaries",
                reason=f"{_GUIDE}emr-plan-ha-placementgroup.html",
                hint="give the primary nodes a count of 3, or leave spread_primaries out",
            )
        return
    primary = cluster.primary
    if isinstance(primary, InstanceGroup):
        yield from gate_problem("multi-primary-groups", cluster.release, "CLUS-091", "primary")
        if primary.is_spot:
            yield error(
                "GROUP-026", "three primary nodes are On-Demand", "primary", "market", got="SPOT", reason=_LAUNCH
            )
    else:
        yield from gate_problem("multi-primary-fleets", cluster.release, "CLUS-021", "primary")
    if cluster.availability_zone is not None and not cluster.subnets:
        yield error(
            "CLUS-092",
            "three primary nodes need a subnet",
            "availability_zone",
            reason=_LAUNCH,
            hint="name a subnet in place of the zone",
        )
    yield from _check_core(cluster)
    yield from _check_databases(cluster)
    if cluster.idle_timeout is not None and cluster.keep_alive is True:
        yield warning(
            "CLUS-094",
            "a cluster with three primary nodes does not end by itself",
            "idle_timeout",
            got=f"{cluster.idle_timeout} s",
            reason=f"EMR switches termination protection on, whatever the launch says ({_LAUNCH})",
            hint="set idle_timeout: null and termination_protected: true; switch protection off before the end",
        )


def _unknown_count(cluster: Cluster) -> bool:
    primary = cluster.primary
    return is_token(primary.target_on_demand if isinstance(primary, InstanceFleet) else primary.count)


def _check_core(cluster: Cluster) -> Iterator[Diagnostic]:
    from .core_nodes import core_nodes

    nodes = core_nodes(cluster) if cluster.core is not None else None
    if nodes is None or nodes.surely_at_start >= 4 or is_token(cluster.configurations):
        return
    settings = cluster.effective_settings()
    copies = settings.value("hdfs-site", "dfs.replication")
    if copies is None and settings.place("hdfs-site", "dfs.replication"):
        return
    if copies is not None and copies.strip().isdigit() and int(copies) >= 2:
        return
    yield warning(
        "CLUS-093",
        f"three primary nodes with {nodes.surely_at_start} core nodes and dfs.replication {copies or 1}",
        "core",
        got=f"{nodes.surely_at_start} core nodes",
        allowed="4 core nodes or more, or dfs.replication 2 or more",
        reason=f"one lost core node would take its blocks with it ({_CORE})",
        hint="raise the core capacity to 4, or set dfs.replication to 2 in hdfs-site",
    )


def _check_databases(cluster: Cluster) -> Iterator[Diagnostic]:
    if is_token(cluster.applications) or is_token(cluster.configurations):
        return
    items = cluster.all_configurations()
    named = {
        "hive": _has(items, "hive-site", "javax.jdo.option.ConnectionURL", "hive.metastore.client.factory.class"),
        "hue": _has(items, "hue-ini", "host", "engine"),
        "oozie": _has(items, "oozie-site", "oozie.service.JPAService.jdbc.url"),
    }
    for i, application in enumerate(cluster.applications):
        name = application.name.lower()
        if named.get(name, True):
            continue
        yield error(
            "CLUS-095",
            f"{application.name} on three primary nodes needs a database outside the cluster",
            "applications",
            i,
            reason=_APPLICATIONS,
            hint=_HINTS[name],
        )


def _has(items: tuple[Configuration, ...], classification: str, *keys: str) -> bool:
    return any(_names(item, keys) for item in items if item.classification == classification)


def _names(item: Configuration, keys: tuple[str, ...]) -> bool:
    return any(key in item.properties for key in keys) or any(_names(inner, keys) for inner in item.configurations)
