"""Rules of security groups that name another group: resources of their own, so that groups go in any order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

__all__ = ["ANY_PORT", "NOWHERE", "Ports", "allow_group"]


@dataclass(frozen=True, slots=True)
class Ports:
    """A protocol and a range of its ports."""

    protocol: str
    first: int
    last: int

    @classmethod
    def tcp(cls, port: int) -> Ports:
        """One port of TCP."""
        return cls("tcp", port, port)


ANY_PORT = {"TCP": Ports("tcp", 0, 65535), "UDP": Ports("udp", 0, 65535), "ICMP": Ports("icmp", -1, -1)}
# CloudFormation lets a group without outbound rules send everything: this one lets nothing through.
NOWHERE: dict[str, object] = {
    "ipProtocol": "icmp",
    "fromPort": 252,
    "toPort": 86,
    "cidrIp": "255.255.255.255/32",
    "description": "nothing goes out",
}


def allow_group(
    scope: Construct,
    id: str,  # noqa: A002  # CDK's own word
    *,
    group: str,
    peer: str | None,
    ports: Ports,
    outbound: bool = False,
    description: str | None = None,
) -> ec2.CfnSecurityGroupIngress | ec2.CfnSecurityGroupEgress:
    """Let another group (`peer`) into a group, or what is in the group out to it."""
    rule = (
        partial(ec2.CfnSecurityGroupEgress, destination_security_group_id=peer)
        if outbound
        else partial(ec2.CfnSecurityGroupIngress, source_security_group_id=peer)
    )
    return rule(
        scope,
        id,
        group_id=group,
        ip_protocol=ports.protocol,
        from_port=ports.first,
        to_port=ports.last,
        description=description,
    )
