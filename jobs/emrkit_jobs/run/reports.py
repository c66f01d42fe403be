"""What the work tells while it goes on. The CLI shows it; nothing here prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emrkit_model.diagnostics import Diagnostic

__all__ = ["Line", "Reporter"]


@dataclass(frozen=True, slots=True)
class Line:
    """One moving part (a step, a state of a pipeline): its name, state, and seconds so far."""

    name: str
    state: str
    seconds: float | None = None
    detail: str = ""


class Reporter(Protocol):
    """Where the work reports to."""

    def say(self, words: str) -> None:
        """One thing that happened."""
        ...

    def detail(self, words: str) -> None:
        """One thing that only the curious want to know."""
        ...

    def warn(self, found: Diagnostic) -> None: ...

    def show(self, title: str, lines: Sequence[Line]) -> None:
        """How everything stands just now; called at every poll."""
        ...

    def confirm(self, question: str) -> bool:
        """The user's yes; False where nobody can be asked."""
        ...
