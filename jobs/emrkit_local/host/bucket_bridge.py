"""The emulator's view of the folders: its bucket table and each bucket's objects, read from disk at every access.

The emulator keeps `table[(account, bucket)]["objects"][key]`, plain dictionaries; these mappings stand in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import TypeVar

from .folder_store import FolderStore

__all__ = ["BucketTable", "ObjectTable", "Record"]

Record = dict[str, object]
_T = TypeVar("_T")
# History, tags and ACLs have stores of their own in the emulator; they are kept in the row, not in the record.
_NOT_OF_THE_RECORD = frozenset({"versions", "tags", "acl", "annotations", "key", "is_delete_marker"})


class ObjectTable(MutableMapping[str, Record]):
    """One bucket's objects. A record that was just set stays pending until the emulator asks to persist it."""

    def __init__(self, store: FolderStore, bucket: str) -> None:
        self._store = store
        self._bucket = bucket
        self._pending: dict[str, Record] = {}

    def settle(self, key: str) -> None:
        """The record is on disk now."""
        self._pending.pop(key, None)

    def under(self, prefix: str) -> set[str]:
        """Keys that start with the prefix."""
        return {*self._store.keys(self._bucket, prefix), *(k for k in self._pending if k.startswith(prefix))}

    def __getitem__(self, key: str) -> Record:
        if key in self._pending:
            return self._pending[key]
        details = self._store.look(self._bucket, key)
        if details is None:
            raise KeyError(key)
        kept = {k: v for k, v in details.items() if k not in _NOT_OF_THE_RECORD}
        if kept.get("version_id") is None:
            kept.pop("version_id", None)
        return {**kept, "body": None}

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self._pending or self._store.look(self._bucket, key) is not None)

    def __setitem__(self, key: str, record: Record) -> None:
        self._pending[key] = record

    def __delitem__(self, key: str) -> None:
        self._pending.pop(key, None)
        if self._store.look(self._bucket, key) is not None:
            self._store.delete(self._bucket, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.under(""))

    def __len__(self) -> int:
        return len(self.under(""))

    def __bool__(self) -> bool:
        return bool(self._pending) or not self._store.is_empty(self._bucket)

    def __deepcopy__(self, memo: dict[int, object]) -> ObjectTable:
        return self  # the emulator copies bucket records for snapshots; the folder is the snapshot


class BucketTable(dict[tuple[str, str], Record]):
    """`(account, bucket)` → record; adding one makes the folder, removing one removes it."""

    def __init__(self, store: FolderStore, on_change: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._store = store
        self._on_change = on_change

    def __setitem__(self, key: tuple[str, str], record: Record) -> None:
        account, bucket = key
        self._store.make_bucket(bucket, account)
        record["objects"] = ObjectTable(self._store, bucket)
        super().__setitem__(key, record)
        if self._on_change:
            self._on_change()

    def setdefault(self, key: tuple[str, str], default: Record | None = None) -> Record:  # pyright: ignore[reportIncompatibleMethodOverride]
        if key not in self:
            self[key] = default if default is not None else {}
        return self[key]

    def pop(self, key: tuple[str, str], *default: _T) -> Record | _T:  # pyright: ignore[reportIncompatibleMethodOverride]
        if key in self:
            self._store.drop_bucket(key[1])
            if self._on_change:
                self._on_change()
        return super().pop(key, *default)

    def __delitem__(self, key: tuple[str, str]) -> None:
        if key not in self:
            raise KeyError(key)
        self.pop(key)

    def clear(self) -> None:
        """Remove every bucket."""
        for key in list(self):
            self.pop(key)
