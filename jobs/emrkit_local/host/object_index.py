"""What a file cannot say about an object: content type, user metadata, ETag, tags, version history; in one SQLite file.

A row counts only while the file is the one it was written for (size, modification time, inode), so a file that Spark or
an editor wrote is never described by an older object's row.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from .placement import Kind

__all__ = ["ObjectIndex", "Row"]

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = normal;
create table if not exists bucket (name text primary key, account text not null) without rowid;
create table if not exists object (
    bucket text not null, key text not null, kind text not null, signature text not null, details text not null,
    primary key (bucket, key)
) without rowid;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What was known of an object when it was written."""

    key: str
    kind: Kind
    signature: str
    details: Mapping[str, object]


class ObjectIndex:
    """The SQLite file beside the buckets. Usable from every thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(_SCHEMA)

    def _run(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        with self._lock:
            return cast("list[tuple[str, ...]]", self._db.execute(statement, values).fetchall())

    def find(self, bucket: str, key: str) -> Row | None:
        """The row of one key."""
        rows = self._run("select key, kind, signature, details from object where bucket = ? and key = ?", bucket, key)
        return _row(rows[0]) if rows else None

    def put(self, bucket: str, row: Row) -> None:
        """Remember a key, in place of what was known of it."""
        details = json.dumps(row.details)
        self._run(
            "insert or replace into object values (?, ?, ?, ?, ?)", bucket, row.key, row.kind, row.signature, details
        )

    def drop(self, bucket: str, key: str) -> None:
        """Forget a key."""
        self._run("delete from object where bucket = ? and key = ?", bucket, key)

    def unlisted(self, bucket: str) -> list[str]:
        """Keys that a walk over the bucket's folder does not find as files: markers and blobs."""
        rows = self._run("select key from object where bucket = ? and kind in ('folder', 'blob')", bucket)
        return [key for (key,) in rows]

    def rows(self, bucket: str) -> list[Row]:
        """Every row of a bucket."""
        return [_row(r) for r in self._run("select key, kind, signature, details from object where bucket = ?", bucket)]

    def owners(self) -> dict[str, str]:
        """The account of each bucket that was created through the API."""
        return dict(cast("list[tuple[str, str]]", self._run("select name, account from bucket")))

    def put_bucket(self, name: str, account: str) -> None:
        """Remember whose bucket it is."""
        self._run("insert or replace into bucket values (?, ?)", name, account)

    def drop_bucket(self, name: str) -> None:
        """Forget a bucket with everything in it, at once."""
        with self._lock:
            self._db.execute("begin")
            self._db.execute("delete from bucket where name = ?", (name,))
            self._db.execute("delete from object where bucket = ?", (name,))
            self._db.execute("commit")

    def close(self) -> None:
        """Close the file; everything is on disk already."""
        with self._lock:
            self._db.close()


def _row(values: tuple[str, ...]) -> Row:
    key, kind, signature, details = values
    return Row(key, Kind(kind), signature, cast("dict[str, object]", json.loads(details)))
