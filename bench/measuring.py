"""How a number is taken: variants interleaved round by round, medians quoted, nothing dropped by its result.

A ratio from one run on one machine says something; milliseconds from another day do not. So every item that compares
runs its variants alternately, in an order that turns by one each round, and divides the medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Result", "interleave", "median", "run", "wall"]

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: a value, its unit (empty for a ratio), and the goal that it must not exceed."""

    name: str
    value: float
    goal: float
    unit: str = ""
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the value is within the goal."""
        return self.value <= self.goal


def interleave(variants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every variant once per round and keep every measurement. A round before the first only warms up."""
    names = list(variants)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        variants[name]()
    for turn in range(rounds):
        for offset in range(len(names)):
            name = names[(turn + offset) % len(names)]
            taken[name].append(variants[name]())
    return taken


def median(values: Sequence[float]) -> float:
    """The middle measurement."""
    return statistics.median(values)


def _plain_environment() -> dict[str, str]:
    """Python keeps compiled code, as for users; some build machines forbid it, and every start then compiles."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def run(
    argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path = ROOT, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its words appear only if it fails."""
    done = subprocess.run(
        [str(part) for part in argv],
        cwd=cwd,
        env={**_plain_environment(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{argv} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done


def wall(argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> float:
    """Seconds from the start of a program to its end."""
    started = time.perf_counter()
    run(argv, env, cwd)
    return time.perf_counter() - started
