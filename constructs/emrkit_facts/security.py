"""Which release has which feature: the gates that a cluster's declaration is checked against.

A gate is a set of version windows. `Gate.admits(label)` answers True or False, and None for what is no release label.
"""

from __future__ import annotations

from dataclasses import dataclass

from .versions import parse

__all__ = ["Gate", "UnknownGate", "gate", "gates", "sdk_v2_successor"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/"


@dataclass(frozen=True, slots=True)
class Gate:
    """A feature and the releases that have it: half-open windows [from, to), `to` None for "and later"."""

    name: str
    what: str
    windows: tuple[tuple[str, str | None], ...]
    page: str
    read: str = "2026-11"

    def admits(self, label: str) -> bool | None:
        """Whether the release has the feature; None when the label cannot be read."""
        version = parse(label)
        if version is None:
            return None
        return any(
            version >= (parse(first) or ()) and (end is None or version < (parse(end) or ()))
            for first, end in self.windows
        )

    def __str__(self) -> str:
        return " or ".join(_words(first, end) for first, end in self.windows)


@dataclass(frozen=True, slots=True)
class UnknownGate:
    """A feature name that has no gate; it admits nothing and refuses nothing."""

    name: str

    def admits(self, label: str) -> bool | None:  # noqa: ARG002 - the same question as to a Gate
        """None: nothing is known."""
        return None


def _words(first: str, end: str | None) -> str:
    if end is None:
        return f"{first} and later"
    return f"{first} up to, not including, {end}"


def _management(page: str) -> str:
    return f"{_GUIDE}ManagementGuide/{page}.html"


def _release(page: str) -> str:
    return f"{_GUIDE}ReleaseGuide/{page}.html"


_Windows = tuple[tuple[str, str | None], ...]
_NOT_600: _Windows = (("5.30.0", "6.0.0"), ("6.1.0", None))
_IMDS_V2: _Windows = (("5.23.1", "5.24.0"), ("5.27.1", "5.28.0"), ("5.32.0", "6.0.0"), ("6.2.0", None))
_THREE_PRIMARIES: _Windows = (
    ("5.36.1", "6.0.0"),
    ("6.8.1", "6.9.0"),
    ("6.9.1", "6.10.0"),
    ("6.10.1", "6.11.0"),
    ("6.11.1", None),
)


def _since(first: str) -> _Windows:
    return ((first, None),)


_ROWS: tuple[tuple[str, str, _Windows, str], ...] = (
    ("ebs-encryption", "native EBS encryption", _since("5.24.0"), _management("emr-data-encryption-options")),
    ("emr-managed-tls", "in-transit certificates made by EMR", _since("7.11.0"), _management("emr-encryption-enable")),
    ("imds-v2", "clusters that only speak IMDSv2", _IMDS_V2, _management("emr-create-security-configuration")),
    ("kerberos", "Kerberos", _since("5.10.0"), _management("emr-kerberos-configure-settings")),
    ("external-kdc", "an external KDC", _since("5.20.0"), _management("emr-kerberos-configure-settings")),
    ("in-transit-tls", "encryption in transit", _since("4.8.0"), _management("emr-encryption-enable")),
    ("role-mappings", "roles for EMRFS by user, group or prefix", _since("5.10.0"), _management("emr-emrfs-iam-roles")),
    ("identity-center", "IAM Identity Center", _since("6.15.0"), _management("emr-idc-start")),
    (
        "identity-center-runtime-roles",
        "IAM Identity Center beside runtime roles",
        _since("7.8.0"),
        _management("emr-idc-start"),
    ),
    (
        "identity-center-lake-formation",
        "fine-grained access of Lake Formation beside IAM Identity Center",
        _since("7.2.0"),
        _management("emr-idc-start"),
    ),
    (
        "lake-formation-fine-grained",
        "fine-grained access of Lake Formation",
        _since("6.15.0"),
        _management("emr-lf-enable"),
    ),
    (
        "runtime-roles-agent",
        "the CloudWatch agent beside runtime roles",
        _since("7.6.0"),
        _management("emr-steps-runtime-roles"),
    ),
    (
        "metastore-tls",
        "TLS of the Hive metastore",
        _since("7.3.0"),
        _management("emr-encryption-support-matrix"),
    ),
    ("log-encryption", "logs encrypted with your key", _NOT_600, f"{_GUIDE}APIReference/API_RunJobFlow.html"),
    ("managed-scaling", "managed scaling", _NOT_600, _management("emr-managed-scaling")),
    (
        "advanced-scaling",
        "the ADVANCED scaling strategy",
        _since("7.0.0"),
        _management("managed-scaling-allocation-strategy-optimized"),
    ),
    ("auto-termination", "termination of idle clusters", _NOT_600, _management("emr-auto-termination-policy")),
    ("step-concurrency", "steps that run side by side", _since("5.28.0"), _management("emr-concurrent-steps")),
    ("runtime-roles", "runtime roles for steps", _since("6.7.0"), _management("emr-steps-runtime-roles")),
    ("custom-ami", "custom AMIs", _since("5.7.0"), _management("emr-custom-ami")),
    (
        "os-release",
        "a chosen Amazon Linux release",
        (("5.36.0", "6.0.0"), ("6.6.0", None)),
        _management("emr-default-ami"),
    ),
    (
        "root-volume-performance",
        "IOPS and throughput of the root volume",
        _since("6.15.0"),
        _management("emr-custom-ami-root-volume-size"),
    ),
    (
        "multi-primary-groups",
        "three primary nodes with instance groups",
        _since("5.23.0"),
        _management("emr-plan-ha-launch"),
    ),
    (
        "automatic-scaling",
        "automatic scaling of instance groups",
        _since("4.0.0"),
        _management("emr-automatic-scaling"),
    ),
    (
        "multi-primary-fleets",
        "three primary nodes with instance fleets",
        _THREE_PRIMARIES,
        _management("emr-plan-ha-launch"),
    ),
    ("glue-catalog", "the Glue Data Catalog", _since("5.8.0"), _release("emr-hive-metastore-glue")),
    ("glue-presto", "the Glue Data Catalog for Presto", _since("5.10.0"), _release("emr-presto-glue")),
    ("glue-trino", "the Glue Data Catalog for Trino", _since("6.1.0"), _release("emr-presto-glue")),
    (
        "glue-other-account",
        "a Glue Data Catalog of another account",
        _since("5.16.0"),
        _release("emr-hive-metastore-glue"),
    ),
    ("hbase-on-s3", "HBase on S3", _since("5.2.0"), _release("emr-hbase-s3")),
    ("hbase-read-replica", "read replicas of HBase", _since("5.7.0"), _release("emr-hbase-s3")),
    ("emr-wal", "EMR's write-ahead log for HBase", _since("6.15.0"), _release("emr-hbase-wal-considerations")),
    (
        "emr-wal-record-size",
        "a chosen record size of EMR's write-ahead log",
        _since("7.5.0"),
        _release("emr-hbase-wal-considerations"),
    ),
    ("s3a-default", "S3A behind s3:// in place of EMRFS", _since("7.10.0"), _release("emr-7100-release")),
)
_GATES = {name: Gate(name, what, windows, page) for name, what, windows, page in _ROWS}

_V1 = "com.amazonaws.auth."
_V2 = "software.amazon.awssdk.auth.credentials."
_SUCCESSORS = {
    f"{_V1}DefaultAWSCredentialsProviderChain": f"{_V2}DefaultCredentialsProvider",
    f"{_V1}InstanceProfileCredentialsProvider": f"{_V2}InstanceProfileCredentialsProvider",
    f"{_V1}EnvironmentVariableCredentialsProvider": f"{_V2}EnvironmentVariableCredentialsProvider",
    f"{_V1}SystemPropertiesCredentialsProvider": f"{_V2}SystemPropertyCredentialsProvider",
    f"{_V1}WebIdentityTokenCredentialsProvider": f"{_V2}WebIdentityTokenFileCredentialsProvider",
    f"{_V1}EC2ContainerCredentialsProviderWrapper": f"{_V2}ContainerCredentialsProvider",
    f"{_V1}ContainerCredentialsProvider": f"{_V2}ContainerCredentialsProvider",
    f"{_V1}profile.ProfileCredentialsProvider": f"{_V2}ProfileCredentialsProvider",
    f"{_V1}AnonymousAWSCredentials": "org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider",
}
# EMR's own client of the Glue Data Catalog shares the SDK's name space.
_NOT_SDK = "com.amazonaws.glue.catalog."


def gate(name: str) -> Gate | UnknownGate:
    """The gate of a feature; total: an unknown name is an `UnknownGate`.

    >>> gate("imds-v2").admits("emr-6.1.0")
    False
    """
    return _GATES.get(name) or UnknownGate(name)


def gates() -> tuple[Gate, ...]:
    """Every gate, in a fixed order."""
    return tuple(_GATES.values())


def sdk_v2_successor(class_name: str) -> str | None:
    """What replaces a class of the AWS SDK for Java v1 (`com.amazonaws.…`); None when the class is not of v1.

    A v1 class without a known successor gives the empty string; EMR's own classes for Glue are none of the SDK's.

    >>> sdk_v2_successor("com.amazonaws.auth.InstanceProfileCredentialsProvider")
    'software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider'
    """
    of_sdk = class_name.startswith("com.amazonaws.") and not class_name.startswith(_NOT_SDK)
    return _SUCCESSORS.get(class_name, "") if of_sdk else None
