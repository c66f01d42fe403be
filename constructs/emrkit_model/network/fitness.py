"""Whether a cluster fits into a network."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from emrkit_facts import networking as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

from .endpoints import needs_of

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_cluster"]


def check_cluster(
    cluster: Cluster,
    *,
    way_out: bool | None,
    services: Collection[str],
    service_ports: bool | None,
    service_endpoint: bool | None,
) -> Iterator[Diagnostic]:
    """What a cluster needs and this network does not have.

    Args:
        cluster: The cluster, with its groups filled in.
        way_out: Whether nodes get out otherwise than through endpoints. None: not known.
        services: Services with an interface endpoint.
        service_ports: Whether the groups let 8443 and 9443 through, for releases up to 7.x. None: not known.
        service_endpoint: Whether the groups let 443 to the service's own endpoint, for 8.0.0 on. None: not known.
    """
    newer = None if is_token(cluster.release) else facts.uses_service_endpoint(cluster.release)
    if newer is True and service_endpoint is False:
        yield error(
            "NET-060",
            f"the network was made for releases up to 7.x, and {cluster.release} calls EMR through an endpoint",
            "release",
            got=cluster.release,
            reason=f"the service's group has to let in 443 from the VPC ({facts.page('ports')})",
            hint=f'Network(…, releases=["{cluster.release}"]), and those of the other clusters too',
        )
    if newer is False and service_ports is False:
        yield error(
            "NET-061",
            f"the network was made for releases from 8.0.0 on, and EMR reaches {cluster.release} on 8443 and 9443",
            "release",
            got=cluster.release,
            reason=f"the service's group needs these rules up to 7.x ({facts.page('ports')})",
            hint=f'Network(…, releases=["{cluster.release}"]), and those of the other clusters too',
        )
    if way_out is False:
        yield from _check_isolated(cluster, services)


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
