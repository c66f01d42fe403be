"""Puts the folders in place of the emulator's in-memory S3, through its own persistence seam."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import cast

from .bucket_bridge import BucketTable, ObjectTable, Record
from .folder_store import FolderStore
from .ministack import Emulator

__all__ = ["attach"]

_SSE = "x-amz-server-side-encryption"
_SSE_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
DEFAULT_ACCOUNT = "000000000000"


def attach(emulator: Emulator, store: FolderStore, restore: Callable[[], None]) -> None:
    """Serve S3 from `store`. `restore` gives the service its saved bucket settings back once buckets are known."""
    s3 = emulator.module("services.s3")

    def persist(bucket: str, key: str, record: Record) -> None:
        details = {**s3._object_meta_from_record(record), **s3._key_history_meta(bucket, key)}
        store.write(bucket, key, cast("bytes | None", record.get("body")), details)
        record["body"] = None
        s3._buckets[bucket]["objects"].settle(key)

    def persist_marker(bucket: str, key: str, marker: Record) -> None:
        store.delete(bucket, key, {"is_delete_marker": True, **marker, **s3._key_history_meta(bucket, key)})

    def read(bucket: str, key: str, record: Record) -> bytes:
        body = record.get("body")
        return cast("bytes", body) if body is not None else store.read(bucket, key)

    collect = s3._collect_list_entries

    def list_entries(objects: object, prefix: str, *rest: object, **named: object) -> object:
        # Walks the prefix, not the bucket.
        return collect(objects.under(prefix) if isinstance(objects, ObjectTable) else objects, prefix, *rest, **named)

    read_encryption = s3._resolve_sse_write_headers

    def encryption(headers: dict[str, str], *rest: object, **named: object) -> object:
        # KMS without a key means the account's own key for S3, as the CDK CLI writes to its bootstrap bucket.
        if headers.get(_SSE) == "aws:kms" and not headers.get(_SSE_KEY):
            key = f"arn:aws:kms:{emulator.region()}:{emulator.account()}:alias/aws/s3"
            headers = {**headers, _SSE_KEY: key}
        return read_encryption(headers, *rest, **named)

    emulator.patch(
        "services.s3",
        S3_PERSIST=True,
        DATA_DIR=str(store.root / ".emrkit" / "versions"),  # displaced versions stay in the emulator's own files
        _resolve_sse_write_headers=encryption,
        _persist_object=persist,
        _persist_delete_marker=persist_marker,
        _delete_persisted_object=store.delete,
        _delete_persisted_bucket=lambda _bucket: None,  # the table does it
        _read_body=read,
        _collect_list_entries=list_entries,
    )
    table = BucketTable(store)
    s3._buckets._data = table
    owners = store.index.owners()
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for name in store.buckets():
        table.setdefault((owners.get(name, DEFAULT_ACCOUNT), name), {"created": now, "region": "us-east-1"})
    restore()
    for name in store.buckets():
        account = owners.get(name, DEFAULT_ACCOUNT)
        for row in store.index.rows(name):
            if not row.details.keys().isdisjoint(("versions", "tags", "acl")):
                s3._load_persisted_history(account, table[account, name], name, row.key, dict(row.details))
