"""Who may do what: the roles of clusters, what is granted to them, and policies for people.

One module for each part; what is not used is not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_model.exports import export

if TYPE_CHECKING:
    from .cluster_roles import Roles
    from .grants import DataGrant

__all__ = ["DataGrant", "Roles"]

if not TYPE_CHECKING:  # a type checker shall see a name that does not exist
    __getattr__, __dir__ = export(__name__, {".cluster_roles": ("Roles",), ".grants": ("DataGrant",)})
