"""Every stack of every AWS environment before every judge: no finding that nobody acknowledged.

The app is synthesized in a process of its own, as CI and `emrkit deploy` to AWS do it, with the judges on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import parliament
import pytest

from emrkit_model import rules
from tests.synth.judged import (
    UNKNOWN_TO_PARLIAMENT,
    JudgedAssembly,
    acknowledgements,
    findings,
    listed,
    plain,
    policies,
    read,
)
from tests.synth.linting import lint

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "prod")


@cache
def _synthesize(environment: str, folder: Path) -> JudgedAssembly:
    outdir = folder / environment
    given = {
        "EMRKIT_JUDGES": "1",
        "EMRKIT_TARGET": environment,
        "CDK_OUTDIR": str(outdir),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": json.dumps(read(ROOT / "cdk.json").get("context", {})),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env={**kept, **given}, capture_output=True, text=True, timeout=300
    )
    return JudgedAssembly(outdir, done.returncode, done.stdout + done.stderr)


@pytest.fixture(params=ENVIRONMENTS)
def assembly(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> JudgedAssembly:
    folder = tmp_path_factory.getbasetemp() / "judged"
    made = _synthesize(request.param, folder)
    assert (made.folder / "manifest.json").exists(), made.words
    return made


def test_no_judge_has_a_finding_that_nobody_acknowledged(assembly: JudgedAssembly) -> None:
    found = findings(assembly)
    assert not found, "\n".join(found)
    assert assembly.exit_code == 0, assembly.words


def test_the_judges_really_sat(assembly: JudgedAssembly) -> None:
    """cdk-nag's inverted EMR rules are acknowledged, so a synthesis with a cluster always leaves a report."""
    suppressed = {v["ruleName"] for report in assembly.reports for v in report.get("suppressedViolations", [])}
    assert {"AwsSolutions-EMR4", "AwsSolutions-EMR5"} <= suppressed


def test_every_acknowledgement_has_a_reason_and_is_still_needed(assembly: JudgedAssembly) -> None:
    used = {
        (violation["acknowledgedId"], violation.get("acknowledgedAt", ""))
        for report in assembly.reports
        for violation in report.get("suppressedViolations", [])
    }
    given = dict(acknowledgements(assembly))
    assert given
    assert not [key for key, reason in given.items() if len(reason) < 20]
    assert sorted(set(given) - used) == [], "acknowledged, but no judge objects any more: delete these"


def test_our_own_guardrails_find_nothing(assembly: JudgedAssembly) -> None:
    found = [
        f"{name}: {finding.diagnostic}"
        for name, template in assembly.templates.items()
        for finding in rules.check_template(template)
    ]
    assert not found, "\n".join(found)


def test_cfn_lint_finds_nothing(assembly: JudgedAssembly) -> None:
    found = [f"{name}: {match}" for name, template in assembly.templates.items() for match in lint(template)]
    assert not found, "\n".join(found)


def test_parliament_finds_nothing_in_thepolicies(assembly: JudgedAssembly) -> None:
    found: list[str] = []
    unknown: set[str] = set()
    for name, template in assembly.templates.items():
        for resource, document in policies(template):
            text = json.dumps(plain(document, template, assembly.templates))
            for finding in parliament.analyze_policy_string(text).findings:
                if finding.issue == "UNKNOWN_ACTION":
                    unknown.add(str(finding.detail))
                elif parliament.enhance_finding(finding).severity not in {"MUTED", "INFO"}:
                    found.append(f"{name} {resource}: {finding}")
    assert not found, "\n".join(found)
    assert unknown == UNKNOWN_TO_PARLIAMENT


def test_the_stacks_hold_policies_for_parliament_toread(assembly: JudgedAssembly) -> None:
    assert sum(1 for template in assembly.templates.values() for _ in policies(template)) >= 2


def test_no_policy_grants_every_action_of_a_service(assembly: JudgedAssembly) -> None:
    broad = [
        f"{name} {resource}: {action}"
        for name, template in assembly.templates.items()
        for resource, document in policies(template)
        for statement in listed(document["Statement"])
        if statement["Effect"] == "Allow"
        for action in listed(statement.get("Action", []))
        if action == "*" or action.endswith(":*")
    ]
    assert not broad
