"""Roles known by their names alone: nobody here changes them, so their owners are told what they must allow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from aws_cdk import Stack

from emrkit.annotations import warn
from emrkit_model.findings import warning

if TYPE_CHECKING:
    from constructs import Construct

    from .grants import Statement

__all__ = ["NamedRole"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles.html"


class NamedRole:
    """A role of somebody else's: what it is asked for becomes warnings, each with the statements to add.

    What only the deployment knows stands in them as in CloudFormation's `Fn::Sub`: `${AWS::AccountId}`, `${Key.Arn}`.

    Args:
        scope: Which construct warns.
        field: How the role was given: `instance_role` or `service_role`.
        name: Its name or ARN.
    """

    def __init__(self, scope: Construct, field: str, name: str) -> None:
        self._scope, self._field, self._name = scope, field, name
        self._told: list[Statement] = []

    def tell(self, statements: Iterable[Statement]) -> None:
        """Warn of what its owner was not told before."""
        new = [statement for statement in statements if statement not in self._told]
        if not new:
            return
        self._told += new
        resolved = cast("Sequence[object]", Stack.of(self._scope).resolve(new))
        added = json.dumps([_readable(statement) for statement in resolved])
        name = _readable(Stack.of(self._scope).resolve(self._name))
        found = warning(
            "ROLE-003",
            f"role '{name}' is known by its name alone: its owner must allow what the clusters need of it",
            self._field,
            got=str(name),
            reason=f"emrkit changes no role that it does not make, and cannot see what this one may do ({_PAGE})",
            hint=f"statements for its owner to add: {added}",
        )
        warn(self._scope, [found])


def _readable(value: object) -> object:
    """CloudFormation's functions as the text that `Fn::Sub` would take."""
    if isinstance(value, (list, tuple)):
        return [_readable(item) for item in cast("Sequence[object]", value)]
    if not isinstance(value, Mapping):
        return value
    entries = cast("Mapping[str, object]", value)
    (name, content), *others = entries.items() or [("", None)]
    if not others and name == "Ref":
        return f"${{{content}}}"
    if not others and name == "Fn::GetAtt":
        return f"${{{'.'.join(map(str, cast('Sequence[object]', content)))}}}"
    if not others and name == "Fn::Join":
        between, parts = cast("tuple[str, Sequence[object]]", content)
        return between.join(str(_readable(part)) for part in parts)
    return {key: _readable(item) for key, item in entries.items()}
