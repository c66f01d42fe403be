"""Which process sent a request: named by its user agent (`emrkit-pid/<pid>`), or found through /proc by its port."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["find_caller"]

_NAMED = re.compile(r"\bemrkit-pid/(\d+)\b")
_LOCAL_ADDRESS, _REMOTE_ADDRESS, _INODE = 1, 2, 9


def find_caller(user_agent: str, peer_port: int, own_port: int) -> int | None:
    """The pid of the client at the other end of a loopback connection, never our own."""
    if named := _NAMED.search(user_agent):
        return _other(int(named[1]))
    inode = _socket_inode(peer_port, own_port)
    if inode is None:
        return None
    wanted = f"socket:[{inode}]"
    for pid in _processes():
        if wanted in _links(pid):
            return _other(pid)
    return None


def _other(pid: int) -> int | None:
    return pid if pid != os.getpid() else None


def _socket_inode(peer_port: int, own_port: int) -> str | None:
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            local, remote = fields[_LOCAL_ADDRESS], fields[_REMOTE_ADDRESS]
            if local.endswith(f":{peer_port:04X}") and remote.endswith(f":{own_port:04X}"):
                return fields[_INODE]
    return None


def _processes() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            yield int(entry.name)


def _links(pid: int) -> Iterator[str]:
    try:
        handles = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return
    for handle in handles:
        try:
            yield str(handle.readlink())
        except OSError:
            continue
