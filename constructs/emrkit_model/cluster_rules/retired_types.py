"""Instance types that AWS has retired, each with what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import sizing as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import warning
from emrkit_model.tokens import is_token

from .nodes import typed_paths

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_retired_types"]


def check_retired_types(cluster: Cluster) -> Iterator[Diagnostic]:
    """Instance types that AWS has retired, each with what follows it."""
    for _, path, nodes in cluster.placed_nodes():
        for where, item in typed_paths(path, nodes):
            if is_token(item.type) or facts.successor(item.type) is None:
                continue
            # Loaded for the few that need it: the presets and what they stand on.
            from emrkit_model.capacity.sizing import successor

            found = successor(item.type)
            assert found is not None, item.type
            name, reason = found
            yield warning(
                "SIZE-020",
                f"{item.type} is retired: {reason}",
                *where,
                got=item.type,
                allowed=name,
                reason=facts.PAGES["previous"],
                hint=f"take {name}, or let `sizing` choose",
            )
