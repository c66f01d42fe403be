"""Findings of judges that stay, each with its reason: noted where a construct is made, written when the judges sit.

Page: https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, Validations

from emrkit_model.reasons import OWN_MARK, SHORTEST_REASON

if TYPE_CHECKING:
    from aws_cdk import App
    from constructs import IConstruct

__all__ = ["Acknowledgement", "Judge", "acknowledge", "note", "seat", "write_acknowledgements"]


class Judge(StrEnum):
    """Who judges; the value is the name under which a report lists the findings."""

    EMRKIT = "emrkit"
    AWS_SOLUTIONS = "AwsSolutions"
    CONTROL_TOWER = "cdk-validator-cfnguard"
    HIPAA = "HIPAA.Security"
    NIST_R4 = "NIST.800.53.R4"
    NIST_R5 = "NIST.800.53.R5"
    PCI_DSS = "PCI.DSS.321"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A finding that stays, and the reason why that is right.

    Args:
        judge: Whose finding it is.
        rule: The rule's id as the judge prints it (`E-RULE-001`, `AwsSolutions-EMR6`, `emr_sec_config_ebs_…`).
        reason: At least 20 characters; it ends up in the report and in the assembly's metadata.

    Raises:
        ValueError: The reason is too short to be one.

    Example:
        >>> Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-EMR6", "nodes are reached through Session Manager").id
        'AwsSolutions::AwsSolutions-EMR6'
    """

    judge: Judge
    rule: str
    reason: str

    def __post_init__(self) -> None:
        if len(self.reason.strip()) < SHORTEST_REASON:
            raise ValueError(f"{self.rule}: a reason has at least {SHORTEST_REASON} characters, got {self.reason!r}")

    @classmethod
    def of(cls, rule: str, reason: str) -> Acknowledgement:
        """The same from the rule's id alone: whose it is shows in its beginning.

        Example:
            >>> Acknowledgement.of("HIPAA.Security-IAMNoInlinePolicy", "the policy belongs to this one role").judge
            <Judge.HIPAA: 'HIPAA.Security'>
        """
        return cls(_judge_of(rule), rule, reason)

    @property
    def id(self) -> str:
        """The id that CDK matches against findings: judge and rule."""
        return f"{self.judge}::{self.rule}"


def _judge_of(rule: str) -> Judge:
    if rule.startswith("E-RULE-"):
        return Judge.EMRKIT
    # Rules of a pack start with its name; those of AWS Control Tower have no name in front.
    return next((judge for judge in Judge if rule.startswith(f"{judge}-")), Judge.CONTROL_TOWER)


# What was acknowledged while no judge sat. Kept strongly: a construct that Python forgot still lives in the tree.
_pending: list[tuple[IConstruct, tuple[Acknowledgement, ...]]] = []
_OWN = "emrkit."
_seated: frozenset[Judge] = frozenset()


def acknowledge(scope: IConstruct, *acknowledgements: Acknowledgement) -> None:
    """Accept findings on a construct and everything below it.

    Written into the tree when the judges sit (`apply`), so that a synthesis without them pays nothing for it; an app
    that adds cdk-nag by its own hand calls `write_acknowledgements` first. What a judge would find that does not sit
    is not written, so it never looks unneeded. What emrkit accepts for itself ends with `OWN_MARK`.
    """
    frame = inspect.currentframe()
    caller = "" if frame is None or frame.f_back is None else str(frame.f_back.f_globals.get("__name__", ""))
    if caller.startswith(_OWN):
        acknowledgements = tuple(_marked(a) for a in acknowledgements)
    note(scope, *acknowledgements)


@lru_cache(maxsize=256)
def _marked(acknowledgement: Acknowledgement) -> Acknowledgement:
    """The same for every cluster there is: made once."""
    return replace(acknowledgement, reason=f"{acknowledgement.reason} {OWN_MARK}")


def note(scope: IConstruct, *acknowledgements: Acknowledgement) -> None:
    """Accept findings as they are said, whoever says so: `acknowledge` without the mark."""
    if _seated:
        _write(scope, acknowledgements, _seated)
    elif acknowledgements:
        _pending.append((scope, acknowledgements))


def write_acknowledgements(app: App, judges: Iterable[Judge] = tuple(Judge)) -> None:
    """Write what was acknowledged in this app into its tree, where every validation plugin of CDK finds it.

    Args:
        app: The app.
        judges: Whose findings. Default: everybody's.
    """
    entries, _pending[:] = list(_pending), []
    wanted = frozenset(judges)
    for scope, acknowledgements in entries:
        if scope.node.root is app:
            _write(scope, acknowledgements, wanted)
        else:
            _pending.append((scope, acknowledgements))


def seat(judges: Iterable[Judge]) -> None:
    """From now on these judges sit: what is acknowledged of theirs is written at once."""
    global _seated
    _seated = frozenset(judges)


def _write(scope: IConstruct, acknowledgements: Sequence[Acknowledgement], judges: frozenset[Judge]) -> None:
    written = [Acknowledgment(id=a.id, reason=a.reason) for a in acknowledgements if a.judge in judges]
    if written:
        Validations.of(scope).acknowledge(*written)
