"""The rules of EBS volumes: kinds, sizes, and the speed that a kind can have at a size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from .fleets import EbsVolume

__all__ = ["check_volume"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-storage.html"
_API = "https://docs.aws.amazon.com/emr/latest/APIReference/API_VolumeSpecification.html"
_KINDS = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"
_LARGEST = 1024
_PROVISIONED = ("gp3", "io1", "io2")


def check_volume(volume: EbsVolume) -> Iterator[Diagnostic]:
    """A kind that EMR documents, a size, and IOPS and throughput that fit both."""
    size, count = volume.size_gib, volume.count
    if not is_token(size) and size < 1:
        yield error("FLEET-050", "a volume has at least 1 GiB", "size_gib", got=size, reason=_API)
    elif not is_token(size) and size > _LARGEST:
        yield warning(
            "FLEET-051",
            f"a volume of {size} GiB is larger than EMR's documentation allows",
            "size_gib",
            got=size,
            allowed=f"1 to {_LARGEST} GiB",
            reason=_API,
            hint="several volumes with `count`: HDFS and YARN use them all",
        )
    if not is_token(count) and count < 1:
        yield error("FLEET-052", "count is at least 1", "count", got=count, reason=_PAGE)
    if volume.type == "io2":
        yield warning(
            "FLEET-053",
            "EMR's documentation does not name io2",
            "type",
            got="io2",
            allowed="gp3, gp2, io1, st1, sc1, standard",
            reason=_API,
        )
    yield from _check_iops(volume)
    yield from _check_throughput(volume)


def _check_iops(volume: EbsVolume) -> Iterator[Diagnostic]:
    iops, size = volume.iops, volume.size_gib
    if iops is None:
        if volume.type in ("io1", "io2"):
            yield error(
                "FLEET-054", f"a volume of kind {volume.type} needs iops", "iops", reason=_KINDS, hint="or take gp3"
            )
        return
    if volume.type not in _PROVISIONED and not is_token(volume.type):
        yield error(
            "FLEET-055",
            f"a volume of kind {volume.type} takes no iops",
            "iops",
            got=iops,
            allowed=f"with {', '.join(_PROVISIONED)}",
            reason=_KINDS,
            hint="type: gp3",
        )
        return
    if volume.type != "gp3" or is_token(iops):
        return
    if iops < 3000:
        yield error("FLEET-056", "gp3 has at least 3000 IOPS", "iops", got=iops, allowed="3000 or more", reason=_KINDS)
    elif not is_token(size) and iops > max(3000, 500 * size):
        yield error(
            "FLEET-057",
            "the volume is too small for so many IOPS",
            "iops",
            got=iops,
            allowed=f"{max(3000, 500 * size)} for {size} GiB",
            reason=_KINDS,
        )


def _check_throughput(volume: EbsVolume) -> Iterator[Diagnostic]:
    rate = volume.throughput
    if rate is None or is_token(rate):
        return
    if volume.type != "gp3" and not is_token(volume.type):
        yield error(
            "FLEET-058", f"a volume of kind {volume.type} takes no throughput", "throughput", got=rate, reason=_KINDS
        )
        return
    iops = volume.iops if volume.iops is not None else 3000
    # Too few IOPS are a finding of their own.
    most = 1000 if is_token(iops) else min(1000, max(iops, 3000) // 4)
    if not 125 <= rate <= most:
        yield error(
            "FLEET-059",
            "throughput is outside the limits of gp3",
            "throughput",
            got=f"{rate} MiB/s",
            allowed=f"125 to {most} MiB/s" + ("" if is_token(iops) or iops < 3000 else f" with {iops} IOPS"),
            reason=_API,
            hint="raise iops: a quarter of it is the highest throughput",
        )
