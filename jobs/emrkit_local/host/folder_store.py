"""S3 buckets as plain folders: `ROOT/<bucket>/<key>` is the object. The folder is the truth.

Every write is a temporary file and an atomic rename, so no reader sees half an object and a killed process leaves
nothing under a final name.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from .object_index import ObjectIndex, Row
from .placement import Kind, Place, blob_path, locate

__all__ = ["FolderStore"]

_OWN = ".emrkit"
_SECONDS_A_DAY = 86400
_DEFAULTS: Mapping[str, object] = {
    "content_type": "application/octet-stream",
    "content_encoding": None,
    "metadata": {},
    "preserved_headers": {},
    "storage_class": "STANDARD",
    "checksums": {},
}


class FolderStore:
    """Reads, writes, lists and deletes objects under one root. Usable from every thread.

    Example: `FolderStore(state / "buckets").write("lake", "a.csv", b"1,2", {})` makes the file `buckets/lake/a.csv`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._temporary = self.root / _OWN / "tmp"
        self.blobs = self.root / _OWN / "blobs"
        for folder in (self._temporary, self.blobs):
            folder.mkdir(parents=True, exist_ok=True)
        for left in self._temporary.iterdir():
            if time.time() - left.stat().st_mtime > _SECONDS_A_DAY:
                left.unlink(missing_ok=True)
        self.index = ObjectIndex(self.root / _OWN / "objects.db")

    # Buckets --------------------------------------------------------------------------------------------------------

    def buckets(self) -> list[str]:
        """Names of all buckets; a folder made by hand is one too."""
        return sorted(d.name for d in self.root.iterdir() if d.is_dir() and not d.name.startswith("."))

    def make_bucket(self, name: str, account: str) -> None:
        """Make the bucket's folder and remember its owner; harmless when it exists."""
        self.index.put_bucket(name, account)
        (self.root / name).mkdir(exist_ok=True)

    def drop_bucket(self, name: str) -> None:
        """Remove the bucket with everything in it."""
        self.index.drop_bucket(name)
        for folder in (self.root / name, self.blobs / name):
            shutil.rmtree(folder, ignore_errors=True)

    # Objects --------------------------------------------------------------------------------------------------------

    def look(self, bucket: str, key: str) -> dict[str, object] | None:
        """Details of the object with its `size`, or None when there is none."""
        row = self.index.find(bucket, key)
        place = self._current(bucket, key, row)
        try:
            status = place.path.stat()
        except (OSError, ValueError):
            return None
        if place.kind is Kind.FOLDER:
            # Only an explicit marker is an object; a folder on the way to one is not.
            return {**row.details, "size": 0} if row and place.path.is_dir() else None
        if row and row.kind is place.kind and row.signature == _signature(status):
            return {**row.details, "size": status.st_size}
        return None if place.kind is Kind.BLOB else {**_defaults(status), "size": status.st_size}

    def read(self, bucket: str, key: str) -> bytes:
        """The object's bytes; `FileNotFoundError` when there is none."""
        place = self._current(bucket, key, self.index.find(bucket, key))
        return b"" if place.kind is Kind.FOLDER else place.path.read_bytes()

    @staticmethod
    def describe(body: bytes) -> dict[str, object]:
        """Details of an object that we write ourselves."""
        now = dt.datetime.now(dt.UTC)
        return {
            **_DEFAULTS,
            "etag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            "last_modified": _timestamp(now),
        }

    def write(self, bucket: str, key: str, body: bytes | None, details: Mapping[str, object]) -> None:
        """Put the object in place of the former one; `body=None` renews only its details."""
        place = locate(self.root, self.blobs, bucket, key)
        if place.kind is Kind.FOLDER and body:
            place = Place(Kind.BLOB, blob_path(self.blobs, bucket, key))
        if place.kind is Kind.FOLDER:
            place.path.mkdir(parents=True, exist_ok=True)
        elif body is not None:
            self._replace(place.path, body)
        signature = "" if place.kind is Kind.FOLDER else _signature(place.path.stat())
        self.index.put(bucket, Row(key, place.kind, signature, details))

    def delete(self, bucket: str, key: str, marker: Mapping[str, object] | None = None) -> None:
        """Remove the object; `marker` is what a versioned bucket remembers of the removal."""
        place = locate(self.root, self.blobs, bucket, key)
        row = self.index.find(bucket, key)
        if row and row.kind is Kind.BLOB:
            blob_path(self.blobs, bucket, key).unlink(missing_ok=True)
        elif place.kind is Kind.FILE:
            place.path.unlink(missing_ok=True)
        if marker:
            self.index.put(bucket, Row(key, Kind.FILE, "", marker))
        else:
            self.index.drop(bucket, key)
        if place.kind is not Kind.BLOB:
            self._prune(bucket, place.path if place.kind is Kind.FOLDER else place.path.parent)

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """Keys that start with the prefix, in no order; walks only folders that can hold one."""
        base = str(self.root / bucket)
        named = [p for p in prefix.split("/")[:-1] if p not in ("", ".", "..")]
        waiting = [os.path.join(base, *named)]  # noqa: PTH118  strings: this is the hot loop of listings
        while waiting:
            for path, is_folder in _entries(waiting.pop()):
                key = path[len(base) + 1 :]
                if is_folder:
                    if key.startswith(prefix) or prefix.startswith(key + "/"):
                        waiting.append(path)
                elif key.startswith(prefix):
                    yield key
        for key in self.index.unlisted(bucket):
            if key.startswith(prefix) and self.look(bucket, key) is not None:
                yield key

    def is_empty(self, bucket: str) -> bool:
        """Whether the bucket holds no object at all."""
        return next(self.keys(bucket), None) is None

    # Inside ---------------------------------------------------------------------------------------------------------

    def _current(self, bucket: str, key: str, row: Row | None) -> Place:
        place = locate(self.root, self.blobs, bucket, key)
        if row and row.kind is Kind.BLOB and place.kind is not Kind.BLOB and not place.path.is_file():
            return Place(Kind.BLOB, blob_path(self.blobs, bucket, key))
        return place

    def _replace(self, path: Path, body: bytes) -> None:
        part = self._temporary / uuid.uuid4().hex
        try:
            part.write_bytes(body)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.replace(path)
            except FileNotFoundError:
                # A delete in another thread pruned the folder between the two calls.
                path.parent.mkdir(parents=True, exist_ok=True)
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _prune(self, bucket: str, folder: Path) -> None:
        """On S3 a folder ends with its last object, unless a marker keeps it."""
        base = self.root / bucket
        while folder not in (base, self.root) and folder.is_dir():
            marker = self.index.find(bucket, folder.relative_to(base).as_posix() + "/")
            if marker and marker.kind is Kind.FOLDER:
                return
            with contextlib.suppress(OSError):
                folder.rmdir()
            if folder.exists():
                return
            folder = folder.parent


def _entries(folder: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as found:
            return [(e.path, e.is_dir()) for e in found]
    except OSError:
        return []  # a folder that another process removed meanwhile, or a prefix that names none


def _signature(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def _defaults(status: os.stat_result) -> dict[str, object]:
    """Details of a file that came past the S3 API."""
    modified = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
    # The shape of a multipart upload's ETag: no client takes it for the content's MD5.
    digest = hashlib.md5(_signature(status).encode(), usedforsecurity=False).hexdigest()
    return {**_DEFAULTS, "etag": f'"{digest}-1"', "last_modified": _timestamp(modified)}


def _timestamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
