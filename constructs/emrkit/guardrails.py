"""The judges of a synthesized app: emrkit's own guardrails, cdk-nag's packs, AWS Control Tower's rules.

They run after synthesis as CDK policy validation plugins, write `validation-report.json` into the assembly and fail
the synthesis on any finding that nobody acknowledged. They cost seconds, so a plain `cdk synth` goes without:
`EMRKIT_JUDGES=1` or `cdk synth -c judges=true` turns them on; CI does, and so does `emrkit deploy` to AWS.

Page: https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import jsii
from aws_cdk import (
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)

from emrkit_model import rules
from emrkit_model.findings import error
from emrkit_model.values import refuse

from .acknowledgements import Acknowledgement, Judge, acknowledge, note, seat, write_acknowledgements
from .arguments import listed
from .pack_acknowledgements import acknowledge_own

if TYPE_CHECKING:
    from aws_cdk import App, IPolicyValidationContext
    from constructs import IConstruct

    from emrkit_model.diagnostics import Diagnostic

__all__ = [
    "Accepts",
    "Acknowledgement",
    "Guardrails",
    "Judge",
    "Pack",
    "acknowledge",
    "apply",
    "enabled",
    "plugins",
    "write_acknowledgements",
]

_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
_ON = {"1", "true", "yes", "on"}


class Pack(StrEnum):
    """A pack of cdk-nag that sits only when it is asked for; the value is its name in the project file.

    The packs check what the standard's controls say about single resources; passing one is not a certificate.
    Page: https://github.com/cdklabs/cdk-nag/blob/main/RULES.md
    """

    HIPAA = "hipaa"
    NIST_R4 = "nist-r4"
    NIST_R5 = "nist-r5"
    PCI_DSS = "pci-dss"

    @property
    def judge(self) -> Judge:
        """The judge whose rules the pack has."""
        return _PACKS[self][0]


_PACKS: Mapping[Pack, tuple[Judge, str]] = {
    Pack.HIPAA: (Judge.HIPAA, "HIPAASecurityChecks"),
    Pack.NIST_R4: (Judge.NIST_R4, "NIST80053R4Checks"),
    Pack.NIST_R5: (Judge.NIST_R5, "NIST80053R5Checks"),
    Pack.PCI_DSS: (Judge.PCI_DSS, "PCIDSS321Checks"),
}
"""The judge of each pack, and the class of cdk-nag."""


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
        judged = rules.check_templates({path: _read(path) for path in context.template_paths})
        violations = [_violation(finding, path) for path, findings in judged.items() for finding in findings]
        return PolicyValidationPluginReport(success=not violations, violations=violations)


@jsii.implements(IPolicyValidationPlugin)
class _NagPack:
    """A pack of cdk-nag, with its findings on named resources under one id, so that a construct can acknowledge them.

    Nag puts the resource into the id (`AwsSolutions-IAM5[Resource::arn:…/raw/*]`), written with the names of exports
    that only the synthesizer knows. A bare star and every action keep an id of their own.
    """

    def __init__(self, pack: IPolicyValidationPlugin, judge: Judge) -> None:
        self._pack = pack
        self._judge = judge

    @property
    def name(self) -> str:
        return str(self._judge)

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


@jsii.implements(IPolicyValidationPlugin)
class _ControlTower:
    """The rules of AWS Control Tower, each finding of them an error.

    Guard gives its findings no severity. CDK prints such a finding as an error, but once anything in the report is
    acknowledged, only what says `error` itself still fails the synthesis.
    """

    def __init__(self, guard: IPolicyValidationPlugin) -> None:
        self._guard = guard

    @property
    def name(self) -> str:
        return str(Judge.CONTROL_TOWER)

    @property
    def version(self) -> str | None:
        return self._guard.version

    @property
    def rule_ids(self) -> list[str] | None:
        return self._guard.rule_ids

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        report = self._guard.validate(context)
        violations = [_as_error(found) for found in report.violations]
        return PolicyValidationPluginReport(success=not violations, violations=violations, metadata=report.metadata)


def _as_error(found: PolicyViolation) -> PolicyViolation:
    return PolicyViolation(
        rule_name=found.rule_name,
        description=found.description,
        fix=found.fix,
        rule_metadata=found.rule_metadata,
        severity="error",
        violating_resources=[
            PolicyViolatingResource(
                locations=where.locations,
                resource_logical_id=where.resource_logical_id,
                template_path=where.template_path,
            )
            for where in found.violating_resources
        ],
    )


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


def plugins(packs: Iterable[Pack | str] = ()) -> Sequence[IPolicyValidationPlugin]:
    """The judges, ready for `Validations.of(app).add_plugins(...)`.

    Args:
        packs: Packs of cdk-nag beyond AwsSolutions. Default: none.
    """
    # Late: two more jsii assemblies to load.
    import cdk_nag
    from cdklabs.cdk_validator_cfnguard import CfnGuardValidator

    chosen = [_PACKS[pack] for pack in _read_packs(packs)]
    # The guard binary prints every check of every rule; the default buffer of 1 MB ends at about 30 resources.
    guard = CfnGuardValidator(max_buffer=256 * 1024 * 1024)
    nags = [_NagPack(getattr(cdk_nag, name)(), judge) for judge, name in chosen]
    return [
        cast("IPolicyValidationPlugin", Guardrails()),
        cast("IPolicyValidationPlugin", _NagPack(cdk_nag.AwsSolutionsChecks(), Judge.AWS_SOLUTIONS)),
        cast("IPolicyValidationPlugin", _ControlTower(cast("IPolicyValidationPlugin", guard))),
        *(cast("IPolicyValidationPlugin", nag) for nag in nags),
    ]


def _read_packs(given: object) -> tuple[Pack, ...]:
    """The packs by their names, each once."""
    items = listed(given)
    names = cast("tuple[object, ...]", items) if isinstance(items, tuple) else (items,)
    known = [str(pack) for pack in Pack]
    found: list[Diagnostic] = []
    for number, name in enumerate(names):
        if not isinstance(items, tuple) or name not in known:
            close = get_close_matches(str(name), known, n=1)
            found.append(
                error(
                    "RULE-030",
                    "packs is a list of cdk-nag's packs" if name in known else "there is no such pack of cdk-nag",
                    "packs",
                    number,
                    got=str(name),
                    allowed=", ".join(known),
                    reason="https://github.com/cdklabs/cdk-nag/blob/main/RULES.md",
                    hint=f'packs=["{close[0]}"]' if close else None,
                )
            )
    refuse(found)
    return tuple(dict.fromkeys(Pack(str(name)) for name in names))


def enabled(app: App | None = None) -> bool:
    """Whether the judges were asked for, by `EMRKIT_JUDGES` or the context key `judges`; the variable wins."""
    said = os.environ.get("EMRKIT_JUDGES")
    if said is None and app is not None:
        context = app.node.try_get_context("judges")
        said = None if context is None else str(context)
    return said is not None and said.strip().lower() in _ON


class Accepts(Protocol):
    """A finding that a project file accepts: `emrkit_jobs.bundle.judges.Accepted` is one."""

    @property
    def rule(self) -> str:
        """The rule's id."""
        ...

    @property
    def reason(self) -> str:
        """Why the finding stays."""
        ...

    @property
    def cluster(self) -> str | None:
        """The name of the cluster that it is about; None for the whole app."""
        ...


