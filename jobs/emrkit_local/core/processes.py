"""Process groups across our own death: who they were, and ending them when we come back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

_PROC = Path("/proc")


def start_time(pid: int) -> str | None:
    """When this process started, in the system's own notation; None when there is no such process.

    Together with the pid it names a process for good: a pid alone is given again.
    """
    stat = _PROC / str(pid) / "stat"
    if stat.exists():
        try:
            # The second field is the command in parentheses and may hold anything; the start time is the 22nd field.
            rest = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if rest[0] == "Z" else rest[19]
    if _PROC.joinpath("self").exists():
        return None
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def kill_group(pid: int, started: str | None) -> bool:
    """Kill the process group led by this very process; False when it is gone (or its number belongs to another)."""
    if started is None or start_time(pid) != started:
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
        return True
    return False


def kill_by_environment(name: str, values: frozenset[str], marker: tuple[str, str]) -> int:
    """Kill our own processes whose environment has `name` in `values` and the marker; how many there were.

    Finds what was started just before a crash and not yet written down, and what has left its process group.
    Does nothing where there is no /proc.
    """
    wanted = {f"{name}={v}".encode() for v in values}
    mark = f"{marker[0]}={marker[1]}".encode()
    killed = 0
    if not wanted or not _PROC.joinpath("self", "environ").exists():
        return 0
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = set((entry / "environ").read_bytes().split(b"\0"))
        except OSError:
            continue
        if mark in environment and wanted & environment:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(entry.name), signal.SIGKILL)
                killed += 1
    return killed
