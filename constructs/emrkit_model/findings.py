"""Short ways to make a diagnostic, for the rules of the value objects."""

from __future__ import annotations

from .diagnostics import Diagnostic, FieldPath, Severity

__all__ = ["error", "warning"]


def error(
    code: str,
    summary: str,
    *path: str | int,
    got: object = None,
    allowed: str | None = None,
    reason: str | None = None,
    hint: str | None = None,
) -> Diagnostic:
    """An error `E-<code>`, as in `error("FLEET-012", …)`."""
    return _make(Severity.ERROR, f"E-{code}", summary, path, got, allowed, reason, hint)


def warning(
    code: str,
    summary: str,
    *path: str | int,
    got: object = None,
    allowed: str | None = None,
    reason: str | None = None,
    hint: str | None = None,
) -> Diagnostic:
    """A warning `W-<code>`."""
    return _make(Severity.WARNING, f"W-{code}", summary, path, got, allowed, reason, hint)


def _make(
    severity: Severity,
    code: str,
    summary: str,
    path: FieldPath,
    got: object,
    allowed: str | None,
    reason: str | None,
    hint: str | None,
) -> Diagnostic:
    text = None if got is None else got if isinstance(got, str) else repr(got)
    return Diagnostic(code, summary, severity, path, text, allowed, reason, hint)
