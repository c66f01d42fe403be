"""The security groups of clusters: made with every rule that EMR needs, brought, or left to EMR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from emrkit_facts.networking import NODE_TO_SERVICE, SERVICE_TO_NODE
from emrkit_model.fields import read
from emrkit_model.tokens import is_token

from .group_rules import ANY_PORT, NOWHERE, Ports, allow_group
from .tags import tags

if TYPE_CHECKING:
    from aws_cdk import CfnResource

    from emrkit_model.fields import HasSecurityGroupId
    from emrkit_model.network import Egress, GroupRules, InboundRule

__all__ = ["ExistingGroups", "SecurityGroups"]

_HTTPS = 443


@dataclass(frozen=True, slots=True)
class ExistingGroups:
    """Security groups that somebody else made, or that EMR makes; see `SecurityGroups.from_ids` and `emr_managed`."""

    primary: str | None = None
    core: str | None = None
    service_access: str | None = None
    additional_primary: tuple[str, ...] = ()
    additional_core: tuple[str, ...] = ()


class SecurityGroups(Construct):
    """The groups of primary node, core and task nodes, and of EMR's access to a private subnet.

    Every rule that EMR would otherwise add at a cluster's start is declared, so that nothing drifts: all traffic
    between the nodes, 8443 from the service to the nodes, 9443 from the primary node to the service; for releases from
    8.0.0 on 443 from the VPC to the service's own endpoint instead. Nobody else gets in. In public subnets the service
    comes from addresses that AWS does not publish: EMR adds its rules (8443) at the start, and they stay in the group.
    Rules that name another group are resources of their own, so that the groups can be deleted in any order.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html

    Args:
        vpc_id: The VPC.
        service_access: Whether there is a group of the service, which private subnets need. Default: yes.
        service_ports: Whether 8443 and 9443 are open between service and nodes, for releases up to 7.x. Default: yes.
        endpoint_range: The VPC's range, from which 443 of the service's own endpoint is open, for releases from 8.0.0
            on. Default: it is not.
        rules: Who else gets in, what goes out, which groups stand beside. Default: nobody, everything, none.

    Example: `groups = SecurityGroups(self, "Groups", vpc_id=vpc.ref)`
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        vpc_id: str,
        service_access: bool = True,
        service_ports: bool = True,
        endpoint_range: str | None = None,
        rules: GroupRules | None = None,
    ) -> None:
        super().__init__(scope, id)
        egress = None if rules is None else rules.egress
        self._vpc_id = vpc_id
        self._limited = egress is not None
        self.rules: list[CfnResource] = []
        """The rules that are resources of their own."""
        primary = self._group("Primary", "the primary node", outbound=_outbound(egress))
        self.primary: str = primary.attr_group_id
        """Id of the primary node's group."""
        core = self._group("Core", "core and task nodes", outbound=_outbound(egress))
        self.core: str = core.attr_group_id
        """Id of the group of core and task nodes."""
        self.service_access: str | None = None
        """Id of the service's group; None in public subnets."""
        self.additional_primary: tuple[str, ...] = () if rules is None else tuple(map(read, rules.additional_primary))
        """Ids of further groups of the primary node."""
        self.additional_core: tuple[str, ...] = () if rules is None else tuple(map(read, rules.additional_core))
        """Ids of further groups of core and task nodes."""
        if service_access:
            self.service_access = self._service_group(service_ports, endpoint_range)
        nodes = (("Primary", self.primary), ("Core", self.core))
        # Groups that name each other: as resources of their own, or neither could be deleted.
        for to, group_id in nodes:
            for source, source_id in nodes:
                for label, ports in ANY_PORT.items():
                    self._allow(f"{to}From{source}{label}", group_id, source_id, ports)
            if self.service_access is not None and service_ports:
                self._allow(f"{to}FromService", group_id, self.service_access, Ports.tcp(SERVICE_TO_NODE))
        if egress is not None:
            self._limit(nodes, service_ports=service_ports, service_endpoint=endpoint_range is not None)
        if rules is not None:
            self._admit("Primary", self.primary, rules.primary_inbound)
            self._admit("Core", self.core, rules.core_inbound)

    @staticmethod
    def from_ids(
        primary: str | HasSecurityGroupId,
        core: str | HasSecurityGroupId,
        service_access: str | HasSecurityGroupId | None = None,
        *,
        additional_primary: Sequence[str | HasSecurityGroupId] = (),
        additional_core: Sequence[str | HasSecurityGroupId] = (),
    ) -> ExistingGroups:
        """Groups that exist, by their ids or as the CDK's groups; their rules are their owner's.

        EMR adds the inbound rules that are missing when a cluster starts. What it never adds is yours: 9443 from the
        primary node to the service's group and in it (5.30.0 to 7.x), or 443 from the VPC in it (from 8.0.0 on). The
        groups carry the tag `for-use-with-amazon-emr-managed-policies=true`.
        https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html

        Args:
            primary: Of the primary node.
            core: Of core and task nodes.
            service_access: Of the service; private subnets need it, public ones must not have it. Default: none.
            additional_primary: Further groups of the primary node.
            additional_core: Further groups of core and task nodes.

        >>> SecurityGroups.from_ids("sg-1", "sg-2", "sg-3").service_access
        'sg-3'
        """
        return ExistingGroups(
            read(primary),
            read(core),
            None if service_access is None else read(service_access),
            tuple(map(read, additional_primary)),
            tuple(map(read, additional_core)),
        )

    @staticmethod
    def emr_managed(
        *,
        additional_primary: Sequence[str | HasSecurityGroupId] = (),
        additional_core: Sequence[str | HasSecurityGroupId] = (),
    ) -> ExistingGroups:
        """EMR's own default groups (`ElasticMapReduce-Primary-Private` and its like), which it makes when they miss.

        All clusters of a VPC share them, so that their nodes reach each other, and they stay when a stack is deleted:
        a VPC of the same stack cannot go before somebody deletes them.

        >>> SecurityGroups.emr_managed().primary is None
        True
        """
        return ExistingGroups(
            additional_primary=tuple(map(read, additional_primary)), additional_core=tuple(map(read, additional_core))
        )

    def open_endpoints(self, group_id: str) -> None:
        """Let nodes whose outbound rules are limited reach interface endpoints behind a group."""
        if self._limited:
            for name, node_group in (("Primary", self.primary), ("Core", self.core)):
                self._allow(f"{name}ToEndpoints", node_group, group_id, Ports.tcp(_HTTPS), outbound=True)

    def _group(
        self,
        name: str,
        what: str,
        *,
        inbound: list[dict[str, object]] | None = None,
        outbound: list[dict[str, object]] | None = None,
    ) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            name,
            group_description=f"EMR: {what}",
            vpc_id=self._vpc_id,
            security_group_ingress=inbound,
            security_group_egress=outbound,
            tags=tags(name),
        )

    def _service_group(self, ports: bool, endpoint_range: str | None) -> str:
        inbound: list[dict[str, object]] = []
        outbound: list[dict[str, object]] = []
        if ports:
            inbound = [_rule(NODE_TO_SERVICE, "primary node to EMR", sourceSecurityGroupId=self.primary)]
            outbound = [
                _rule(SERVICE_TO_NODE, "EMR to the primary node", destinationSecurityGroupId=self.primary),
                _rule(SERVICE_TO_NODE, "EMR to core and task nodes", destinationSecurityGroupId=self.core),
            ]
        if endpoint_range is not None:
            inbound.append(_rule(_HTTPS, "nodes to the endpoint of EMR", cidrIp=endpoint_range))
        service = self._group(
            "Service",
            "access of the service to the nodes",
            inbound=inbound,
            outbound=outbound or [NOWHERE],
        )
        return service.attr_group_id

    def _limit(self, nodes: Sequence[tuple[str, str]], *, service_ports: bool, service_endpoint: bool) -> None:
        for name, group_id in nodes:
            for to, to_id in nodes:
                for label, ports in ANY_PORT.items():
                    self._allow(f"{name}To{to}{label}", group_id, to_id, ports, outbound=True)
            if (service := self.service_access) is None:
                continue
            if service_ports:
                self._allow(f"{name}ToService", group_id, service, Ports.tcp(NODE_TO_SERVICE), outbound=True)
            if service_ports or service_endpoint:
                self._allow(f"{name}ToServiceHttps", group_id, service, Ports.tcp(_HTTPS), outbound=True)

    def _admit(self, name: str, group_id: str, rules: Sequence[InboundRule]) -> None:
        for number, rule in enumerate(rules, start=1):
            ec2.CfnSecurityGroupIngress(
                self,
                # By what the rule says, so that another one before it does not replace it.
                f"{name}Inbound{rule.protocol.upper()}{rule.port}{_label(rule) or number}",
                group_id=group_id,
                ip_protocol=rule.protocol,
                from_port=rule.port,
                to_port=rule.port if rule.to_port is None else rule.to_port,
                description=rule.description,
                **{_ARGUMENTS[key]: value for key, value in rule.peer().items()},
            )

    def _allow(self, id: str, group: str, peer: str, ports: Ports, *, outbound: bool = False) -> None:  # noqa: A002
        self.rules.append(allow_group(self, id, group=group, peer=peer, ports=ports, outbound=outbound))


