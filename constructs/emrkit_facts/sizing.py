"""Presets for the size of a cluster: families of a class of work, steps of the primary node, successors.

Pages: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html, emr-flexibility.html;
`sources/sizing.json` says which numbers repeat a page and which are emrkit's own choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, overload

from .storage import within
from .tables import load

__all__ = [
    "PAGES",
    "Spread",
    "Successor",
    "UnderUsed",
    "Workload",
    "families",
    "preset",
    "primary_size",
    "successor",
    "under_used",
    "wants_larger_primary",
    "what",
    "workloads",
]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
PAGES: Mapping[str, str] = {
    "guidelines": _GUIDE + "emr-plan-instances-guidelines.html",
    "flexibility": _GUIDE + "emr-flexibility.html",
    "types": _GUIDE + "emr-supported-instance-types.html",
    "previous": "https://aws.amazon.com/ec2/previous-generation/",
}


@dataclass(frozen=True, slots=True)
class Successor:
    """What stands in for a retired family: `family` of x86_64, `graviton` where there is one, and why."""

    family: str
    graviton: str | None
    reason: str


class Workload(TypedDict):
    """A class of work in words, and the families for it by architecture, the preset's first choice first."""

    what: str
    x86_64: Sequence[str]
    arm64: Sequence[str]


class Spread(TypedDict):
    """How fleets are spread: the share of Spot among task nodes, the number of types, the sizes in order."""

    task_spot_percent: int
    types: int
    recommended_types: int
    sizes: Sequence[str]


class UnderUsed(TypedDict):
    """Families of which releases leave memory and cores unused, and the releases that do not."""

    families: Sequence[str]
    windows: Sequence[Sequence[str | None]]


@overload
def preset(name: Literal["workloads"]) -> Mapping[str, Workload]: ...
@overload
def preset(name: Literal["spot"]) -> Spread: ...
@overload
def preset(name: Literal["production_minimum"]) -> str: ...
@overload
def preset(name: Literal["primary_steps"]) -> Sequence[tuple[int | None, str]]: ...
@overload
def preset(name: Literal["primary_applications"]) -> Sequence[str]: ...
@overload
def preset(name: Literal["retired"]) -> Mapping[str, tuple[str, str | None, str]]: ...
@overload
def preset(name: Literal["under_used_before"]) -> UnderUsed: ...
def preset(name: str) -> object:
    """One entry of the table: `preset("spot")["types"]`."""
    return load("sizing")[name]


def workloads() -> tuple[str, ...]:
    """The classes of work: general, compute, memory, storage."""
    return tuple(preset("workloads"))


def what(workload: str) -> str:
    """A class of work in words."""
    return preset("workloads")[workload]["what"]


def families(workload: str, architecture: str) -> tuple[str, ...]:
    """The families of a class of work on an architecture, the preset's first choice first.

    >>> families("memory", "arm64")[:2]
    ('r7g', 'r6g')
    """
    return tuple(preset("workloads")[workload]["arm64" if architecture == "arm64" else "x86_64"])


def primary_size(nodes: int) -> str:
    """The size of the primary node for a number of core and task nodes.

    >>> primary_size(50), primary_size(51)
    ('xlarge', '2xlarge')
    """
    return next(size for most, size in preset("primary_steps") if most is None or nodes <= most)


def wants_larger_primary(application: str) -> bool:
    """Whether an application works on the primary node itself, which AWS's guidelines give a larger type."""
    return application.lower() in preset("primary_applications")


def successor(family: str) -> Successor | None:
    """What replaces a retired family, or the family of a type; None for one that is not retired.

    >>> successor("m3.xlarge").family
    'm5'
    """
    row = preset("retired").get(family.partition(".")[0])
    return None if row is None else Successor(row[0], row[1], row[2])


def under_used(family: str, release: str) -> bool:
    """Whether a release lists a family but leaves memory and cores of it unused."""
    row = preset("under_used_before")
    return (
        family in row["families"] and within(row["windows"], release) is False and not release.startswith("emr-spark")
    )
