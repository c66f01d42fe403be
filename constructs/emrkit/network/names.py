"""DHCP options: the names by which nodes find each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnCondition, Fn
from aws_cdk import aws_ec2 as ec2

from emrkit.pseudo_parameters import Aws
from emrkit_facts.networking import dhcp_domain
from emrkit_model.tokens import is_token

from .tags import tags

if TYPE_CHECKING:
    from constructs import Construct

__all__ = ["associate_options", "build_options"]

_OTHERWISE = "us-east-1"  # the Region whose domain is named unlike all others'


def build_options(scope: Construct, region: str) -> str:
    """DHCP options as EMR asks for them: the Region's domain, and the DNS of AWS.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-vpc-host-job-flows.html
    """
    if is_token(region):
        first = CfnCondition(scope, "FirstRegion", expression=Fn.condition_equals(Aws.REGION, _OTHERWISE))
        domain = Fn.condition_if(first.logical_id, dhcp_domain(_OTHERWISE), dhcp_domain(Aws.REGION)).to_string()
    else:
        domain = dhcp_domain(region)
    return ec2.CfnDHCPOptions(
        scope,
        "DhcpOptions",
        domain_name=domain,
        domain_name_servers=["AmazonProvidedDNS"],
        tags=tags("dhcp"),
    ).ref


def associate_options(scope: Construct, vpc_id: str, options: str) -> None:
    """Give a VPC these options, in the place of those it has."""
    ec2.CfnVPCDHCPOptionsAssociation(scope, "DhcpOptionsAssociation", vpc_id=vpc_id, dhcp_options_id=options)
