"""A network of subnets that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from emrkit_model.network import NetworkParts

from .checks import Groups, check_groups, check_key, check_subnets, gateways, make, wanted_logs
from .network import Network

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

    from emrkit_model.network import FlowLogs, GroupRules, InterfaceEndpoint

__all__ = ["ExistingNetwork", "choose_subnets"]


class ExistingNetwork(Network):
    """What `from_vpc` and `from_attributes` give: nothing is made but the groups, and what was asked for."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        vpc: ec2.IVpc | None,
        vpc_id: str,
        subnet_ids: tuple[str, ...],
        route_table_ids: tuple[str, ...],
        vpc_cidr: str | None = None,
        public: bool = False,
        way_out: bool | None = None,
        releases: Sequence[str] = (),
        security_groups: Groups | None = None,
        rules: GroupRules | None = None,
        interface_endpoints: Sequence[str | InterfaceEndpoint] = (),
        existing_endpoints: Sequence[str] = (),
        s3_endpoint: bool = False,
        s3_policy: Mapping[str, object] | None = None,
        dynamodb: bool = False,
        access_lists: bool = False,
        dhcp_options: bool | str = False,
        flow_logs: bool | FlowLogs = False,
        key: kms.IKey | None = None,
    ) -> None:
        Construct.__init__(self, scope, id)
        routes = gateways(s3=s3_endpoint, dynamodb=dynamodb)
        given: dict[str, object] = {
            "releases": releases,
            "interface_endpoints": interface_endpoints,
            "rules": rules,
            "flow_logs": wanted_logs(flow_logs),
        }
        problems = chain(
            check_groups(security_groups, rules, public=public),
            check_subnets(subnet_ids, route_table_ids, routes),
            check_key(key),
        )
        parts = make(NetworkParts, given, problems)
        self._locate(vpc_id=vpc_id, vpc=vpc, vpc_cidr=vpc_cidr, owned=False)
        self._stand_in(subnet_ids, route_table_ids)
        if dhcp_options:
            self._build_names(dhcp_options)
        self._fill(
            parts,
            public=public,
            way_out=way_out,
            security_groups=security_groups,
            routes=routes,
            s3_policy=s3_policy,
            access_lists=access_lists,
            key=key,
            existing_endpoints=existing_endpoints,
        )


def choose_subnets(
    vpc: ec2.IVpc, subnets: ec2.SubnetSelection | None, *, public: bool
) -> tuple[ec2.SelectedSubnets, bool | None]:
    """The subnets of a VPC, and whether nodes in them reach the internet; None: their type does not say."""
    kind = ec2.SubnetType.PUBLIC if public else ec2.SubnetType.PRIVATE_WITH_EGRESS
    selection = subnets or ec2.SubnetSelection(subnet_type=kind)
    chosen = vpc.select_subnets(
        availability_zones=selection.availability_zones,
        one_per_az=selection.one_per_az,
        subnet_filters=selection.subnet_filters,
        subnet_group_name=selection.subnet_group_name,
        subnets=selection.subnets,
        subnet_type=selection.subnet_type,
    )
    isolated = selection.subnet_type == ec2.SubnetType.PRIVATE_ISOLATED
    return chosen, None if selection.subnet_type is None else not isolated
