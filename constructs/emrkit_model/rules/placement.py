"""The rule on where nodes stand: in subnets that the internet cannot reach."""

from __future__ import annotations

from collections.abc import Iterator

from .catalogue import Problem, Rule
from .template import Template

__all__ = ["PRIVATE_SUBNETS"]

_SUBNET = "AWS::EC2::Subnet"
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def _private(template: Template) -> Iterator[Problem]:
    for cluster in template.of_type("AWS::EMR::Cluster"):
        for field in ("Ec2SubnetId", "Ec2SubnetIds"):
            for found in template.items(cluster.properties, "Instances", field):
                for owner, name in template.sources(found.value):
                    if owner.resources[name].type == _SUBNET and (why := _public(owner, name)):
                        yield Problem(
                            cluster.id,
                            found.path,
                            f"the cluster stands in a public subnet ({name} {why})",
                            "give it private subnets; nodes reach AWS through a NAT gateway or VPC endpoints",
                            got=name,
                        )


def _public(template: Template, subnet: str) -> str | None:
    """Why a subnet is public: it gives out public addresses, or it has a route to an internet gateway."""
    given = template.at(template.resources[subnet].properties, "MapPublicIpOnLaunch")
    if any(found.value in (True, "true") for found in given):
        return "gives every node a public address"
    for association in template.of_type("AWS::EC2::SubnetRouteTableAssociation"):
        if subnet in template.references(association.properties.get("SubnetId")):
            tables = template.references(association.properties.get("RouteTableId"))
            if any(_leads_out(template, table) for table in tables):
                return "has a route to an internet gateway"
    return None


def _leads_out(template: Template, table: str) -> bool:
    for route in template.of_type("AWS::EC2::Route"):
        if table not in template.references(route.properties.get("RouteTableId")):
            continue
        ranges = (route.properties.get(name) for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"))
        gateways = template.references(route.properties.get("GatewayId"))
        if any(r in _ANYWHERE for r in ranges if isinstance(r, str)) and any(
            template.resources[gateway].type == "AWS::EC2::InternetGateway" for gateway in gateways
        ):
            return True
    return False


PRIVATE_SUBNETS = Rule(
    "E-RULE-009",
    "a cluster stands in private subnets",
    "a node with a public address is one open port away from everybody; EMR works without one",
    "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html",
    _private,
    "G04",
)
