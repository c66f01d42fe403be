"""The rules between the parts of a cluster: one module for each concern, every problem reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic

from .authorization import check_authorization
from .connectors import check_connectors
from .containers import check_containers
from .identity import check_identity, check_release
from .images import check_images
from .limits import check_limits
from .metastore import check_metastore
from .nodes import check_nodes
from .placement import check_placement
from .retired_types import check_retired_types
from .root_volume import check_root_volume
from .scaling import check_scaling
from .security import check_security
from .sessions import check_sessions
from .settings import check_settings
from .storage import check_storage
from .three_primaries import check_three_primaries

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_cluster"]

_RULES = (
    check_identity,
    check_release,
    check_nodes,
    check_images,
    check_three_primaries,
    check_scaling,
    check_security,
    check_authorization,
    check_placement,
    check_limits,
    check_root_volume,
    check_sessions,
    check_settings,
    check_connectors,
    check_containers,
    check_metastore,
    check_storage,
    check_retired_types,
)


def check_cluster(cluster: Cluster) -> Iterator[Diagnostic]:
    """All of them."""
    for rule in _RULES:
        yield from rule(cluster)
