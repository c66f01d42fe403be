"""The names of fleets and groups: as given, else their roles; several task groups are numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["node_names"]


def node_names(cluster: Cluster) -> tuple[str, ...]:
    """One name for each entry of `Cluster.nodes()`, in its order; EMR wants them different."""
    several = sum(role == "task" for role, _ in cluster.nodes()) > 1
    names: list[str] = []
    number = 0
    for role, nodes in cluster.nodes():
        number += role == "task"
        names.append(nodes.name or (f"task-{number}" if several and role == "task" else role))
    return tuple(names)
