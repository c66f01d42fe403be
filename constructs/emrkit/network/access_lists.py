"""Network ACLs: what subnets let through, whatever their groups say. They keep no state, so answers need rules too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2

from emrkit.acknowledgements import Acknowledgement, Judge, acknowledge
from emrkit_facts.networking import SERVICE_TO_NODE

from .tags import tags

if TYPE_CHECKING:
    from constructs import Construct

__all__ = ["AclRule", "build_access_list", "private_rules", "public_rules"]

ANYWHERE = "0.0.0.0/0"
_TCP, _ALL = 6, -1
# From these ports nodes open connections (Linux's default range), and to them the answers come back.
_EPHEMERAL = (32768, 65535)
# The other side may be anything, NAT gateways and load balancers included.
_CALLERS = (1024, 65535)
_HTTP, _HTTPS = 80, 443
_ASKED_FOR = "asked for as a second line behind the security groups; its answers' ports are open on both ways"


@dataclass(frozen=True, slots=True)
class AclRule:
    """One entry of an access list; the lowest number that matches decides."""

    number: int
    cidr: str
    protocol: int = _TCP
    ports: tuple[int, int] | None = None
    outbound: bool = False


def private_rules(vpc_cidr: str) -> Iterator[AclRule]:
    """Of private subnets: everything inside the VPC, which covers 8443 and 9443 between service and nodes; HTTP and
    HTTPS to the outside, for S3's gateway endpoint has public addresses; and the answers.
    """
    yield AclRule(100, vpc_cidr, _ALL)
    yield AclRule(110, ANYWHERE, ports=_EPHEMERAL)
    yield AclRule(100, vpc_cidr, _ALL, outbound=True)
    yield AclRule(110, ANYWHERE, ports=(_HTTPS, _HTTPS), outbound=True)
    yield AclRule(120, ANYWHERE, ports=(_HTTP, _HTTP), outbound=True)


def public_rules(vpc_cidr: str) -> Iterator[AclRule]:
    """Of public subnets: also 8443 from the service, whose addresses AWS does not publish, and the answers to it."""
    yield AclRule(100, vpc_cidr, _ALL)
    yield AclRule(110, ANYWHERE, ports=_EPHEMERAL)
    yield AclRule(120, ANYWHERE, ports=(SERVICE_TO_NODE, SERVICE_TO_NODE))
    yield AclRule(100, vpc_cidr, _ALL, outbound=True)
    yield AclRule(110, ANYWHERE, ports=(_HTTPS, _HTTPS), outbound=True)
    yield AclRule(120, ANYWHERE, ports=(_HTTP, _HTTP), outbound=True)
    yield AclRule(130, ANYWHERE, ports=_CALLERS, outbound=True)


def build_access_list(scope: Construct, *, vpc_id: str, subnets: Sequence[str], rules: Iterator[AclRule]) -> str:
    """An access list of these subnets, in the place of the VPC's default one."""
    acknowledge(scope, Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-VPC3", _ASKED_FOR))
    acl = ec2.CfnNetworkAcl(scope, "Acl", vpc_id=vpc_id, tags=tags("nodes")).ref
    for rule in rules:
        ec2.CfnNetworkAclEntry(
            scope,
            f"Acl{'Out' if rule.outbound else 'In'}{rule.number}",
            network_acl_id=acl,
            rule_number=rule.number,
            protocol=rule.protocol,
            rule_action="allow",
            egress=rule.outbound,
            cidr_block=rule.cidr,
            port_range=None if rule.ports is None else {"from": rule.ports[0], "to": rule.ports[1]},
        )
    for zone, subnet in enumerate(subnets, start=1):
        ec2.CfnSubnetNetworkAclAssociation(scope, f"Acl{zone}Association", subnet_id=subnet, network_acl_id=acl)
    return acl
