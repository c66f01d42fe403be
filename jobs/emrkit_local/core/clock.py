"""Real time, as the core sees it."""

from __future__ import annotations

import threading
import time


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait until the condition is notified, at most `seconds` (None: without end)."""
        condition.wait(seconds)
