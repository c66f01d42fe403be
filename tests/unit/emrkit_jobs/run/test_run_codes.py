"""Why a run does not begin, or does not end well: each with a code of its own."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from emrkit_jobs.run import execution, following, inspection, pipelines, uploading
from emrkit_jobs.run.contracts import read_deployed
from emrkit_jobs.run.execution import Prepared
from emrkit_jobs.run.records import RunRecord, RunRecords
from emrkit_jobs.targets.protocol import ExecutionView, StateView, StepView
from emrkit_model.diagnostics import EmrkitError, ExitCode
from emrkit_model.steps import CommandStep

DOCUMENT = {"schema": 2, "project": "shop", "environment": "dev", "stack": "foundation", "buckets": {"logs": "l"}}
QUIET: Any = SimpleNamespace(say=lambda *_: None, show=lambda *_: None, detail=lambda *_: None)


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return RunRecords(tmp_path, "shop", "dev", "1").create({"job": "sales", "via": "cluster", "bundle": "b"})


def code_of(raised: pytest.ExceptionInfo[EmrkitError]) -> str:
    return raised.value.diagnostics[0].code


def target(**parts: object) -> Any:
    return SimpleNamespace(name="dev", environment="dev", kind="aws", poll_seconds=0.0, **parts)


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    records = RunRecords(tmp_path, "shop", "dev", "1")
    with pytest.raises(EmrkitError, match="nothing was run here yet") as raised:
        records.find(None)
    assert code_of(raised) == "E-RUN-006"
    with pytest.raises(EmrkitError, match="there is no run 'r9'"):
        records.find("r9")


def test_a_project_that_is_not_deployed_says_how_to_deploy_it() -> None:
    deployed = read_deployed(target(contracts=lambda _: ()), "shop")
    with pytest.raises(EmrkitError, match="emrkit deploy --target dev") as raised:
        deployed.require()
    assert (code_of(raised), raised.value.exit_code) == ("E-RUN-010", ExitCode.TARGET_REFUSED)


def test_what_the_deployed_stacks_do_not_have_is_named_with_what_they_have() -> None:
    deployed = read_deployed(target(contracts=lambda _: (DOCUMENT,)), "shop")
    for ask in (lambda: deployed.cluster("etl"), lambda: deployed.look_up("raw", "bucket")):
        with pytest.raises(EmrkitError) as raised:
            ask()
        assert code_of(raised) == "E-RUN-011"
    assert deployed.look_up("logs", "bucket") == "l"
    with pytest.raises(EmrkitError, match=r"the app makes it with `emr\.Pipeline`"):
        deployed.pipeline("sales")


def test_a_program_of_sample_data_that_fails_shows_its_last_lines(tmp_path: Path) -> None:
    program = tmp_path / "make.py"
    program.write_text("import sys\nsys.exit('no disk')\n")
    with pytest.raises(EmrkitError, match="no disk") as raised:
        uploading._generate(program, tmp_path, ())
    assert code_of(raised) == "E-RUN-013"


@pytest.mark.parametrize("count", [0, 2])
def test_arguments_of_the_command_line_need_one_step(count: int) -> None:
    steps = tuple(CommandStep(name=f"s{number}", command=("true",)) for number in range(count))
    job: Any = SimpleNamespace(name="sales", steps_at=lambda _: steps)
    prepared = Prepared(job, cast("Any", SimpleNamespace(prefix="p")), "bucket")
    assert prepared.steps(()) == steps
    with pytest.raises(EmrkitError, match=f"has {count} steps") as raised:
        prepared.steps(("x",))
    assert code_of(raised) == "E-RUN-014"


def test_a_job_without_a_cluster_is_told_which_there_are() -> None:
    project = SimpleNamespace(locate=lambda _: None)
    workspace: Any = SimpleNamespace(resolved=SimpleNamespace(clusters={"etl": 1}), project=project)
    job: Any = SimpleNamespace(name="sales", job=SimpleNamespace(run_on=None))
    with pytest.raises(EmrkitError, match="etl") as raised:
        execution._cluster_name(workspace, job)
    assert code_of(raised) == "E-RUN-015"


@pytest.mark.parametrize(
    ("timed_out", "code", "words"),
    [("step 'a' ran out of its timeout", "E-RUN-020", "timeout"), (None, "E-RUN-024", "TERMINATED")],
)
def test_a_run_that_did_not_end_well_says_why(record: RunRecord, timed_out: str | None, code: str, words: str) -> None:
    cluster: Any = SimpleNamespace(id="j-1", state="TERMINATED", reason_code="", reason="")
    ending = following.Ending({}, cluster, timed_out)
    found = execution._explain(cast("Any", None), record, ending, "j-1", "s3://l/", QUIET)
    assert found.code == code
    assert words in str(found)


def test_a_step_that_does_not_end_when_it_is_cancelled_leaves_the_outcome_unknown(record: RunRecord) -> None:
    step = StepView("s-1", "load", "RUNNING")
    clusters = SimpleNamespace(
        cancel=lambda *_, **__: None, steps=lambda _: (step,), describe=lambda _: SimpleNamespace(alive=True)
    )
    submitter: Any = SimpleNamespace(report=QUIET, record=record, target=target(clusters=clusters))
    clock = itertools.count(step=following.CANCEL_DEADLINE / 2)
    watch: Any = SimpleNamespace(
        submitter=submitter, cluster_id="j-1", now=lambda: next(clock), sleep=lambda _: None,
        poll=lambda: None, show=lambda: None, steps={"load": step},
    )  # fmt: skip
    with pytest.raises(EmrkitError, match="load is RUNNING") as raised:
        following._cancel_and_verify(watch, ["s-1"])
    assert (code_of(raised), raised.value.exit_code) == ("E-RUN-021", ExitCode.OUTCOME_UNKNOWN)
    assert record.journal.find("intent", act="cancel") is not None


def test_a_cancelled_run_that_goes_on_is_told_and_may_be_cancelled_again(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "CANCEL_SECONDS", -1.0)
    monkeypatch.setattr(inspection, "cluster_of", lambda *_: None)
    monkeypatch.setattr(inspection, "steps_of", lambda *_: {"load": StepView("s-1", "load", "RUNNING")})
    with pytest.raises(EmrkitError, match="load is RUNNING") as raised:
        inspection.cancel_run(cast("Any", SimpleNamespace(target=target())), record, QUIET)
    assert (code_of(raised), raised.value.exit_code) == ("E-RUN-025", ExitCode.OUTCOME_UNKNOWN)


def test_an_execution_that_the_target_does_not_know_leaves_the_outcome_unknown(record: RunRecord) -> None:
    machines = SimpleNamespace(describe=lambda _: None, states=lambda _: ())
    workspace: Any = SimpleNamespace(target=target(pipelines=machines))
    with pytest.raises(EmrkitError, match="arn:gone") as raised:
        pipelines._follow(workspace, record, "arn:gone", QUIET)
    assert (code_of(raised), raised.value.exit_code) == ("E-RUN-030", ExitCode.OUTCOME_UNKNOWN)


@pytest.mark.parametrize("documents", [(), (DOCUMENT,)])
def test_a_job_that_declares_no_pipeline_is_not_told_to_deploy_again(documents: tuple[Any, ...]) -> None:
    jobs = {name: SimpleNamespace(job=SimpleNamespace(pipeline=made)) for name, made in (("sales", None), ("day", 1))}
    workspace: Any = SimpleNamespace(
        guard=lambda *_, **__: None, deployed=read_deployed(target(contracts=lambda _: documents), "shop"),
        resolved=SimpleNamespace(job=jobs.get, jobs=jobs, transient=frozenset({"nightly"})),
        project=SimpleNamespace(locate=lambda _: None),
    )  # fmt: skip
    with pytest.raises(EmrkitError, match="declares no pipeline") as raised:
        pipelines.run_pipeline(workspace, "sales", execution.RunOptions(), QUIET)
    found = raised.value.diagnostics[0]
    assert (found.code, found.path, found.allowed) == ("E-RUN-035", ("jobs", "sales"), "day")
    assert "pipeline: {cluster: nightly}" in str(found.hint)
    assert "deploy again" not in str(found)


def test_a_pipeline_that_failed_is_told_with_the_state_and_its_cause(record: RunRecord) -> None:
    failed = ExecutionView("arn", "x", "FAILED", error="States.TaskFailed", cause='{"cause": "no such table"}')
    found = pipelines._explain(record, failed, (StateView("Step load", "FAILED"),))
    assert (found.code, "'Step load'" in found.summary) == ("E-RUN-031", True)
    assert found.got == "States.TaskFailed: no such table"
