"""Whether a cluster fits into a network."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import ceil
from typing import TYPE_CHECKING

from emrkit_facts import networking as facts
from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

from .endpoints import needs_of

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_cluster", "most_nodes"]


def check_cluster(
    cluster: Cluster,
    *,
    way_out: bool | None,
    services: Collection[str],
    service_ports: bool | None,
    service_endpoint: bool | None,
    addresses: int | None = None,
    one_zone: bool = False,
) -> Iterator[Diagnostic]:
    """What a cluster needs and this network does not have.

    Args:
        cluster: The cluster, with its groups filled in.
        way_out: Whether nodes get out otherwise than through endpoints. None: not known.
        services: Services with an interface endpoint.
        service_ports: Whether the groups let 8443 and 9443 through, for releases up to 7.x. None: not known.
        service_endpoint: Whether the groups let 443 to the service's own endpoint, for 8.0.0 on. None: not known.
        addresses: How many nodes a subnet has room for; a cluster stands in one. None: not known.
        one_zone: Whether there is one zone only, which nobody chose by its name.
    """
    newer = None if is_token(cluster.release) else facts.uses_service_endpoint(cluster.release)
    told = {
        "got": cluster.release,
        "hint": f'Network(…, releases=["{cluster.release}"]), and those of the other clusters too',
    }
    if newer is True and service_endpoint is False:
        yield error(
            "NET-060",
            f"the network was made for releases up to 7.x, and {cluster.release} calls EMR through an endpoint",
            "release",
            reason=f"the service's group has to let in 443 from the VPC ({facts.page('ports')})",
            **told,
        )
    if newer is False and service_ports is False:
        yield error(
            "NET-061",
            f"the network was made for releases from 8.0.0 on, and EMR reaches {cluster.release} on 8443 and 9443",
            "release",
            reason=f"the service's group needs these rules up to 7.x ({facts.page('ports')})",
            **told,
        )
    if way_out is False:
        yield from _check_isolated(cluster, services)
    if one_zone and not cluster.groups() and cluster.availability_zone is None:
        yield warning(
            "NET-018",
            "an instance fleet has one zone to choose from",
            "subnets",
            got=1,
            reason="EMR starts a fleet in the zone with most capacity and fewest interruptions "
            "(https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html)",
            hint="Network(..., zones=2) to 6: zones cost nothing by themselves; or name the zone that it has to be",
        )
    most = None if addresses is None else most_nodes(cluster)
    if addresses is not None and most is not None and most > addresses:
        yield warning(
            "NET-064",
            f"the cluster may have {most} nodes, and its subnet has addresses for {addresses}",
            "scaling" if cluster.scaling is not None else "core",
            got=most,
            allowed=f"up to {addresses}, less what other clusters in the subnet take",
            reason="a cluster stands in one subnet, and what finds no address does not start "
            "(https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-vpc-launching-job-flows.html)",
            hint="give the network larger subnets (`subnet_prefix`), or the cluster a lower maximum",
        )


def most_nodes(cluster: Cluster) -> int | None:
    """How many nodes a cluster has at most, fleets filled with their smallest type; None where nobody can say.

    >>> from emrkit_model import InstanceFleet
    >>> from emrkit_model.cluster import Cluster
    >>> primary = InstanceFleet.on_demand("m5.xlarge")
    >>> core = InstanceFleet.on_demand("m5.xlarge", "m5.2xlarge", capacity=6)
    >>> most_nodes(Cluster(name="etl", release="emr-7.12.0", primary=primary, core=core))
    7
    """
    primary = _most(cluster.primary)
    others = [nodes for role, nodes in cluster.nodes() if role != "primary"]
    counts = [_most(nodes) for nodes in others]
    if cluster.scaling is not None and others:
        limit, unit = cluster.scaling.maximum, cluster.scaling.unit
        if is_token(limit) or is_token(unit) or unit == "VCPU":
            return None
        by_units = unit != "Instances" and isinstance(others[0], InstanceFleet)
        counts = [ceil(limit / min(map(_least_weight, others)))] if by_units else [limit]
    known = [count for count in (primary, *counts) if count is not None]
    return sum(known) if len(known) == 1 + len(counts) else None


def _most(nodes: InstanceFleet | InstanceGroup) -> int | None:
    if isinstance(nodes, InstanceFleet):
        wanted = (nodes.target_on_demand, nodes.target_spot)
        known = not any(map(is_token, wanted)) and bool(nodes.instance_types())
        return ceil(sum(wanted) / _least_weight(nodes)) if known else None
    count = nodes.count if nodes.scaling is None else nodes.scaling.maximum
    return None if is_token(count) else count


def _least_weight(nodes: InstanceFleet | InstanceGroup) -> int:
    if isinstance(nodes, InstanceGroup) or not nodes.instance_types():
        return 1
    weights = [weight for weight in nodes.weights().values() if not is_token(weight)]
    return max(1, min(weights, default=1))


def _check_isolated(cluster: Cluster, services: Collection[str]) -> Iterator[Diagnostic]:
    relying = [
        words
        for words, on in (("managed scaling", cluster.scaling), ("idle termination", cluster.idle_timeout))
        if on is not None
    ]
    if relying:
        page = facts.page("scaling" if cluster.scaling is not None else "idle")
        yield warning(
            "NET-062",
            f"{' and '.join(relying)} may not act in a network without a way out",
            "scaling" if cluster.scaling is not None else "idle_timeout",
            reason=f"their metrics collector has to reach a public address of API Gateway ({page})",
            hint="give the network a NAT gateway, or watch that the cluster scales and ends before relying on it",
        )
    missing = [service for service in needs_of(cluster) if service not in services]
    if missing:
        yield warning(
            "NET-063",
            "the cluster calls services that a network without a way out does not lead to",
            "applications",
            got=", ".join(missing),
            reason=f"such services are reached through interface endpoints or NAT ({facts.page('vpc')})",
            hint=f"Network(…, interface_endpoints=[{', '.join(map(repr, (*services, *missing)))}])",
        )
