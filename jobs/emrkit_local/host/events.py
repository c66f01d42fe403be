"""State changes of clusters and steps, put on the emulator's event bus."""

from __future__ import annotations

from collections.abc import Mapping

from .ministack import Emulator

__all__ = ["EmulatorEvents"]


class EmulatorEvents:
    """`core.ports.Events` over EventBridge: source `aws.emr`, on the default bus of the cluster's account."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def publish(self, account: str, region: str, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put one event."""
        with self._emulator.scope(account, region):
            self._emulator.put_event("aws.emr", detail_type, detail)
