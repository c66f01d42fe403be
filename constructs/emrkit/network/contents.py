"""What stands in a network: groups, endpoints, flow logs, access lists; and what a cluster asks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aws_cdk import Stack
from constructs import Construct

from emrkit.annotations import warn
from emrkit.pseudo_parameters import Aws
from emrkit_facts import networking as facts
from emrkit_model.checking import check
from emrkit_model.diagnostics import Severity
from emrkit_model.findings import error
from emrkit_model.network import NetworkLayout, NetworkParts, check_cluster
from emrkit_model.values import refuse

from .access_lists import build_access_list, private_rules, public_rules
from .checks import Groups
from .endpoints import (
    build_endpoint_group,
    build_gateway_endpoint,
    build_interface_endpoint,
    build_service_endpoint,
    policy_of_s3,
)
from .flow_logs import build_flow_logs
from .names import associate_options, build_options
from .security_groups import SecurityGroups

if TYPE_CHECKING:
    from aws_cdk import CfnResource
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_kms as kms
    from constructs import IConstruct

    from emrkit_model.cluster import Cluster

__all__ = ["NetworkContents"]


class NetworkContents(Construct):
    """The inside of a network: the same in a VPC that is made and in one that exists.

    Whoever makes it says where it is (`_locate`), then fills it (`_fill`).
    """

    def _locate(
        self,
        *,
        vpc_id: str,
        vpc: ec2.IVpc | None,
        vpc_cidr: str | None,
        owned: bool,
    ) -> None:
        self.vpc_id: str = vpc_id
        """Id of the VPC."""
        self._vpc, self._vpc_cidr, self._owned = vpc, vpc_cidr, owned

    def _stand_in(self, subnet_ids: tuple[str, ...], route_table_ids: tuple[str, ...]) -> None:
        self.subnet_ids: tuple[str, ...] = subnet_ids
        """Ids of the subnets of nodes, one in each zone."""
        self.route_table_ids: tuple[str, ...] = route_table_ids
        """Ids of their route tables."""

    def check_cluster(self, cluster: Cluster) -> None:
        """Say what a cluster needs and this network lacks: warnings on the construct, errors all at once.

        Raises:
            InvalidModel: The network was made for releases of another kind.
        """
        found = list(check_cluster(cluster, **self._lacks))
        refuse([d.within(cluster.name) for d in found if d.severity is Severity.ERROR])
        warn(self, [d.within(cluster.name) for d in found])

    def precede(self, resource: CfnResource, scope: IConstruct) -> None:
        """Let a resource of the same stack wait for what its nodes need at the start: rules, routes, endpoints.

        A cluster that starts before a rule is there makes EMR add it, and CloudFormation then fails to; one that
        starts before its way to S3 fails in its bootstrap. In another stack the order of the stacks does it. When the
        stack is deleted, the cluster goes first.
        """
        # By scope: clusters are many and stand in few, and every question is a call to the kernel.
        if id(scope) not in self._neighbours:
            self._neighbours[id(scope)] = (scope, Stack.of(scope) is Stack.of(self))
        if self._neighbours[id(scope)][1] and (last := self._last) is not None:
            resource.add_resource_dependency(last)

    @cached_property
    def _neighbours(self) -> dict[int, tuple[IConstruct, bool]]:
        """Scopes of clusters, and whether they are in the network's own stack; kept, so that no id comes twice."""
        return {}

    @cached_property
    def _last(self) -> CfnResource | None:
        """The resource that comes after all others: one to wait for, instead of dozens at every cluster."""
        groups = self.security_groups
        resources = [*self._leading, *(groups.rules if isinstance(groups, SecurityGroups) else ())]
        if not resources:
            return None
        *others, last = resources
        for other in others:
            last.add_resource_dependency(other)
        return last

    def _fill(
        self,
        parts: NetworkParts,
        *,
        public: bool,
        way_out: bool | None,
        security_groups: Groups | None,
        routes: Sequence[tuple[str, str]],
        s3_policy: Mapping[str, object] | None,
        access_lists: bool,
        key: kms.IKey | None,
        existing_endpoints: Sequence[str] = (),
        leading: Sequence[CfnResource] = (),
    ) -> None:
        """Groups, endpoints, flow logs and access lists: the same in a VPC that is made and in one that exists."""
        endpoint = parts.service_endpoint and not public
        self.security_groups: Groups = security_groups or SecurityGroups(
            self,
            "Groups",
            vpc_id=self.vpc_id,
            service_access=not public,
            service_ports=parts.service_ports,
            endpoint_range=self._range() if endpoint else None,
            rules=parts.rules,
        )
        """The groups that clusters use."""
        self._leading: list[CfnResource] = list(leading)
        region = Stack.of(self).region if parts.interface_endpoints or routes else Aws.REGION
        for name, service in routes:
            policy = (s3_policy or policy_of_s3(region, parts.releases)) if service == "s3" else None
            endpoint_of = build_gateway_endpoint(
                self, name, service, vpc_id=self.vpc_id, route_tables=self.route_table_ids, policy=policy
            )
            self._leading.append(endpoint_of)
        self.endpoint_group: str | None = None
        """Id of the group in front of the interface endpoints; None without any."""
        if parts.interface_endpoints:
            self._build_interface_endpoints(parts, region)
        group = self.security_groups.service_access
        if endpoint and group is not None:
            self._leading.append(build_service_endpoint(self, vpc_id=self.vpc_id, subnets=self.subnet_ids, group=group))
        if parts.flow_logs is not None:
            build_flow_logs(self, parts.flow_logs, resources=self._logged(), key=key)
        if access_lists:
            rules = public_rules(self._range()) if public else private_rules(self._range())
            build_access_list(self, vpc_id=self.vpc_id, subnets=self.subnet_ids, rules=rules)
        own = security_groups is None and not public
        self._lacks: dict[str, Any] = {
            "way_out": way_out,
            "services": (*existing_endpoints, *(e.service for e in parts.interface_endpoints)),
            "service_ports": parts.service_ports if own else None,
            "service_endpoint": parts.service_endpoint if own else None,
            "addresses": parts.node_addresses if isinstance(parts, NetworkLayout) else None,
            "one_zone": isinstance(parts, NetworkLayout) and parts.one_zone,
        }
        warn(self, check(parts))

    def _build_interface_endpoints(self, parts: NetworkParts, region: str) -> None:
        groups = self.security_groups
        nodes = [
            (who, i)
            for who, i in (("the primary node", groups.primary), ("core and task nodes", groups.core))
            if i is not None
        ]
        group = build_endpoint_group(self, vpc_id=self.vpc_id, nodes=nodes, vpc_cidr=None if nodes else self._range())
        self.endpoint_group = group
        if isinstance(groups, SecurityGroups):
            groups.open_endpoints(group)
        for endpoint in parts.interface_endpoints:
            made = build_interface_endpoint(
                self, endpoint, region=region, vpc_id=self.vpc_id, subnets=self.subnet_ids, group=group
            )
            self._leading.append(made)

    def _build_names(self, given: bool | str) -> None:
        options = given if isinstance(given, str) else build_options(self, Stack.of(self).region)
        associate_options(self, self.vpc_id, options)

    def _range(self) -> str:
        """The VPC's address range."""
        if self._vpc_cidr is None and self._vpc is not None:
            try:
                self._vpc_cidr = self._vpc.vpc_cidr_block
            except RuntimeError:  # the CDK's word for: this import does not say it
                self._vpc_cidr = None
        if self._vpc_cidr is None:
            refuse(
                [
                    error(
                        "NET-070",
                        "the VPC's address range is not known",
                        "vpc_cidr",
                        reason="network ACLs, endpoints beside EMR's own groups and the service's endpoint of "
                        f"newer releases admit the VPC ({facts.page('ports')})",
                        hint="give `vpc_cidr`",
                    )
                ]
            )
        assert self._vpc_cidr is not None
        return self._vpc_cidr

    def _logged(self) -> Sequence[tuple[str, str, str]]:
        """What flow logs watch: the VPC that is ours, or our subnets in somebody else's."""
        if self._owned:
            return [("", "VPC", self.vpc_id)]
        return [(str(zone), "Subnet", subnet) for zone, subnet in enumerate(self.subnet_ids, start=1)]
