"""The emulator's own state on disk: one SQLite file, one transaction for all services, before anybody sees the change.

A crash leaves the state as of the last answer. What was under way then is put to an end on the next start: a stack that
was being created, updated or deleted is in its failed state (so that the next deploy goes on from there), an execution
that ran has failed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from .dynamic_references import conceal, reveal
from .emr_service import Calls
from .ministack import Emulator, Json
from .operations import RequestName
from .stack_emr import STACK_TAG

__all__ = ["EmulatorState", "end_interrupted_stacks"]

_log = logging.getLogger(__name__)
_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = normal;
create table if not exists service (name text primary key, state text not null) without rowid;
"""
_ATTEMPTS = 20
_STACKS = "cloudformation"
_S3 = "s3"
# Types whose resources live in services of their own; a stack or an execution may have touched any of them.
_BACKGROUND = ("cloudformation", "states")


class EmulatorState:
    """Saves what changed and gives it back at the start."""

    def __init__(self, emulator: Emulator, path: Path) -> None:
        self._emulator = emulator
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._lock = threading.Lock()
        self._saved: dict[str, bytes] = {}
        self._dirty = False

    def restore(self) -> None:
        """Give every service but S3 its state back."""
        for name, text in self._rows():
            if name != _S3:
                self._restore(name, text)
        reveal(self._emulator)

    def restore_buckets(self) -> None:
        """Give S3 its bucket settings back (buckets and objects are folders)."""
        for name, text in self._rows():
            if name == _S3:
                self._restore(name, text)

    async def before_answer(self, name: RequestName) -> None:
        """Save what the request, or the work it looks at, may have changed."""
        if name.is_object or name.service == "elasticmapreduce":
            return
        if name.is_read and name.service not in _BACKGROUND:
            return
        self._dirty = not name.is_read  # it may have reached other services: the next tick looks at all of them
        await self.save(None if name.service in _BACKGROUND else name.service)

    async def keep_saving(self, seconds: float = 1.0) -> None:
        """Save work that goes on behind the requests, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            if self._dirty or self._works_in_background():
                self._dirty = False
                await self.save()

    async def save(self, service: str | None = None) -> None:
        """Write every service whose state changed, or this one alone, in one transaction."""
        # Copied on the event loop, where most changes are made; turned to text and written elsewhere.
        copies = {name: self._copy(name, copy) for name, copy in self._emulator.snapshots(service)}
        await asyncio.to_thread(self._write, {n: c for n, c in copies.items() if c is not None})

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _copy(self, name: str, copy: object) -> object:
        for _ in range(_ATTEMPTS):
            try:
                return copy()  # type: ignore[operator]
            except RuntimeError:
                continue  # a worker thread changed a dictionary while it was copied
            except Exception:
                _log.exception("the state of %s cannot be copied", name)
                return None
        _log.warning("the state of %s changes too fast to be copied", name)
        return None

    def _write(self, copies: Mapping[str, object]) -> None:
        with self._lock:
            changed: list[tuple[str, str]] = []
            digests: dict[str, bytes] = {}
            for name, state in copies.items():
                try:
                    text = self._emulator.encode(state)
                    text = conceal(text) if name == _STACKS else text
                except (TypeError, ValueError, RuntimeError):
                    _log.exception("the state of %s cannot be saved", name)
                    continue
                digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
                if self._saved.get(name) != digest:
                    changed.append((name, text))
                    digests[name] = digest
            if not changed:
                return
            self._db.execute("begin")
            self._db.executemany("insert or replace into service values (?, ?)", changed)
            self._db.execute("commit")
            self._saved.update(digests)

    def _rows(self) -> list[tuple[str, str]]:
        return cast("list[tuple[str, str]]", self._db.execute("select name, state from service").fetchall())

    def _restore(self, name: str, text: str) -> None:
        try:
            self._emulator.restore(name, text)
        except Exception:
            _log.exception("the saved state of %s cannot be restored; it starts empty", name)

    def _works_in_background(self) -> bool:
        if self._emulator.is_loaded("services.cloudformation"):
            for _account, _region, record in self._emulator.stacks():
                if str(record.get("StackStatus", "")).endswith("_IN_PROGRESS"):
                    return True
        return any(e.get("status") == "RUNNING" for e in self._emulator.executions())


_ENDED_AS: Mapping[str, str] = {
    "CREATE_IN_PROGRESS": "ROLLBACK_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
}
_OTHERS_END_AS = "UPDATE_ROLLBACK_COMPLETE"
_REASON = "local EMR ended while this was in progress"


def end_interrupted_stacks(emulator: Emulator, control: Calls) -> list[str]:
    """End what a crash interrupted, so that the next deploy can go on; the names of the stacks.

    A creation ends as `ROLLBACK_FAILED` and a deletion as `DELETE_FAILED`: both still hold what they made, and a delete
    (the CDK CLI begins with one) takes it away. An update ends as `UPDATE_ROLLBACK_COMPLETE` with the former template,
    so that the next deploy applies the change again. Clusters that a stack began and does not hold are terminated.
    """
    ended: list[str] = []
    for account, region, record in emulator.stacks_if_used():
        status = str(record.get("StackStatus", ""))
        if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
            continue
        name, final = str(record["StackName"]), _ENDED_AS.get(status, _OTHERS_END_AS)
        with emulator.scope(account, region):
            if final == _OTHERS_END_AS and record.get("_template"):
                record["_template_body"] = json.dumps(record["_template"])
            record["StackStatus"], record["StackStatusReason"] = final, _REASON
            emulator.add_stack_event(record, name, "AWS::CloudFormation::Stack", final, _REASON)
        resources = cast("dict[str, Json]", record.get("_resources") or {})
        held = {str(r.get("PhysicalResourceId")) for r in resources.values()}
        _terminate_strays(control, account, region, name, held)
        ended.append(name)
    return ended


def _terminate_strays(control: Calls, account: str, region: str, stack: str, held: set[str]) -> None:
    def call(operation: str, request: Json) -> Json:
        return cast("Json", control.call(operation, request, account=account, region=region))

    living = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
    for summary in cast("list[Json]", call("ListClusters", {"ClusterStates": living})["Clusters"]):
        identity = str(summary["Id"])
        if identity in held:
            continue
        described = cast("Json", call("DescribeCluster", {"ClusterId": identity})["Cluster"])
        tags = {t["Key"]: t["Value"] for t in cast("list[dict[str, str]]", described.get("Tags") or [])}
        if tags.get(STACK_TAG) == stack:
            call("SetTerminationProtection", {"JobFlowIds": [identity], "TerminationProtected": False})
            call("TerminateJobFlows", {"JobFlowIds": [identity]})
