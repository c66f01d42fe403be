"""Roles that exist already, however somebody names them: by name, by ARN, or as an object of the CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from emrkit_model.fields import read
from emrkit_model.tokens import has_member, is_token

from .pseudo_parameters import Aws

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from emrkit_model.fields import ProfileLike, RoleLike

__all__ = ["Principal", "name_of", "principal_of", "role_arn_of"]


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
