"""The nodes of a cluster: fleets and groups, their volumes, how they scale, and how large they should be.

One module for each part; what is not used is not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_model.exports import export

if TYPE_CHECKING:
    from .fleets import CapacityReservation, EbsVolume, InstanceFleet, InstanceType

__all__ = ["CapacityReservation", "EbsVolume", "InstanceFleet", "InstanceType"]

if not TYPE_CHECKING:  # a type checker shall see a name that does not exist
    __getattr__, __dir__ = export(__name__, {".fleets": __all__})
