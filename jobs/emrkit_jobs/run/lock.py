"""One submitter at a time: a lock in the artifacts bucket, made of nothing but conditional writes.

A lock is a row of objects `locks/<name>/<serial>.json`. Who creates the next serial (`If-None-Match: *`) holds the
lock; the highest serial counts. A holder that is late sees a higher serial and must not act. A lock is stale when its
lease has run out, or at once when its holder was a process of this machine that lives no more.

Example:
    with hold(target.objects, "emrkit-artifacts", "sales_etl") as lock:
        lock.check()        # before every act: still ours?
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from emrkit_jobs.targets.errors import OutcomeUnknown, TargetError
from emrkit_jobs.targets.protocol import Objects
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["LEASE_SECONDS", "Lock", "describe_process", "hold", "is_process_alive"]

LEASE_SECONDS = 120.0


@dataclass
class Lock:
    """A held lock; `check` before every act, which also renews the lease when half of it is used."""

    objects: Objects
    bucket: str
    name: str
    serial: int
    record: dict[str, object]
    now: Callable[[], float] = time.time

    def check(self) -> None:
        """Raises `EmrkitError` if somebody else has taken the lock since: then nothing may be sent."""
        serial, record = _highest(self.objects, self.bucket, self.name)
        if serial != self.serial or record.get("token") != self.record["token"]:
            raise _lost(self.name, record)
        if _number(record, "until") - self.now() < LEASE_SECONDS / 2:
            self.record["until"] = self.now() + LEASE_SECONDS
            self._write()

    def release(self) -> None:
        """Gives the lock back; the object stays, so that serials only grow."""
        serial, _ = _highest(self.objects, self.bucket, self.name)
        if serial == self.serial:
            self.record["released"] = True
            self._write()

    def _write(self) -> None:
        self.objects.put(self.bucket, _key(self.name, self.serial), json.dumps(self.record).encode())


@contextmanager
def hold(
    objects: Objects,
    bucket: str,
    name: str,
    *,
    steal: bool = False,
    now: Callable[[], float] = time.time,
) -> Generator[Lock]:
    """The lock, for the length of the block. Raises `EmrkitError` (exit 4) naming the holder when it is taken."""
    lock = acquire(objects, bucket, name, steal=steal, now=now)
    try:
        yield lock
    finally:
        # The lease runs out by itself, and this process may not be able to reach the target any more.
        with suppress(TargetError):
            lock.release()


def acquire(
    objects: Objects, bucket: str, name: str, *, steal: bool = False, now: Callable[[], float] = time.time
) -> Lock:
    """Takes the lock, from a stale holder if need be; `steal` takes it from a living one too."""
    serial, record = _highest(objects, bucket, name)
    if record and not steal and not is_stale(record, now()):
        raise _taken(name, record, now())
    mine: dict[str, object] = {
        **describe_process(os.getpid()),
        "token": os.urandom(8).hex(),
        "since": now(),
        "until": now() + LEASE_SECONDS,
    }
    lock = Lock(objects, bucket, name, serial + 1, mine, now)
    body = json.dumps(mine).encode()
    try:
        won = objects.put_new(bucket, _key(name, serial + 1), body)
    except OutcomeUnknown:
        won = False  # whose object it is, its token tells
    if not won:
        found = _record(objects, bucket, name, serial + 1)
        if found.get("token") != mine["token"]:
            raise _taken(name, found, now())
    for old in range(max(1, serial - 3), serial + 1):
        objects.delete(bucket, [_key(name, old)])
    return lock


def is_stale(record: Mapping[str, object], now: float) -> bool:
    """Whether a lock's record no longer means that somebody works."""
    if record.get("released") or _number(record, "until") < now:
        return True
    here = describe_process(os.getpid())
    same_machine = record.get("host") == here["host"] and record.get("boot") == here["boot"]
    return same_machine and not is_process_alive(int(_number(record, "pid")), str(record.get("started", "")))


def describe_process(pid: int) -> dict[str, object]:
    """A process so that it can be recognised later: the machine, its boot, the number, the start time."""
    return {"host": socket.gethostname(), "boot": _boot(), "pid": pid, "started": process_start(pid)}


def is_process_alive(pid: int, started: str) -> bool:
    """Whether that very process (not another one that got its number) still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    now = process_start(pid)
    return now != "zombie" and (not started or not now or now == started)


def process_start(pid: int) -> str:
    """The start time of a process as the kernel counts it; empty where the kernel does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "zombie" if fields[0] == "Z" else fields[19]


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _key(name: str, serial: int) -> str:
    return f"locks/{name}/{serial:012d}.json"


def _highest(objects: Objects, bucket: str, name: str) -> tuple[int, Mapping[str, object]]:
    keys = [item.key for item in objects.list(bucket, f"locks/{name}/")]
    if not keys:
        return 0, {}
    serial = int(max(keys).rpartition("/")[2].removesuffix(".json"))
    return serial, _record(objects, bucket, name, serial)


def _record(objects: Objects, bucket: str, name: str, serial: int) -> Mapping[str, object]:
    body = objects.get(bucket, _key(name, serial))
    try:
        found = json.loads(body) if body else None
    except ValueError:
        found = None
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}


def _number(record: Mapping[str, object], key: str) -> float:
    value = record.get(key)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _holder(record: Mapping[str, object]) -> str:
    return f"process {record.get('pid', '?')} on {record.get('host', '?')}"


def _taken(name: str, record: Mapping[str, object], now: float) -> EmrkitError:
    age = max(0, int(now - _number(record, "since")))
    return EmrkitError(
        Diagnostic(
            "E-RUN-004",
            f"another command is submitting '{name}' just now",
            got=f"the lock is held by {_holder(record)} since {age} s",
            hint="wait for it; if it is gone for good, run the same command with --steal-lock",
        ),
        ExitCode.TARGET_UNREACHABLE,
    )


def _lost(name: str, record: Mapping[str, object]) -> EmrkitError:
    return EmrkitError(
        Diagnostic(
            "E-RUN-005",
            f"the lock of '{name}' was taken by somebody else: nothing more is sent",
            got=_holder(record),
            hint="run the same command again: it looks at what was submitted",
        ),
        ExitCode.OUTCOME_UNKNOWN,
    )
