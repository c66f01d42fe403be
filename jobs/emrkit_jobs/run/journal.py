"""What a run intends and what came of it, on disk before and after every act.

One file for each run, one JSON object a line, each with its version, lineage, number and checksum; every line is on
disk (fsync) before the act that it announces. A process that is killed at any moment leaves at most one damaged line
at the end: it is set aside, and the state of the target tells what became of that act.

Example:
    journal = Journal.create(folder, "20260301-101500-k3f9", lineage="…", facts={"job": "sales"})
    journal.write("intent", act="submit", steps=["load"])
    journal.write("outcome", act="submit", ids=["s-1"])
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode, Severity

__all__ = ["VERSION", "Entry", "Journal", "list_journals", "read_journal", "write_durably"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its number (from 0), when it was written, what kind it is, and what it says."""

    number: int
    at: datetime
    kind: str
    facts: Mapping[str, object]


@dataclass
class Journal:
    """The journal of one run; `entries` grows with the file."""

    path: Path
    lineage: str
    entries: list[Entry] = field(default_factory=list[Entry])
    warnings: tuple[Diagnostic, ...] = ()

    @classmethod
    def create(cls, folder: Path, name: str, *, lineage: str, facts: Mapping[str, object]) -> Journal:
        """A new journal whose first line is on disk; raises `EmrkitError` if it cannot be written."""
        journal = cls(folder / f"{name}.jsonl", lineage)
        with _explained(journal.path):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(journal.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.close(descriptor)
            _sync_folder(folder)
        journal.write("run", **facts)
        return journal

    def write(self, kind: str, **facts: object) -> Entry:
        """Adds a line and returns when it is on disk. Raises `EmrkitError` if it is not: then do not act."""
        entry = Entry(len(self.entries), datetime.now(UTC), kind, facts)
        with _explained(self.path):
            size = self.path.stat().st_size
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                line = _encode(entry, self.lineage)
                written = os.write(descriptor, line)
                if written != len(line):  # a full disk takes the first part only: take it back
                    os.ftruncate(descriptor, size)
                    raise OSError(28, os.strerror(28), str(self.path))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self.entries.append(entry)
        return entry

    def find(self, kind: str, **facts: object) -> Entry | None:
        """The latest line of this kind whose facts contain the given ones."""
        for entry in reversed(self.entries):
            if entry.kind == kind and all(entry.facts.get(key) == value for key, value in facts.items()):
                return entry
        return None

    @property
    def first(self) -> Entry:
        """The line that says which run this is."""
        return self.entries[0]

    @property
    def finished(self) -> bool:
        """Whether the run's end is known."""
        return self.find("finished") is not None


def read_journal(path: Path, lineage: str) -> Journal | None:
    """The journal in a file; None if not even its first line is whole (then nothing was done yet).

    A damaged end is set aside beside the file, with a warning in `warnings`. Raises `EmrkitError` for a journal that a
    newer emrkit wrote, or that belongs to another project or target: acting on either could do harm.
    """
    with _explained(path):
        data = path.read_bytes()
    entries: list[Entry] = []
    good = 0
    for line in data.splitlines(keepends=True):
        entry = _decode(line, path, lineage, len(entries))
        if entry is None:
            break
        entries.append(entry)
        good += len(line)
    journal = Journal(path, lineage, entries)
    if good < len(data):
        journal.warnings = (_set_aside(path, data, good),)
    if entries and entries[0].kind == "run":
        return journal
    return None


def _encode(entry: Entry, lineage: str) -> bytes:
    body = {
        "version": VERSION,
        "lineage": lineage,
        "number": entry.number,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "facts": dict(entry.facts),
    }
    text = json.dumps(body, sort_keys=True, default=str)
    return f'{{"sum":"{_checksum(text)}","entry":{text}}}\n'.encode()


def _decode(line: bytes, path: Path, lineage: str, number: int) -> Entry | None:
    try:
        outer = json.loads(line)
        body = cast("Mapping[str, object]", outer["entry"])
        version = int(cast("int", body["version"]))
    except (ValueError, KeyError, TypeError):
        return None
    if version > VERSION:
        raise EmrkitError(
            Diagnostic(
                "E-RUN-002",
                "the journal of a run was written by a newer emrkit",
                got=f"version {version} in {path}",
                allowed=f"version {VERSION}",
                hint="use that emrkit, or an even newer one, in this project",
            ),
            ExitCode.TARGET_REFUSED,
        )
    whole = line.endswith(b"\n") and outer.get("sum") == _checksum(json.dumps(body, sort_keys=True))
    if not whole or body.get("number") != number:
        return None
    if body["lineage"] != lineage:
        raise EmrkitError(
            Diagnostic(
                "E-RUN-003",
                "the journal of a run belongs to another project or target",
                got=f"{path}",
                reason="what it knows (cluster and step ids) means nothing here",
                hint="move the file away if it was copied here by hand",
            ),
            ExitCode.TARGET_REFUSED,
        )
    at = datetime.fromisoformat(str(body["at"]))
    return Entry(number, at, str(body["kind"]), cast("Mapping[str, object]", body["facts"]))


def _set_aside(path: Path, data: bytes, good: int) -> Diagnostic:
    aside = path.with_suffix(f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    with _explained(aside):
        write_durably(aside, data[good:])
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, good)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return Diagnostic(
        "W-RUN-001",
        "the end of a run's journal was damaged and is set aside",
        severity=Severity.WARNING,
        got=f"{len(data) - good} bytes, now in {aside}",
        reason="a process was killed while it wrote; the target tells what became of its last act",
    )


def write_durably(path: Path, data: bytes) -> None:
    """The whole content under its name, or nothing: written beside it, synced, renamed."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with waiting.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        waiting.replace(path)
    except OSError:
        waiting.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _explained:  # noqa: N801 - used as a statement, like contextlib's own
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise EmrkitError(
                Diagnostic(
                    "E-RUN-001",
                    "the journal cannot be written, so nothing is sent",
                    got=f"{self._path}: {error.strerror}",
                    hint="free some space there, or choose another folder with EMRKIT_STATE_DIR",
                ),
                ExitCode.TARGET_UNREACHABLE,
            ) from error


def list_journals(folder: Path) -> Iterator[Path]:
    """The journals in a folder, newest run first (their names begin with the time)."""
    yield from sorted(folder.glob("*.jsonl"), reverse=True)
