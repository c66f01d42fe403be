"""Processes of steps: a session each, known to the warden, ended as a whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from . import warden

__all__ = ["RunningProcess", "Warden", "spawn"]


class Warden:
    """The daemon's end of the pipe to its one warden process; started with the first process it is told of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, pid: int) -> None:
        """From now on this session dies with us."""
        self._tell(b"+%d\n" % pid)

    def remove(self, pid: int) -> None:
        """The session has ended."""
        self._tell(b"-%d\n" % pid)

    def close(self) -> None:
        """End the warden, and with it every session it still knows."""
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()
                self._process.wait()
            self._process = None

    def start(self) -> None:
        """Start the warden ahead of the first step."""
        with self._lock:
            self._running()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-E", warden.__file__], stdin=subprocess.PIPE, start_new_session=True
            )
        return self._process

    def _tell(self, message: bytes) -> None:
        with self._lock:
            stdin = self._running().stdin
            assert stdin is not None
            with contextlib.suppress(OSError):
                stdin.write(message)
                stdin.flush()


class RunningProcess:
    """A started session; see `emrkit_local.core.ports.RunningStep`."""

    def __init__(self, process: subprocess.Popen[bytes], warden_: Warden) -> None:
        self._process = process
        self._warden = warden_
        self._callbacks: list[Callable[[], None]] = []
        self._ended = threading.Event()

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Call this once, from whoever waits, when the session has ended."""
        self._callbacks.append(callback)

    @property
    def pid(self) -> int:
        """Process id of the session's leader."""
        return self._process.pid

    def wait(self) -> int:
        """Block until the leader ends, then end what it left behind; the exit code, negative for a signal."""
        code = self._process.wait()
        if not self._ended.is_set():
            self._ended.set()
            warden.kill_sessions({self.pid})
            self._warden.remove(self.pid)
            for callback in self._callbacks:
                callback()
        return code

    def cancel(self, *, force: bool) -> None:
        """SIGTERM, or SIGKILL, to the whole group; harmless once it has ended."""
        if self._ended.is_set():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL if force else signal.SIGTERM)


def spawn(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    stdout: IO[bytes],
    stderr: IO[bytes],
    *,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own."""
    return subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
