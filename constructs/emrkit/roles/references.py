"""Roles that exist already, however somebody names them: by name, by ARN, or as an object of the CDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast

from emrkit.arguments import check_items
from emrkit.pseudo_parameters import Aws
from emrkit_model.fields import read
from emrkit_model.findings import error
from emrkit_model.tokens import has_member, is_token

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from emrkit_model.diagnostics import Diagnostic
    from emrkit_model.fields import ProfileLike, RoleLike

__all__ = ["Principal", "cannot_grant", "check_policies", "lacks_profile", "name_of", "principal_of", "role_arn_of"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles.html"


class Principal(Protocol):
    """A role of the CDK, which takes statements; one imported as immutable takes them and does nothing."""

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> object: ...


def role_arn_of(role: RoleLike) -> str:
    """The ARN of a role; a bare name is one of this account. A token is taken for an ARN.

    >>> role_arn_of("arn:aws:iam::111122223333:role/team/nodes")
    'arn:aws:iam::111122223333:role/team/nodes'
    """
    text = read(role)
    if text.startswith("arn:") or is_token(text):
        return text
    return f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{text}"


def name_of(reference: RoleLike | ProfileLike) -> str:
    """The bare name of a role or instance profile, without its path.

    >>> name_of("arn:aws:iam::111122223333:instance-profile/team/nodes")
    'nodes'
    """
    if has_member(reference, "role_name"):
        return cast("iam.IRole", reference).role_name
    text = read(reference)
    return text.rpartition("/")[2] if text.startswith("arn:") else text


def principal_of(role: object) -> Principal | None:
    """The role as something to grant on; None if only its name or ARN is known."""
    return cast("Principal", role) if has_member(role, "add_to_principal_policy") else None


def cannot_grant(field: str, name: str) -> Diagnostic:
    """Nothing is granted to a role that is known by its name alone."""
    return error(
        "ROLE-001",
        f"nothing can be granted to role '{name}': only its name is known",
        field,
        got=name,
        reason=f"emrkit changes no role that it does not make; {_GUIDE}",
        hint=f"give it as a role, `{field}=iam.Role.from_role_name(...)`, or let its owner allow this",
    )


def lacks_profile() -> Diagnostic:
    """An instance role without its profile is of no use to a cluster."""
    return error(
        "ROLE-002",
        "an instance role comes with its instance profile",
        "instance_profile",
        reason=f"clusters name the profile, not the role; {_GUIDE}",
        hint="add `instance_profile=`, which has the role's name",
    )


def check_policies(arns: object, *, given: bool) -> Iterator[Diagnostic]:
    """ARNs of managed policies, for a role that is made here."""
    yield from check_items(
        "ROLE-026", "managed_policies must be a list of ARNs", "managed_policies", arns, str, allowed="arn:aws:iam::..."
    )
    if given and arns:
        yield error(
            "ROLE-025",
            "the managed policies of a role that exists are its owner's",
            "managed_policies",
            hint="attach them where the role is made",
        )
