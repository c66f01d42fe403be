"""The `${emr.clusterId}` of automatic scaling: a literal that EMR fills in, and no reference of CloudFormation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs import IConstruct

__all__ = ["accept_literal_ids"]

_RULE = "CloudFormation-Validate::E1029"
_REASON = (
    "${emr.clusterId} is EMR's own: it must reach EMR as it stands, and Fn::Sub would look for a resource of that name"
)


def accept_literal_ids(resource: IConstruct) -> None:
    """Accept that CDK's template validation, when it is on, takes the literal for a forgotten `Fn::Sub`.

    It is not among the judges (`guardrails`), so it is answered here and only where it speaks.
    """
    if os.environ.get("CDK_VALIDATION") == "false":
        return
    from aws_cdk import Acknowledgment, Validations

    Validations.of(resource).acknowledge(Acknowledgment(id=_RULE, reason=_REASON))
