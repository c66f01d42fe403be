"""Ends what the daemon started when the daemon is gone, however it went.

The daemon keeps a pipe to one warden and tells it which process groups live (`+PID`, `-PID`, one a line). When the pipe
ends, for instance because the daemon was killed with SIGKILL, the warden kills every group that is still listed.
`python -S -E warden.py` runs it; it imports nothing but the standard library's lightest modules.
"""

from __future__ import annotations

import os
import signal
import sys
import time


def sessions_of(leaders: set[int]) -> list[int]:
    """Every living process whose session was opened by one of the leaders: workers may leave the group, not that."""
    found: list[int] = []
    try:
        names = os.listdir("/proc")  # noqa: PTH208  # pathlib costs the warden half of its start
    except OSError:
        return found
    for name in names:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                    fields = stat.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if int(fields[3]) in leaders and fields[0] != b"Z":
                found.append(int(name))
    return found


def kill_sessions(leaders: set[int]) -> None:
    """SIGKILL to the groups and to everything in their sessions, until nothing of them is left."""
    for leader in leaders:
        try:  # noqa: SIM105  # contextlib would double the warden's start
            os.killpg(leader, signal.SIGKILL)
        except OSError:
            pass
    for _ in range(100):
        living = sessions_of(leaders)
        for pid in living:
            try:  # noqa: SIM105
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        if not living:
            return
        time.sleep(0.01)


def main() -> None:
    """Listen until the pipe ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    living: set[int] = set()
    for line in sys.stdin.buffer:
        pid = int(line[1:])
        if line[:1] == b"+":
            living.add(pid)
        else:
            living.discard(pid)
    if living:
        kill_sessions(living)


if __name__ == "__main__":
    main()
