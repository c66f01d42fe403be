"""What is refused before anything is made, every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from emrkit_facts import networking as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error
from emrkit_model.network import FlowLogs, GroupRules, NetworkParts
from emrkit_model.tokens import has_member, is_token
from emrkit_model.values import InvalidModel, refuse

from .security_groups import ExistingGroups, SecurityGroups

__all__ = [
    "Groups",
    "check_groups",
    "check_key",
    "check_listed",
    "check_subnets",
    "check_vpc",
    "counted",
    "gateways",
    "make",
    "wanted_logs",
]

Groups = SecurityGroups | ExistingGroups
_Parts = TypeVar("_Parts", bound=NetworkParts)


def make(kind: type[_Parts], given: Mapping[str, object], problems: Iterator[Diagnostic]) -> _Parts:
    """The value, or its problems together with those found elsewhere."""
    found = list(problems)
    try:
        value = kind(**cast("dict[str, Any]", given))
    except InvalidModel as refused:
        raise InvalidModel([*refused.diagnostics, *found]) from None
    refuse(found)
    return value


def counted(count: str, names: str, given: int | Sequence[str]) -> dict[str, object]:
    """A number, or names that exist: each is a field of its own."""
    return {names: given} if isinstance(given, (list, tuple)) else {count: given}


def wanted_logs(given: bool | FlowLogs) -> FlowLogs | None:
    """The default flow logs for `True`, none for `False`."""
    return FlowLogs() if given is True else given or None


def gateways(*, s3: bool, dynamodb: bool) -> list[tuple[str, str]]:
    """Construct id and service of the gateway endpoints."""
    return [entry for entry, on in ((("S3", "s3"), s3), (("DynamoDb", "dynamodb"), dynamodb)) if on]


def check_groups(groups: Groups | None, rules: GroupRules | None, *, public: bool) -> Iterator[Diagnostic]:
    """Groups that are brought, beside rules and the kind of subnet."""
    if groups is None:
        return
    page = facts.page("ports")
    if rules is not None:
        yield error(
            "NET-071",
            "the rules of groups that are brought are their owner's",
            "rules",
            reason=page,
            hint="leave `rules` or `security_groups` away; further groups are named where the groups are",
        )
    if (groups.primary is None) != (groups.core is None):
        yield error("NET-072", "the groups of primary and core nodes come as a pair", "security_groups", reason=page)
    if groups.primary is not None and not public and groups.service_access is None:
        yield error(
            "NET-073",
            "a private subnet needs the service's group too",
            "security_groups",
            reason=page,
            hint="SecurityGroups.from_ids(primary, core, service_access)",
        )
    if public and groups.service_access is not None:
        yield error(
            "NET-074",
            "in a public subnet there is no group of the service",
            "security_groups",
            got=groups.service_access,
            reason=page,
        )


def check_vpc(vpc: object) -> Iterator[Diagnostic]:
    """Something else in place of a VPC: an id, or nothing."""
    if not has_member(vpc, "vpc_id"):
        yield error(
            "NET-080",
            "vpc must be a VPC of the CDK's",
            "vpc",
            got=_shown(vpc),
            allowed='ec2.Vpc(...), or ec2.Vpc.from_lookup(self, "Vpc", vpc_id="vpc-...") for one that exists',
            reason=facts.page("vpc"),
            hint="emr.Network.from_attributes takes the ids of a VPC and its subnets",
        )


def check_key(key: object) -> Iterator[Diagnostic]:
    """Something else in place of a key: an alias, an ARN."""
    if key is not None and not has_member(key, "key_arn"):
        yield error(
            "NET-081",
            "key must be a KMS key of the CDK's",
            "key",
            got=_shown(key),
            allowed='foundation.key, or kms.Key.from_lookup(self, "Key", alias_name="alias/...") for one that exists',
            reason="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
            hint='kms.Key.from_key_arn(self, "Key", "arn:...") takes an ARN',
        )


def _shown(value: object) -> str:
    return repr(value) if value is None or isinstance(value, (str, int, float)) else type(value).__name__


def check_listed(**given: object) -> Iterator[Diagnostic]:
    """One id in place of a list of ids, which would be taken apart by its letters."""
    for field, ids in given.items():
        if not is_token(ids) and (isinstance(ids, str) or not isinstance(ids, (list, tuple))):
            yield error(
                "NET-065",
                f"{field} is a list of ids",
                field,
                got=ids if isinstance(ids, str) else type(ids).__name__,
                allowed="a list",
                reason=facts.page("vpc"),
                hint=f'{field}=["{ids}"]' if isinstance(ids, str) else None,
            )


def check_subnets(
    subnets: Sequence[str], tables: Sequence[str], routes: Sequence[tuple[str, str]]
) -> Iterator[Diagnostic]:
    """Subnets that are brought, and the route tables that gateway endpoints go into."""
    if not is_token(subnets) and not subnets:
        yield error("NET-075", "there is no subnet", "subnet_ids", reason=facts.page("vpc"))
    if not is_token(subnets) and len(set(subnets)) < len(subnets):
        yield error("NET-076", "a subnet is named twice", "subnet_ids", got=", ".join(subnets))
    if routes and not tables:
        yield error(
            "NET-077",
            "a gateway endpoint is a route in the subnets' route tables",
            "route_table_ids",
            reason="https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",
            hint="name the tables",
        )
