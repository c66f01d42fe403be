"""Completes `AWS::S3::Bucket` (encryption, lifecycle, tags reach the bucket), and CDK's own custom resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast
from xml.sax.saxutils import escape

from .ministack import Emulator, Json, TypeHandlers

__all__ = ["bucket_types", "cdk_types"]

Created = tuple[str, dict[str, object]]


def bucket_types(emulator: Emulator) -> dict[str, TypeHandlers]:
    """`AWS::S3::Bucket` with the properties that the emulator drops."""
    own = dict(emulator.type_handlers("AWS::S3::Bucket"))

    def create(logical_id: str, properties: Json, stack: str) -> object:
        made = cast("Created", own["create"](logical_id, properties, stack))
        try:
            _complete(emulator, made[0], properties)
        except ValueError:
            own["delete"](made[0], properties)  # the stack holds nothing of a resource whose creation failed
            raise
        return made

    def update(name: str, old: Json, new: Json, stack: str) -> object:
        made = cast("Created", own["update"](name, old, new, stack))
        _complete(emulator, made[0], new)
        return made

    return {"AWS::S3::Bucket": {**own, "create": create, "update": update}}


def cdk_types(emulator: Emulator) -> dict[str, TypeHandlers]:
    """Custom resources that CDK puts into templates, done here instead of in a shipped Lambda."""

    def made(logical_id: str, properties: Json, _stack: str) -> Created:
        return str(properties.get("BucketName") or properties.get("DefaultSecurityGroupId") or logical_id), {}

    def keep(identity: str, _old: Json, new: Json, _stack: str) -> Created:
        return str(new.get("BucketName") or identity), {}

    def empty_bucket(_identity: str, properties: Json) -> None:
        emulator.empty_bucket(str(properties.get("BucketName", "")))

    nothing: Callable[..., None] = lambda *_: None  # noqa: E731
    return {
        "Custom::S3AutoDeleteObjects": {"create": made, "update": keep, "delete": empty_bucket},
        # The default group of a local VPC guards nothing; its rules are left as they are.
        "Custom::VpcRestrictDefaultSG": {"create": made, "update": keep, "delete": nothing},
        "Custom::LogRetention": {"create": made, "update": keep, "delete": nothing},
    }


def _complete(emulator: Emulator, bucket: str, properties: Mapping[str, object]) -> None:
    settings = {
        "bucket_encryption": _encryption(properties.get("BucketEncryption")),
        "bucket_lifecycle": _lifecycle(properties.get("LifecycleConfiguration")),
    }
    tags = {str(t["Key"]): str(t["Value"]) for t in cast("list[Json]", properties.get("Tags") or [])}
    emulator.set_bucket(bucket, settings, tags)


def _encryption(given: object) -> str | None:
    if not given:
        return None
    rules = ""
    for rule in cast("list[Json]", cast("Json", given).get("ServerSideEncryptionConfiguration") or []):
        default = cast("Json", rule.get("ServerSideEncryptionByDefault") or {})
        inside = _xml({k: default[k] for k in ("SSEAlgorithm", "KMSMasterKeyID") if k in default})
        key = (
            f"<BucketKeyEnabled>{str(rule['BucketKeyEnabled']).lower()}</BucketKeyEnabled>"
            if "BucketKeyEnabled" in rule
            else ""
        )
        rules += f"<Rule><ApplyServerSideEncryptionByDefault>{inside}</ApplyServerSideEncryptionByDefault>{key}</Rule>"
    return f'<ServerSideEncryptionConfiguration xmlns="{_S3}">{rules}</ServerSideEncryptionConfiguration>'


_S3 = "http://s3.amazonaws.com/doc/2006-03-01/"
_DAYS = {"ExpirationInDays": "Days", "ExpirationDate": "Date", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}


def _lifecycle(given: object) -> str | None:
    if not given:
        return None
    rules = "".join(_rule(rule) for rule in cast("list[Json]", cast("Json", given).get("Rules") or []))
    return f'<LifecycleConfiguration xmlns="{_S3}">{rules}</LifecycleConfiguration>'


def _rule(rule: Json) -> str:
    parts: list[tuple[str, object]] = []
    if "Id" in rule:
        parts.append(("ID", rule["Id"]))
    parts += [("Filter", {"Prefix": rule.get("Prefix", "")}), ("Status", rule.get("Status", "Enabled"))]
    if expiration := {api: rule[name] for name, api in _DAYS.items() if name in rule}:
        parts.append(("Expiration", expiration))
    for transition in cast("list[Json]", rule.get("Transitions") or []):
        days = {"Days": transition["TransitionInDays"]} if "TransitionInDays" in transition else {}
        parts.append(("Transition", {**days, "StorageClass": transition.get("StorageClass")}))
    if "NoncurrentVersionExpiration" in rule:
        parts.append(("NoncurrentVersionExpiration", rule["NoncurrentVersionExpiration"]))
    elif "NoncurrentVersionExpirationInDays" in rule:
        parts.append(("NoncurrentVersionExpiration", {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}))
    if "AbortIncompleteMultipartUpload" in rule:
        parts.append(("AbortIncompleteMultipartUpload", rule["AbortIncompleteMultipartUpload"]))
    return "<Rule>" + "".join(_xml({name: value}) for name, value in parts) + "</Rule>"


def _xml(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{k}>{_xml(v)}</{k}>" for k, v in cast("Mapping[str, object]", value).items())
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
