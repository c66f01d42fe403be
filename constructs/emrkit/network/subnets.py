"""Subnets of nodes and of NAT gateways, their routes and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import CfnResource, Fn
from aws_cdk import aws_ec2 as ec2

from emrkit_model.tokens import is_token

from .tags import tags

if TYPE_CHECKING:
    from constructs import Construct

    from emrkit_model.network import NetworkLayout

__all__ = ["Subnets", "build_subnets"]

_EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Subnets:
    """What nodes stand in, and the route tables that lead out of it."""

    ids: tuple[str, ...]
    route_tables: tuple[str, ...]
    routes: tuple[CfnResource, ...]
    """The routes out, and what binds them to the subnets."""


def build_subnets(scope: Construct, vpc_id: str, layout: NetworkLayout) -> Subnets:
    """The subnets of a layout, with routes to an internet gateway or to NAT gateways."""
    return _Builder(scope, vpc_id, layout).build()


class _Builder:
    def __init__(self, scope: Construct, vpc_id: str, layout: NetworkLayout) -> None:
        self._scope, self._vpc_id, self._layout = scope, vpc_id, layout
        nodes, nat = layout.node_ranges(), layout.nat_ranges()
        if is_token(layout.cidr):
            count = layout.zones + layout.nat_count
            parts = Fn.cidr(layout.cidr, count, str(32 - layout.subnet_prefix_length))
            ranges = [Fn.select(i, parts) for i in range(count)]
            nodes, nat = tuple(ranges[: layout.zones]), tuple(ranges[layout.zones :])
        self._node_ranges, self._nat_ranges = nodes, nat

    def build(self) -> Subnets:
        if self._layout.public:
            return self._build_public()
        gateways = list(self._layout.nat_gateway_ids) or self._build_nat()
        return self._build_private(gateways)

    def _build_private(self, gateways: Sequence[str]) -> Subnets:
        tables: list[str] = []
        subnets: list[str] = []
        routes: list[CfnResource] = []
        for zone, cidr in enumerate(self._node_ranges):
            subnet = self._subnet(f"Private{zone + 1}", cidr, zone)
            table = self._table(f"Private{zone + 1}Routes", "private")
            routes.append(self._associate(f"Private{zone + 1}Association", subnet, table))
            if gateways:
                way_out = ec2.CfnRoute(
                    self._scope,
                    f"Private{zone + 1}Nat",
                    route_table_id=table,
                    destination_cidr_block=_EVERYWHERE,
                    nat_gateway_id=gateways[zone % len(gateways)],
                )
                routes.append(way_out)
            subnets.append(subnet)
            tables.append(table)
        return Subnets(tuple(subnets), tuple(tables), tuple(routes))

    def _build_public(self) -> Subnets:
        # A name of its own: what packs accept of the route of NAT gateways they must not accept of this one.
        table, way_out = self._build_internet("NodesRoute")
        subnets: list[str] = []
        routes: list[CfnResource] = [way_out]
        for zone, cidr in enumerate(self._node_ranges):
            subnet = self._subnet(f"Public{zone + 1}", cidr, zone, public=True)
            routes.append(self._associate(f"Public{zone + 1}Association", subnet, table))
            subnets.append(subnet)
        return Subnets(tuple(subnets), (table,), tuple(routes))

    def _build_nat(self) -> list[str]:
        """Public subnets that hold nothing but NAT gateways; none without them."""
        if not self._nat_ranges:
            return []
        table, way_out = self._build_internet("PublicRoute")
        gateways: list[str] = []
        for zone, cidr in enumerate(self._nat_ranges):
            subnet = self._subnet(f"Public{zone + 1}", cidr, zone)
            self._associate(f"Public{zone + 1}Association", subnet, table)
            address = ec2.CfnEIP(self._scope, f"Nat{zone + 1}Address", domain="vpc", tags=tags("nat"))
            gateway = ec2.CfnNatGateway(
                self._scope,
                f"Nat{zone + 1}",
                subnet_id=subnet,
                allocation_id=address.attr_allocation_id,
                tags=tags("nat"),
            )
            gateway.add_resource_dependency(way_out)
            gateways.append(gateway.ref)
        return gateways

    def _build_internet(self, name: str) -> tuple[str, ec2.CfnRoute]:
        """A route table that leads to the internet gateway, and that route."""
        internet_id, attachment = self._layout.internet_gateway_id, None
        if internet_id is None:
            internet_id = ec2.CfnInternetGateway(self._scope, "Internet", tags=tags("internet")).ref
            attachment = ec2.CfnVPCGatewayAttachment(
                self._scope, "InternetAttachment", vpc_id=self._vpc_id, internet_gateway_id=internet_id
            )
        table = self._table("PublicRoutes", "public")
        way_out = ec2.CfnRoute(
            self._scope,
            name,
            route_table_id=table,
            destination_cidr_block=_EVERYWHERE,
            gateway_id=internet_id,
        )
        if attachment is not None:
            way_out.add_resource_dependency(attachment)
        return table, way_out

    def _subnet(self, name: str, cidr: str, zone: int, *, public: bool = False) -> str:
        names = self._layout.zone_names
        return ec2.CfnSubnet(
            self._scope,
            name,
            vpc_id=self._vpc_id,
            cidr_block=cidr,
            availability_zone=names[zone] if names else Fn.select(zone, Fn.get_azs()),
            map_public_ip_on_launch=public,
            tags=tags(name),
        ).ref

    def _table(self, id: str, name: str) -> str:  # noqa: A002  # CDK's own word
        return ec2.CfnRouteTable(self._scope, id, vpc_id=self._vpc_id, tags=tags(name)).ref

    def _associate(self, name: str, subnet: str, table: str) -> CfnResource:
        return ec2.CfnSubnetRouteTableAssociation(self._scope, name, subnet_id=subnet, route_table_id=table)
