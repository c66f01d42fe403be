"""Encryption at rest and in transit, as a security configuration states it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from emrkit_facts import security as gates

from .diagnostics import Diagnostic
from .fields import Flag, Items, KeyLike, Text, read, words
from .findings import error
from .tokens import is_token
from .values import Json, Value

__all__ = ["AtRest", "BucketEncryption", "Encryption", "InTransit"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html"
_NEEDS_KEY = ("SSE-KMS", "CSE-KMS")


class BucketEncryption(Value):
    """How one bucket differs from the rest."""

    AREA: ClassVar[str] = "ENC"

    bucket: Text
    """The bucket's name."""
    mode: Annotated[str, words("SSE-S3", "SSE-KMS", "CSE-KMS")]
    """The encryption mode for it."""
    key: KeyLike | None = None
    """The key, for the KMS modes."""

    def document(self) -> dict[str, Json]:
        """One entry of `Overrides`."""
        result: dict[str, Json] = {"BucketName": self.bucket, "EncryptionMode": self.mode}
        if self.key is not None:
            result["AwsKmsKey"] = read(self.key)
        return result


class AtRest(Value):
    """Encryption of what EMR writes: objects in S3, local disks, EBS volumes.

    `AtRest.kms(key)` encrypts all three with one key; `AtRest.s3_managed()` only S3 objects, with S3's own keys.
    The instance profile needs the key for S3, the service role for EBS.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html
    """

    AREA: ClassVar[str] = "ENC"

    s3_mode: Annotated[str | None, words("SSE-S3", "SSE-KMS", "CSE-KMS")] = "SSE-S3"
    """How objects are encrypted by EMR's S3 connector; null leaves it to the buckets."""
    s3_key: KeyLike | None = None
    """The key for SSE-KMS and CSE-KMS."""
    s3_overrides: Items[BucketEncryption] = ()
    """Buckets that differ."""
    disk_key: KeyLike | None = None
    """The key for local disks. Default: they are not encrypted by EMR."""
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

    def problems(self) -> Iterator[Diagnostic]:
        """A KMS mode needs a key; at least one of S3 and disk is encrypted."""
        pairs = [(("s3_key",), self.s3_mode, self.s3_key)]
        pairs += [(("s3_overrides", i, "key"), o.mode, o.key) for i, o in enumerate(self.s3_overrides)]
        for path, mode, key in pairs:
            if mode in _NEEDS_KEY and key is None:
                yield error("ENC-010", f"{mode} needs a key", *path, reason=_PAGE, hint="give the ARN of a KMS key")
            if mode == "SSE-S3" and key is not None:
                yield error("ENC-011", "SSE-S3 takes no key", *path, reason=_PAGE, hint="use SSE-KMS, or drop the key")
        if self.s3_mode is None and self.disk_key is None:
            yield error("ENC-012", "nothing is encrypted at rest: neither S3 nor disks", reason=_PAGE)

    def document(self) -> dict[str, Json]:
        """`AtRestEncryptionConfiguration`."""
        result: dict[str, Json] = {}
        if self.s3_mode is not None:
            s3: dict[str, Json] = {"EncryptionMode": self.s3_mode}
            if self.s3_key is not None:
                s3["AwsKmsKey"] = read(self.s3_key)
            if self.s3_overrides:
                s3["Overrides"] = [o.document() for o in self.s3_overrides]
            result["S3EncryptionConfiguration"] = s3
        if self.disk_key is not None:
            disk: dict[str, Json] = {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": read(self.disk_key)}
            if self.ebs:
                disk["EnableEbsEncryption"] = True
            result["LocalDiskEncryptionConfiguration"] = disk
        return result


class InTransit(Value):
    """TLS between the nodes: certificates that EMR makes (releases from 7.11.0), or a PEM bundle in S3.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-encryption-enable.html

    >>> InTransit.pem("s3://bucket/certificates.zip").kind
    'pem'
    """

    AREA: ClassVar[str] = "ENC"

    kind: Annotated[str, words("emr-managed", "pem")] = "emr-managed"
    """Where the certificates come from."""
    location: Text | None = None
    """For `pem`: the S3 address of a zip with privateKey.pem and certificateChain.pem, in a bucket that exists."""
    key: KeyLike | None = None
    """For `emr-managed`: the KMS key of EMR's private authority. Default: one of AWS's own."""

    @classmethod
    def emr_managed(cls, key: KeyLike | None = None) -> InTransit:
        """Certificates from a private authority that EMR makes for the cluster."""
        return cls(kind="emr-managed") if key is None else cls(kind="emr-managed", key=key)

    @classmethod
    def pem(cls, location: str) -> InTransit:
        """Certificates from a zip at an S3 address."""
        return cls(kind="pem", location=location)

    def problems(self) -> Iterator[Diagnostic]:
        """`pem` needs an S3 location and nothing else."""
        if self.kind == "pem":
            if self.location is None:
                yield error("ENC-020", "pem needs a location", "location", reason=_PAGE, hint="s3://bucket/certs.zip")
            elif not is_token(self.location) and not self.location.startswith("s3://"):
                yield error(
                    "ENC-021", "the location of a PEM bundle is an s3:// address", "location", got=self.location
                )
            if self.key is not None:
                yield error("ENC-022", "pem takes no key", "key", hint="the key belongs to emr-managed")
        elif self.location is not None:
            yield error("ENC-023", "emr-managed takes no location", "location", hint="set kind: pem")

    def document(self) -> dict[str, Json]:
        """`InTransitEncryptionConfiguration`."""
        certificates: dict[str, Json] = {"CertificateProviderType": "PEM" if self.kind == "pem" else "EMR"}
        if self.location is not None:
            certificates["S3Object"] = self.location
        if self.key is not None:
            certificates["AwsKmsKey"] = read(self.key)
        return {"TLSCertificateConfiguration": certificates}


class Encryption(Value):
    """At rest and in transit; what is left out is off.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html
    """

    AREA: ClassVar[str] = "ENC"

    at_rest: AtRest | None = None
    """Encryption at rest."""
    in_transit: InTransit | None = None
    """Encryption in transit."""

    @classmethod
    def safe(cls, key: KeyLike, release: str) -> Encryption:
        """Everything at rest with one key, and TLS with EMR's own certificates where the release has them.

        >>> Encryption.safe("arn:aws:kms:eu-west-1:111122223333:key/1", "emr-7.10.0").in_transit is None
        True
        """
        managed = not is_token(release) and gates.gate("emr-managed-tls").admits(release) is True
        return cls(at_rest=AtRest.kms(key), in_transit=InTransit.emr_managed() if managed else None)

    def document(self) -> dict[str, Json]:
        """`EncryptionConfiguration`: both switches are always written."""
        result: dict[str, Json] = {
            "EnableInTransitEncryption": self.in_transit is not None,
            "EnableAtRestEncryption": self.at_rest is not None,
        }
        if self.in_transit is not None:
            result["InTransitEncryptionConfiguration"] = self.in_transit.document()
        if self.at_rest is not None:
            result["AtRestEncryptionConfiguration"] = self.at_rest.document()
        return result

    def release_problems(self, release: str) -> Iterator[Diagnostic]:
        """What a release cannot do of this; paths start at this object."""
        if self.in_transit is not None and self.in_transit.kind == "emr-managed":
            yield from gate_problem("emr-managed-tls", release, "ENC-030", "in_transit", hint="set kind: pem")
        if self.at_rest is not None and self.at_rest.disk_key is not None and self.at_rest.ebs:
            yield from gate_problem("ebs-encryption", release, "ENC-031", "at_rest", "ebs", hint="set ebs: false")


def gate_problem(
    gate_name: str, release: str, code: str, *path: str | int, hint: str | None = None
) -> Iterator[Diagnostic]:
    """An error when a release is on the wrong side of a gate; nothing when the release is a token or unreadable."""
    gate = gates.gate(gate_name)
    if isinstance(gate, gates.UnknownGate) or is_token(release) or gate.admits(release) is not False:
        return
    yield error(
        code,
        f"release '{release}' does not have {gate.what}",
        *path,
        allowed=f"releases {gate}",
        reason=gate.page,
        hint=hint or "choose a newer release",
    )
