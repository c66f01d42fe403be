"""Every example of the guides: it synthesizes, no judge objects, CloudFormation's schema holds, its ids stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import parliament
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from docs import examples
from tests.synth import verdicts
from tests.synth.judged import JudgedAssembly, acknowledgements, findings, plain, policies
from tests.synth.linting import lint
from tests.synth.shown_by_examples import SHOWN

ROOT = Path(__file__).parents[2]
NAMES = examples.names()
# What a linter of templates says wrongly, by its own id, with the reason; each is proven to be said still.
EXEMPT: dict[str, str] = {
    "W3037": "its list of services has no emrwal, whose actions EMR's page on write-ahead logs lists",
}


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> JudgedAssembly:
    """All examples in one app, before every judge."""
    folder = tmp_path_factory.mktemp("gallery")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    given = {
        "EMRKIT_JUDGES": "1",
        "CDK_OUTDIR": str(folder),
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    done = subprocess.run(
        [sys.executable, "-m", "docs.examples", "--all"],
        cwd=ROOT,
        env={**kept, **given},
        capture_output=True,
        text=True,
        timeout=600,
    )
    made = JudgedAssembly(folder, done.returncode, done.stdout + done.stderr)
    assert (folder / "manifest.json").exists(), made.words
    return made


def _stack(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _templates(gallery: JudgedAssembly, name: str) -> dict[str, dict[str, Any]]:
    """The templates of one example: its stack, and those whose names go on after it with a hyphen."""
    prefix = _stack(name)
    return {n: t for n, t in gallery.templates.items() if n == prefix or n.startswith(f"{prefix}-")}


def test_there_is_an_example_and_each_defines_stacks_named_after_it(gallery: JudgedAssembly) -> None:
    assert len(NAMES) >= 1
    owned = {name for example in NAMES for name in _templates(gallery, example)}
    assert sorted(set(gallery.templates) - owned) == []
    assert [name for name in NAMES if not _templates(gallery, name)] == []


def test_no_judge_objects_to_an_example(gallery: JudgedAssembly) -> None:
    assert not findings(gallery), "\n".join(findings(gallery))
    assert gallery.exit_code == 0, gallery.words


def test_the_judges_sat_over_the_examples(gallery: JudgedAssembly) -> None:
    assert {v["ruleName"] for r in gallery.reports for v in r.get("suppressedViolations", [])}


def test_an_acknowledgement_of_an_example_is_still_needed(gallery: JudgedAssembly) -> None:
    used = {
        (violation["acknowledgedId"], violation.get("acknowledgedAt", ""))
        for report in gallery.reports
        for violation in report.get("suppressedViolations", [])
    }
    given = dict(acknowledgements(gallery))
    assert not [key for key, reason in given.items() if len(reason) < 20]
    assert sorted(set(given) - used) == [], "acknowledged, but no judge objects any more: delete these"


@pytest.mark.parametrize("name", NAMES)
def test_cfn_lint_finds_nothing_in_an_example(gallery: JudgedAssembly, name: str) -> None:
    assert [text for text, rule in _linted(gallery, name) if rule not in EXEMPT] == []


def test_what_cfn_lint_is_exempted_from_it_still_says(gallery: JudgedAssembly) -> None:
    said = {rule for name in NAMES for _, rule in _linted(gallery, name)} if EXEMPT else set[str]()
    assert set(EXEMPT) <= said


@cache
def _linted(gallery: JudgedAssembly, name: str) -> tuple[tuple[str, str], ...]:
    templates = _templates(gallery, name)
    return tuple((f"{stack}: {match}", match.rule.id) for stack, t in templates.items() for match in lint(t))


@pytest.mark.parametrize("name", NAMES)
def test_parliament_finds_nothing_in_the_policies_of_an_example(gallery: JudgedAssembly, name: str) -> None:
    found = _objections_to_policies(gallery, name)
    assert not found, "\n".join(found)


@cache
def _objections_to_policies(gallery: JudgedAssembly, name: str) -> tuple[str, ...]:
    found: list[str] = []
    for stack, template in _templates(gallery, name).items():
        for resource, document in policies(template):
            for finding in parliament.analyze_policy_string(
                json.dumps(plain(document, template, gallery.templates))
            ).findings:
                if finding.issue == "UNKNOWN_PREFIX" and str(finding.detail).endswith(" emrwal"):
                    continue  # as cfn-lint: see EXEMPT
                if finding.issue == "UNKNOWN_ACTION":
                    found.append(f"{stack} {resource}: {finding.detail}")
                elif parliament.enhance_finding(finding).severity not in {"MUTED", "INFO"}:
                    found.append(f"{stack} {resource}: {finding}")
    return tuple(found)


def test_the_page_of_verdicts_says_what_the_judges_said(gallery: JudgedAssembly, pytestconfig: pytest.Config) -> None:
    """`--snapshot-update` writes it."""
    others = {
        name: (
            len([text for text, rule in _linted(gallery, name) if rule not in EXEMPT]),
            len(_objections_to_policies(gallery, name)),
        )
        for name in NAMES
    }
    text = verdicts.page(gallery, {name: list(_templates(gallery, name)) for name in NAMES}, others)
    if pytestconfig.getoption("update_snapshots"):
        verdicts.PAGE.write_text(text, "utf-8")
    assert verdicts.PAGE.read_text("utf-8") == text, "run: make snapshots"


@pytest.mark.parametrize("name", NAMES)
def test_a_release_would_not_replace_what_an_example_deployed(
    gallery: JudgedAssembly, name: str, snapshot: SnapshotAssertion
) -> None:
    """Logical ids and types, apart from the templates: a changed id is a replaced resource at every user."""
    ids = {
        stack: {logical_id: resource["Type"] for logical_id, resource in template["Resources"].items()}
        for stack, template in _templates(gallery, name).items()
    }
    assert ids == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_shows_what_it_is_there_for(gallery: JudgedAssembly, name: str) -> None:
    assert SHOWN[name], "say what it shows"
    resources = [r for template in _templates(gallery, name).values() for r in template["Resources"].values()]
    for kind, piece in SHOWN[name]:
        held = [json.dumps(r["Properties"], separators=(",", ":")) for r in resources if r["Type"] == kind]
        assert any(piece in text for text in held), f"no {kind} holds {piece}"


def test_nothing_is_said_of_an_example_that_is_not_there() -> None:
    assert set(SHOWN) == set(NAMES)
