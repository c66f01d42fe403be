"""The core's object store: the same folders that S3 serves, without HTTP in between."""

from __future__ import annotations

from .folder_store import FolderStore

__all__ = ["FolderObjects"]


class FolderObjects:
    """`core.ports.Objects` over the bucket folders."""

    def __init__(self, store: FolderStore) -> None:
        self._store = store

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object; `KeyError` when there is no such bucket."""
        if not self.bucket_exists(bucket):
            raise KeyError(f"s3://{bucket}")
        self._store.write(bucket, key, body, self._store.describe(body))

    def get(self, bucket: str, key: str) -> bytes:
        """The object's bytes; `KeyError` names what is missing."""
        if self._store.look(bucket, key) is None:
            raise KeyError(f"s3://{bucket}/{key}")
        return self._store.read(bucket, key)

    def bucket_exists(self, bucket: str) -> bool:
        """Whether there is such a bucket, whoever owns it."""
        return bool(bucket) and "/" not in bucket and (self._store.root / bucket).is_dir()
