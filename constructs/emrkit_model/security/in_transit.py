"""Encryption in transit: where the certificates of the nodes come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import NO_SETTINGS, Count, KeyLike, LocationLike, Tags, Text, read, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

from .key_arns import check_key
from .objects import check_location

__all__ = ["InTransit"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html"
_PROVIDERS = {"emr-managed": "EMR", "pem": "PEM", "custom": "Custom"}
_HINT_LOCATION = {"pem": "s3://bucket/certificates.zip", "custom": "s3://bucket/certificates.jar"}


class InTransit(Value):
    """TLS between the nodes: certificates that EMR makes (from 7.11.0), a PEM bundle in S3, or a class of yours.

    A PEM bundle's certificate names `*.ec2.internal` in us-east-1 and `*.<region>.compute.internal` elsewhere. Hadoop's
    RPC and HDFS's transfers are only encrypted with Kerberos besides.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-encryption-enable.html

    >>> InTransit.pem("s3://bucket/certificates.zip").kind
    'pem'
    >>> InTransit.emr_managed(validity_days=365).document()["TLSCertificateConfiguration"]["ValidityInDays"]
    365
    """

    AREA: ClassVar[str] = "ENC"

    kind: Annotated[str, words(*_PROVIDERS)] = "emr-managed"
    """Where the certificates come from."""
    location: LocationLike | None = None
    """For `pem`: the S3 address of a zip with privateKey.pem and certificateChain.pem, in a bucket that exists. For
    `custom`: that of the jar."""
    class_name: Text | None = None
    """For `custom`: the class in the jar that gives the certificates (a `TLSArtifactsProvider`)."""
    key: KeyLike | None = None
    """For `emr-managed`: the KMS key of EMR's private authority. Default: one of AWS's own."""
    secret_tags: Tags = NO_SETTINGS
    """For `emr-managed`: tags of the secret that holds the authority's certificate; who creates the security
    configuration needs `secretsmanager:TagResource`."""
    validity_days: Count | None = None
    """For `emr-managed`: days that the certificates are valid. Default: 20 years."""
    wildcard_dns_suffix: Text | None = None
    """For `emr-managed`: the domain that the certificates' wildcard name ends with. Default: EMR's choice."""

    @classmethod
    def emr_managed(
        cls,
        key: KeyLike | None = None,
        *,
        secret_tags: Mapping[str, str] | None = None,
        validity_days: int | None = None,
        wildcard_dns_suffix: str | None = None,
    ) -> InTransit:
        """Certificates from a private authority that EMR makes for the cluster."""
        given = {
            "key": key,
            "secret_tags": secret_tags,
            "validity_days": validity_days,
            "wildcard_dns_suffix": wildcard_dns_suffix,
        }
        return cls.parse({"kind": "emr-managed", **{name: value for name, value in given.items() if value is not None}})

    @classmethod
    def pem(cls, location: LocationLike) -> InTransit:
        """Certificates from a zip at an S3 address."""
        return cls(kind="pem", location=location)

    @classmethod
    def custom(cls, jar: LocationLike, class_name: str) -> InTransit:
        """Certificates from a class of yours, in a jar at an S3 address."""
        return cls(kind="custom", location=jar, class_name=class_name)

    def problems(self) -> Iterator[Diagnostic]:
        """`pem` needs a location, `custom` a class too; the rest belongs to `emr-managed`."""
        if self.kind == "emr-managed":
            yield from check_key(self.key, "key")
            if self.location is not None:
                yield error("ENC-023", "emr-managed takes no location", "location", hint="set kind: pem or custom")
        else:
            if self.location is None:
                hint = _HINT_LOCATION.get(self.kind)
                yield error("ENC-020", f"{self.kind} needs a location", "location", reason=_PAGE, hint=hint)
            yield from check_location(self.location, "location")
            if self.key is not None:
                yield error("ENC-022", f"{self.kind} takes no key", "key", hint="the key belongs to emr-managed")
            for name in ("secret_tags", "validity_days", "wildcard_dns_suffix"):
                if getattr(self, name):
                    yield error("ENC-024", f"{name} belongs to emr-managed", name, reason=_PAGE)
        if self.kind == "custom" and self.class_name is None:
            yield error("ENC-025", "custom needs the class in the jar", "class_name", reason=_PAGE)
        if self.kind != "custom" and self.class_name is not None:
            yield error("ENC-026", "class_name belongs to custom", "class_name", hint="set kind: custom")
        days = self.validity_days
        if days is not None and not is_token(days) and days < 1:
            yield error("ENC-027", "certificates are valid for at least one day", "validity_days", got=days)

    def document(self) -> dict[str, Json]:
        """`InTransitEncryptionConfiguration`."""
        certificates: dict[str, Json] = {"CertificateProviderType": _PROVIDERS.get(self.kind, self.kind)}
        if self.location is not None:
            certificates["S3Object"] = read(self.location)
        if self.class_name is not None:
            certificates["CertificateProviderClass"] = self.class_name
        if self.key is not None:
            certificates["AwsKmsKey"] = read(self.key)
        if self.secret_tags:
            certificates["SecretTags"] = [{"Key": k, "Value": v} for k, v in self.secret_tags.items()]
        if self.validity_days is not None:
            certificates["ValidityInDays"] = self.validity_days
        if self.wildcard_dns_suffix is not None:
            certificates["WildcardDnsSuffix"] = self.wildcard_dns_suffix
        return {"TLSCertificateConfiguration": certificates}
