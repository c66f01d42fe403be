"""Control Tower's rules on EMR: the safe encryption passes all four without anything acknowledged, a bare one none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synth.judged import JudgedAssembly

ROOT = Path(__file__).parents[2]
RULES = {
    "emr_sec_config_encryption_at_rest_s3_check",
    "emr_sec_config_encryption_at_rest_s3_kms_check",
    "emr_sec_config_ebs_encryption_check",
    "emr_sec_config_encryption_in_transit_check",
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> JudgedAssembly:
    folder = tmp_path_factory.mktemp("security")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    given = {"EMRKIT_JUDGES": "1", "CDK_OUTDIR": str(folder), "CDK_VALIDATION": "false"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.synth.security_app"],
        cwd=ROOT,
        env={**kept, **given, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return JudgedAssembly(folder, done.returncode, done.stdout + done.stderr)


def broken(judged: JudgedAssembly, stack: str) -> set[str]:
    return {
        violation["ruleName"]
        for report in judged.reports
        for violation in report["violations"]
        for resource in violation["violatingConstructs"]
        if resource["constructPath"].startswith(f"{stack}/") and violation["ruleName"].startswith("emr_sec_config")
    }


def test_the_safe_encryption_passes_control_tower_with_nothing_acknowledged(judged: JudgedAssembly) -> None:
    assert broken(judged, "Safe") == set(), judged.words
    assert not [v for report in judged.reports for v in report.get("suppressedViolations", [])]


def test_control_tower_does_look(judged: JudgedAssembly) -> None:
    assert broken(judged, "Bare") == RULES, judged.words
