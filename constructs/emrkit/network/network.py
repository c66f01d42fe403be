"""The construct: a VPC made for EMR, or subnets, groups and endpoints in one that exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2

from emrkit.arguments import listed
from emrkit_model.network import INTERFACE_ENDPOINTS, FlowLogs, NetworkLayout
from emrkit_model.values import refuse

from .checks import Groups, check_groups, check_key, check_listed, check_vpc, counted, gateways, make, wanted_logs
from .contents import NetworkContents
from .subnets import build_subnets
from .tags import tags

if TYPE_CHECKING:
    from typing import Unpack

    from aws_cdk import aws_kms as kms
    from constructs import Construct

    from emrkit_model.network import GroupRules, InterfaceEndpoint

    from .existing_parts import ExistingParts

__all__ = ["Network"]


class Network(NetworkContents):
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
        problems = chain(
            check_groups(security_groups, rules, public=public), () if vpc is None else check_vpc(vpc), check_key(key)
        )
        layout = make(NetworkLayout, given, problems)
        self._locate(
            vpc_id=self._build_vpc(cidr) if vpc is None else vpc.vpc_id,
            vpc=vpc,
            vpc_cidr=vpc_cidr if vpc is not None else cidr,
            owned=vpc is None,
        )
        if dhcp_options:
            self._build_names(dhcp_options)
        subnets = build_subnets(self, self.vpc_id, layout)
        self._stand_in(subnets.ids, subnets.route_tables)
        self._fill(
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
        **asked: Unpack[ExistingParts],
    ) -> Network:
        """A network of subnets that exist in a VPC of the CDK's; nothing is made but groups, and what is asked for.

        Tag the subnets `for-use-with-amazon-emr-managed-policies=true`: EMR's service policy asks for it, and a stack
        cannot tag what it does not own. The VPC resolves names (DNS hostnames and support on) with the DNS of AWS and
        the Region's domain. `emrkit deploy` asks the account about both before anything is paid for.

        Args:
            vpc: The VPC.
            subnets: Which of its subnets. Default: the private ones with a way out, or the public ones.
            **asked: What is known of the subnets, and what is made beside them:

                - public: The subnets are public. Default: they are private.
                - way_out: Whether nodes reach the internet. Default: what the subnets' type says.
                - releases: Releases of the clusters. Default: any up to 7.x.
                - security_groups: Groups that exist, or EMR's own. Default: three of the network's.
                - rules: Who else gets in, what goes out, which groups stand beside.
                - interface_endpoints: Services whose interface endpoints are made. Default: none.
                - existing_endpoints: Services that have one. Default: not known.
                - s3_endpoint: Whether a gateway endpoint for S3 is made. Default: no.
                - s3_policy: The policy of that endpoint. Default: this account's identities, and EMR's own buckets.
                - dynamodb: Whether one for DynamoDB is made. Default: no.
                - access_lists: Whether the subnets get a network ACL of their own. Default: they keep theirs.
                - dhcp_options: Whether the VPC gets DHCP options as EMR asks for them, or the id of some; that changes
                  the VPC for everybody in it. Default: it keeps its own.
                - flow_logs: Whether connections of the subnets are logged, or how. Default: no.
                - key: KMS key of the flow logs.
                - vpc_cidr: The VPC's range, where `vpc` does not know it.

        Raises:
            InvalidModel: The parts do not fit; every problem is listed.

        Example: `emr.Network.from_vpc(self, "Network", vpc=ec2.Vpc.from_lookup(self, "Vpc", vpc_name="data"))`
        """
        from .existing import ExistingNetwork, choose_subnets

        refuse([*check_vpc(vpc), *check_key(asked.get("key"))])
        chosen, way_out = choose_subnets(vpc, subnets, public=asked.get("public", False))
        tables = asked.get("s3_endpoint") or asked.get("dynamodb")
        if asked.get("way_out") is None:
            asked["way_out"] = way_out
        return ExistingNetwork(
            scope,
            id,
            vpc=vpc,
            vpc_id=vpc.vpc_id,
            subnet_ids=tuple(chosen.subnet_ids),
            route_table_ids=tuple(
                dict.fromkeys(s.route_table.route_table_id for s in chosen.subnets) if tables else ()
            ),
            **asked,
        )

    @staticmethod
    def from_attributes(
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        vpc_id: str,
        subnet_ids: Sequence[str],
        route_table_ids: Sequence[str] = (),
        **asked: Unpack[ExistingParts],
    ) -> Network:
        """A network of subnets known by their ids, for instance from parameters; tokens are welcome. See `from_vpc`.

        Args:
            vpc_id: The VPC.
            subnet_ids: The subnets of nodes, all private or all public.
            route_table_ids: The subnets' route tables, which gateway endpoints need.
            **asked: As for `from_vpc`; network ACLs and releases from 8.0.0 on need `vpc_cidr`. Default of `way_out`:
                public subnets have one, of private ones it is not known.

        Example:
            ```python
            emr.Network.from_attributes(
                self, "Network", vpc_id="vpc-0123456789abcdef0", subnet_ids=["subnet-0123456789abcdef0"],
                security_groups=emr.SecurityGroups.from_ids("sg-…", "sg-…", "sg-…"),
            )
            ```
        """
        from .existing import ExistingNetwork

        refuse(check_listed(subnet_ids=listed(subnet_ids), route_table_ids=listed(route_table_ids)))
        if asked.get("way_out") is None and asked.get("public"):
            asked["way_out"] = True
        return ExistingNetwork(
            scope,
            id,
            vpc=None,
            vpc_id=vpc_id,
            subnet_ids=tuple(subnet_ids),
            route_table_ids=tuple(route_table_ids),
            **asked,
        )

    def _build_vpc(self, cidr: str) -> str:
        return ec2.CfnVPC(
            self,
            "Resource",
            cidr_block=cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=tags(Stack.of(self).stack_name),
        ).ref
