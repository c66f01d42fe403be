"""The nodes: which roles a cluster has, and what its release can run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import instance_types
from emrkit_model.capacity_rules import check_primary_fleet
from emrkit_model.configurations import check_list
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.encryption import gate_problem
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_nodes"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"


def check_nodes(cluster: Cluster) -> Iterator[Diagnostic]:
    """The nodes: which roles a cluster has, and what its release can run."""
    for found in check_primary_fleet(cluster.primary):
        yield found.within("primary")
    if cluster.task is not None and cluster.core is None:
        yield error("CLUS-020", "task nodes need core nodes", "task", reason=f"{_GUIDE}emr-instance-fleet.html")
    names = [fleet.name or role for role, fleet in cluster.fleets()]
    for i, (role, _) in enumerate(cluster.fleets()):
        if names[i] in names[:i]:
            yield error("CLUS-024", f"two fleets are named '{names[i]}'", role, "name", got=names[i])
    if not is_token(cluster.primary.target_on_demand) and cluster.primary.target_on_demand == 3:
        yield from gate_problem("multi-primary-fleets", cluster.release, "CLUS-021", "primary")
    for role, fleet in cluster.fleets():
        for i, item in enumerate(() if is_token(fleet.types) else fleet.types):
            if cluster.custom_ami is not None and item.custom_ami is not None:
                yield error(
                    "CLUS-022",
                    "an AMI for the cluster and one for an instance type exclude each other",
                    role,
                    "types",
                    i,
                    "custom_ami",
                    reason=f"the launch fails with both ({_GUIDE}emr-custom-ami.html)",
                )
            for found in check_list(item.configurations, cluster.release, role, "types", i, "configurations"):
                yield found
            yield from _check_floor(cluster.release, role, i, item.type)


def _check_floor(release: str, role: str, i: int, name: str) -> Iterator[Diagnostic]:
    if is_token(name) or is_token(release):
        return
    facts = instance_types.find(name)
    if isinstance(facts, instance_types.UnknownInstanceType) or facts.supported_by(release) is not False:
        return
    floors = ", ".join(v for v in facts.min_release.values() if v)
    yield error(
        "CLUS-023",
        f"release '{release}' does not run {name}",
        role,
        "types",
        i,
        got=name,
        allowed=f"from {floors}, each in its series",
        reason=f"{_GUIDE}emr-supported-instance-types.html",
        hint="choose a newer release or an older family",
    )
