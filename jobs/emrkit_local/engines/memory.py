"""Memory admission: a step starts only when its worst case fits beside what already runs."""

from __future__ import annotations

import os
import threading

__all__ = ["Budget", "Share", "machine_megabytes"]


def machine_megabytes() -> int:
    """Physical memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


class Share:
    """A held part of the budget; see `emrkit_local.core.ports.Admission`."""

    def __init__(self, budget: Budget, megabytes: int) -> None:
        self._budget = budget
        self._megabytes = megabytes
        self._held = True

    @property
    def megabytes(self) -> int:
        """How much is held."""
        return self._megabytes

    def release(self) -> None:
        """Give it back; a second call does nothing."""
        self._budget.give_back(self)

    def drop(self) -> int:
        """Mark as given back; how much that was. Called by the budget with its lock."""
        held, self._held = self._held, False
        return self._megabytes if held else 0


class Budget:
    """How much memory steps may use together, in MiB."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """What is held now."""
        return self._used

    def take(self, megabytes: int, *, alone: bool = True) -> Share | None:
        """A share, or None when it does not fit. With `alone`, a step larger than everything may run by itself."""
        with self._lock:
            if self._used + megabytes > self.megabytes and not (alone and self._used == 0):
                return None
            self._used += megabytes
            return Share(self, megabytes)

    def give_back(self, share: Share) -> None:
        """Called by the share."""
        with self._lock:
            self._used -= share.drop()
