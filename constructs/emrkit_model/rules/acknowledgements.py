"""The rule on what was accepted: a finding that stays has a reason, and one that nobody has any more is accepted no
longer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.reasons import SHORTEST_REASON

__all__ = ["ACKNOWLEDGEMENTS", "Acknowledged", "check_acknowledgements"]

ACKNOWLEDGEMENTS = (
    "G14",
    "an acknowledgement says why and is still needed",
    "an accepted finding that is gone hides the next one at the same place",
    "https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html",
)
"""The guardrail over acknowledgements: its number, what it demands, why, and the page."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One accepted finding: the judge's rule, the construct where it was accepted, and the reason."""

    rule: str
    path: str
    reason: str


def check_acknowledgements(
    given: Iterable[Acknowledged], used: Iterable[tuple[str, str]], judges: Iterable[str] | None = None
) -> Iterator[Diagnostic]:
    """What is wrong with accepted findings, in their order.

    Args:
        given: Everything that was accepted.
        used: Rule and construct path of what silenced a finding.
        judges: Who sat; what was accepted of another judge is not called stale. Default: all did.

    >>> kept = Acknowledged("emrkit::E-RULE-006", "App/Etl", "it is ended by hand after every test")
    >>> [d.code for d in check_acknowledgements([kept], used=[])]
    ['W-RULE-002']
    """
    _, _, why, page = ACKNOWLEDGEMENTS
    needed = set(used)
    sitting = None if judges is None else set(judges)
    for one in given:
        yield from check_reason(one.rule, one.reason, one.path)
        if (one.rule, one.path) not in needed and (sitting is None or one.rule.partition("::")[0] in sitting):
            yield warning(
                "RULE-002",
                f"{one.rule} is accepted, but no judge objects any more",
                one.path,
                reason=f"{why} ({page})",
                hint="delete this acknowledgement",
            )


def check_reason(rule: str, reason: str, *path: str | int) -> Iterator[Diagnostic]:
    """A reason of at least 20 characters.

    >>> [d.code for d in check_reason("E-RULE-006", "because", "reason")]
    ['E-RULE-016']
    """
    if len(reason.strip()) < SHORTEST_REASON:
        yield error(
            "RULE-016",
            f"{rule} is accepted without a reason",
            *path,
            got=reason,
            allowed=f"at least {SHORTEST_REASON} characters",
            reason=f"who reads the report must be able to tell whether it still holds ({ACKNOWLEDGEMENTS[3]})",
            hint="say why the finding is right in general and wrong here",
        )
