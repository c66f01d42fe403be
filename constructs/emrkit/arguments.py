"""What constructs are given, looked at before anything is made of it: values check themselves, CDK objects do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import BucketLike
from emrkit_model.findings import error
from emrkit_model.steps import Step
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

__all__ = [
    "check_buckets",
    "check_cluster",
    "check_items",
    "check_network",
    "check_roles",
    "check_security",
    "check_steps",
    "check_value",
    "listed",
]

_NAMES_PAGE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"


def listed(given: object) -> object:
    """A sequence as the value objects hold it; anything else as it is, for them to refuse by the field's name."""
    if isinstance(given, (str, bytes, Mapping, Value)) or not isinstance(given, Iterable):
        return given
    return tuple(cast("Iterable[object]", given))


# Constructs are known by a member of theirs: importing the kind would import what it is made of.
def check_network(value: object) -> Iterator[Diagnostic]:
    """An id or nothing at all in place of the network."""
    if not hasattr(type(value), "check_cluster"):
        yield error(
            "CLUS-110",
            "network must be emr.Network: a cluster has subnets and security groups",
            "network",
            got=_shown(value),
            allowed="emr.Network(...), or emr.Network.from_vpc(...) and its like for what exists",
            reason=f"{_GUIDE}emr-plan-vpc-subnet.html",
        )


def check_security(value: object) -> Iterator[Diagnostic]:
    """A name or nothing at all in place of the security configuration."""
    if not hasattr(type(value), "allow"):
        yield error(
            "SEC-043",
            "security must be emr.SecurityConfiguration",
            "security",
            got=_shown(value),
            allowed="emr.SecurityConfiguration(...), or its from_security_configuration_name(...)",
            reason=f"{_GUIDE}emr-create-security-configuration.html",
        )


def check_roles(value: object) -> Iterator[Diagnostic]:
    """A name in place of the roles."""
    if not hasattr(type(value), "allow_runtime_role"):
        yield error(
            "ROLE-020",
            "roles must be emr.Roles: a cluster has a service role and a role of its nodes",
            "roles",
            got=_shown(value),
            allowed="emr.Roles(...), or emr.Roles.from_names(...) for roles that exist",
            reason=f"{_GUIDE}emr-iam-roles.html",
        )


def check_cluster(value: object) -> Iterator[Diagnostic]:
    """An id or nothing at all in place of a cluster."""
    if not hasattr(type(value), "cluster_id"):
        yield error(
            "CLUS-112",
            "cluster must be emr.Cluster",
            "cluster",
            got=_shown(value),
            allowed='emr.Cluster(...), or emr.Cluster.from_cluster_id(self, "Etl", "j-...") for one that exists',
            reason="https://docs.aws.amazon.com/emr/latest/APIReference/API_DescribeCluster.html",
        )


def check_value(field: str, value: object, kind: str, *, allowed: str) -> Iterator[Diagnostic]:
    """Something else in place of a value object, known by the name of its class."""
    if kind not in {each.__name__ for each in type(value).__mro__}:
        yield error(
            "CLUS-113", f"{field} is another kind of value", field, got=_shown(value), allowed=f"{kind}: {allowed}"
        )


def check_buckets(**given: BucketLike | None) -> Iterator[Diagnostic]:
    """Text that cannot be the name of a bucket: an address, a path, an ARN."""
    for name, value in given.items():
        if isinstance(value, str) and not is_token(value) and not _BUCKET.fullmatch(value):
            yield error(
                "STORE-051",
                "this is not the name of a bucket",
                *name.split("."),
                got=value,
                allowed="the bucket, or its name alone: 3 to 63 lower-case letters, digits, dots and hyphens",
                reason=_NAMES_PAGE,
                hint=_bucket_hint(value),
            )


def _bucket_hint(value: str) -> str | None:
    found = re.match(r"(?:s3[an]?://|arn:[\w-]+:s3:::)([^/]+)", value)
    return f"name it: {found[1]}" if found and _BUCKET.fullmatch(found[1]) else None


def check_steps(steps: object) -> Iterator[Diagnostic]:
    """Steps that are none, and names that two of them have: each becomes a resource under its name."""
    yield from check_items(
        "STEP-055", "steps must be a list of steps", "steps", steps, Step, allowed="emr.SparkStep(...) and its like"
    )
    names = [step.name for step in cast("Sequence[object]", listed(steps)) if isinstance(step, Step)]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield error(
                "STEP-054",
                f"two steps are named '{name}'",
                "steps",
                number,
                "name",
                got=name,
                reason="each becomes a resource under its name",
                hint="give one of them another name",
            )


def check_items(
    code: str, summary: str, field: str, given: object, kind: type, *, allowed: str
) -> Iterator[Diagnostic]:
    """A list that is none, or that holds something else."""
    items = listed(given)
    if not isinstance(items, tuple):
        yield error(code, summary, field, got=_shown(given), allowed=f"[{allowed}]")
        return
    for number, item in enumerate(cast("tuple[object, ...]", items)):
        if not isinstance(item, kind):
            yield error(code, summary, field, number, got=_shown(item), allowed=allowed)


def _shown(value: object) -> str:
    return repr(value) if value is None or isinstance(value, (str, int, float)) else type(value).__name__
