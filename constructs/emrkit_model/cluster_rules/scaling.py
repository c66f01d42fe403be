"""Managed scaling and idle termination against nodes and release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.encryption import gate_problem
from emrkit_model.findings import error, warning
from emrkit_model.scaling import check_idle_timeout
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster
    from emrkit_model.scaling import ManagedScaling

__all__ = ["check_scaling"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"


def check_scaling(cluster: Cluster) -> Iterator[Diagnostic]:
    """Managed scaling and idle termination against nodes and release."""
    scaling = cluster.scaling
    if cluster.idle_timeout is not None:
        yield from check_idle_timeout(cluster.idle_timeout)
        if cluster.keep_alive is True:
            yield from gate_problem(
                "auto-termination", cluster.release, "CLUS-030", "idle_timeout", hint="set idle_timeout: null"
            )
    if scaling is None:
        return
    yield from gate_problem("managed-scaling", cluster.release, "CLUS-031", "scaling")
    if scaling.strategy == "ADVANCED":
        yield from gate_problem("advanced-scaling", cluster.release, "CLUS-032", "scaling", "strategy")
    if cluster.core is None:
        yield error(
            "CLUS-033", "managed scaling needs core nodes", "scaling", reason=f"{_GUIDE}emr-managed-scaling.html"
        )
    if scaling.unit != "InstanceFleetUnits" and not is_token(scaling.unit):
        yield error(
            "CLUS-034",
            "instance fleets scale in InstanceFleetUnits",
            "scaling",
            "unit",
            got=scaling.unit,
            allowed="InstanceFleetUnits",
            reason=f"{_GUIDE}emr-managed-scaling.html",
        )
    yield from _check_targets_within(cluster, scaling)
    names = {a.name.lower() for a in cluster.applications if not is_token(a.name)}
    if names and names <= {"presto", "trino", "hbase", "zookeeper", "amazoncloudwatchagent"}:
        yield warning(
            "CLUS-035",
            "managed scaling has nothing to go by: no application here runs on YARN",
            "scaling",
            reason=f"{_GUIDE}emr-managed-scaling.html",
        )


def _check_targets_within(cluster: Cluster, scaling: ManagedScaling) -> Iterator[Diagnostic]:
    fleets = [fleet for role, fleet in cluster.fleets() if role != "primary"]
    targets = [value for fleet in fleets for value in (fleet.target_on_demand, fleet.target_spot)]
    if not fleets or any(is_token(value) for value in (*targets, scaling.minimum, scaling.maximum)):
        return
    total = sum(targets)
    if not scaling.minimum <= total <= scaling.maximum:
        yield warning(
            "CLUS-036",
            f"core and task start with {total} units, outside the limits of managed scaling",
            "scaling",
            "minimum" if total < scaling.minimum else "maximum",
            got=f"{total} units",
            allowed=f"{scaling.minimum} to {scaling.maximum}",
            reason=f"EMR resizes the cluster as soon as it runs ({_GUIDE}emr-managed-scaling.html)",
            hint="bring the fleets' capacity within the limits",
        )
