"""`judges:` of a project file and of its targets: which packs sit beyond the usual ones, and which findings stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Items, Text, words
from emrkit_model.rules.acknowledgements import check_reason
from emrkit_model.values import Value

__all__ = ["Accepted", "Judges"]


class Accepted(Value):
    """A finding that stays, and why.

    >>> Accepted(rule="E-RULE-011", cluster="adhoc", reason="its data can be made again in minutes").cluster
    'adhoc'
    """

    AREA: ClassVar[str] = "FILE"

    rule: Text
    """The rule as its judge prints it: `E-RULE-011`, `AwsSolutions-S1`, `HIPAA.Security-S3BucketReplicationEnabled`."""
    reason: Text
    """Why it stays, at least 20 characters; it ends up in the report."""
    cluster: Text | None = None
    """The cluster that it is about. Default: everything of the project."""

    def problems(self) -> Iterator[Diagnostic]:
        """A reason that is one."""
        yield from check_reason(self.rule, self.reason, "reason")


class Judges(Value):
    """Who judges a deployment to AWS, and what is accepted.

    The usual judges always sit: emrkit's guardrails, cdk-nag's AwsSolutions, AWS Control Tower's rules.

    >>> Judges(packs=["hipaa"]).accepts("E-RULE-011", "etl")
    False
    """

    AREA: ClassVar[str] = "FILE"

    packs: Items[Annotated[str, words("hipaa", "nist-r4", "nist-r5", "pci-dss")]] = ()
    """Packs of cdk-nag that sit as well. Default: none."""
    accept: Items[Accepted] = ()
    """Findings that stay, each with its reason."""

    def accepts(self, rule: str, cluster: str | None = None) -> bool:
        """Whether a finding of this rule stays, on this cluster."""
        return any(a.rule == rule and a.cluster in (None, cluster) for a in self.accept)

    def joined(self, other: Judges | None) -> Judges:
        """These and those of a target."""
        if other is None:
            return self
        return Judges(packs=tuple(dict.fromkeys((*self.packs, *other.packs))), accept=(*self.accept, *other.accept))
