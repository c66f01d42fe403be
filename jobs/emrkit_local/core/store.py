"""The core's memory on disk: one SQLite file, one writer, every transition committed before anybody can see it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from .records import Cluster, Step, cluster_from_text, cluster_to_text, step_from_text, step_to_text

_SCHEMA = """
create table if not exists clusters(id text primary key, ordinal integer not null, body text not null);
create table if not exists steps(
    id text primary key, cluster_id text not null references clusters(id), ordinal integer not null, body text not null
);
create index if not exists steps_of on steps(cluster_id, ordinal);
create table if not exists entries(kind text not null, scope text not null, name text not null, body text not null,
    primary key (kind, scope, name));
"""
VERSION = 1
# Seconds.
_PATIENCE = 0.5


class StateInUse(RuntimeError):  # noqa: N818 - a state of the folder
    """Another control plane works on this state folder."""


def _locked(lock: int, patience: float) -> bool:
    """Take the lock. What a killed control plane had just forked holds it until its exec: hence the patience."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        else:
            return True


class Store:
    """Rows of clusters, steps and named entries. Not thread-safe: the control plane calls it under its own lock.

    Raises `StateInUse` when a living process holds the folder, `RuntimeError` when a newer version wrote it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder / "emr.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _locked(self._lock, _PATIENCE):
            os.close(self._lock)
            raise StateInUse(f"{folder} is in use by another local EMR")
        self._db = sqlite3.connect(folder / "emr.sqlite", check_same_thread=False, isolation_level=None)
        # NORMAL survives the death of the process at any moment; only a power cut can lose the last commits.
        self._db.executescript("pragma journal_mode=wal; pragma synchronous=normal; pragma foreign_keys=on;")
        found = int(self._db.execute("pragma user_version").fetchone()[0])
        if found > VERSION:
            self._db.close()
            os.close(self._lock)
            raise RuntimeError(f"{folder} was written by a newer emrkit (state version {found})")
        self._db.executescript(_SCHEMA + f"pragma user_version={VERSION};")

    def load(self) -> list[Cluster]:
        """Every cluster with its steps, oldest first."""
        rows = self._db.execute("select body from clusters order by ordinal").fetchall()
        clusters = {c.id: c for c in (cluster_from_text(str(r[0])) for r in rows)}
        for (body,) in self._db.execute("select body from steps order by cluster_id, ordinal"):
            step = step_from_text(str(body))
            clusters[step.cluster_id].steps.append(step)
        return list(clusters.values())

    def save(self, clusters: Iterable[Cluster], steps: Iterable[Step]) -> None:
        """All of these rows, or none."""
        self._db.execute("begin immediate")
        try:
            self._db.executemany(
                "insert into clusters values(?,?,?) on conflict(id) do update set body=excluded.body",
                [(c.id, c.ordinal, cluster_to_text(c)) for c in clusters],
            )
            self._db.executemany(
                "insert into steps values(?,?,?,?) on conflict(id) do update set body=excluded.body",
                [(s.id, s.cluster_id, s.ordinal, step_to_text(s)) for s in steps],
            )
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def entries(self, kind: str, scope: str) -> dict[str, str]:
        """Name → body of every entry of this kind in this account and Region."""
        rows = self._db.execute("select name, body from entries where kind=? and scope=? order by name", (kind, scope))
        return {str(name): str(body) for name, body in rows}

    def put_entry(self, kind: str, scope: str, name: str, body: str) -> None:
        """Write or replace an entry."""
        self._db.execute("insert or replace into entries values(?,?,?,?)", (kind, scope, name, body))

    def delete_entry(self, kind: str, scope: str, name: str) -> None:
        """Forget an entry; harmless when there is none."""
        self._db.execute("delete from entries where kind=? and scope=? and name=?", (kind, scope, name))

    def close(self) -> None:
        """Give the folder back."""
        self._db.close()
        os.close(self._lock)
