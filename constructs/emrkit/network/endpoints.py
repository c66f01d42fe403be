"""Gateway and interface endpoints, with the policy that EMR's repositories need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2

from emrkit.pseudo_parameters import Aws
from emrkit_facts import networking as facts
from emrkit_model.tokens import is_token

from .tags import tags

if TYPE_CHECKING:
    from constructs import Construct

    from emrkit_model.network import InterfaceEndpoint

__all__ = [
    "build_endpoint_group",
    "build_gateway_endpoint",
    "build_interface_endpoint",
    "build_service_endpoint",
    "policy_of_s3",
]

_HTTPS = 443
_SIDS = {"repositories": "Repositories", "logs": "ServiceLogs", "history": "ApplicationHistory"}


def build_gateway_endpoint(
    scope: Construct,
    name: str,
    service: str,
    *,
    vpc_id: str,
    route_tables: Sequence[str],
    policy: Mapping[str, object] | None,
) -> ec2.CfnVPCEndpoint:
    """A gateway endpoint of S3 or DynamoDB in these route tables."""
    return ec2.CfnVPCEndpoint(
        scope,
        f"{name}Endpoint",
        vpc_id=vpc_id,
        service_name=f"com.amazonaws.{Aws.REGION}.{service}",
        vpc_endpoint_type="Gateway",
        route_table_ids=list(route_tables),
        policy_document=policy,
        tags=tags(service),
    )


def build_endpoint_group(
    scope: Construct, *, vpc_id: str, nodes: Sequence[tuple[str, str]], vpc_cidr: str | None
) -> str:
    """The group in front of interface endpoints: 443 from the nodes' groups, or from the VPC where EMR makes those."""
    callers: list[dict[str, object]] = [{"sourceSecurityGroupId": i, "description": who} for who, i in nodes]
    if not callers:
        callers = [{"cidrIp": vpc_cidr, "description": "the VPC"}]
    group = ec2.CfnSecurityGroup(
        scope,
        "EndpointGroup",
        group_description="EMR: interface endpoints",
        vpc_id=vpc_id,
        security_group_ingress=[{"ipProtocol": "tcp", "fromPort": _HTTPS, "toPort": _HTTPS, **c} for c in callers],
        tags=tags("endpoints"),
    )
    return group.attr_group_id


def build_interface_endpoint(
    scope: Construct,
    endpoint: InterfaceEndpoint,
    *,
    region: str,
    vpc_id: str,
    subnets: Sequence[str],
    group: str,
) -> ec2.CfnVPCEndpoint:
    """The interface endpoint of one service, in every subnet."""
    name = endpoint.full_name or facts.endpoint_service(
        endpoint.service, Aws.REGION if is_token(region) or not region.startswith("cn-") else region
    )
    return ec2.CfnVPCEndpoint(
        scope,
        f"{endpoint.service.replace('.', '-')}Endpoint",
        vpc_id=vpc_id,
        service_name=name,
        vpc_endpoint_type="Interface",
        private_dns_enabled=endpoint.private_dns,
        policy_document=endpoint.policy,
        subnet_ids=list(subnets),
        security_group_ids=[group],
        tags=tags(endpoint.service),
    )


def build_service_endpoint(scope: Construct, *, vpc_id: str, subnets: Sequence[str], group: str) -> ec2.CfnVPCEndpoint:
    """The endpoint through which nodes of releases from 8.0.0 on call EMR; EMR finds it by its name and its tag.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html
    """
    name, tag = facts.service_endpoint(Aws.REGION)
    return ec2.CfnVPCEndpoint(
        scope,
        "EmrServiceEndpoint",
        vpc_id=vpc_id,
        service_name=name,
        vpc_endpoint_type="Interface",
        private_dns_enabled=True,
        subnet_ids=list(subnets),
        security_group_ids=[group],
        tags=tags(tag),
    )


def policy_of_s3(region: str, releases: Sequence[str]) -> dict[str, object]:
    """This account's own identities, and AWS's buckets that nodes install from and write their history and logs to.

    A stack that names its Region gets that Region's buckets; one that may go anywhere also those few that are named
    otherwise somewhere.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/private-subnet-iampolicy.html
    """
    arn, known = f"arn:{Aws.PARTITION}:s3:::", not is_token(region)
    grants = facts.bucket_grants(region if known else Aws.REGION, releases=releases, known_region=known)
    own: dict[str, object] = {
        "Sid": "OwnIdentities",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID}},
    }
    theirs: list[dict[str, object]] = [
        {
            "Sid": _SIDS[grant.kind],
            "Effect": "Allow",
            "Principal": "*",
            "Action": list(grant.actions),
            "Resource": [f"{arn}{name}/*" for name in grant.buckets],
        }
        for grant in grants
    ]
    return {"Version": "2012-10-17", "Statement": [own, *theirs]}
