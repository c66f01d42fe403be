"""How a number is taken: variants interleaved round by round, medians quoted, nothing dropped by its result.

A ratio from one run on one machine says something; milliseconds from another day do not. So every item that compares
runs its variants alternately, in an order that turns by one each round, and divides the medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Result", "Span", "Taken", "interleave", "interleave_spans", "median", "run", "span", "wall"]

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: a value, its unit (empty for a ratio), and the goal that it must not exceed, if any."""

    name: str
    value: float
    goal: float | None
    unit: str = ""
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the value is within the goal."""
        return self.goal is None or self.value <= self.goal


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


_LOUD = 0.35
"""Processors that others may keep busy during a run; above it the run is taken again."""
_RETRIES = 1


@dataclass(frozen=True, slots=True)
class Span:
    """One run: seconds on the clock, processor seconds of all its processes, processors that others kept busy."""

    wall: float
    cpu: float
    foreign: float
    said: str
    """The last line that it printed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """All runs of a variant that count, and how many were taken again because others kept the machine busy."""

    spans: Sequence[Span]
    dropped: int

    @property
    def wall(self) -> float:
        """The median of seconds on the clock."""
        return median([s.wall for s in self.spans])

    @property
    def cpu(self) -> float:
        """The median of processor seconds."""
        return median([s.cpu for s in self.spans])

    @property
    def words(self) -> str:
        """Minimum, processor time and how the runs went, for a reader."""
        loud = sum(s.foreign > _LOUD for s in self.spans)
        noise = f", {loud} of them beside other work" if loud else ""
        dropped = f", {self.dropped} more dropped for load" if self.dropped else ""
        fastest = min(s.wall for s in self.spans)
        return f"minimum {fastest:.2f} s, CPU {self.cpu:.2f} s, {len(self.spans)} runs{noise}{dropped}"


def span(argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Span:
    """Run a program to its end and say what it took, and what others took of the machine meanwhile."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        busy, started = _busy_seconds(), time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in argv], cwd=cwd, env={**_plain_environment(), **(env or {})}, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        cpu = usage.ru_utime + usage.ru_stime
        others = max(0.0, _busy_seconds() - busy - cpu) / wall
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said = out.read().decode()
        if process.returncode != 0:
            raise RuntimeError(
                f"{argv} ended with {process.returncode}:\n{said[-2000:]}\n{err.read().decode()[-4000:]}"
            )
    return Span(wall, cpu, others, said.splitlines()[-1] if said else "")


def interleave_spans(variants: Mapping[str, Callable[[], Span]], rounds: int) -> dict[str, Taken]:
    """As `interleave`, with a run taken again while others keep the machine busy; its result has no say in that."""
    names = list(variants)
    taken: dict[str, list[Span]] = {name: [] for name in names}
    dropped = dict.fromkeys(names, 0)
    for name in names:
        variants[name]()
    for turn in range(rounds):
        for offset in range(len(names)):
            name = names[(turn + offset) % len(names)]
            tries = [variants[name]()]
            while tries[-1].foreign > _LOUD and len(tries) <= _RETRIES:
                tries.append(variants[name]())
            taken[name].append(min(tries, key=lambda s: s.foreign))
            dropped[name] += len(tries) - 1
    return {name: Taken(spans, dropped[name]) for name, spans in taken.items()}


def _busy_seconds() -> float:
    """Processor seconds of the whole machine so far; where the system does not say, every run counts as quiet."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _, _, *interrupts = (int(n) for n in first[:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
