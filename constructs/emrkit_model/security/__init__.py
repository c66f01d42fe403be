"""The security configuration and its parts: encryption, authentication, authorization, instance metadata.

One module for each part; what is not used is not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_model.exports import export

if TYPE_CHECKING:
    from .configuration import Imds, SecurityConfiguration

__all__ = ["Imds", "SecurityConfiguration"]

if not TYPE_CHECKING:  # a type checker shall see a name that does not exist
    __getattr__, __dir__ = export(__name__, {".configuration": __all__})