def apply(app: App, packs: Iterable[Pack | str] = (), accept: Iterable[Accepts] = ()) -> bool:
    """Add every judge to the app if they were asked for (see `enabled`); says whether it did.

    Args:
        app: The app, before `app.synth()`.
        packs: Packs of cdk-nag that sit as well: `Pack.HIPAA` or `"hipaa"`, and so on. Default: none.
        accept: Findings that stay, as `judges: accept:` of a project file gives them. Default: none.

    Raises:
        InvalidModel: There is no such pack (E-RULE-030).

    Example:
        ```python
        app = App()
        ...
        guardrails.apply(app, packs=[guardrails.Pack.PCI_DSS])
        app.synth()
        ```
    """
    chosen = _read_packs(packs)
    asked = enabled(app)
    if asked:
        judges = (Judge.EMRKIT, Judge.AWS_SOLUTIONS, Judge.CONTROL_TOWER, *(pack.judge for pack in chosen))
        write_acknowledgements(app, judges)
        seat(judges)
        if chosen:
            acknowledge_own(app, judges)
        for one in accept:
            for scope in [app] if one.cluster is None else _clusters(app, one.cluster):
                note(scope, Acknowledgement.of(one.rule, one.reason))
        Validations.of(app).add_plugins(*plugins(chosen))
    return asked


def _clusters(app: App, name: str) -> list[IConstruct]:
    """The cluster constructs of this name; none for a cluster that only runs launch, which no template holds."""
    from .cluster import Cluster

    # What follows the name is filled in at deployment: the generation of a cluster that is replaced.
    found = [c for c in app.node.find_all() if isinstance(c, Cluster) and _TOKEN.sub("", c.value.name) == name]
    return cast("list[IConstruct]", found)


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
