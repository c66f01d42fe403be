"""The core's edges: what it asks of the outside world, as protocols over plain data.

The core decides *when* a step runs and what its end means; an `Executor` knows *how*. The core never sees HTTP, an
emulator or Spark, so the same core runs under any host (a test runs it under moto).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Classification:
    """One entry of `Configurations`, normalised: nested entries such as `export` under `spark-env`."""

    name: str
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    nested: tuple[Classification, ...] = ()


@dataclass(frozen=True, slots=True)
class StepWork:
    """Everything an engine needs to run one step (or one bootstrap action)."""

    cluster_id: str
    step_id: str
    name: str
    release: str
    jar: str
    args: tuple[str, ...]
    folder: Path
    """The step's own empty working folder. The engine writes `stdout`, `stderr` and appends to `controller` in it;
    what it puts under `containers/` is uploaded beside them."""
    main_class: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    classifications: tuple[Classification, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added to the process environment (EMR_CLUSTER_ID, EMR_STEP_ID, AWS_* of the local endpoint, …)."""


class Refusal(Exception):  # noqa: N818 - an answer, not a malfunction
    """The engine will not run this work, and says why in the user's words; the step fails with this as its reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RunningStep(Protocol):
    """A started process group."""

    @property
    def pid(self) -> int:
        """Process id of the group's leader (its process group id as well)."""
        ...

    def wait(self) -> int:
        """Block until the process ends; its exit code, negative for a signal."""
        ...

    def cancel(self, *, force: bool) -> None:
        """Interrupt the whole group, or kill it; harmless on one that has ended."""
        ...


class Admission(Protocol):
    """A held share of the machine's memory; give it back exactly once."""

    @property
    def megabytes(self) -> int: ...

    def release(self) -> None: ...


class Executor(Protocol):
    """Turns work into processes. All methods may be called from any thread."""

    def check_release(self, release: str) -> None:
        """Raise `Refusal` when no installed engine can serve steps of this release (asked at RunJobFlow)."""
        ...

    def admit(self, work: StepWork) -> Admission | None:
        """A share of memory for this work, or None: not now, ask again when something ended."""
        ...

    def start(self, work: StepWork, admission: Admission) -> RunningStep:
        """Start the work in its own process group, or raise `Refusal`. Never blocks for longer than a process start."""
        ...

    def rest(self) -> None:
        """Nothing runs just now: a good moment to make the next start fast."""
        ...


class Objects(Protocol):
    """The object store, seen by the core (logs out, bootstrap scripts in)."""

    def put(self, bucket: str, key: str, body: bytes) -> None: ...

    def get(self, bucket: str, key: str) -> bytes:
        """Raises `KeyError` naming bucket and key when there is no such object."""
        ...

    def bucket_exists(self, bucket: str) -> bool: ...


class Events(Protocol):
    """Where state changes are announced."""

    def publish(self, account: str, region: str, detail_type: str, detail: Mapping[str, object]) -> None: ...


class Clock(Protocol):
    """Time as the core sees it; tests move it by hand."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a held condition until it is notified, at most `seconds` of this clock (None: without end)."""
        ...
