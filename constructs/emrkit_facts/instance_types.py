"""Instance types as EMR counts them, and what YARN gets of each.

EMR's vCPU is the number of YARN vcores: twice the EC2 count for d2, i2 and m4. EMR's memory is not EC2's either: a
16 GiB m6g.xlarge counts 15.25.
Page: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-supported-instance-types.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .tables import load
from .versions import parse

__all__ = ["EbsDefault", "InstanceTypeFacts", "UnknownInstanceType", "find", "names", "yarn_memory_mb"]


@dataclass(frozen=True, slots=True)
class EbsDefault:
    """The volumes that EMR attaches to an EBS-only type when none are asked for (gp2, from 5.22.0)."""

    count: int
    size_gib: int


@dataclass(frozen=True, slots=True)
class InstanceTypeFacts:
    """One instance type. `vcpu` and `memory_gb` are EMR's counts; `min_release` has one entry for each series.

    `min_release` maps "5", "6", "7" to the first version of that series ("6.1.0"), or None where the series does not
    support the type; it is empty when AWS documents no floor for the family.
    """

    type: str
    arch: str
    vcpu: int
    memory_gb: float
    ec2_vcpu: int | None
    ec2_memory_gib: float | None
    disks: int
    ebs_only: bool
    gpus: int
    yarn_memory_mb: int
    min_release: dict[str, str | None]
    default_ebs: EbsDefault | None
    regions: tuple[str, ...]

    @property
    def known(self) -> bool:
        """True: the type is in the data."""
        return True

    def supported_by(self, release: str) -> bool | None:
        """Whether a release runs this type: False is documented; None means that the data does not say."""
        version = parse(release)
        if version is None or str(version.major) not in self.min_release:
            return None
        floor = self.min_release[str(version.major)]
        first = parse(floor) if floor else None
        return first is not None and version >= first


@dataclass(frozen=True, slots=True)
class UnknownInstanceType:
    """A type that the data does not have: newer than it, or misspelt."""

    type: str
    suggestions: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """False: nothing is known about the type."""
        return False


@cache
def find(name: str) -> InstanceTypeFacts | UnknownInstanceType:
    """Everything known about an instance type; total: an unknown one is an `UnknownInstanceType`.

    >>> find("m6g.xlarge").yarn_memory_mb
    11712
    """
    table = load("instance_types")
    row = table["types"].get(name)
    if row is None:
        return UnknownInstanceType(name, _close(name))
    arch, vcpu, memory, ec2_vcpu, ec2_memory, disks, ebs_only, gpus, regions = row
    family, _, size = name.partition(".")
    floors = table["exceptions"].get(name) or table["families"].get(family)
    default = table["default_ebs"]["by_size"].get(size) if ebs_only else None
    mask = int(regions, 16) if regions else 0
    return InstanceTypeFacts(
        type=name,
        arch=arch,
        vcpu=vcpu,
        memory_gb=memory,
        ec2_vcpu=ec2_vcpu,
        ec2_memory_gib=ec2_memory,
        disks=disks,
        ebs_only=bool(ebs_only),
        gpus=gpus,
        yarn_memory_mb=table["yarn"]["exceptions"].get(name) or yarn_memory_mb(memory),
        min_release=dict(zip("567", floors, strict=True)) if floors else {},
        default_ebs=EbsDefault(*default) if default else None,
        regions=tuple(region for i, region in enumerate(table["regions"]) if mask >> i & 1),
    )


def yarn_memory_mb(memory_gb: float) -> int:
    """`yarn.nodemanager.resource.memory-mb` for a node of that much memory as EMR counts it.

    One rule reproduces AWS's table: three quarters below 32 GB, all but 8 GB from there on; 7.5 GB is rounded down.
    Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
    """
    if memory_gb == 7.5:
        return 5632
    return round(768 * memory_gb) if memory_gb < 32 else round(1024 * (memory_gb - 8))


def names() -> tuple[str, ...]:
    """Every instance type in the data, sorted."""
    return tuple(load("instance_types")["types"])


def regions() -> tuple[str, ...]:
    """Every Region in which the data has instance types, sorted."""
    return tuple(load("instance_types")["regions"])


def _close(name: str) -> tuple[str, ...]:
    """Other sizes of the family, else other families of that size; comparing with every type there is costs 10 ms."""
    from difflib import get_close_matches

    family, _, size = name.partition(".")
    others = [n for n in names() if n.startswith(f"{family}.")] or [n for n in names() if n.endswith(f".{size}")]
    return tuple(get_close_matches(name, others or names(), n=3, cutoff=0.7))
