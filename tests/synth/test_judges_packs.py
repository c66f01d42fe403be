"""The packs of cdk-nag over the stacks of prod, every judge over a new project: what is found is listed, with why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emrkit.guardrails import Pack
from emrkit.pack_acknowledgements import OWN_REASONS
from emrkit_jobs.cli.init import read_scaffold, write_files
from emrkit_jobs.plan.judgement import read_acknowledgements
from emrkit_model.reasons import OWN_MARK
from tests.synth.judged import JudgedAssembly, acknowledgements

ROOT = Path(__file__).parents[2]
# What is left to the project: the rule, and why neither a construct nor emrkit answers it.
LISTED = {
    "S3BucketReplicationEnabled": "a second copy in another Region is for the owner of the data to decide: it costs, "
    "and the data may have to stay where they are; `judges: accept:` or a replication rule answers it",
}
APP = """
from pathlib import Path
from aws_cdk import App
import emrkit_jobs.bundle.project as projects
from emrkit import guardrails
from stacks import define_stacks
app = App(builtin_cloud_formation_validation=False)
project = projects.load(Path.cwd())
define_stacks(app, project, project.choose_target("prod"))
guardrails.apply(app, packs=list(guardrails.Pack))
app.synth()
"""


def run(folder: Path, out: Path, *command: str, **more: str) -> JudgedAssembly:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    settings = {
        "EMRKIT_JUDGES": "1",
        "CDK_OUTDIR": str(out),
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "PYTHONPATH": str(ROOT),
        **more,
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env={**kept, **settings}, capture_output=True, text=True, timeout=300
    )
    made = JudgedAssembly(out, done.returncode, done.stdout + done.stderr)
    assert (out / "manifest.json").exists(), made.words
    return made


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> JudgedAssembly:
    """The stacks of prod before every judge there is."""
    return run(ROOT, tmp_path_factory.mktemp("packed"), "-c", APP)


def found_by(made: JudgedAssembly, judge: str) -> set[str]:
    """The rules that a judge holds against the app, without the judge's name."""
    return {
        violation["ruleName"].removeprefix(f"{judge}-")
        for report in made.reports
        if report["pluginName"] == judge and report.get("conclusion") != "success"
        for violation in report["violations"]
    }


@pytest.mark.parametrize("pack", list(Pack))
def test_what_a_pack_finds_in_prod_is_listed_with_its_reason(packed: JudgedAssembly, pack: Pack) -> None:
    assert found_by(packed, str(pack.judge)) == set(LISTED)


def test_every_pack_sat(packed: JudgedAssembly) -> None:
    assert {str(pack.judge) for pack in Pack} <= {report["pluginName"] for report in packed.reports}


def test_no_other_judge_finds_anything_in_prod(packed: JudgedAssembly) -> None:
    packs = {str(pack.judge) for pack in Pack}
    rest = {r["pluginName"] for r in packed.reports if r.get("conclusion") != "success"} - packs
    assert rest == set()


def given(made: JudgedAssembly) -> set[tuple[str, str]]:
    """What was acknowledged; CDK's own template check does not sit."""
    return {key for key in dict(acknowledgements(made)) if not key[0].startswith("CloudFormation-Validate::")}


def used(made: JudgedAssembly) -> set[tuple[str, str]]:
    return {
        (violation["acknowledgedId"], violation.get("acknowledgedAt", ""))
        for report in made.reports
        for violation in report.get("suppressedViolations", [])
    }


def test_what_emrkit_answers_for_its_constructs_is_still_asked(packed: JudgedAssembly) -> None:
    assert sorted(given(packed) - used(packed)) == []
    needed = {identity.partition("::")[2] for identity, _ in used(packed)}
    assert {f"{judge}-{one.rule}" for one in OWN_REASONS for judge in one.judges} <= needed
    assert [one.rule for one in OWN_REASONS if len(one.reason) < 20] == []


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> JudgedAssembly:
    """The app that `emrkit init` writes, before every judge."""
    folder = tmp_path_factory.mktemp("scaffold") / "shop"
    files = read_scaffold()
    write_files(
        folder, {path: text.replace("PROJECT", "shop").replace("RELEASE", "emr-7.12.0") for path, text in files}
    )
    return run(folder, folder / "cdk.out", "app.py", EMRKIT_TARGET="dev")


def test_no_judge_objects_to_a_new_project(shop: JudgedAssembly) -> None:
    found: list[Any] = [r for r in shop.reports if r.get("conclusion") != "success"]
    assert found == []
    assert shop.exit_code == 0, shop.words


def test_the_judges_sat_over_the_new_project_which_accepts_nothing_itself(shop: JudgedAssembly) -> None:
    assert used(shop)
    assert read_acknowledgements(shop.folder) == ()
    assert {reason.endswith(OWN_MARK) for key, reason in acknowledgements(shop) if key in given(shop)} == {True}


EXAMPLE = """
import json
from pathlib import Path
from aws_cdk import App
from docs.examples import load
from emrkit import guardrails
app = App(context=json.loads(Path("cdk.json").read_text())["context"], builtin_cloud_formation_validation=False)
load("guardrails_packs")(app)
guardrails.apply(app, packs=[guardrails.Pack.HIPAA])
app.synth()
"""


def test_the_example_passes_the_pack_and_needs_all_that_it_accepts(tmp_path: Path) -> None:
    made = run(ROOT, tmp_path, "-c", EXAMPLE)
    assert [r for r in made.reports if r.get("conclusion") != "success"] == []
    assert read_acknowledgements(tmp_path) == ()
    accepted = {rule for rule, _ in used(made)}
    assert {"emrkit::E-RULE-011", "HIPAA.Security::HIPAA.Security-S3BucketReplicationEnabled"} <= accepted
