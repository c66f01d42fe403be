"""A network of subnets that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from constructs import Construct

from emrkit_model.network import NetworkParts

from .checks import Groups, check_groups, check_subnets, make, wanted_logs
from .network import Network

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_kms as kms

    from emrkit_model.network import FlowLogs, GroupRules, InterfaceEndpoint

__all__ = ["ExistingNetwork"]


class ExistingNetwork(Network):
    """What `from_vpc` and `from_attributes` give: nothing is made but the groups, and what was asked for."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        vpc: ec2.IVpc | None,
        vpc_id: str,
        vpc_cidr: str | None,
        subnet_ids: tuple[str, ...],
        route_table_ids: tuple[str, ...],
        public: bool,
        way_out: bool | None,
        releases: Sequence[str],
        security_groups: Groups | None,
        rules: GroupRules | None,
        interface_endpoints: Sequence[str | InterfaceEndpoint],
        existing_endpoints: Sequence[str],
        routes: Sequence[tuple[str, str]],
        s3_policy: Mapping[str, object] | None,
        access_lists: bool,
        dhcp_options: bool | str,
        flow_logs: bool | FlowLogs,
        key: kms.IKey | None,
    ) -> None:
        Construct.__init__(self, scope, id)
        given: dict[str, object] = {
            "releases": releases,
            "interface_endpoints": interface_endpoints,
            "rules": rules,
            "flow_logs": wanted_logs(flow_logs),
        }
        problems = chain(
            check_groups(security_groups, rules, public=public),
            check_subnets(subnet_ids, route_table_ids, routes),
        )
        parts = make(NetworkParts, given, problems)
        self._vpc, self._vpc_cidr, self._owned = vpc, vpc_cidr, False
        self.vpc_id = vpc_id
        self.subnet_ids = subnet_ids
        self.route_table_ids = route_table_ids
        if dhcp_options:
            self._build_names(dhcp_options)
        self._build_inside(
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
