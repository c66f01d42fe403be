"""What the command line refuses by itself, before any target is asked."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from emrkit_jobs.cli import main as shell
from emrkit_jobs.run import inspection, workspace
from emrkit_model.diagnostics import ExitCode

PROJECT = """
project: shop
targets:
  prod: {kind: aws, mode: production, default: true, environment: prod, region: eu-west-1}
"""


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a verb in a project; what it said, and its exit code."""
    (tmp_path / "emrkit.yaml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMRKIT_STATE_DIR", str(tmp_path / "state"))

    def call(*arguments: str) -> tuple[str, int]:
        code = shell.run(list(arguments))
        return capsys.readouterr().err, code

    return call


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_the_system_refuses_is_no_defect_of_ours(refused, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(number, "no", "/somewhere")

    monkeypatch.setattr(shell.emrkit, "main", broken)
    said, code = refused("status")
    assert "error[E-CLI-002]" in said
    assert "/somewhere" in said
    assert "EMRKIT_STATE_DIR" in said
    assert code == ExitCode.TARGET_UNREACHABLE


def test_a_production_target_is_not_destroyed(refused) -> None:
    said, code = refused("destroy", "--yes")
    assert "error[E-CLI-010]" in said
    assert code == ExitCode.TARGET_REFUSED


JOBS = """
clusters:
  main: {release: emr-7.12.0, applications: [Spark], primary: {on_demand: [m5.xlarge]}}
jobs:
  orders:
    run_on: main
    inputs: ["s3://${resource.data.bucket}/orders/"]
    steps: [{name: load, command: ["true"]}]
"""


def test_a_job_that_is_not_there_is_told_before_any_target_is_asked(
    refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: object) -> None:
        raise AssertionError("the target was asked")

    monkeypatch.setattr(workspace, "open_workspace", ask)
    (tmp_path / "emrkit.yaml").write_text(PROJECT + JOBS)
    for more in ((), ("--via", "pipeline")):
        said, code = refused("run", "ordres", *more)
        assert "error[E-FILE-063]: there is no job 'ordres'" in said
        assert "did you mean `orders`?" in said
        assert code == ExitCode.INVALID_INPUT


def test_a_project_is_not_begun_in_a_file(refused, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    assert "error[E-CLI-020]" in refused("init", "taken", "--name", "shop")[0]


@pytest.mark.parametrize("name", ["Shop", "x", "1st", "a" * 33])
def test_a_name_that_stacks_cannot_carry_is_refused(refused, name: str) -> None:
    said, code = refused("init", "new", "--name", name)
    assert "error[E-CLI-022]" in said
    assert code == ExitCode.INVALID_INPUT


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [((), "E-CLI-024", "PREPARED"), (("--step", "lod"), "E-CLI-023", "load")],
)
def test_logs_that_are_not_there_are_refused_by_what_is(
    refused, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: str, words: str
) -> None:
    record = SimpleNamespace(id="r-1", steps=("load",), state="PREPARED")
    records = SimpleNamespace(find=lambda _: record)
    monkeypatch.setattr(workspace, "open_workspace", lambda *_, **__: SimpleNamespace(records=records))
    monkeypatch.setattr(inspection, "cluster_of", lambda *_: None)
    said, exit_code = refused("logs", *arguments)
    assert f"error[{code}]" in said
    assert words in said
    assert exit_code == ExitCode.INVALID_INPUT


def test_nothing_local_is_forgotten_without_a_yes(refused, tmp_path: Path) -> None:
    kept = tmp_path / "state" / "buckets"
    kept.mkdir(parents=True)
    said, code = refused("local", "reset")
    assert "error[E-CLI-030]" in said
    assert code == ExitCode.INVALID_INPUT
    assert kept.is_dir()
