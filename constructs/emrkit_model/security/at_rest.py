"""Encryption at rest: objects in S3, local disks, EBS volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import BucketLike, Flag, Items, KeyLike, LocationLike, Text, read, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

from .documents import documents
from .key_arns import check_key
from .objects import check_location

__all__ = ["AtRest", "BucketEncryption", "KeyProvider"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html"
_NEEDS_KEY = ("SSE-KMS", "CSE-KMS")
_CUSTOM = "CSE-Custom"
_MODES = ("SSE-S3", "SSE-KMS", "CSE-KMS", "CSE-Custom")


class KeyProvider(Value):
    """A class of yours that gives keys to EMR, in a jar that the nodes fetch from S3.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-encryption-enable.html

    >>> KeyProvider(jar="s3://bucket/keys.jar", class_name="com.example.Keys").class_name
    'com.example.Keys'
    """

    AREA: ClassVar[str] = "ENC"

    jar: LocationLike
    """The jar: `s3://bucket/key`, its ARN, or an asset of the CDK."""
    class_name: Text
    """The class in it, with its package; S3 and disks need different ones."""

    def problems(self) -> Iterator[Diagnostic]:
        """The jar is an object in S3."""
        yield from check_location(self.jar, "jar")

    def document(self) -> dict[str, Json]:
        """`S3Object` and `EncryptionKeyProviderClass`."""
        return {"S3Object": read(self.jar), "EncryptionKeyProviderClass": self.class_name}


class BucketEncryption(Value):
    """How one bucket differs from the rest."""

    AREA: ClassVar[str] = "ENC"

    bucket: BucketLike
    """The bucket, or its name."""
    mode: Annotated[str, words(*_MODES)]
    """The encryption mode for it."""
    key: KeyLike | None = None
    """The key, for the KMS modes."""
    provider: KeyProvider | None = None
    """The class that gives keys, for CSE-Custom."""

    def document(self) -> dict[str, Json]:
        """One entry of `Overrides`."""
        result: dict[str, Json] = {"BucketName": read(self.bucket), "EncryptionMode": self.mode}
        if self.key is not None:
            result["AwsKmsKey"] = read(self.key)
        return result if self.provider is None else {**result, **self.provider.document()}


class AtRest(Value):
    """Encryption of what EMR writes: objects in S3, local disks, EBS volumes.

    `AtRest.kms(key)` encrypts all three with one key; `AtRest.s3_managed()` only S3 objects, with S3's own keys. With a
    `disk_provider` in place of `disk_key` the disks have LUKS with keys of yours, and the root volume stays plain.
    The instance profile needs the key for S3, the service role for EBS.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html
    """

    AREA: ClassVar[str] = "ENC"

    s3_mode: Annotated[str | None, words(*_MODES)] = "SSE-S3"
    """How objects are encrypted by EMR's S3 connector; null leaves it to the buckets."""
    s3_key: KeyLike | None = None
    """The key for SSE-KMS and CSE-KMS."""
    s3_provider: KeyProvider | None = None
    """The class that gives keys, for CSE-Custom."""
    s3_overrides: Items[BucketEncryption] = ()
    """Buckets that differ."""
    disk_key: KeyLike | None = None
    """The key for local disks. Default: they are not encrypted by EMR."""
    disk_provider: KeyProvider | None = None
    """The class that gives keys for local disks, in place of `disk_key`."""
    ebs: Flag = True
    """With `disk_key`: EBS volumes are encrypted natively, the root volume included (releases from 5.24.0)."""

    @classmethod
    def kms(cls, key: KeyLike, *, ebs: bool = True) -> AtRest:
        """S3 objects, local disks and EBS volumes with one KMS key."""
        return cls(s3_mode="SSE-KMS", s3_key=key, disk_key=key, ebs=ebs)

    @classmethod
    def s3_managed(cls) -> AtRest:
        """S3 objects with S3's own keys; disks as the instance type has them."""
        return cls(s3_mode="SSE-S3")

    @classmethod
    def client_side(cls, key: KeyLike, *, disk_key: KeyLike | None = None) -> AtRest:
        """S3 objects encrypted on the nodes, before they are sent, with a KMS key (CSE-KMS)."""
        return cls(s3_mode="CSE-KMS", s3_key=key, disk_key=disk_key)

    @classmethod
    def custom(cls, provider: KeyProvider, *, disk_provider: KeyProvider | None = None) -> AtRest:
        """S3 objects encrypted on the nodes, with keys that a class of yours gives (CSE-Custom)."""
        return cls(s3_mode=_CUSTOM, s3_provider=provider, disk_provider=disk_provider)

    def problems(self) -> Iterator[Diagnostic]:
        """A KMS mode needs a key, CSE-Custom a class, an override a mode; at least one of S3 and disk is encrypted."""
        yield from _check_mode(self.s3_mode, self.s3_key, self.s3_provider, "s3_")
        for i, override in enumerate(self.overrides()):
            yield from _check_mode(override.mode, override.key, override.provider, "", "s3_overrides", i)
        if self.s3_mode is None and self.s3_overrides:
            yield error(
                "ENC-047",
                "single buckets differ from a mode that is not there",
                "s3_overrides",
                reason=f"EMR takes them only beside a mode for all others. {_PAGE}",
                hint="set s3_mode, or let these buckets encrypt by themselves",
            )
        yield from check_key(self.disk_key, "disk_key")
        if self.s3_mode is None and self.disk_key is None and self.disk_provider is None:
            yield error("ENC-012", "nothing is encrypted at rest: neither S3 nor disks", reason=_PAGE)
        if self.disk_key is not None and self.disk_provider is not None:
            yield error(
                "ENC-044", "disks have one source of keys", "disk_provider", reason=_PAGE, hint="drop it, or disk_key"
            )
        if self.disk_key is None and self.ebs and "ebs" in self.model_fields_set:
            yield error(
                "ENC-045",
                "native encryption of EBS volumes needs a KMS key",
                "disk_key" if self.disk_provider is None else "ebs",
                reason=_PAGE,
                hint="give disk_key (in place of a provider), or leave ebs out",
            )
        yield from self._check_classes()

    def overrides(self) -> tuple[BucketEncryption, ...]:
        """The buckets that differ; none while they are only known at deployment."""
        return () if is_token(self.s3_overrides) else tuple(self.s3_overrides)

    def _check_classes(self) -> Iterator[Diagnostic]:
        if self.disk_provider is None:
            return
        s3 = [self.s3_provider, *(override.provider for override in self.overrides())]
        if self.disk_provider.class_name in {provider.class_name for provider in s3 if provider is not None}:
            yield error(
                "ENC-046",
                "S3 and disks need different classes for their keys",
                "disk_provider",
                "class_name",
                got=self.disk_provider.class_name,
                reason=_PAGE,
            )

    def document(self) -> dict[str, Json]:
        """`AtRestEncryptionConfiguration`."""
        result: dict[str, Json] = {}
        if self.s3_mode is not None:
            s3: dict[str, Json] = {"EncryptionMode": self.s3_mode}
            if self.s3_key is not None:
                s3["AwsKmsKey"] = read(self.s3_key)
            if self.s3_provider is not None:
                s3 |= self.s3_provider.document()
            if self.s3_overrides:
                s3["Overrides"] = documents(self.s3_overrides)
            result["S3EncryptionConfiguration"] = s3
        disk: dict[str, Json] = {}
        if self.disk_key is not None:
            disk = {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": read(self.disk_key)}
            if self.ebs:
                disk["EnableEbsEncryption"] = True
        elif self.disk_provider is not None:
            disk = {"EncryptionKeyProviderType": "Custom", **self.disk_provider.document()}
        return {**result, "LocalDiskEncryptionConfiguration": disk} if disk else result


def _check_mode(
    mode: str | None, key: KeyLike | None, provider: KeyProvider | None, prefix: str, *path: str | int
) -> Iterator[Diagnostic]:
    at_key, at_provider = (*path, f"{prefix}key"), (*path, f"{prefix}provider")
    yield from check_key(key, *at_key)
    if is_token(mode):
        return
    if mode in _NEEDS_KEY and key is None:
        yield error("ENC-010", f"{mode} needs a key", *at_key, reason=_PAGE, hint="give the ARN of a KMS key")
    if mode not in _NEEDS_KEY and key is not None:
        hint = "use SSE-KMS, or drop the key"
        yield error("ENC-011", f"{mode or 'no encryption'} takes no key", *at_key, reason=_PAGE, hint=hint)
    if mode == _CUSTOM and provider is None:
        hint = "give the jar and the class that makes the keys"
        yield error("ENC-041", "CSE-Custom needs a provider of keys", *at_provider, reason=_PAGE, hint=hint)
    if mode != _CUSTOM and provider is not None:
        hint = "use CSE-Custom, or drop the provider"
        yield error("ENC-042", f"{mode} takes no provider of keys", *at_provider, reason=_PAGE, hint=hint)
