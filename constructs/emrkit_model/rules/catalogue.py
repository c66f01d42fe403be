"""What a guardrail rule is: a stable code, the reason with its AWS page, and a pure check over one template."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from emrkit_model.diagnostics import Diagnostic

from .template import Template

__all__ = ["Check", "Finding", "Problem", "Rule"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check found: the resource, the place inside its properties, what stands there, and the fix."""

    resource: str
    path: tuple[str | int, ...]
    summary: str
    hint: str
    got: str | None = None
    allowed: str | None = None


Check = Callable[[Template], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A guardrail: its code for ever, what it demands, why, and AWS's own page on it."""

    id: str
    title: str
    why: str
    page: str
    check: Check
    guardrail: str
    """The guardrail that it belongs to, `G01` to `G14`; a guardrail can have more than one rule."""

    def findings(self, template: Template) -> tuple[Finding, ...]:
        """Everything in the template that breaks this rule, in the template's order."""
        return tuple(Finding(self, problem) for problem in self.check(template))


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule. `resource` is the logical id, `path` leads from the template's root to the value."""

    rule: Rule
    problem: Problem

    @property
    def resource(self) -> str:
        """The logical id of the resource."""
        return self.problem.resource

    @property
    def path(self) -> tuple[str | int, ...]:
        """The way from the template's root to the value."""
        return ("Resources", self.problem.resource, "Properties", *self.problem.path)

    @property
    def fix(self) -> str:
        """What to do about it."""
        return self.problem.hint

    @property
    def diagnostic(self) -> Diagnostic:
        """The finding in the shape in which every layer reports."""
        return Diagnostic(
            code=self.rule.id,
            summary=self.problem.summary,
            path=self.path,
            got=self.problem.got,
            allowed=self.problem.allowed,
            reason=f"{self.rule.why} ({self.rule.page})",
            hint=self.problem.hint,
        )
