"""Where an object's key lives on disk.

A key that can be a path is a path: `data/day=1/part-0.parquet` of bucket `lake` is the file
`ROOT/lake/data/day=1/part-0.parquet`, for S3 clients, Spark and the user alike. A key that no path can hold (`a` beside
`a/b`, an empty part, `..`, a part of more than 255 bytes) lives as a blob under `ROOT/.emrkit/blobs`: S3 clients see
it, Spark does not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

__all__ = ["Kind", "Place", "blob_path", "locate"]

_LONGEST_NAME = 255


class Kind(StrEnum):
    """How a key is kept: as a file at its own path, as the folder of an empty `name/` marker, or as a blob."""

    FILE = "file"
    FOLDER = "folder"
    BLOB = "blob"


@dataclass(frozen=True, slots=True)
class Place:
    """A key's kind and its path on disk."""

    kind: Kind
    path: Path


def blob_path(blobs: Path, bucket: str, key: str) -> Path:
    """The path of a key that is kept aside, whatever its characters."""
    return blobs / bucket / hashlib.sha256(key.encode()).hexdigest()


def locate(root: Path, blobs: Path, bucket: str, key: str) -> Place:
    """The place of a key as the disk stands now.

    Example: `locate(root, blobs, "lake", "a/b.csv")` is the file `root/lake/a/b.csv`, or a blob while an object `a`
    is a file there.
    """
    base = root / bucket
    is_marker = key.endswith("/")
    parts = key.removesuffix("/").split("/")
    blob = Place(Kind.BLOB, blob_path(blobs, bucket, key))
    if "\0" in key or any(p in ("", ".", "..") or len(p.encode()) > _LONGEST_NAME for p in parts):
        return blob
    path = base.joinpath(*parts)
    for parent in path.parents:
        if parent == base:
            break
        if parent.is_file():
            return blob
    if is_marker:
        return blob if path.is_file() else Place(Kind.FOLDER, path)
    return blob if path.is_dir() else Place(Kind.FILE, path)
