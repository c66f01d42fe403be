"""What a preflight asks of an account, as a protocol over plain data: buckets, subnets, quotas, roles, keys, images.

Every question only reads. A question that the caller may not ask raises `Denied`, which names the action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

__all__ = [
    "Account",
    "BucketView",
    "DnsView",
    "GroupView",
    "ImageView",
    "KeyView",
    "Market",
    "ProfileView",
    "PublicAccessView",
    "QuotaView",
    "SubnetView",
    "VcpuUse",
]

Market = Literal["on-demand", "spot"]


@dataclass(frozen=True, slots=True)
class BucketView:
    """A bucket that exists. `reachable`: the caller may look into it; its region is known either way."""

    name: str
    region: str
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class SubnetView:
    """A subnet: its zone, how many addresses are free, and whether it has a route to an internet gateway."""

    id: str
    vpc: str
    zone: str
    free_addresses: int
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class DnsView:
    """How names are resolved in a VPC. Without servers of its own it uses Amazon's."""

    support: bool
    hostnames: bool
    domain: str | None = None
    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupView:
    """A security group. `open`: ports (first, last) that everybody may reach; (0, 65535) stands for all."""

    id: str
    vpc: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    open: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class QuotaView:
    """A service quota as it holds for this account in this Region."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class VcpuUse:
    """vCPU that run or start now, of one market and one instance type."""

    market: Market
    type: str
    vcpu: int


@dataclass(frozen=True, slots=True)
class PublicAccessView:
    """EMR's block public access: whether it is on, and the port ranges it lets through."""

    on: bool
    permitted: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileView:
    """An instance profile and the role inside it, if there is one."""

    name: str
    role: str | None


@dataclass(frozen=True, slots=True)
class KeyView:
    """A KMS key: `state` is `Enabled`, `Disabled`, `PendingDeletion`, …; `symmetric`: it encrypts and decrypts."""

    arn: str
    state: str
    symmetric: bool


@dataclass(frozen=True, slots=True)
class ImageView:
    """An AMI: `architecture` is `x86_64` or `arm64`; `root` the kind of its root device."""

    id: str
    state: str
    architecture: str
    root: str = "ebs"


class Account(Protocol):
    """The account and Region of a target, as far as EMR will look at it."""

    def bucket(self, name: str) -> BucketView | None:
        """The bucket, or None if there is none of this name."""
        ...

    def has_object(self, bucket: str, key: str) -> bool: ...

    def offerings(self, types: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """The zones of the Region that offer each instance type; a type without zones is offered nowhere."""
        ...

    def subnets(self, ids: Iterable[str]) -> Mapping[str, SubnetView]:
        """The subnets that exist of these."""
        ...

    def public_subnets(self, vpc: str, ids: Iterable[str]) -> frozenset[str]:
        """Those of these subnets of the VPC that have a route to an internet gateway."""
        ...

    def dns(self, vpc: str) -> DnsView: ...

    def groups(self, ids: Iterable[str]) -> Mapping[str, GroupView]:
        """The security groups that exist of these."""
        ...

    def quotas(self, service: str) -> tuple[QuotaView, ...]:
        """The quotas of a service, named as Service Quotas names it: `ec2`, `elasticmapreduce`."""
        ...

    def vcpus(self) -> tuple[VcpuUse, ...]: ...

    def active_clusters(self) -> int: ...

    def public_access(self) -> PublicAccessView: ...

    def role(self, name: str) -> bool:
        """Whether there is a role of this name."""
        ...

    def attached_policies(self, role: str) -> frozenset[str]:
        """The names of the managed policies that a role has."""
        ...

    def profile(self, name: str) -> ProfileView | None: ...

    def key(self, identity: str) -> KeyView | None:
        """A KMS key by its ARN, id or alias."""
        ...

    def image(self, identity: str) -> ImageView | None: ...

    def has_key_pair(self, name: str) -> bool: ...

    def security_configuration(self, name: str) -> Mapping[str, object] | None:
        """The document of EMR's security configuration of this name, or None if there is none."""
        ...
