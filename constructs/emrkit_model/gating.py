"""A release on the wrong side of a feature's gate."""

from __future__ import annotations

from collections.abc import Iterator

from emrkit_facts import security as gates

from .diagnostics import Diagnostic
from .findings import error
from .tokens import is_token

__all__ = ["gate_problem"]


def gate_problem(
    gate_name: str, release: str, code: str, *path: str | int, hint: str | None = None
) -> Iterator[Diagnostic]:
    """An error when a release is on the wrong side of a gate; nothing when the release is a token or unreadable."""
    gate = gates.gate(gate_name)
    if isinstance(gate, gates.UnknownGate) or is_token(release) or gate.admits(release) is not False:
        return
    yield error(
        code,
        f"release '{release}' does not have {gate.what}",
        *path,
        allowed=f"releases {gate}",
        reason=gate.page,
        hint=hint or "choose a newer release",
    )
