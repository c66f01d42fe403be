"""The other direction of a grant on a KMS key: the key's own policy names who may use it.

IAM decides by the role's policy alone while the key's policy leaves it to the account, as the CDK's default and
`Foundation` do. A key with a stricter policy of its own admits nobody whom it does not name.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast
from weakref import WeakKeyDictionary, WeakSet

from aws_cdk import aws_iam as iam

from emrkit.pseudo_parameters import Aws
from emrkit_model.tokens import has_member

from .grants import KEY_USE

if TYPE_CHECKING:
    from emrkit_model.fields import KeyLike

__all__ = ["admit_disks", "admit_role", "leave_to_account"]


class _OwnedKey(Protocol):
    """A key of this app: its policy takes statements."""

    def add_to_resource_policy(self, statement: iam.PolicyStatement) -> object: ...


@dataclass(slots=True)
class _Admitted:
    """What was added to the policy of one key; one statement grows, so that many roles do not fill the policy."""

    roles: list[str] = field(default_factory=list[str])
    statement: iam.PolicyStatement | None = None
    disks: bool = False


_admitted: WeakKeyDictionary[object, _Admitted] = WeakKeyDictionary()
_left_to_account: WeakSet[object] = WeakSet()


def leave_to_account(key: object) -> None:
    """The key's policy leaves access to the account's IAM policies by itself: nothing needs to be added to it."""
    _left_to_account.add(key)


def admit_role(key: KeyLike | None, path: str, name: str) -> None:
    """Let the role of this path and name use a key that this app makes; nothing happens to a key by ARN alone.

    The role is named by its ARN as a condition, not as the principal: a principal must exist before the key's policy
    is written, and the role's policy already refers to the key.
    """
    owned = _owned(key)
    if owned is None:
        return
    known = _admitted.setdefault(key, _Admitted())
    arn = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role{path}{name}"
    if arn in known.roles:
        return
    known.roles.append(arn)
    condition = {"aws:PrincipalArn": list(known.roles)}
    if known.statement is None:
        known.statement = _statement(KEY_USE, {"ArnEquals": condition})
        owned.add_to_resource_policy(known.statement)
    else:
        known.statement.add_condition("ArnEquals", condition)


def admit_disks(key: KeyLike | None) -> None:
    """Let the account's roles whose policies say so use the key through EC2, which encrypts the volumes."""
    owned = _owned(key)
    if owned is None:
        return
    known = _admitted.setdefault(key, _Admitted())
    if known.disks:
        return
    known.disks = True
    through = {"StringLike": {"kms:ViaService": f"ec2.{Aws.REGION}.amazonaws.com*"}}
    owned.add_to_resource_policy(_statement((*KEY_USE, "kms:GenerateDataKeyWithoutPlaintext"), through))
    only_grants = {**through, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    owned.add_to_resource_policy(_statement(("kms:CreateGrant",), only_grants))


def _owned(key: object) -> _OwnedKey | None:
    if key is None or isinstance(key, str) or not has_member(key, "add_to_resource_policy"):
        return None
    return None if key in _left_to_account else cast("_OwnedKey", key)


def _statement(actions: tuple[str, ...], condition: Mapping[str, object]) -> iam.PolicyStatement:
    account = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:root"
    return iam.PolicyStatement.from_json(
        {
            "Effect": "Allow",
            "Principal": {"AWS": account},
            "Action": list(actions),
            "Resource": "*",
            "Condition": condition,
        }
    )
