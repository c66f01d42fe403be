"""Roles that statements are given to: made here, or given as an object of the CDK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from aws_cdk import aws_iam as iam

from .grants import Statement, accept_prefixes, inline_policy

if TYPE_CHECKING:
    from constructs import Construct

    from .references import Principal

__all__ = ["PREFIXES", "GivenRole", "MadeRole"]

PREFIXES = "objects below a granted prefix, and KMS's ReEncrypt and GenerateDataKey families on one named key"


class MadeRole:
    """A role made here: what it may do is one inline policy, in which every statement stands once.

    Args:
        resource: The role.
        policy: The name of its inline policy.
        statements: What that holds already.
        scope: Where stars in what is added are acknowledged. Default: nowhere.
        reason: Why there are stars.
    """

    def __init__(
        self,
        resource: iam.CfnRole,
        policy: str,
        statements: Sequence[Statement],
        *,
        scope: Construct | None = None,
        reason: str = PREFIXES,
    ) -> None:
        self._resource = resource
        self._policy = policy
        self._statements = list(statements)
        self._scope, self._reason = scope, reason

    def allow(self, statements: Sequence[Statement]) -> None:
        """Add what is new."""
        new = [s for s in statements if s not in self._statements]
        if not new:
            return
        self._statements += new
        self._resource.policies = cast("Any", inline_policy(self._policy, self._statements))
        if self._scope is not None:
            accept_prefixes(self._scope, statements, self._reason)


class GivenRole:
    """A role of the CDK that somebody else made: granted on as the CDK does it."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    @classmethod
    def of(cls, principal: Principal | None) -> GivenRole | None:
        """The role, unless only its name is known."""
        return None if principal is None else cls(principal)

    def allow(self, statements: Sequence[Statement]) -> None:
        """Add them to the policy that the CDK keeps for it."""
        for statement in statements:
            self._principal.add_to_principal_policy(iam.PolicyStatement.from_json(statement))
        # The CDK puts the policy below the role, wherever that stands.
        accept_prefixes(cast("Construct", self._principal), statements, PREFIXES)
