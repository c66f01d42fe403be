"""Subnets, security groups and where logs go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_placement"]

_API = "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html"
_SUBNET = re.compile(r"subnet-[0-9a-f]+")
_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"


def check_placement(cluster: Cluster) -> Iterator[Diagnostic]:
    """Subnets, security groups and where logs go."""
    pair = (cluster.primary_security_group, cluster.core_security_group)
    page = f"{_GUIDE}emr-man-sec-groups.html"
    if (pair[0] is None) != (pair[1] is None):
        missing = "primary_security_group" if pair[0] is None else "core_security_group"
        yield error(
            "CLUS-050", "managed security groups come in pairs", missing, reason=page, hint=f"give {missing} too"
        )
    if cluster.service_access_security_group is not None and pair == (None, None):
        yield error(
            "CLUS-051",
            "a service access group needs the managed groups of primary and core",
            "service_access_security_group",
            reason=page,
        )
    if cluster.availability_zone is not None and cluster.subnets:
        yield error(
            "CLUS-054",
            "a subnet and an availability zone exclude each other",
            "availability_zone",
            got=cluster.availability_zone,
            reason=_API,
            hint="the subnet says the zone",
        )
    if not is_token(cluster.subnets) and len(set(cluster.subnets)) < len(cluster.subnets):
        yield error("CLUS-052", "a subnet is listed twice", "subnets", reason=_API)
    for i, subnet in enumerate(() if is_token(cluster.subnets) else cluster.subnets):
        if not is_token(subnet) and not _SUBNET.fullmatch(subnet):
            yield warning(
                "CLUS-114",
                f"'{subnet}' does not look like a subnet",
                "subnets",
                i,
                got=subnet,
                allowed="subnet- and hexadecimal digits, as in subnet-0123456789abcdef0",
                reason=_API,
            )
    if cluster.log_uri is not None and not is_token(cluster.log_uri) and not cluster.log_uri.startswith("s3"):
        yield error("CLUS-053", "log_uri is an s3:// address", "log_uri", got=cluster.log_uri, reason=_API)
