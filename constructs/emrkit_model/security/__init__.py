"""The security configuration and its parts: encryption, authentication, authorization, instance metadata.

One module for each part; what is not used is not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .configuration import Imds, SecurityConfiguration

__all__ = ["Imds", "SecurityConfiguration"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import configuration

    value: object = getattr(configuration, name)
    globals()[name] = value
    return value
