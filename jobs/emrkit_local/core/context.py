"""What every operation gets to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bootstrap import Bootstrap
from .driver import Drivers
from .ports import Executor
from .reading import Document
from .running import StepRunner
from .state import State


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose request it is: nothing of one account or Region is visible in another."""

    account: str
    region: str

    @property
    def key(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Core:
    """The parts of the control plane that operations use."""

    state: State
    executor: Executor
    runner: StepRunner
    bootstrap: Bootstrap
    drivers: Drivers


Operation = Callable[[Core, Scope, Document], Document]
"""An operation: takes a checked request, gives the response, raises `ServiceError`."""
