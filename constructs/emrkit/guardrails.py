"""The judges of a synthesized app: emrkit's own guardrails, cdk-nag's AwsSolutions pack, AWS Control Tower's rules.

They run after synthesis as CDK policy validation plugins, write `validation-report.json` into the assembly and fail
the synthesis on any finding that nobody acknowledged. They cost seconds, so a plain `cdk synth` goes without:
`EMRKIT_JUDGES=1` or `cdk synth -c judges=true` turns them on; CI does, and so does `emrkit deploy` to AWS.

Page: https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, cast

import jsii
from aws_cdk import (
    Acknowledgment,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)

from emrkit_model import rules

if TYPE_CHECKING:
    from aws_cdk import App, IPolicyValidationContext
    from constructs import IConstruct

__all__ = [
    "Acknowledgement",
    "Guardrails",
    "Judge",
    "acknowledge",
    "apply",
    "enabled",
    "plugins",
    "write_acknowledgements",
]

_SHORTEST_REASON = 20
_ON = {"1", "true", "yes", "on"}


class Judge(StrEnum):
    """Who judges; the value is the name under which a report lists the findings."""

    EMRKIT = "emrkit"
    AWS_SOLUTIONS = "AwsSolutions"
    CONTROL_TOWER = "cdk-validator-cfnguard"


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
        if len(self.reason.strip()) < _SHORTEST_REASON:
            raise ValueError(f"{self.rule}: a reason has at least {_SHORTEST_REASON} characters, got {self.reason!r}")

    @property
    def id(self) -> str:
        """The id that CDK matches against findings: judge and rule."""
        return f"{self.judge}::{self.rule}"


# What was acknowledged while no judge sat. Kept strongly: a construct that Python forgot still lives in the tree.
_pending: list[tuple[IConstruct, tuple[Acknowledgement, ...]]] = []
_sitting = False


def acknowledge(scope: IConstruct, *acknowledgements: Acknowledgement) -> None:
    """Accept findings on a construct and everything below it.

    Written into the tree when the judges sit (`apply`), so that a synthesis without them pays nothing for it; an app
    that adds cdk-nag by its own hand calls `write_acknowledgements` first.
    """
    if _sitting:
        _write(scope, acknowledgements)
    elif acknowledgements:
        _pending.append((scope, acknowledgements))


def write_acknowledgements(app: App) -> None:
    """Write what was acknowledged in this app into its tree, where every validation plugin of CDK finds it."""
    entries, _pending[:] = list(_pending), []
    for scope, acknowledgements in entries:
        if scope.node.root is app:
            _write(scope, acknowledgements)
        else:
            _pending.append((scope, acknowledgements))


def _write(scope: IConstruct, acknowledgements: Sequence[Acknowledgement]) -> None:
    Validations.of(scope).acknowledge(*(Acknowledgment(id=a.id, reason=a.reason) for a in acknowledgements))


@jsii.implements(IPolicyValidationPlugin)
class Guardrails:
    """The rules of `emrkit_model.rules` as a CDK policy validation plugin.

    Example:
        ```python
        Validations.of(app).add_plugins(guardrails.Guardrails())
        ```
    """

    @property
    def name(self) -> str:
        """How the validation report calls this judge."""
        return str(Judge.EMRKIT)

    @property
    def version(self) -> str | None:
        """emrkit's version."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("emrkit")
        except PackageNotFoundError:
            return None

    @property
    def rule_ids(self) -> list[str] | None:
        """The codes of the rules."""
        return [rule.id for rule in rules.CATALOGUE]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Judge every template of the assembly; called by CDK after synthesis."""
        violations = [
            _violation(finding, path)
            for path in context.template_paths
            for finding in rules.check_template(_read(path))
        ]
        return PolicyValidationPluginReport(success=not violations, violations=violations)


@jsii.implements(IPolicyValidationPlugin)
class _AwsSolutions:
    """cdk-nag's pack, with its findings on named resources under one id, so that a construct can acknowledge them.

    Nag puts the resource into the id (`AwsSolutions-IAM5[Resource::arn:…/raw/*]`), written with the names of exports
    that only the synthesizer knows. A bare star and every action keep an id of their own.
    """

    def __init__(self, pack: IPolicyValidationPlugin) -> None:
        self._pack = pack

    @property
    def name(self) -> str:
        return str(Judge.AWS_SOLUTIONS)

    @property
    def version(self) -> str | None:
        return self._pack.version

    @property
    def rule_ids(self) -> list[str] | None:
        return self._pack.rule_ids

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        report = self._pack.validate(context)
        violations = [_folded(found) for found in report.violations]
        return PolicyValidationPluginReport(success=report.success, violations=violations)


def _folded(found: PolicyViolation) -> PolicyViolation:
    rule, _, finding = found.rule_name.partition("[Resource::")
    if finding in {"", "*]"}:
        return found
    return PolicyViolation(
        rule_name=f"{rule}[Resource]",
        description=f"{found.description} ({finding.removesuffix(']')})",
        fix=found.fix,
        severity=found.severity,
        violating_resources=found.violating_resources,
    )


def plugins() -> Sequence[IPolicyValidationPlugin]:
    """Every judge, ready for `Validations.of(app).add_plugins(...)`."""
    # Late: two more jsii assemblies to load.
    from cdk_nag import AwsSolutionsChecks
    from cdklabs.cdk_validator_cfnguard import CfnGuardValidator

    return [
        cast("IPolicyValidationPlugin", Guardrails()),
        cast("IPolicyValidationPlugin", _AwsSolutions(AwsSolutionsChecks())),
        # The guard binary prints every check of every rule; the default buffer of 1 MB ends at about 30 resources.
        cast("IPolicyValidationPlugin", CfnGuardValidator(max_buffer=256 * 1024 * 1024)),
    ]


def enabled(app: App | None = None) -> bool:
    """Whether the judges were asked for, by `EMRKIT_JUDGES` or the context key `judges`; the variable wins."""
    said = os.environ.get("EMRKIT_JUDGES")
    if said is None and app is not None:
        context = app.node.try_get_context("judges")
        said = None if context is None else str(context)
    return said is not None and said.strip().lower() in _ON


def apply(app: App) -> bool:
    """Add every judge to the app if they were asked for (see `enabled`); says whether it did.

    Example:
        ```python
        app = App()
        ...
        guardrails.apply(app)
        app.synth()
        ```
    """
    global _sitting
    asked = enabled(app)
    if asked:
        _sitting = True
        write_acknowledgements(app)
        Validations.of(app).add_plugins(*plugins())
    return asked


def _read(path: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", json.loads(Path(path).read_text("utf-8")))


def _violation(finding: rules.Finding, template: str) -> PolicyViolation:
    problem = finding.problem
    return PolicyViolation(
        rule_name=finding.rule.id,
        description=f"[{finding.rule.title}] {problem.summary}: {finding.rule.why}",
        fix=f"{problem.hint} ({finding.rule.page})",
        severity="error",
        violating_resources=[
            PolicyViolatingResource(
                resource_logical_id=finding.resource,
                template_path=template,
                locations=["/".join(str(step) for step in ("Properties", *problem.path))],
            )
        ],
    )
