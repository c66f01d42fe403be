"""Encryption at rest and in transit, as a security configuration states it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from emrkit_facts import security as gates
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import KeyLike, read
from emrkit_model.findings import warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

from .at_rest import AtRest, BucketEncryption, KeyProvider
from .in_transit import InTransit
from .key_arns import check_key

__all__ = ["AtRest", "BucketEncryption", "Encryption", "InTransit", "KeyProvider", "WalEncryption", "gate_problem"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html"


class WalEncryption(Value):
    """Encryption of EMR's write-ahead log for HBase, which the service keeps outside the cluster (from 6.15.0).

    Independent of encryption at rest. Without a key the service uses one of its own.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hbase-wal-considerations.html

    >>> WalEncryption().document()
    {}
    """

    AREA: ClassVar[str] = "ENC"

    key: KeyLike | None = None
    """The KMS key. Default: the service's own."""

    def problems(self) -> Iterator[Diagnostic]:
        """The key is named by its ARN."""
        yield from check_key(self.key, "key")

    def document(self) -> dict[str, Json]:
        """`EMRWALEncryptionConfiguration`."""
        return {} if self.key is None else {"AwsKmsKey": read(self.key)}


class Encryption(Value):
    """At rest, in transit and of HBase's write-ahead log; what is left out is off.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html
    """

    AREA: ClassVar[str] = "ENC"

    at_rest: AtRest | None = None
    """Encryption at rest."""
    in_transit: InTransit | None = None
    """Encryption in transit."""
    wal: WalEncryption | None = None
    """Encryption of EMR's write-ahead log for HBase. Default: not stated."""

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
        if self.wal is not None:
            result["EMRWALEncryptionConfiguration"] = self.wal.document()
        return result

    def release_problems(self, release: str) -> Iterator[Diagnostic]:
        """What a release cannot do of this; paths start at this object."""
        if self.in_transit is not None:
            managed = self.in_transit.kind == "emr-managed"
            if managed:
                yield from gate_problem("emr-managed-tls", release, "ENC-030", "in_transit", hint="set kind: pem")
            else:
                yield from gate_problem("in-transit-tls", release, "ENC-032", "in_transit")
        if self.at_rest is not None:
            if self.at_rest.disk_key is not None and self.at_rest.ebs:
                yield from gate_problem("ebs-encryption", release, "ENC-031", "at_rest", "ebs", hint="set ebs: false")
            yield from _without_emrfs(self.at_rest, release)
        if self.wal is not None:
            yield from gate_problem("emr-wal", release, "ENC-033", "wal", hint="leave it out")


def _without_emrfs(at_rest: AtRest, release: str) -> Iterator[Diagnostic]:
    """Client-side modes and overrides act in EMRFS, which is no longer behind s3:// from 7.10.0."""
    gate = gates.gate("s3a-default")
    if is_token(release) or gate.admits(release) is not True:
        return
    reason = f"they act in EMRFS; from 7.10.0 S3A is behind s3://, and the emr-spark train has no EMRFS. {_PAGE}"
    hint = "let the buckets encrypt (SSE-KMS by default), or check that your jobs go through EMRFS"
    if at_rest.s3_mode is not None and at_rest.s3_mode.startswith("CSE"):
        yield warning(
            "ENC-050",
            f"{at_rest.s3_mode} may not reach what '{release}' writes to s3://",
            "at_rest",
            "s3_mode",
            got=at_rest.s3_mode,
            reason=reason,
            hint=hint,
        )
    if at_rest.s3_overrides:
        yield warning(
            "ENC-051",
            f"modes of single buckets may not reach what '{release}' writes to s3://",
            "at_rest",
            "s3_overrides",
            reason=reason,
            hint=hint,
        )
