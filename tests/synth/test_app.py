"""app.py as the CDK CLI runs it: which target it takes, and what it says when there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App

import emrkit_jobs.bundle.project as projects
from emrkit_model.diagnostics import EmrkitError
from stacks import define_stacks
from tests.synth.assembly import ROOT


def run(folder: Path, context: dict[str, str] | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    given = {"CDK_OUTDIR": str(folder), "CDK_VALIDATION": "false", "CDK_CONTEXT_JSON": json.dumps(context or {})}
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env={**kept, **given, **variables}, capture_output=True, text=True
    )


def test_without_a_word_it_is_the_default_target(tmp_path: Path) -> None:
    """`local`, whose environment is dev."""
    done = run(tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "emrkit-demo-dev-cluster" in json.loads((tmp_path / "out/manifest.json").read_text())["artifacts"]


def test_an_unknown_target_is_one_diagnostic_and_no_traceback(tmp_path: Path) -> None:
    done = run(tmp_path / "out", EMRKIT_TARGET="nope")
    assert done.returncode == 1
    assert done.stderr.startswith("error[E-FILE-062]: there is no target 'nope'")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out/manifest.json").exists()


def test_the_context_wins_over_the_environment(tmp_path: Path) -> None:
    done = run(tmp_path / "out", {"target": "test"}, EMRKIT_TARGET="prod")
    assert done.returncode == 0, done.stderr
    assert "emrkit-demo-test-cluster" in (tmp_path / "out/manifest.json").read_text()


def test_a_pipeline_on_a_kerberos_cluster_is_refused_at_synthesis(tmp_path: Path) -> None:
    cluster = {"release": "emr-7.12.0", "applications": ["Spark"], "primary": {"on_demand": ["m5.xlarge"]}}
    steps = [{"name": "only", "command": ["true"]}]
    project = {
        "project": "shop",
        "targets": {"dev": {"kind": "aws", "default": True}},
        "clusters": {
            "etl": cluster,
            "own": {**cluster, "transient": True, "kerberos": {"kind": "cluster-dedicated", "realm": "EXAMPLE.COM"}},
        },
        "jobs": {"sales": {"run_on": "etl", "pipeline": {"cluster": "own"}, "steps": steps}},
    }
    (tmp_path / "emrkit.yaml").write_text(json.dumps(project))
    loaded = projects.load(tmp_path)
    app = App(outdir=str(tmp_path / "out"), builtin_cloud_formation_validation=False)
    with pytest.raises(EmrkitError) as refused:
        define_stacks(app, loaded, loaded.choose_target(None, None))
    assert "E-PIPE-001" in str(refused.value)
    assert "'sales'" in str(refused.value)


def test_app_py_stays_small() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) <= 40
