"""Who may do what: the roles of clusters, what is granted to them, and policies for people.

One module for each part; what is not used is not loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cluster_roles import Roles
    from .grants import DataGrant

__all__ = ["DataGrant", "Roles"]

_HOMES = {"DataGrant": "grants", "Roles": "cluster_roles"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
