"""The network of EMR clusters: private subnets, endpoints, and the three security groups with their rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aws_cdk import CfnTag, Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from emrkit_facts.iam import EMR_TAG
from emrkit_facts.networking import NODE_TO_SERVICE, SERVICE_TO_NODE

from .guardrails import Acknowledgement, Judge, acknowledge
from .pseudo_parameters import Aws

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

__all__ = ["INTERFACE_ENDPOINTS", "Network", "SecurityGroups"]

_KEY_ELSEWHERE = "the key belongs to another stack; the rule does not follow an import, the template names the key"
_PLAIN_LOG = "flow logs hold addresses and ports and are encrypted by CloudWatch; give the network a key for yours"
INTERFACE_ENDPOINTS = ("elasticmapreduce", "kms", "secretsmanager", "sts")
"""Services that a cluster talks to besides S3; each endpoint costs by the hour and zone."""

ANY_PORT = {"TCP": ("tcp", 0, 65535), "UDP": ("udp", 0, 65535), "ICMP": ("icmp", -1, -1)}


class SecurityGroups(Construct):
    """The groups of primary node, core and task nodes, and of EMR's access to a private subnet.

    Every rule that EMR would otherwise add at a cluster's start is declared, so that nothing drifts: all traffic
    between the nodes, 8443 from the service to the nodes, 9443 from the primary node to the service. Nobody else gets
    in.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html

    Args:
        vpc_id: The VPC.

    Example: `groups = SecurityGroups(self, "Groups", vpc_id=vpc.ref)`
    """

    def __init__(self, scope: Construct, id: str, *, vpc_id: str) -> None:  # noqa: A002  # CDK's own word
        super().__init__(scope, id)

        def group(name: str, what: str, **rules: Any) -> ec2.CfnSecurityGroup:
            return ec2.CfnSecurityGroup(
                self, name, group_description=f"EMR: {what}", vpc_id=vpc_id, tags=_tags(name), **rules
            )

        def rule(port: int, description: str, **peer: str) -> dict[str, object]:
            return {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "description": description, **peer}

        primary = group("Primary", "the primary node")
        self.primary: str = primary.attr_group_id
        """Id of the primary node's group."""
        core = group("Core", "core and task nodes")
        self.core: str = core.attr_group_id
        """Id of the group of core and task nodes."""
        service = group(
            "Service",
            "access of the service to the nodes",
            security_group_ingress=[
                rule(NODE_TO_SERVICE, "primary node to EMR", sourceSecurityGroupId=self.primary),
            ],
            security_group_egress=[
                rule(SERVICE_TO_NODE, "EMR to the primary node", destinationSecurityGroupId=self.primary),
                rule(SERVICE_TO_NODE, "EMR to core and task nodes", destinationSecurityGroupId=self.core),
            ],
        )
        self.service_access: str = service.attr_group_id
        """Id of the service's group."""
        # Groups that name each other: as resources of their own, or neither could be deleted.
        for to, group_id in (("Primary", self.primary), ("Core", self.core)):
            for source, source_id in (("Primary", self.primary), ("Core", self.core)):
                for label, (protocol, first, last) in ANY_PORT.items():
                    self._ingress(f"{to}From{source}{label}", group_id, source_id, protocol, first, last)
            name = f"{to}FromService"
            self._ingress(name, group_id, self.service_access, "tcp", SERVICE_TO_NODE, SERVICE_TO_NODE)

    def _ingress(self, id: str, group: str, source: str, protocol: str, first: int, last: int) -> None:  # noqa: A002
        ec2.CfnSecurityGroupIngress(
            self,
            id,
            group_id=group,
            source_security_group_id=source,
            ip_protocol=protocol,
            from_port=first,
            to_port=last,
        )


