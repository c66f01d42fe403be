"""The nodes of a cluster: fleets and groups, their volumes, how they scale, and how large they should be.

One module for each part; what is not used is not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fleets import CapacityReservation, EbsVolume, InstanceFleet, InstanceType

__all__ = ["CapacityReservation", "EbsVolume", "InstanceFleet", "InstanceType"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import fleets

    value: object = getattr(fleets, name)
    globals()[name] = value
    return value
