"""Rules on what a cluster's data and its nodes are protected by: the security configuration and the log key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from emrkit_facts import security

from .catalogue import Problem, Rule
from .template import Found, Template, is_intrinsic, is_mapping

__all__ = ["ENCRYPTION", "IMDS", "LOGS", "SECURITY_CONFIGURATION"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_CLUSTER = "AWS::EMR::Cluster"
_SECURITY = "AWS::EMR::SecurityConfiguration"
# Modes whose key is yours; SSE-S3 encrypts with a key that nobody can withdraw.
_KEYED_MODES = frozenset({"SSE-KMS", "CSE-KMS", "CSE-Custom"})


def _has_security_configuration(template: Template) -> Iterator[Problem]:
    for cluster in template.of_type(_CLUSTER):
        for found in template.at(cluster.properties, "SecurityConfiguration"):
            if found.is_absent:
                yield Problem(
                    cluster.id,
                    found.path,
                    "the cluster has no security configuration",
                    "declare an AWS::EMR::SecurityConfiguration beside it and refer to that (`security=` of Cluster)",
                )
            elif not _owned(template, found.value):
                yield Problem(
                    cluster.id,
                    found.path,
                    "the cluster names a security configuration that this template does not hold",
                    "refer to the resource, or acknowledge this rule with the reason why it is managed elsewhere",
                    got=json.dumps(found.value),
                )


def _owned(template: Template, value: object) -> bool:
    sources = list(template.sources(value))
    if not sources and is_mapping(value) and "Fn::ImportValue" in value:
        return True  # from a stack that nobody here can read
    return any(owner.resources[name].type == _SECURITY for owner, name in sources)


def _documents(template: Template) -> Iterator[tuple[str, Found]]:
    """The documents of the security configurations; one given as JSON text is read, one nobody can read is skipped."""
    for resource in template.of_type(_SECURITY):
        for found in template.at(resource.properties, "SecurityConfiguration"):
            if isinstance(found.value, str):
                try:
                    yield resource.id, Found(json.loads(found.value), found.path)
                except ValueError:
                    yield resource.id, Found({}, found.path)
            elif not is_intrinsic(found.value):
                yield resource.id, found


def _true(value: object) -> bool:
    """Whether a flag is on; what only the service can resolve gets the benefit of the doubt."""
    return value is True or value in {"true", "True"} or (is_mapping(value) and is_intrinsic(value))


def _present(value: object) -> bool:
    return (isinstance(value, str) and bool(value)) or (is_mapping(value) and is_intrinsic(value))


_Detail = Callable[[Template, str, Found], Iterator[Problem]]

_AT_REST = ("EncryptionConfiguration", "AtRestEncryptionConfiguration")
_DISK = (*_AT_REST, "LocalDiskEncryptionConfiguration")
_TLS = ("EncryptionConfiguration", "InTransitEncryptionConfiguration", "TLSCertificateConfiguration")


def _encrypts(template: Template) -> Iterator[Problem]:
    for owner, document in _documents(template):
        yield from _flag(template, owner, document, "EnableAtRestEncryption", "at rest", (_s3, _disk))
        yield from _flag(template, owner, document, "EnableInTransitEncryption", "in transit", (_transit,))


def _flag(
    template: Template, owner: str, document: Found, name: str, what: str, details: tuple[_Detail, ...]
) -> Iterator[Problem]:
    for found in template.at(document.value, "EncryptionConfiguration", name):
        if not _true(found.value):
            yield Problem(
                owner,
                (*document.path, *found.path),
                f"nothing is encrypted {what}",
                f"set EncryptionConfiguration.{name} to true and complete what belongs to it",
                got=_shown(found),
                allowed="true",
            )
            return
    for detail in details:
        yield from detail(template, owner, document)


def _s3(template: Template, owner: str, document: Found) -> Iterator[Problem]:
    for found in template.at(document.value, *_AT_REST, "S3EncryptionConfiguration", "EncryptionMode"):
        if not is_intrinsic(found.value) and found.value not in _KEYED_MODES:
            yield Problem(
                owner,
                (*document.path, *found.path),
                "data in Amazon S3 is not encrypted with a key of yours",
                "set S3EncryptionConfiguration with EncryptionMode SSE-KMS and AwsKmsKey",
                got=_shown(found),
                allowed=", ".join(sorted(_KEYED_MODES)),
            )
    for override in template.items(document.value, *_AT_REST, "S3EncryptionConfiguration", "Overrides"):
        for found in template.at(override.value, "EncryptionMode"):
            if not is_intrinsic(found.value) and found.value not in _KEYED_MODES:
                yield Problem(
                    owner,
                    (*document.path, *override.path, *found.path),
                    "data in one bucket of Amazon S3 is not encrypted with a key of yours",
                    "give the bucket's override EncryptionMode SSE-KMS and AwsKmsKey, or leave it out",
                    got=_shown(found),
                    allowed=", ".join(sorted(_KEYED_MODES)),
                )


def _disk(template: Template, owner: str, document: Found) -> Iterator[Problem]:
    for found in template.at(document.value, *_DISK, "EncryptionKeyProviderType"):
        if not _present(found.value):
            yield Problem(
                owner,
                (*document.path, *found.path),
                "local disks are not encrypted",
                "complete LocalDiskEncryptionConfiguration: EncryptionKeyProviderType, AwsKmsKey, EnableEbsEncryption",
                got=_shown(found),
                allowed="AwsKms",
            )
            return
    for found in template.at(document.value, *_DISK, "EnableEbsEncryption"):
        if not _true(found.value):
            yield Problem(
                owner,
                (*document.path, *found.path),
                "the root volume and EBS volumes are not encrypted natively",
                "set LocalDiskEncryptionConfiguration.EnableEbsEncryption to true (needs the provider AwsKms)",
                got=_shown(found),
                allowed="true",
            )


def _transit(template: Template, owner: str, document: Found) -> Iterator[Problem]:
    for found in template.at(document.value, *_TLS, "CertificateProviderType"):
        if not _present(found.value):
            yield Problem(
                owner,
                (*document.path, *found.path),
                "encryption in transit has no source of certificates",
                "set TLSCertificateConfiguration.CertificateProviderType to EMR (emr-7.11.0 and later), PEM or Custom",
                got=_shown(found),
                allowed="EMR, PEM, Custom",
            )


def _imds(template: Template) -> Iterator[Problem]:
    for owner, document in _documents(template):
        for found in template.at(
            document.value, "InstanceMetadataServiceConfiguration", "MinimumInstanceMetadataServiceVersion"
        ):
            if not is_intrinsic(found.value) and found.value not in (2, "2"):
                yield Problem(
                    owner,
                    (*document.path, *found.path),
                    "the nodes answer version 1 of the instance metadata service",
                    "set MinimumInstanceMetadataServiceVersion to 2 and HttpPutResponseHopLimit to 1",
                    got=_shown(found),
                    allowed="2",
                )


def _logs(template: Template) -> Iterator[Problem]:
    gate = security.gate("log-encryption")
    for cluster in template.of_type(_CLUSTER):
        for found in template.at(cluster.properties, "LogUri"):
            if not _present(found.value):
                yield Problem(
                    cluster.id,
                    found.path,
                    "the cluster keeps no logs outside itself",
                    "set LogUri to a folder of an encrypted bucket; without it the logs end with the cluster",
                )
        releases = [found.value for found in template.at(cluster.properties, "ReleaseLabel")]
        if any(isinstance(release, str) and gate.admits(release) is False for release in releases):
            continue
        for found in template.at(cluster.properties, "LogEncryptionKmsKeyId"):
            if not _present(found.value):
                yield Problem(
                    cluster.id,
                    found.path,
                    "the cluster's logs are not encrypted with a key of yours",
                    "set LogEncryptionKmsKeyId to the ARN of a KMS key",
                )


def _shown(found: Found) -> str | None:
    return None if found.is_absent else json.dumps(found.value, default=str)


SECURITY_CONFIGURATION = Rule(
    "E-RULE-001",
    "a cluster refers to a security configuration",
    "encryption, IMDSv2 and Kerberos are in force only through one, and a name does not say what it holds",
    _GUIDE + "emr-security-configurations.html",
    _has_security_configuration,
    "G01",
)
ENCRYPTION = Rule(
    "E-RULE-002",
    "a security configuration encrypts S3 data, local disks with EBS, and traffic",
    "the keys count only when nested under EncryptionConfiguration, and each part is off unless it is asked for",
    _GUIDE + "emr-create-security-configuration.html",
    _encrypts,
    "G02",
)
IMDS = Rule(
    "E-RULE-003",
    "a security configuration admits IMDSv2 only",
    "version 1 hands the node's role to anything that can make the node send a plain GET",
    _GUIDE + "emr-create-security-configuration.html#emr-security-configuration-imdsv2",
    _imds,
    "G03",
)
LOGS = Rule(
    "E-RULE-007",
    "a cluster's logs outlive it, encrypted with your key",
    "logs hold arguments, paths and data samples, and they are what is left when a cluster fails",
    _GUIDE + "emr-plan-debugging.html",
    _logs,
    "G05",
)