_ARGUMENTS = {
    "cidrIp": "cidr_ip",
    "cidrIpv6": "cidr_ipv6",
    "sourcePrefixListId": "source_prefix_list_id",
    "sourceSecurityGroupId": "source_security_group_id",
}


def _label(rule: InboundRule) -> str:
    """The source as a part of a construct's id; nothing for one that is known at deployment only."""
    source = rule.source if isinstance(rule.source, str) else ""
    return "" if is_token(source) else "".join(c if c.isalnum() else "-" for c in source).strip("-")


def _rule(port: int, description: str, **peer: str) -> dict[str, object]:
    return {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "description": description, **peer}


def _outbound(egress: Egress | None) -> list[dict[str, object]] | None:
    """What a group of nodes sends to what is no group; rules that name groups are resources of their own."""
    if egress is None:
        return None
    rules: list[dict[str, object]] = [
        {
            "ipProtocol": "tcp",
            "fromPort": 0,
            "toPort": 65535,
            "destinationPrefixListId": name,
            "description": "S3 and other services with a gateway endpoint",
        }
        for name in egress.prefix_lists
    ]
    if egress.https:
        rules.append(_rule(_HTTPS, "HTTPS to everywhere", cidrIp="0.0.0.0/0"))
    for text in egress.ranges:
        key = "cidrIpv6" if ":" in text else "cidrIp"
        rules.append({"ipProtocol": "-1", "description": "a range that the cluster uses", key: text})
    return rules
