"""What emrkit says when something is wrong: one shape for every layer, from a fleet's rule to the CLI's last line.

A `Diagnostic` is plain data with a stable code; whoever knows more adds it on the way up (the loader adds the line of
the file, the CLI renders). `EmrkitError` carries one or many: a reader gets every problem at once.
This module imports nothing but the standard library, so that `emrkit --help` stays fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

__all__ = ["Diagnostic", "EmrkitError", "ExitCode", "FieldPath", "Location", "Severity", "render_path"]

FieldPath = tuple[str | int, ...]


class Severity(StrEnum):
    """How much a finding matters: an error stops the verb, a warning is shown and the work goes on."""

    ERROR = "error"
    WARNING = "warning"


class ExitCode(IntEnum):
    """What the process says to a script that called it."""

    DONE = 0
    JOB_FAILED = 1
    INVALID_INPUT = 2
    TARGET_REFUSED = 3
    TARGET_UNREACHABLE = 4
    OUTCOME_UNKNOWN = 5
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file the user wrote; line and column count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong, where, what was given, what is allowed, why, and the likely fix.

    `summary` is one line in lower case without a full stop. `reason` may end with the AWS page it rests on.
    """

    code: str
    summary: str
    severity: Severity = Severity.ERROR
    path: FieldPath = ()
    got: str | None = None
    allowed: str | None = None
    reason: str | None = None
    hint: str | None = None
    location: Location | None = None

    def within(self, *prefix: str | int) -> Diagnostic:
        """The same finding seen from an enclosing object: its path grows at the front."""
        return replace(self, path=(*prefix, *self.path))

    def at(self, location: Location | None) -> Diagnostic:
        """The same finding with the place it stands at, unless a more exact one is known already."""
        return self if self.location or location is None else replace(self, location=location)

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {self.summary}"]
        if where := " in ".join(x for x in (render_path(self.path), str(self.location or "")) if x):
            lines.append(f"  at {where}")
        facts = [f"got {self.got}" if self.got is not None else "", f"allowed: {self.allowed}" if self.allowed else ""]
        if facts := [f for f in facts if f]:
            lines.append("  " + ", ".join(facts))
        if self.reason:
            lines.append(f"  because {self.reason}")
        if self.hint:
            lines += ["", f"hint: {self.hint}"]
        return "\n".join(lines)


class EmrkitError(Exception):
    """Something the user can put right; carries every finding and the exit code of the CLI."""

    def __init__(
        self, diagnostics: Diagnostic | Iterable[Diagnostic], exit_code: ExitCode = ExitCode.INVALID_INPUT
    ) -> None:
        self.diagnostics = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.exit_code = exit_code
        super().__init__("\n\n".join(str(d) for d in self.diagnostics))


def render_path(path: FieldPath) -> str:
    """`("steps", 1, "release")` as `steps[1].release`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
