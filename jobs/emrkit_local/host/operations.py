"""The name of a request, `service:Operation`, read off the wire without parsing more than needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

__all__ = ["RequestName", "name_request"]

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_READS = ("Describe", "Get", "List", "Head", "Lookup", "Simulate", "Validate", "Filter", "Select", "Estimate")
_S3_BUCKET = {"GET": "ListObjects", "HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}
_S3_OBJECT = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
_S3_VERBS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}
_S3_PLAIN = frozenset({"list-type", "prefix", "delimiter", "marker", "max-keys", "encoding-type", "start-after"}) | {
    "continuation-token",
    "fetch-owner",
    "partNumber",
    "versionId",
    "x-id",
    "response-content-type",
}


@dataclass(frozen=True, slots=True)
class RequestName:
    """Who asks whom for what."""

    service: str
    operation: str
    access_key: str
    region: str

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def is_read(self) -> bool:
        """Whether it cannot have changed anything."""
        return self.operation.startswith(_READS)

    @property
    def is_object(self) -> bool:
        """Whether it is about objects of a bucket, which are durable by themselves."""
        return self.service == "s3" and ("Object" in self.operation or "Upload" in self.operation)


def name_request(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> RequestName:
    """The name from the signature's scope, then the target header, the `Action` field, or the S3 path."""
    fields = parse_qs(query, keep_blank_values=True)
    signed = headers.get("authorization", "")
    scope = _SCOPE.search(signed)
    if scope is None and "X-Amz-Credential" in fields:
        scope = _SCOPE.search(f"Credential={fields['X-Amz-Credential'][0]}")
    key, region, service = scope.groups() if scope else ("", "us-east-1", "")
    if target := headers.get("x-amz-target", ""):
        prefix, _, operation = target.rpartition(".")
        return RequestName(service or prefix.lower(), operation, key, region)
    if service in ("s3", "") and not _is_form(headers):
        return RequestName("s3" if service else "none", _s3(method, path, fields), key, region)
    action = fields.get("Action") or parse_qs(body[:100_000].decode("utf-8", "replace")).get("Action")
    return RequestName(service or "none", action[0] if action else f"{method} {path}", key, region)


def _is_form(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def _s3(method: str, path: str, fields: Mapping[str, list[str]]) -> str:
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListBuckets"
    if "uploadId" in fields:
        upload = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}
        return upload.get(method, "ListParts")
    if "uploads" in fields:
        return "CreateMultipartUpload" if method == "POST" else "ListMultipartUploads"
    if "delete" in fields:
        return "DeleteObjects"
    part = next((f for f in fields if f not in _S3_PLAIN and not f.lower().startswith("x-amz-")), None)
    if part:
        return f"{_S3_VERBS.get(method, method)}{'Object' if key else 'Bucket'}{part[:1].upper()}{part[1:]}"
    if key:
        return _S3_OBJECT.get(method, f"{method}Object")
    return "ListObjectsV2" if method == "GET" and "list-type" in fields else _S3_BUCKET.get(method, f"{method}Bucket")
