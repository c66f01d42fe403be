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
from .settings import check_secured_settings, check_settings
from .storage import check_storage
from .three_primaries import check_three_primaries

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["PLACE", "check_itself", "check_place"]

PLACE = frozenset(
    {
        "additional_core_security_groups",
        "additional_primary_security_groups",
        "auto_scaling_role",
        "core_security_group",
        "instance_profile",
        "kerberos",
        "log_key",
        "log_uri",
        "primary_security_group",
        "security_configuration",
        "service_access_security_group",
        "service_role",
        "subnets",
        "tags",
    }
)
"""The fields that a stack fills in when it places a cluster."""

_ITSELF = (
    check_identity,
    check_release,
    check_images,
    check_root_volume,
    check_sessions,
    check_settings,
    check_connectors,
    check_containers,
    check_metastore,
    check_storage,
    check_retired_types,
)
_PLACE = (
    check_nodes,
    check_three_primaries,
    check_scaling,
    check_security,
    check_secured_settings,
    check_authorization,
    check_placement,
    check_limits,
)


def check_itself(cluster: Cluster) -> Iterator[Diagnostic]:
    """What holds wherever the cluster runs: none of these rules reads a field of `PLACE`."""
    for rule in _ITSELF:
        yield from rule(cluster)


def check_place(cluster: Cluster) -> Iterator[Diagnostic]:
    """What holds between a cluster and its place."""
    for rule in _PLACE:
        yield from rule(cluster)
