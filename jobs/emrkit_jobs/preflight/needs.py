"""What a cluster will ask of the account it starts in, read from the request that starts it.

Values that are not known yet are left out: nobody is asked about a subnet that the same deployment makes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from emrkit_jobs.preflight.demand import Demand, read_demand

__all__ = ["ClusterNeeds", "Demand", "Place", "read_request"]

_S3 = re.compile(r"s3[an]?://([^/]+)/?(.*)")
_NAME = re.compile(r"(?:arn:[^:]*:iam::[^:]*:(?:role|instance-profile)/)?(?:.*/)?([^/]+)$")
_PRIMARY, _CORE, _SERVICE = (
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
)
_MORE = ("AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups")


@dataclass(frozen=True, slots=True)
class Place:
    """An S3 address that a cluster uses: the bucket, the key (empty for a folder that need not exist), what for."""

    bucket: str
    key: str
    purpose: str

    @property
    def uri(self) -> str:
        """The address as it is written."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class ClusterNeeds:
    """Everything of a cluster that an account can refuse."""

    name: str
    region: str
    demand: Demand
    places: tuple[Place, ...] = ()
    subnets: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict[str, str])
    """Security groups by the field that names them."""
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """KMS keys by what they are for."""
    images: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """AMIs, each with the architectures (`x86_64`, `arm64`) of the types that start from it."""
    service_role: str | None = None
    scoped: bool = False
    """Whether the service role is known to have the v2 policy, which reaches only what is tagged for EMR."""
    profile: str | None = None
    scaling_role: str | None = None
    key_pair: str | None = None
    security_configuration: str | None = None


def read_request(
    name: str,
    request: Mapping[str, object],
    region: str,
    security: Mapping[str, object] | None = None,
    *,
    exists: bool = True,
) -> ClusterNeeds:
    """The needs of a cluster from its RunJobFlow request.

    Args:
        name: How findings call the cluster.
        request: The parameters of RunJobFlow; what is unknown is None or missing.
        region: The Region of the cluster.
        security: The document of its security configuration, where it is at hand.
        exists: Whether the security configuration that it names should be there already.
    """
    instances = _dict(request.get("Instances"))
    subnets = [*_texts(instances.get("Ec2SubnetIds")), *_texts([instances.get("Ec2SubnetId")])]
    groups = {_word(f): g for f in (_PRIMARY, _CORE, _SERVICE) for g in _texts([instances.get(f)])}
    groups |= {f"{_word(f)}[{n}]": g for f in _MORE for n, g in enumerate(_texts(instances.get(f)))}
    document = _dict(security)
    demand = read_demand(request)
    key = _text(request.get("LogEncryptionKmsKeyId"))
    configuration = _text(request.get("SecurityConfiguration")) if exists else None
    return ClusterNeeds(
        name=name,
        region=region,
        demand=demand,
        places=(*_places(request), *_certificates(document)),
        subnets=tuple(dict.fromkeys(subnets)),
        groups=groups,
        keys={**({"logs": key} if key else {}), **_keys(document)},
        images=_images(request, demand),
        service_role=_role(request.get("ServiceRole")),
        profile=_role(request.get("JobFlowRole")),
        scaling_role=_role(request.get("AutoScalingRole")),
        key_pair=_text(instances.get("Ec2KeyName")),
        security_configuration=configuration,
    )


def _places(request: Mapping[str, object]) -> Iterator[Place]:
    yield from _place(request.get("LogUri"), "logs", exists=False)
    for action in _list(request.get("BootstrapActions")):
        path = _dict(action.get("ScriptBootstrapAction")).get("Path")
        yield from _place(path, f"the bootstrap action '{action.get('Name')}'")
    for step in _list(request.get("Steps")):
        jar = _dict(step.get("HadoopJarStep")).get("Jar")
        yield from _place(jar, f"the jar of step '{step.get('Name')}'")


def _certificates(document: Mapping[str, object]) -> Iterator[Place]:
    """The archives of certificates and of classes that a security configuration names."""
    encryption = _dict(document.get("EncryptionConfiguration"))
    transit = _dict(encryption.get("InTransitEncryptionConfiguration"))
    tls = _dict(transit.get("TLSCertificateConfiguration"))
    yield from _place(tls.get("S3Object"), "the certificates for encryption in transit")
    rest = _dict(encryption.get("AtRestEncryptionConfiguration"))
    for part in ("S3EncryptionConfiguration", "LocalDiskEncryptionConfiguration"):
        yield from _place(_dict(rest.get(part)).get("S3Object"), "the provider of encryption keys")


def _place(uri: object, purpose: str, *, exists: bool = True) -> Iterator[Place]:
    found = _S3.fullmatch(uri) if isinstance(uri, str) else None
    if found is not None:
        yield Place(found[1], found[2] if exists else "", purpose)


def _keys(document: Mapping[str, object]) -> dict[str, str]:
    rest = _dict(_dict(document.get("EncryptionConfiguration")).get("AtRestEncryptionConfiguration"))
    s3, disk = _dict(rest.get("S3EncryptionConfiguration")), _dict(rest.get("LocalDiskEncryptionConfiguration"))
    found = {"data in Amazon S3": s3.get("AwsKmsKey"), "local disks": disk.get("AwsKmsKey")}
    for override in _list(s3.get("Overrides")):
        found[f"bucket {override.get('BucketName')}"] = override.get("AwsKmsKey")
    return {purpose: key for purpose, key in found.items() if isinstance(key, str)}


def _images(request: Mapping[str, object], demand: Demand) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    everywhere = _text(request.get("CustomAmiId"))
    for pool in demand.pools:
        for kind in pool.types:
            image = kind.image or everywhere
            if image is not None:
                found.setdefault(image, set()).update({kind.architecture} if kind.architecture else set())
    return {image: frozenset(kinds) for image, kinds in found.items()}


def _role(value: object) -> str | None:
    """The name behind an ARN or a name."""
    found = _NAME.match(value) if isinstance(value, str) else None
    return found[1] if found else None


def _word(name: str) -> str:
    return {
        _PRIMARY: "primary security group",
        _CORE: "core security group",
        _SERVICE: "service access security group",
        _MORE[0]: "additional primary security group",
        _MORE[1]: "additional core security group",
    }[name]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> list[str]:
    return [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []


def _dict(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Mapping[str, object]]:
    return (
        [_dict(item) for item in cast("list[object]", value) if isinstance(item, Mapping)]
        if isinstance(value, list | tuple)
        else []
    )
