"""The size and speed of the root volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_root_volume"]

_ROOT_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-custom-ami-root-volume-size.html"


def check_root_volume(cluster: Cluster) -> Iterator[Diagnostic]:
    """Size, IOPS and throughput within EMR's limits and each other's."""
    size, iops, rate = cluster.ebs_root_volume_size, cluster.ebs_root_volume_iops, cluster.ebs_root_volume_throughput
    limits = {"size": (size, 10, 100), "iops": (iops, 3000, 16_000), "throughput": (rate, 125, 1000)}
    for name, (value, low, high) in limits.items():
        if value is not None and not is_token(value) and not low <= value <= high:
            yield error(
                "CLUS-070",
                f"the root volume's {name} is outside the limits",
                f"ebs_root_volume_{name}",
                got=value,
                allowed=f"{low} to {high}",
                reason=_ROOT_PAGE,
            )
    for name, value in (("iops", iops), ("throughput", rate)):
        if value is not None:
            yield from gate_problem("root-volume-performance", cluster.release, "CLUS-071", f"ebs_root_volume_{name}")
    size = 15 if size is None else size
    if iops is not None and not is_token(iops) and not is_token(size) and iops > 500 * size:
        yield error(
            "CLUS-072",
            "the root volume is too small for so many IOPS",
            "ebs_root_volume_iops",
            got=iops,
            allowed=f"{500 * size} for {size} GiB",
            reason=_ROOT_PAGE,
        )
    given = 3000 if iops is None else iops
    if rate is not None and not is_token(rate) and not is_token(given) and rate > given // 4:
        yield error(
            "CLUS-073",
            "the root volume's throughput is more than a quarter of its IOPS",
            "ebs_root_volume_throughput",
            got=f"{rate} MiB/s",
            allowed=f"{given // 4} MiB/s for {given} IOPS",
            reason=_ROOT_PAGE,
            hint=f"set ebs_root_volume_iops to {rate * 4}",
        )
