"""The grammar of security configurations finds what is missing, misplaced and misspelt."""

from __future__ import annotations

import pytest

from emrkit_facts import security_grammar

TLS = "EncryptionConfiguration.InTransitEncryptionConfiguration.TLSCertificateConfiguration"
S3 = "EncryptionConfiguration.AtRestEncryptionConfiguration.S3EncryptionConfiguration"
DISK = "EncryptionConfiguration.AtRestEncryptionConfiguration.LocalDiskEncryptionConfiguration"
IMDS = "InstanceMetadataServiceConfiguration"
KERBEROS = "AuthenticationConfiguration.KerberosConfiguration"


def nested(path: str, value: object) -> dict[str, object]:
    keys = path.split(".")
    result: object = value
    for key in reversed(keys):
        result = {key: result}
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (TLS, {"CertificateProviderType": "PEM"}, f"{TLS}.S3Object is missing"),
        (
            TLS,
            {"CertificateProviderType": "Custom", "S3Object": "s3://b/j"},
            f"{TLS}.CertificateProviderClass is missing",
        ),
        (TLS, {"CertificateProviderType": "Other"}, f"{TLS}.CertificateProviderType must be one of EMR, PEM, Custom"),
        (
            TLS,
            {"CertificateProviderType": "PEM", "S3Object": "s3://b/z", "ValidityInDays": 3},
            f"{TLS}.ValidityInDays is only allowed with CertificateProviderType EMR",
        ),
        (S3, {"EncryptionMode": "SSE-KMS"}, f"{S3}.AwsKmsKey is missing"),
        (
            S3,
            {"EncryptionMode": "SSE-S3", "Overrides": [{"EncryptionMode": "SSE-S3"}]},
            f"{S3}.Overrides[].BucketName is missing",
        ),
        (DISK, {"EncryptionKeyProviderType": "AwsKms"}, f"{DISK}.AwsKmsKey is missing"),
        (
            DISK,
            {
                "EncryptionKeyProviderType": "Custom",
                "S3Object": "s3://b/j",
                "EncryptionKeyProviderClass": "C",
                "EnableEbsEncryption": True,
            },
            f"{DISK}.EnableEbsEncryption is only allowed with EncryptionKeyProviderType AwsKms",
        ),
        (IMDS, {"MinimumInstanceMetadataServiceVersion": 2}, f"{IMDS}.HttpPutResponseHopLimit is missing"),
        (
            IMDS,
            {"MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": 65},
            f"{IMDS}.HttpPutResponseHopLimit must lie between 1 and 64",
        ),
        (
            IMDS,
            {"MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": "1"},
            f"{IMDS}.HttpPutResponseHopLimit must be a whole number",
        ),
        (KERBEROS, {"Provider": "ExternalKdc"}, f"{KERBEROS}.ExternalKdcConfiguration is missing"),
        (
            "EncryptionConfiguration",
            {"EnableInTransitEncryption": "true", "EnableAtRestEncryption": False},
            "EncryptionConfiguration.EnableInTransitEncryption must be true or false",
        ),
        (
            "EncryptionConfiguration",
            {"EnableInTransitEncryption": False, "EnableAtRestEncryption": True, "AtRestEncryptionConfiguration": {}},
            f"{S3.rsplit('.', 1)[0]} needs one of S3EncryptionConfiguration, LocalDiskEncryptionConfiguration",
        ),
    ],
)
def test_finds(path, value, problem):
    assert problem in security_grammar.problems(nested(path, value))


def test_what_is_required_inside_a_block_is_not_required_without_it():
    assert security_grammar.problems({}) == ()
    assert security_grammar.problems({"AuthorizationConfiguration": {}}) == ()


def test_a_switch_that_is_off_needs_nothing_and_stands_beside_anything():
    off = {"EnableInTransitEncryption": False, "EnableAtRestEncryption": False}
    assert security_grammar.problems({"EncryptionConfiguration": off}) == ()


def test_look_ups():
    member = security_grammar.find(f"{TLS}.S3Object")
    assert member is not None
    assert member.name == "S3Object"
    assert security_grammar.find("Nothing") is None
    assert set(security_grammar.attributes()) == {
        "Realm",
        "KdcAdminPassword",
        "CrossRealmTrustPrincipalPassword",
        "ADDomainJoinUser",
        "ADDomainJoinPassword",
    }
