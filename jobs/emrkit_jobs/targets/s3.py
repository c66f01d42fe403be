"""Amazon S3 through boto3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

from emrkit_jobs.targets.calls import Caller
from emrkit_jobs.targets.errors import Refused, explain_refusal
from emrkit_jobs.targets.protocol import ObjectView
from emrkit_model.diagnostics import Diagnostic

__all__ = ["S3Objects"]

_PART = 16 << 20
_DELETE_AT_ONCE = 1000
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_OURS_ALREADY = frozenset({"BucketAlreadyOwnedByYou", "OperationAborted"})
_LOST_RACE = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})


class S3Objects:
    """The `Objects` of a target that speaks the S3 API."""

    def __init__(self, caller: Caller, region: str) -> None:
        self._caller = caller
        self._region = region

    def bucket_exists(self, bucket: str) -> bool:
        try:
            self._caller.call("s3", "head_bucket", Bucket=bucket)
        except Refused as error:
            if error.service_code in _MISSING | {"NoSuchBucket"}:
                return False
            raise
        return True

    def create_bucket(self, bucket: str) -> None:
        place: dict[str, object] = (
            {} if self._region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        )
        try:
            self._caller.call("s3", "create_bucket", Bucket=bucket, **place)
        except Refused as error:
            if error.service_code not in _OURS_ALREADY:
                raise

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectView]:
        with_bucket = self._named(bucket)
        try:
            for item in self._caller.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix):
                yield ObjectView(str(item["Key"]), int(cast("int", item["Size"])), str(item.get("ETag", "")))
        except Refused as error:
            raise with_bucket(error) from error

    def head(self, bucket: str, key: str) -> ObjectView | None:
        try:
            found = self._caller.call("s3", "head_object", Bucket=bucket, Key=key)
        except Refused as error:
            if error.service_code in _MISSING:
                return None
            raise self._named(bucket)(error) from error
        return ObjectView(key, int(cast("int", found["ContentLength"])), str(found.get("ETag", "")))

    def get(self, bucket: str, key: str) -> bytes | None:
        try:
            answer = self._caller.call("s3", "get_object", Bucket=bucket, Key=key)
        except Refused as error:
            if error.service_code in _MISSING:
                return None
            raise self._named(bucket)(error) from error
        with self._caller.translated("s3", "GetObject"):
            return cast("bytes", answer["Body"].read())  # pyright: ignore[reportAttributeAccessIssue]

    def put(self, bucket: str, key: str, body: bytes) -> None:
        try:
            self._caller.call("s3", "put_object", Bucket=bucket, Key=key, Body=body)
        except Refused as error:
            raise self._named(bucket)(error) from error

    def put_new(self, bucket: str, key: str, body: bytes) -> bool:
        # Sent once: a repeated conditional write would find our own first one and call it somebody else's.
        try:
            self._caller.once("s3", "put_object", Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
        except Refused as error:
            if error.service_code in _LOST_RACE:
                return False
            raise self._named(bucket)(error) from error
        return True

    def upload(self, bucket: str, key: str, chunks: Iterable[bytes]) -> None:
        upload: object = None
        parts: list[dict[str, object]] = []
        waiting = bytearray()
        try:
            for chunk in chunks:
                waiting += chunk
                if len(waiting) >= _PART:
                    if upload is None:
                        started = self._caller.call("s3", "create_multipart_upload", Bucket=bucket, Key=key)
                        upload = started["UploadId"]
                    parts.append(self._part(bucket, key, upload, len(parts) + 1, bytes(waiting)))
                    waiting.clear()
            if upload is None:
                self.put(bucket, key, bytes(waiting))
                return
            if waiting:
                parts.append(self._part(bucket, key, upload, len(parts) + 1, bytes(waiting)))
            self._caller.call(
                "s3", "complete_multipart_upload", Bucket=bucket, Key=key, UploadId=upload,
                MultipartUpload={"Parts": parts},
            )  # fmt: skip
        except BaseException:
            if upload is not None:
                self._caller.call("s3", "abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload)
            raise

    def upload_file(self, bucket: str, key: str, path: Path) -> None:
        def blocks() -> Iterator[bytes]:
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    yield block

        self.upload(bucket, key, blocks())

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        self._delete(bucket, ({"Key": key} for key in keys))

    def empty(self, bucket: str) -> int:
        count = 0
        for kind in ("Versions", "DeleteMarkers"):
            try:
                found = [
                    {"Key": item["Key"], "VersionId": item["VersionId"]}
                    for item in self._caller.pages("s3", "list_object_versions", kind, Bucket=bucket)
                ]
            except Refused as error:
                if error.service_code == "NoSuchBucket":
                    return count
                raise
            self._delete(bucket, found)
            count += len(found)
        remaining = [item.key for item in self.list(bucket)]
        self.delete(bucket, remaining)
        return count + len(remaining)

    def _part(self, bucket: str, key: str, upload: object, number: int, body: bytes) -> dict[str, object]:
        answer = self._caller.call(
            "s3", "upload_part", Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body
        )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _delete(self, bucket: str, objects: Iterable[dict[str, object]]) -> None:
        waiting = [*objects]
        for start in range(0, len(waiting), _DELETE_AT_ONCE):
            batch = {"Objects": waiting[start : start + _DELETE_AT_ONCE], "Quiet": True}
            answer = self._caller.call("s3", "delete_objects", Bucket=bucket, Delete=batch)
            for problem in cast("list[dict[str, str]]", answer.get("Errors") or []):
                found = explain_refusal(
                    problem.get("Code", ""), problem.get("Message", ""), "s3:DeleteObject", self._caller.target, None
                )
                raise Refused(found, "DeleteObjects", problem.get("Code", ""))

    def _named(self, bucket: str) -> Callable[[Refused], Refused]:
        def rename(error: Refused) -> Refused:
            if error.service_code != "NoSuchBucket":
                return error
            return Refused(
                Diagnostic(
                    "E-TGT-014",
                    f"bucket '{bucket}' does not exist on target '{self._caller.target}'",
                    hint="check its name; on a local target a bucket named by `fixtures:` is created by `emrkit run`",
                ),
                error.operation,
                error.service_code,
            )

        return rename
