"""The layout of a network: addresses, zones, ways out, and what else it holds; checked as a whole."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import ClassVar

from emrkit_facts import networking as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Flag, Items, Text
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

from .access import GroupRules
from .endpoints import EndpointLike, check_endpoints
from .flow_logs import FlowLogs

__all__ = ["MOST_ZONES", "NetworkLayout", "NetworkParts", "subnet_ranges"]

MOST_ZONES = 6
_RESERVED = 5  # of every subnet, AWS keeps the first four addresses and the last
_FEW = 59  # what a /26 has left: one cluster of middling size, and nothing beside it
_WIDEST, _NARROWEST = 16, 28
_SUBNETS = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"
_VPCS = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"
_FLEETS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html"


class NetworkParts(Value):
    """What every network decides, also one of subnets that exist.

    >>> NetworkParts(releases=["emr-7.14.0"]).service_ports, NetworkParts(releases=["emr-spark-8.1.0"]).service_ports
    (True, False)
    """

    AREA: ClassVar[str] = "NET"

    releases: Items[Text] = ()
    """Releases of the clusters. Default: any up to 7.x."""
    interface_endpoints: Items[EndpointLike] = ()
    """Services with an interface endpoint."""
    rules: GroupRules | None = None
    """What the security groups let through besides what EMR needs."""
    flow_logs: FlowLogs | None = None
    """Where connections are logged."""

    @property
    def service_ports(self) -> bool:
        """Whether 8443 and 9443 are needed between service and nodes."""
        return not self.releases or any(_by_endpoint(release) is not True for release in self.releases)

    @property
    def service_endpoint(self) -> bool:
        """Whether nodes call the service through its own endpoint; a release that nobody knows yet may."""
        return any(_by_endpoint(release) is not False for release in self.releases)

    def problems(self) -> Iterator[Diagnostic]:
        """A service has one endpoint."""
        yield from check_endpoints(self.interface_endpoints)


class NetworkLayout(NetworkParts):
    """Everything that is decided about a network before anything is made.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-vpc-host-job-flows.html

    >>> layout = NetworkLayout(zones=3, nat_gateways=1)
    >>> layout.subnet_prefix_length, layout.node_ranges(), layout.nat_ranges()
    (20, ('10.0.0.0/20', '10.0.16.0/20', '10.0.32.0/20'), ('10.0.128.0/20',))
    """

    AREA: ClassVar[str] = "NET"

    cidr: Text = "10.0.0.0/16"
    """Address range from which the subnets come: the VPC's own, or a part of an existing VPC's."""
    zones: Count = 2
    """In how many availability zones there is a subnet, 1 to 6."""
    zone_names: Items[Text] = ()
    """Which zones. Default: the Region's first ones, chosen at deployment."""
    public: Flag = False
    """Whether nodes have public addresses and a route to an internet gateway."""
    subnet_prefix: Count | None = None
    """Prefix length of every subnet, up to 28. Default: sixteen subnets fit into the range, so /20 of a /16."""
    nat_gateways: Count | None = None
    """How many NAT gateways are made. Default: one for private subnets, none for public ones."""
    nat_gateway_ids: Items[Text] = ()
    """NAT gateways that exist, instead of making any."""
    existing_vpc: Flag = False
    """Whether the VPC exists already."""
    internet_gateway_id: Text | None = None
    """The internet gateway of a VPC that exists."""
    s3_endpoint: Flag = True
    """Whether there is a gateway endpoint for S3."""

    @property
    def subnet_prefix_length(self) -> int:
        """The prefix length of every subnet."""
        if self.subnet_prefix is not None:
            return self.subnet_prefix
        network = _read(self.cidr)
        return 20 if network is None else min(_NARROWEST, network.prefixlen + 4)

    @property
    def nat_count(self) -> int:
        """How many NAT gateways are made."""
        if self.nat_gateways is not None:
            return self.nat_gateways
        elsewhere = self.existing_vpc and self.internet_gateway_id is None
        return 0 if self.public or self.nat_gateway_ids or elsewhere else 1

    @property
    def way_out(self) -> bool:
        """Whether nodes reach addresses outside the VPC other than through endpoints."""
        return self.public or bool(self.nat_count) or bool(self.nat_gateway_ids)

    @property
    def one_zone(self) -> bool:
        """Whether there is one zone only, and nobody chose it by its name."""
        return not is_token(self.zones) and self.zones == 1 and not self.zone_names

    @property
    def node_addresses(self) -> int:
        """How many nodes a subnet has room for beside the interface endpoints and the service's own interface."""
        return 2 ** (32 - self.subnet_prefix_length) - _RESERVED - len(self.interface_endpoints) - 1

    def node_ranges(self) -> tuple[str, ...]:
        """The ranges of the subnets of nodes, one a zone."""
        return tuple(self._ranges()[: self.zones])

    def nat_ranges(self) -> tuple[str, ...]:
        """The ranges of the public subnets of NAT gateways: the second half of all, so that zones can be added."""
        ranges = self._ranges()
        first = max(self.zones, len(ranges) // 2) if self.zones <= len(ranges) // 2 else self.zones
        return tuple(ranges[first : first + self.nat_count])

    def _ranges(self) -> list[str]:
        network = _read(self.cidr)
        if network is None or not network.prefixlen <= self.subnet_prefix_length <= 32:
            return []
        return subnet_ranges(str(network), self.subnet_prefix_length)

    def problems(self) -> Iterator[Diagnostic]:
        """Everything that does not fit, at once."""
        yield from self._check_known()
        yield from self._check_range()
        yield from self._check_zones()
        yield from self._check_ways_out()
        yield from super().problems()

    def _check_range(self) -> Iterator[Diagnostic]:
        if is_token(self.cidr):
            return
        try:
            network = ipaddress.ip_network(self.cidr)
        except ValueError as why:
            yield error(
                "NET-010",
                "this is not an address range",
                "cidr",
                got=self.cidr,
                allowed="an IPv4 range in CIDR notation, such as 10.0.0.0/16",
                reason=f"{why} ({_VPCS})",
            )
            return
        if not isinstance(network, ipaddress.IPv4Network):
            yield error(
                "NET-011",
                "EMR's nodes have IPv4 addresses",
                "cidr",
                got=self.cidr,
                allowed="an IPv4 range",
                reason=facts.page("dhcp"),
            )
            return
        if not _WIDEST <= network.prefixlen <= _NARROWEST:
            yield error(
                "NET-012",
                "a VPC's range has between 16 and 65,536 addresses",
                "cidr",
                got=self.cidr,
                allowed=f"a prefix from /{_WIDEST} to /{_NARROWEST}",
                reason=_VPCS,
            )
            return
        if not any(network.subnet_of(ipaddress.IPv4Network(r)) for r in facts.private_ranges()):
            yield warning(
                "NET-013",
                "the VPC's range is not one of the private ranges",
                "cidr",
                got=self.cidr,
                allowed=f"a part of {', '.join(facts.private_ranges())}",
                reason=f"names of nodes may not resolve in other ranges, and clusters fail ({facts.page('dhcp')})",
            )
        yield from self._check_room(network)

    def _check_room(self, network: ipaddress.IPv4Network) -> Iterator[Diagnostic]:
        if is_token(self.zones) or is_token(self.nat_count) or is_token(self.subnet_prefix_length):
            return
        prefix, wanted = self.subnet_prefix_length, self.zones + self.nat_count
        if not network.prefixlen <= prefix <= _NARROWEST:
            yield error(
                "NET-014",
                "a subnet is a part of the range, and has at least 16 addresses",
                "subnet_prefix",
                got=f"/{prefix} of {self.cidr}",
                allowed=f"a prefix from /{network.prefixlen} to /{_NARROWEST}",
                reason=_SUBNETS,
            )
            return
        room = 2 ** (prefix - network.prefixlen)
        if wanted > room:
            yield error(
                "NET-015",
                f"{wanted} subnets (zones: {self.zones}, NAT gateways: {self.nat_count}) do not fit into the range",
                "cidr",
                got=f"{self.cidr}, which holds {room} subnets of /{prefix}",
                reason=_SUBNETS,
                hint="give a wider range, smaller subnets (`subnet_prefix`) or fewer zones",
            )
        addresses = 2 ** (32 - prefix) - _RESERVED
        if addresses < _FEW:
            yield warning(
                "NET-016",
                f"a subnet has only {addresses} addresses for nodes and endpoints",
                "subnet_prefix",
                got=f"/{prefix}",
                reason=f"a cluster that finds too few does not start ({_SUBNETS})",
                hint=f"every node takes one, every interface endpoint one, the service one; a /26 has {_FEW}",
            )

    def _check_known(self) -> Iterator[Diagnostic]:
        for field in ("zones", "subnet_prefix", "nat_gateways", "zone_names", "nat_gateway_ids", "public"):
            if is_token(getattr(self, field)):
                yield error(
                    "NET-025",
                    "this decides which resources there are, so it is known before deployment or not at all",
                    field,
                    got="a value known at deployment",
                    reason="https://docs.aws.amazon.com/cdk/v2/guide/tokens.html",
                )

    def _check_zones(self) -> Iterator[Diagnostic]:
        if not is_token(self.zones) and not 1 <= self.zones <= MOST_ZONES:
            yield error(
                "NET-017",
                "so many zones cannot have a subnet",
                "zones",
                got=self.zones,
                allowed=f"1 to {MOST_ZONES}",
                reason=_FLEETS,
            )
        if not is_token(self.zone_names) and len(set(self.zone_names)) < len(self.zone_names):
            yield error("NET-019", "a zone is listed twice", "zones", got=", ".join(self.zone_names), reason=_FLEETS)

    def _check_ways_out(self) -> Iterator[Diagnostic]:
        count = self.nat_count
        if is_token(count) or is_token(self.zones):
            return
        if self.public and (count or self.nat_gateway_ids):
            yield error(
                "NET-020",
                "nodes in a public subnet do not use NAT",
                "nat_gateways",
                got=count or ", ".join(self.nat_gateway_ids),
                allowed="none",
                reason=f"EMR reaches them through the internet gateway alone ({facts.page('vpc')})",
            )
        elif count < 0 or 1 <= self.zones < count:
            yield error(
                "NET-021",
                "a NAT gateway stands in a zone of its own",
                "nat_gateways",
                got=count,
                allowed=f"0 to the number of zones ({self.zones})",
                reason="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
            )
        if self.nat_gateway_ids and not self.existing_vpc:
            yield error(
                "NET-022",
                "a NAT gateway serves the VPC it was made in",
                "nat_gateways",
                got=", ".join(self.nat_gateway_ids),
                reason="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
                hint="give the VPC too (`vpc`), or a number of gateways to make",
            )
        if self.existing_vpc and self.internet_gateway_id is None and (self.public or count):
            yield error(
                "NET-024",
                "a VPC that exists has its internet gateway, and has one only",
                "internet_gateway_id",
                reason="https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html",
                hint="name it; private subnets may use NAT gateways that exist instead (`nat_gateways=[…]`)",
            )
        if not self.s3_endpoint and not self.way_out:
            yield error(
                "NET-023",
                "without a way out, nodes reach S3 through a gateway endpoint or not at all",
                "s3_endpoint",
                got=False,
                reason=f"nodes install from S3 when they start ({facts.page('buckets')})",
                hint="leave the endpoint on, or give NAT gateways",
            )


def subnet_ranges(cidr: str, prefix: int) -> list[str]:
    """The subnets of a range, in order; never more than a /16 of /28.

    >>> subnet_ranges("10.0.0.0/16", 18)
    ['10.0.0.0/18', '10.0.64.0/18', '10.0.128.0/18', '10.0.192.0/18']
    """
    return [str(part) for part in ipaddress.IPv4Network(cidr).subnets(new_prefix=prefix)]


def _read(cidr: str) -> ipaddress.IPv4Network | None:
    if is_token(cidr):
        return None
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        return None


def _by_endpoint(release: str) -> bool | None:
    return None if is_token(release) else facts.uses_service_endpoint(release)
