"""Apps that the bench synthesizes, each a fresh process: counted once, timed as often as needed."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .measuring import ROOT, Span, Taken, run, span

__all__ = ["Run", "Slope", "counted", "per_unit", "spanned"]

_ENVIRONMENT = {"CDK_VALIDATION": "false"}


@dataclass(frozen=True, slots=True)
class Run:
    """One app that was looked at: its calls over the bridge, what it imported, and its template."""

    calls: int
    modules: tuple[str, ...]
    template: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slope:
    """What one more unit costs in milliseconds: on the clock, and of processor time."""

    wall: float
    cpu: float


def per_unit(taken: Mapping[int, Mapping[str, Taken]], side: str) -> Slope:
    """Milliseconds that one more unit costs, between the two largest sizes."""
    few, many = sorted(taken)[-2:]
    a, b = taken[few][side], taken[many][side]
    return Slope(*(1000 * (getattr(b, what) - getattr(a, what)) / (many - few) for what in ("wall", "cpu")))


def counted(file: Path, folder: Path, env: Mapping[str, str] | None = None) -> Run:
    """Run an app once, counting its calls."""
    out = folder / f"out-{file.stem}"
    argv = [sys.executable, "-m", "bench.synthesis_app", file, out, "--count"]
    said = json.loads(run(argv, {**_ENVIRONMENT, **(env or {})}, ROOT).stdout.splitlines()[-1])
    template = json.loads((out / "Bench.template.json").read_text("utf-8"))
    return Run(sum(said["calls"].values()), tuple(said["modules"]), template)


def spanned(file: Path, folder: Path, env: Mapping[str, str] | None = None) -> Callable[[], Span]:
    """A way to run an app once, into an assembly of its own, and take its time."""

    def once() -> Span:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            argv = [sys.executable, "-m", "bench.synthesis_app", file, out]
            return span(argv, {**_ENVIRONMENT, **(env or {})}, ROOT)

    return once
