"""Local EMR itself: how soon it is ready, what it holds, how soon a submitted step is a process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from emrkit_local import client, folders

from .local import Bench, opened
from .measuring import Result, median

__all__ = ["measure"]

_STARTS = 5
_SUBMITS = 11


def measure() -> Iterator[Result]:
    """Start and stop it, then use it: memory is read after work, when it is largest."""
    yield Result("daemon start → ready", median([_start() for _ in range(_STARTS)]), 3.0, "s")
    with opened() as bench:
        bench.step("true")
        delays = [_submit(bench) for _ in range(_SUBMITS)]
        yield Result("submit → process start", median(delays), 150.0, "ms", "a command step's own clock")
        held = resident_megabytes(bench.endpoint.pid)
        yield Result("daemon memory", held, 250.0, "MB", f"resident, after {_SUBMITS + 1} steps")


def _start() -> float:
    with tempfile.TemporaryDirectory(prefix="emrkit-bench-") as state:
        started = time.perf_counter()
        client.start(Path(state), folders.cache_folder())
        taken = time.perf_counter() - started
        client.stop(Path(state))
        return taken


def _submit(bench: Bench) -> float:
    asked = time.time_ns()
    _, step = bench.step("bash", "-c", "date +%s%N")
    return (int(bench.log(step, "stdout").strip()) - asked) / 1e6


def resident_megabytes(pid: int) -> float:
    """What a process holds, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError(f"process {pid} says nothing about its memory")