class Network(Construct):
    """A VPC made for EMR: private subnets in several zones, endpoints, security groups, flow logs.

    Nodes have no public address. They reach S3 through a gateway endpoint whose policy names this account and the
    repositories EMR installs from, other services through interface endpoints, and what is left (the metrics of managed
    scaling, package registries) through NAT. Everything carries the tag that EMR's service policy asks for.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html

    Args:
        cidr: Address range of the VPC. Default: 10.0.0.0/16, of which every subnet takes a /20.
        zones: In how many availability zones there is a subnet; an instance fleet chooses among them. Default: 2.
        nat_gateways: How many NAT gateways, each in a zone of its own. Default: 1. With 0, managed scaling and idle
            termination do not work: their metrics need a public endpoint.
        interface_endpoints: Services with an interface endpoint. Default: EMR, KMS, Secrets Manager and STS.
        dynamodb: Whether there is a gateway endpoint for DynamoDB. Default: no.
        flow_logs: Whether refused and accepted connections are logged for 90 days. Default: yes.
        key: KMS key of the flow logs. Default: CloudWatch's own encryption.

    Raises:
        ValueError: `zones` or `nat_gateways` do not fit.

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
        zones: int = 2,
        nat_gateways: int = 1,
        interface_endpoints: Sequence[str] = INTERFACE_ENDPOINTS,
        dynamodb: bool = False,
        flow_logs: bool = True,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, id)
        if not 1 <= zones <= 6:
            raise ValueError(f"zones: got {zones}, allowed: 1 to 6")
        if not 0 <= nat_gateways <= zones:
            raise ValueError(f"nat_gateways: got {nat_gateways}, allowed: 0 to the number of zones ({zones})")
        ranges = [str(r) for r in ipaddress.ip_network(cidr).subnets(new_prefix=20)]
        vpc = ec2.CfnVPC(
            self,
            "Resource",
            cidr_block=cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=_tags(Stack.of(self).stack_name),
        )
        self.vpc_id: str = vpc.ref
        """Id of the VPC."""
        gateways = self._build_public_side(ranges[8:], nat_gateways)
        tables: list[str] = []
        subnets: list[str] = []
        for zone in range(zones):
            subnet = self._subnet(f"Private{zone + 1}", ranges[zone], zone)
            table = ec2.CfnRouteTable(self, f"Private{zone + 1}Routes", vpc_id=self.vpc_id, tags=_tags("private")).ref
            self._associate(f"Private{zone + 1}Association", subnet, table)
            if gateways:
                ec2.CfnRoute(
                    self,
                    f"Private{zone + 1}Nat",
                    route_table_id=table,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=gateways[zone % len(gateways)],
                )
            subnets.append(subnet)
            tables.append(table)
        self.subnet_ids: tuple[str, ...] = tuple(subnets)
        """Ids of the private subnets, one in each zone."""
        self.security_groups = SecurityGroups(self, "Groups", vpc_id=self.vpc_id)
        """The groups that clusters use."""
        self._build_gateway_endpoint("S3", "s3", tables, _s3_policy())
        if dynamodb:
            self._build_gateway_endpoint("DynamoDb", "dynamodb", tables, None)
        self._build_interface_endpoints(interface_endpoints)
        if flow_logs:
            self._build_flow_logs(key)

    @staticmethod
    def from_vpc(scope: Construct, id: str, *, vpc: ec2.IVpc, subnets: ec2.SubnetSelection | None = None) -> Network:  # noqa: A002
        """A network in a VPC that exists: its private subnets, with security groups of our own.

        Tag the subnets `for-use-with-amazon-emr-managed-policies=true`: EMR's service policy asks for it, and a stack
        cannot tag what it does not own.

        Args:
            vpc: The VPC.
            subnets: Which of its subnets. Default: the private ones with a way out.

        Example: `emr.Network.from_vpc(self, "Network", vpc=ec2.Vpc.from_lookup(self, "Vpc", vpc_name="data"))`
        """
        selection = subnets or ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        chosen = vpc.select_subnets(
            subnet_type=selection.subnet_type, subnets=selection.subnets, subnet_group_name=selection.subnet_group_name
        )
        return _ExistingNetwork(scope, id, vpc.vpc_id, tuple(chosen.subnet_ids))

    def _subnet(self, name: str, cidr: str, zone: int) -> str:
        return ec2.CfnSubnet(
            self,
            name,
            vpc_id=self.vpc_id,
            cidr_block=cidr,
            availability_zone=Fn.select(zone, Fn.get_azs()),
            map_public_ip_on_launch=False,
            tags=_tags(name),
        ).ref

    def _associate(self, name: str, subnet: str, table: str) -> None:
        ec2.CfnSubnetRouteTableAssociation(self, name, subnet_id=subnet, route_table_id=table)

    def _build_public_side(self, ranges: Sequence[str], count: int) -> list[str]:
        """Public subnets that hold nothing but NAT gateways; none without them."""
        if not count:
            return []
        internet = ec2.CfnInternetGateway(self, "Internet", tags=_tags("internet"))
        attachment = ec2.CfnVPCGatewayAttachment(
            self, "InternetAttachment", vpc_id=self.vpc_id, internet_gateway_id=internet.ref
        )
        table = ec2.CfnRouteTable(self, "PublicRoutes", vpc_id=self.vpc_id, tags=_tags("public"))
        way_out = ec2.CfnRoute(
            self,
            "PublicRoute",
            route_table_id=table.ref,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=internet.ref,
        )
        way_out.add_resource_dependency(attachment)
        gateways: list[str] = []
        for zone in range(count):
            subnet = self._subnet(f"Public{zone + 1}", ranges[zone], zone)
            self._associate(f"Public{zone + 1}Association", subnet, table.ref)
            address = ec2.CfnEIP(self, f"Nat{zone + 1}Address", domain="vpc", tags=_tags("nat"))
            gateway = ec2.CfnNatGateway(
                self, f"Nat{zone + 1}", subnet_id=subnet, allocation_id=address.attr_allocation_id, tags=_tags("nat")
            )
            gateway.add_resource_dependency(way_out)
            gateways.append(gateway.ref)
        return gateways

    def _build_gateway_endpoint(
        self, name: str, service: str, tables: Sequence[str], policy: Mapping[str, object] | None
    ) -> None:
        ec2.CfnVPCEndpoint(
            self,
            f"{name}Endpoint",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{Aws.REGION}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(tables),
            policy_document=policy,
        )

    def _build_interface_endpoints(self, services: Sequence[str]) -> None:
        if not services:
            return
        groups = self.security_groups
        callers = [("the primary node", groups.primary), ("core and task nodes", groups.core)]
        group = ec2.CfnSecurityGroup(
            self,
            "EndpointGroup",
            group_description="EMR: interface endpoints",
            vpc_id=self.vpc_id,
            security_group_ingress=[
                {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "sourceSecurityGroupId": i, "description": who}
                for who, i in callers
            ],
            tags=_tags("endpoints"),
        )
        for service in services:
            ec2.CfnVPCEndpoint(
                self,
                f"{service.replace('.', '-')}Endpoint",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{Aws.REGION}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=list(self.subnet_ids),
                security_group_ids=[group.attr_group_id],
            )

    def _build_flow_logs(self, key: kms.IKey | None) -> None:
        group = logs.CfnLogGroup(
            self, "FlowLogGroup", retention_in_days=365, kms_key_id=None if key is None else key.key_arn
        )
        reason = _PLAIN_LOG if key is None else _KEY_ELSEWHERE
        acknowledge(group, Acknowledgement(Judge.CONTROL_TOWER, "cloudwatch_log_group_encrypted_check", reason))
        writer = iam.CfnRole(
            self,
            "FlowLogRole",
            assume_role_policy_document=_allow("sts:AssumeRole", Principal={"Service": "vpc-flow-logs.amazonaws.com"}),
            policies=[
                {
                    "policyName": "write",
                    "policyDocument": _allow(
                        ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                        Resource=group.attr_arn,
                    ),
                }
            ],
        )
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=group.ref,
            deliver_logs_permission_arn=writer.attr_arn,
        )


class _ExistingNetwork(Network):
    """What `from_vpc` gives: nothing is made but the groups."""

    def __init__(self, scope: Construct, id: str, vpc_id: str, subnet_ids: tuple[str, ...]) -> None:  # noqa: A002
        Construct.__init__(self, scope, id)
        self.vpc_id = vpc_id
        self.subnet_ids = subnet_ids
        self.security_groups = SecurityGroups(self, "Groups", vpc_id=vpc_id)


def _tags(name: str) -> list[CfnTag]:
    """The name people read, and the tag that EMR's service policy asks for."""
    return [CfnTag(key=EMR_TAG[0], value=EMR_TAG[1]), CfnTag(key="Name", value=name)]


def _allow(actions: str | list[str], **rest: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, **rest}]}


def _s3_policy() -> dict[str, object]:
    """This account's own identities, and read access to the places that nodes install from.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/private-subnet-iampolicy.html
    """
    arn = f"arn:{Aws.PARTITION}:s3:::"
    sources = [
        f"al2023-repos-{Aws.REGION}-de612dc2",
        f"amazonlinux-2-repos-{Aws.REGION}",
        f"amazonlinux.{Aws.REGION}.amazonaws.com",
        f"packages.{Aws.REGION}.amazonaws.com",
        f"repo.{Aws.REGION}.amazonaws.com",
        f"repo.{Aws.REGION}.emr.amazonaws.com",
        f"prod.{Aws.REGION}.appinfo.src",
        f"{Aws.REGION}.elasticmapreduce",
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OwnIdentities",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID}},
            },
            {
                "Sid": "Repositories",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": [f"{arn}{name}/*" for name in sources],
            },
            {
                "Sid": "ServiceLogs",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:PutObject", "s3:PutObjectAcl"],
                "Resource": f"{arn}aws157-logs-prod-{Aws.REGION}/*",
            },
        ],
    }
