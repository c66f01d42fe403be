"""The construct: a VPC made for EMR, or subnets, groups and endpoints in one that exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from emrkit.annotations import warn
from emrkit.pseudo_parameters import Aws
from emrkit_facts import networking as facts
from emrkit_model.diagnostics import Severity
from emrkit_model.findings import error
from emrkit_model.network import INTERFACE_ENDPOINTS, FlowLogs, NetworkLayout, NetworkParts, check_cluster
from emrkit_model.values import check

from .access_lists import build_access_list, private_rules, public_rules
from .checks import Groups, check_groups, counted, gateways, make, refuse, wanted_logs
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
from .subnets import build_subnets
from .tags import tags

if TYPE_CHECKING:
    from aws_cdk import CfnResource
    from aws_cdk import aws_kms as kms
    from constructs import IConstruct

    from emrkit_model.cluster import Cluster
    from emrkit_model.network import GroupRules, InterfaceEndpoint

__all__ = ["Network"]


class Network(Construct):
    """A VPC made for EMR: private subnets in several zones, endpoints, security groups, flow logs.

    Nodes have no public address. They reach S3 through a gateway endpoint whose policy names this account and the
    repositories EMR installs from, other services through interface endpoints, and what is left (the metrics of managed
    scaling, package registries) through NAT. Everything carries the tag that EMR's service policy asks for. Each part
    may be brought: the VPC, NAT gateways, security groups, DHCP options, the destination of flow logs; `from_vpc` and
    `from_attributes` take subnets that exist.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html

    Args:
        cidr: Address range of the VPC, or the part of an existing one that the subnets take. Default: 10.0.0.0/16.
        zones: In how many availability zones there is a subnet (1 to 6), or the zones' names; an instance fleet chooses
            among them. Default: 2, chosen at deployment.
        public: Nodes get public addresses and a route to an internet gateway, and no NAT. Default: no.
        subnet_prefix: Prefix length of every subnet. Default: sixteen fit into the range: /20 of a /16.
        nat_gateways: How many NAT gateways, each in a zone of its own, or the ids of gateways that exist. Default: 1,
            and 0 for public subnets. With 0, managed scaling and idle termination may not act: their metrics need a
            public address; every cluster that relies on them warns.
        releases: Releases of the clusters: they decide between 8443/9443 and the service's own endpoint (8.0.0 and
            later, emr-spark-8), and which repositories the S3 endpoint leads to. Default: any up to 7.x.
        interface_endpoints: Services with an interface endpoint; see `interface_endpoints_for`. Default: EMR, KMS,
            Secrets Manager and STS.
        dynamodb: Whether there is a gateway endpoint for DynamoDB. Default: no.
        s3_endpoint: Whether there is one for S3. Default: yes.
        s3_policy: The policy of that endpoint. Default: this account's identities, and EMR's own buckets.
        security_groups: Groups that exist, or EMR's own. Default: three of the network's, with every rule EMR needs.
        rules: Who else gets in, what goes out, which groups stand beside. Default: nobody, everything, none.
        access_lists: Whether the subnets of nodes have a network ACL of their own. Default: the VPC's open one.
        dhcp_options: Whether DHCP options are made as EMR asks for them, or the id of some. Default: the VPC's own,
            which in a VPC that nobody changed are the same.
        flow_logs: Whether connections are logged, or how. Default: all of them, for a year, in CloudWatch.
        key: KMS key of the flow logs. Default: CloudWatch's own encryption.
        vpc: A VPC that exists, in which the subnets are made. Default: a new one.
        vpc_cidr: Its address range, where the VPC does not say it. Default: asked of `vpc`.
        internet_gateway_id: Its internet gateway, for public subnets and new NAT gateways.

    Raises:
        InvalidModel: The parts do not fit; every problem is listed.

    Example:
        ```python
        network = emr.Network(self, "Network", zones=3)
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        cidr: str = "10.0.0.0/16",
        zones: int | Sequence[str] = 2,
        public: bool = False,
        subnet_prefix: int | None = None,
        nat_gateways: int | Sequence[str] | None = None,
        releases: Sequence[str] = (),
        interface_endpoints: Sequence[str | InterfaceEndpoint] = INTERFACE_ENDPOINTS,
        dynamodb: bool = False,
        s3_endpoint: bool = True,
        s3_policy: Mapping[str, object] | None = None,
        security_groups: Groups | None = None,
        rules: GroupRules | None = None,
        access_lists: bool = False,
        dhcp_options: bool | str = False,
        flow_logs: bool | FlowLogs = True,
        key: kms.IKey | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_cidr: str | None = None,
        internet_gateway_id: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        given: dict[str, object] = {
            "cidr": cidr,
            "public": public,
            "subnet_prefix": subnet_prefix,
            "existing_vpc": vpc is not None,
            "internet_gateway_id": internet_gateway_id,
            "releases": releases,
            "interface_endpoints": interface_endpoints,
            "s3_endpoint": s3_endpoint,
            "rules": rules,
            "flow_logs": wanted_logs(flow_logs),
            **counted("zones", "zone_names", zones),
            **({} if nat_gateways is None else counted("nat_gateways", "nat_gateway_ids", nat_gateways)),
        }
        if "zone_names" in given and not isinstance(zones, int):
            given["zones"] = len(zones)
        layout = make(NetworkLayout, given, check_groups(security_groups, rules, public=public))
        self._vpc, self._vpc_cidr, self._owned = vpc, vpc_cidr if vpc is not None else cidr, vpc is None
        self.vpc_id: str = self._build_vpc(cidr) if vpc is None else vpc.vpc_id
        """Id of the VPC."""
        if dhcp_options:
            self._build_names(dhcp_options)
        subnets = build_subnets(self, self.vpc_id, layout)
        self.subnet_ids: tuple[str, ...] = subnets.ids
        """Ids of the subnets of nodes, one in each zone."""
        self.route_table_ids: tuple[str, ...] = subnets.route_tables
        """Ids of their route tables."""
        self._build_inside(
            layout,
            leading=subnets.routes,
            public=public,
            way_out=layout.way_out,
            security_groups=security_groups,
            routes=gateways(s3=s3_endpoint, dynamodb=dynamodb),
            s3_policy=s3_policy,
            access_lists=access_lists,
            key=key,
        )

    @staticmethod
    def from_vpc(
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection | None = None,
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
        vpc_cidr: str | None = None,
    ) -> Network:
        """A network of subnets that exist in a VPC of the CDK's; nothing is made but groups, and what is asked for.

        Tag the subnets `for-use-with-amazon-emr-managed-policies=true`: EMR's service policy asks for it, and a stack
        cannot tag what it does not own. The VPC resolves names (DNS hostnames and support on) with the DNS of AWS and
        the Region's domain. `emrkit deploy` asks the account about both before anything is paid for.

        Args:
            vpc: The VPC.
            subnets: Which of its subnets. Default: the private ones with a way out, or the public ones.
            public: The subnets are public. Default: they are private.
            way_out: Whether nodes reach the internet. Default: what the subnets' type says.
            releases: Releases of the clusters. Default: any up to 7.x.
            security_groups: Groups that exist, or EMR's own. Default: three of the network's.
            rules: Who else gets in, what goes out, which groups stand beside.
            interface_endpoints: Services whose interface endpoints are made. Default: none.
            existing_endpoints: Services that have one. Default: not known.
            s3_endpoint: Whether a gateway endpoint for S3 is made. Default: no.
            s3_policy: The policy of that endpoint. Default: this account's identities, and EMR's own buckets.
            dynamodb: Whether one for DynamoDB is made. Default: no.
            access_lists: Whether the subnets get a network ACL of their own. Default: they keep theirs.
            dhcp_options: Whether the VPC gets DHCP options as EMR asks for them, or the id of some; that changes the
                VPC for everybody in it. Default: it keeps its own.
            flow_logs: Whether connections of the subnets are logged, or how. Default: no.
            key: KMS key of the flow logs.
            vpc_cidr: The VPC's range, where `vpc` does not know it.

        Raises:
            InvalidModel: The parts do not fit; every problem is listed.

        Example: `emr.Network.from_vpc(self, "Network", vpc=ec2.Vpc.from_lookup(self, "Vpc", vpc_name="data"))`
        """
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
        known = selection.subnet_type is not None
        tables = [s.route_table.route_table_id for s in chosen.subnets] if s3_endpoint or dynamodb else []
        from .existing import ExistingNetwork

        return ExistingNetwork(
            scope,
            id,
            vpc=vpc,
            vpc_id=vpc.vpc_id,
            vpc_cidr=vpc_cidr,
            subnet_ids=tuple(chosen.subnet_ids),
            route_table_ids=tuple(dict.fromkeys(tables)),
            public=public,
            way_out=way_out if way_out is not None else not isolated if known else None,
            releases=releases,
            security_groups=security_groups,
            rules=rules,
            interface_endpoints=interface_endpoints,
            existing_endpoints=existing_endpoints,
            routes=gateways(s3=s3_endpoint, dynamodb=dynamodb),
            s3_policy=s3_policy,
            access_lists=access_lists,
            dhcp_options=dhcp_options,
            flow_logs=flow_logs,
            key=key,
        )

    @staticmethod
    def from_attributes(
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        vpc_id: str,
        subnet_ids: Sequence[str],
        vpc_cidr: str | None = None,
        route_table_ids: Sequence[str] = (),
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
    ) -> Network:
        """A network of subnets known by their ids, for instance from parameters; tokens are welcome. See `from_vpc`.

        Args:
            vpc_id: The VPC.
            subnet_ids: The subnets of nodes, all private or all public.
            vpc_cidr: The VPC's range, which network ACLs and releases from 8.0.0 on need.
            route_table_ids: The subnets' route tables, which gateway endpoints need.

        Example:
            ```python
            emr.Network.from_attributes(
                self, "Network", vpc_id="vpc-0123456789abcdef0", subnet_ids=["subnet-0123456789abcdef0"],
                security_groups=emr.SecurityGroups.from_ids("sg-…", "sg-…", "sg-…"),
            )
            ```
        """
        from .existing import ExistingNetwork

        return ExistingNetwork(
            scope,
            id,
            vpc=None,
            vpc_id=vpc_id,
            vpc_cidr=vpc_cidr,
            subnet_ids=tuple(subnet_ids),
            route_table_ids=tuple(route_table_ids),
            public=public,
            way_out=way_out if way_out is not None or not public else True,
            releases=releases,
            security_groups=security_groups,
            rules=rules,
            interface_endpoints=interface_endpoints,
            existing_endpoints=existing_endpoints,
            routes=gateways(s3=s3_endpoint, dynamodb=dynamodb),
            s3_policy=s3_policy,
            access_lists=access_lists,
            dhcp_options=dhcp_options,
            flow_logs=flow_logs,
            key=key,
        )

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

    def _build_inside(
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

    def _build_vpc(self, cidr: str) -> str:
        return ec2.CfnVPC(
            self,
            "Resource",
            cidr_block=cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=tags(Stack.of(self).stack_name),
        ).ref

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
