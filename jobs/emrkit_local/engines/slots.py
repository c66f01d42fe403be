"""Warm starts: driver JVMs that were booted ahead, each for exactly one step."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import warden
from .class_archive import warm_up_words
from .launch import SLOT_MAIN, Launcher
from .memory import Budget, Share
from .processes import RunningProcess, Warden, spawn

__all__ = ["SLOT_MEGABYTES", "Pool", "Slot"]

SLOT_MEGABYTES = 480
"""What an idle slot holds; a step that takes it over is admitted with its own share."""
IDLE_SECONDS = 1800.0
LONGEST_WORD = 65535


class Slot:
    """One booted JVM in a folder of its own, which becomes the step's folder when it is given work."""

    def __init__(self, launcher: Launcher, home: Path, warden_: Warden, share: Share) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slot-", dir=home))
        self.share = share
        self._warden = warden_
        # Appended to, so that truncating them under the running JVM leaves no hole.
        self._streams = [(self.folder / name).open("ab", buffering=0) for name in ("stdout", "stderr")]
        warm_up = self.folder / ".warm-up"
        warm_up.mkdir()
        self.process = spawn(
            launcher.command(warm_up_words(warm_up), SLOT_MAIN),
            self.folder,
            launcher.environment({"SPARK_LOCAL_DIRS": str(warm_up)}),
            *self._streams,
            stdin=subprocess.PIPE,
        )
        warden_.add(self.process.pid)
        self.booted = time.monotonic()

    @property
    def ready(self) -> bool:
        """Booted, warmed and waiting."""
        return (self.folder / ".ready").exists() and self.process.poll() is None

    def give(self, words: Sequence[str], environment: Mapping[str, str], folder: Path) -> RunningProcess | None:
        """Hand it the step. Its folder takes the place of the step's (empty but for its controller log).

        None when the JVM died meanwhile; the step's folder is then as it was.
        """
        stdin = self.process.stdin
        assert stdin is not None
        try:
            # The count of variables alone commits to nothing, and tells a dead JVM from a waiting one.
            stdin.write(_number(len(environment)))
            stdin.flush()
        except OSError:
            self.close()
            return None
        for stream in self._streams:
            stream.truncate(0)
            stream.close()
        shutil.rmtree(self.folder / ".warm-up", ignore_errors=True)
        (self.folder / ".ready").unlink()
        for entry in folder.iterdir():
            entry.rename(self.folder / entry.name)
        folder.rmdir()
        old = self.folder
        old.rename(folder)
        # The JVM resolves relative names against the folder's first name for ever.
        old.symlink_to(folder)
        with contextlib.suppress(OSError):
            # A JVM that dies from here on is a step that failed: its exit code says so.
            stdin.write(_message(words, environment))
            stdin.close()
        running = RunningProcess(self.process, self._warden)
        running.when_ended(lambda: old.unlink(missing_ok=True))
        return running

    def kill(self) -> None:
        """Stop it from taking processors and memory, at once."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End it unused."""
        warden.kill_sessions({self.process.pid})
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        for stream in self._streams:
            stream.close()
        self._warden.remove(self.process.pid)
        self.share.release()
        shutil.rmtree(self.folder, ignore_errors=True)


class Pool:
    """The idle slots of one launcher."""

    def __init__(self, launcher: Launcher, home: Path, size: int, warden_: Warden, budget: Budget) -> None:
        self._launcher = launcher
        self._home = home
        self._size = size
        self._warden = warden_
        self._budget = budget
        self._slots: list[Slot] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        home.mkdir(parents=True, exist_ok=True)

    def fill(self) -> None:
        """Boot what is missing. Call it when nothing runs: a boot takes the processors of a running step."""
        with self._lock:
            self._slots = [s for s in self._slots if s.process.poll() is None]
            while len(self._slots) < self._size:
                share = self._budget.take(SLOT_MEGABYTES, alone=False)
                if share is None:
                    return
                self._slots.append(Slot(self._launcher, self._home, self._warden, share))
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(IDLE_SECONDS, self.drop)
            self._timer.daemon = True
            self._timer.start()

    def take(self) -> Slot | None:
        """A ready slot, which is the caller's from now on, or None. One that still boots makes way for a cold start."""
        with self._lock:
            slot = next((s for s in self._slots if s.ready), None)
            if slot is not None:
                self._slots.remove(slot)
                slot.share.release()
        if slot is None:
            self.drop()
        return slot

    def drop(self) -> None:
        """End every idle slot: memory is short, or nobody came for a long time."""
        with self._lock:
            slots, self._slots = self._slots, []
        for slot in slots:
            slot.kill()
            # Waiting for it and clearing its folder is nothing that a step should wait for.
            threading.Thread(target=slot.close, name="slot-close").start()

    def close(self) -> None:
        """End the pool."""
        if self._timer is not None:
            self._timer.cancel()
        self._size = 0
        self.drop()


def why_not_warm(words: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """What keeps this text from being handed over in Java's own string format."""
    for text in (*words, *environment, *environment.values()):
        if any(ord(c) > 0xFFFF or c == "\0" for c in text) or len(text.encode()) > LONGEST_WORD:
            return "a word outside the hand-over format"
    return None


def _message(words: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """What follows the count of variables: names and values, then the words."""
    pairs = [part for item in environment.items() for part in item]
    return b"".join(map(_text, pairs)) + _number(len(words)) + b"".join(map(_text, words))


def _number(value: int) -> bytes:
    return struct.pack(">i", value)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded
