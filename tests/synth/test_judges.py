"""Every stack of every AWS environment before every judge: no finding that nobody acknowledged.

The app is synthesized in a process of its own, as CI and `emrkit deploy` to AWS do it, with the judges on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint.api
import cfnlint.config
import parliament
import pytest

from emrkit_model import rules

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "prod")
# parliament's list of actions is older than these services; anything else it does not know is a misspelling.
UNKNOWN_TO_PARLIAMENT: frozenset[str] = frozenset()
ATTRIBUTE_OF = {
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/placeholder",
    "AWS::S3::Bucket": "arn:aws:s3:::placeholder",
    "AWS::KMS::Key": "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:placeholder-AbCdEf",
    "AWS::Logs::LogGroup": "arn:aws:logs:eu-central-1:123456789012:log-group:placeholder:*",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:eu-central-1:123456789012:stateMachine:placeholder",
    "AWS::EC2::VPC": "vpc-0123456789abcdef0",
}
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::Region": "eu-central-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "placeholder",
}


@dataclass(frozen=True)
class Assembly:
    """What one synthesis left behind."""

    folder: Path
    exit_code: int
    words: str

    @property
    def templates(self) -> dict[str, dict[str, Any]]:
        return {p.name.removesuffix(".template.json"): _read(p) for p in sorted(self.folder.glob("*.template.json"))}

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The judges' reports; a judge without a word to say has none."""
        path = self.folder / "validation-report.json"
        return _read(path)["pluginReports"] if path.exists() else []


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@cache
def _synthesize(environment: str, folder: Path) -> Assembly:
    outdir = folder / environment
    given = {
        "EMRKIT_JUDGES": "1",
        "EMRKIT_TARGET": environment,
        "CDK_OUTDIR": str(outdir),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": json.dumps(_read(ROOT / "cdk.json").get("context", {})),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env={**kept, **given}, capture_output=True, text=True, timeout=300
    )
    return Assembly(outdir, done.returncode, done.stdout + done.stderr)


@pytest.fixture(params=ENVIRONMENTS)
def assembly(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    folder = tmp_path_factory.getbasetemp() / "judged"
    made = _synthesize(request.param, folder)
    assert (made.folder / "manifest.json").exists(), made.words
    return made


def test_no_judge_has_a_finding_that_nobody_acknowledged(assembly: Assembly) -> None:
    found = [
        f"{report['pluginName']} {violation['ruleName']} at {place['constructPath']}: {violation['description']}"
        for report in assembly.reports
        for violation in report["violations"]
        for place in violation["violatingConstructs"]
    ]
    assert not found, "\n".join(found)
    assert assembly.exit_code == 0, assembly.words


def test_the_judges_really_sat(assembly: Assembly) -> None:
    """cdk-nag's inverted EMR rules are acknowledged, so a synthesis with a cluster always leaves a report."""
    suppressed = {v["ruleName"] for report in assembly.reports for v in report.get("suppressedViolations", [])}
    assert {"AwsSolutions-EMR4", "AwsSolutions-EMR5"} <= suppressed


def test_every_acknowledgement_has_a_reason_and_is_still_needed(assembly: Assembly) -> None:
    used = {
        (violation["acknowledgedId"], violation.get("acknowledgedAt", ""))
        for report in assembly.reports
        for violation in report.get("suppressedViolations", [])
    }
    given = dict(_acknowledgements(assembly))
    assert given
    assert not [key for key, reason in given.items() if len(reason) < 20]
    assert sorted(set(given) - used) == [], "acknowledged, but no judge objects any more: delete these"


def _acknowledgements(assembly: Assembly) -> Iterator[tuple[tuple[str, str], str]]:
    for path in [*assembly.folder.glob("*.metadata.json"), assembly.folder / "manifest.json"]:
        document = _read(path)
        stacks = (
            [document]
            if "artifacts" not in document
            else [a.get("metadata", {}) for a in document["artifacts"].values()]
        )
        for stack in stacks:
            for where, entries in stack.items():
                for entry in entries if isinstance(entries, list) else []:
                    if entry.get("type") == "aws:cdk:acknowledged-rules":
                        for rule, reason in entry.get("data", {}).items():
                            yield (rule, where.removeprefix("/")), reason


def test_our_own_guardrails_find_nothing(assembly: Assembly) -> None:
    found = [
        f"{name}: {finding.diagnostic}"
        for name, template in assembly.templates.items()
        for finding in rules.check_template(template)
    ]
    assert not found, "\n".join(found)


def test_cfn_lint_finds_nothing(assembly: Assembly) -> None:
    config = cfnlint.config.ManualArgs(regions=["eu-central-1"])
    found = [
        f"{name}: {match}"
        for name, template in assembly.templates.items()
        for match in cfnlint.api.lint(json.dumps(template), config=config)
    ]
    assert not found, "\n".join(found)


def test_parliament_finds_nothing_in_the_policies(assembly: Assembly) -> None:
    found: list[str] = []
    unknown: set[str] = set()
    for name, template in assembly.templates.items():
        for resource, document in _policies(template):
            text = json.dumps(_plain(document, template, assembly.templates))
            for finding in parliament.analyze_policy_string(text).findings:
                if finding.issue == "UNKNOWN_ACTION":
                    unknown.add(str(finding.detail))
                elif parliament.enhance_finding(finding).severity not in {"MUTED", "INFO"}:
                    found.append(f"{name} {resource}: {finding}")
    assert not found, "\n".join(found)
    assert unknown == UNKNOWN_TO_PARLIAMENT


def test_the_stacks_hold_policies_for_parliament_to_read(assembly: Assembly) -> None:
    assert sum(1 for template in assembly.templates.values() for _ in _policies(template)) >= 2


def test_no_policy_grants_every_action_of_a_service(assembly: Assembly) -> None:
    broad = [
        f"{name} {resource}: {action}"
        for name, template in assembly.templates.items()
        for resource, document in _policies(template)
        for statement in _listed(document["Statement"])
        if statement["Effect"] == "Allow"
        for action in _listed(statement.get("Action", []))
        if action == "*" or action.endswith(":*")
    ]
    assert not broad


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _policies(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Identity policies; key, bucket and trust policies are documents of other kinds."""
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::IAM::"):
            properties = resource.get("Properties", {})
            documents = [
                properties.get("PolicyDocument"),
                *(p["PolicyDocument"] for p in properties.get("Policies", [])),
            ]
            yield from ((name, document) for document in documents if document)


def _plain(value: Any, template: dict[str, Any], all_templates: dict[str, dict[str, Any]]) -> Any:
    """The value with what CloudFormation would fill in replaced by something of the right shape."""
    if isinstance(value, list):
        return [_plain(item, template, all_templates) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or not (next(iter(value)) == "Ref" or next(iter(value)).startswith("Fn::")):
        return {key: _plain(item, template, all_templates) for key, item in value.items()}
    ((function, argument),) = value.items()
    if function == "Ref":
        return PSEUDO.get(argument, "placeholder")
    if function == "Fn::GetAtt":
        return ATTRIBUTE_OF[template["Resources"][argument[0]]["Type"]]
    if function == "Fn::Join":
        return argument[0].join(str(_plain(item, template, all_templates)) for item in argument[1])
    if function == "Fn::ImportValue":
        for other in all_templates.values():
            for output in other.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == argument:
                    return _plain(output["Value"], other, all_templates)
    raise AssertionError(f"no placeholder for {value}")
