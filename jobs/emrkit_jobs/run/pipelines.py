"""`run --via pipeline`: a job as an execution of its state machine. Names make the start idempotent."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emrkit_jobs.preflight import ClusterNeeds
from emrkit_jobs.run import preflights
from emrkit_jobs.run.chosen_numbers import choose_numbers
from emrkit_jobs.run.execution import RunOptions, outputs_of, prepare_run
from emrkit_jobs.run.lock import hold
from emrkit_jobs.run.preview import Preview, preview
from emrkit_jobs.run.records import RunRecord
from emrkit_jobs.run.reports import Line, Reporter
from emrkit_jobs.run.uploading import check_buckets, place_fixtures, upload_bundle
from emrkit_jobs.run.workspace import Workspace
from emrkit_jobs.targets.errors import OutcomeUnknown, Unreachable
from emrkit_jobs.targets.protocol import ExecutionView, StateView
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode
from emrkit_model.job import Job
from emrkit_model.overrides import with_numbers
from emrkit_model.values import Json

__all__ = ["PipelineResult", "run_pipeline"]

PATIENCE = 25.0


@dataclass(frozen=True)
class PipelineResult:
    """An execution that has ended (or, without following, was started)."""

    record: RunRecord
    execution: ExecutionView | None
    arn: str
    states: tuple[StateView, ...]
    outputs: dict[str, Path | None]
    preview: Preview | None = None
    problem: Diagnostic | None = None


def run_pipeline(workspace: Workspace, name: str, options: RunOptions, report: Reporter) -> PipelineResult:
    """Starts (or goes on with) the execution and watches its states."""
    workspace.guard(report, yes=options.yes, verb=f"run {name} --via pipeline")
    _require_pipeline(workspace, name)
    prepared = prepare_run(workspace, name)
    workspace.deployed.warn(report)
    deployed = workspace.deployed.pipeline(name)
    machine = deployed.state_machine_arn
    chosen = choose_numbers(options.numbers, prepared.job.job, deployed, workspace.resolved.clusters)
    facts: dict[str, object] = {"job": name, "via": "pipeline", "bundle": prepared.bundle.digest, "machine": machine}
    facts["overrides"] = chosen or None
    record = workspace.records.unfinished(facts)
    if record is None:
        steps = [step.name for step in prepared.job.job.ordered_steps()]
        record = workspace.records.create({**facts, "steps": steps})
    else:
        report.say(f"going on with run {record.id}, whose end is not known yet")
    target = workspace.target
    arn = record.execution
    if arn is None:
        if options.preflight and (needs := _needs(workspace, prepared.job.job, chosen)):
            workspace.warnings += preflights.require(preflights.ask(workspace, needs), report)
        if workspace.is_local:
            place_fixtures(target, prepared.job, workspace.state, report)
        check_buckets(target, prepared.job)
        with hold(target.objects, prepared.artifacts, f"run-{name}", steal=options.steal_lock) as lock:
            upload_bundle(target.objects, prepared.artifacts, prepared.bundle, report)
            lock.check()
            record.journal.write("intent", act="start", machine=machine)
            payload: dict[str, Json] = {
                "run": record.id,
                "bundle": f"s3://{prepared.artifacts}/{prepared.bundle.prefix}",
                **({"overrides": dict(chosen)} if chosen else {}),
            }
            arn = _start(workspace, machine, record.id, payload)
            record.journal.write("execution", arn=arn)
        numbers = ", ".join(f"{name}={number}" for name, number in chosen.items())
        report.say(f"pipeline execution {record.id} started" + (f" with {numbers}" if numbers else ""))
    outputs = outputs_of(workspace, prepared.job)
    if not options.follow:
        return PipelineResult(record, None, arn, (), outputs)
    execution, states = _follow(workspace, record, arn, report)
    problem = None if execution.status == "SUCCEEDED" else _explain(record, execution, states)
    record.journal.write("finished", state="COMPLETED" if problem is None else "FAILED")
    first = next((folder for folder in outputs.values() if folder is not None), None)
    table = preview(first) if problem is None and first is not None and prepared.job.job.preview else None
    return PipelineResult(record, execution, arn, states, outputs, table, problem)


def _require_pipeline(workspace: Workspace, name: str) -> None:
    """A job that declares none has one only where the app makes it by itself; deploying again gives it none."""
    if workspace.resolved.job(name).job.pipeline is None and name not in workspace.deployed.pipelines:
        cluster = next(iter(workspace.resolved.transient), "<a transient cluster>")
        raise EmrkitError(
            Diagnostic(
                "E-RUN-035",
                f"job '{name}' declares no pipeline",
                path=("jobs", name),
                location=workspace.project.locate(("jobs", name)),
                got="--via pipeline",
                allowed=", ".join(n for n, j in workspace.resolved.jobs.items() if j.job.pipeline) or "no job has one",
                hint=f"run it on its cluster: `emrkit run {name}`; or give the job `pipeline: {{cluster: {cluster}}}`, "
                "make it with `emr.Pipeline` in the app, and deploy",
            )
        )


def _needs(workspace: Workspace, job: Job, chosen: Mapping[str, int]) -> list[ClusterNeeds]:
    """What the pipeline's cluster needs, with the numbers that were chosen."""
    pipeline = job.pipeline
    if pipeline is None or pipeline.cluster not in workspace.resolved.transient:
        return []
    launched = workspace.resolved.clusters[pipeline.cluster]
    if pipeline.overrides and set(chosen) <= set(pipeline.overrides):
        launched = with_numbers(launched, pipeline.overrides, chosen)
    return [*preflights.transient_needs(workspace, [pipeline.cluster], {pipeline.cluster: launched})]


def _start(workspace: Workspace, machine: str, name: str, payload: dict[str, Json]) -> str:
    """The name is the token: starting twice gives one execution."""
    for last in (False, False, True):
        try:
            return workspace.target.pipelines.start(machine, name, payload)
        except OutcomeUnknown:
            if last:
                raise
            time.sleep(workspace.target.poll_seconds)
    raise AssertionError


def _follow(
    workspace: Workspace, record: RunRecord, arn: str, report: Reporter
) -> tuple[ExecutionView, tuple[StateView, ...]]:
    lost_since: float | None = None
    while True:
        try:
            execution = workspace.target.pipelines.describe(arn)
            states = workspace.target.pipelines.states(arn)
            lost_since = None
        except Unreachable:
            lost_since = lost_since or time.monotonic()
            if time.monotonic() - lost_since > PATIENCE:
                raise
            time.sleep(workspace.target.poll_seconds)
            continue
        if execution is None:
            raise EmrkitError(
                Diagnostic(
                    "E-RUN-030",
                    f"the execution of run {record.id} is unknown to the target",
                    got=arn,
                    hint="it was deleted with its state machine; run the job again",
                ),
                ExitCode.OUTCOME_UNKNOWN,
            )
        report.show(f"pipeline {execution.name} {execution.status}", [_line(state) for state in states])
        if execution.over:
            return execution, states
        time.sleep(workspace.target.poll_seconds)


def _line(state: StateView) -> Line:
    seconds = None
    if state.started is not None:
        until = state.ended or type(state.started).now(state.started.tzinfo)
        seconds = max(0.0, (until - state.started).total_seconds())
    return Line(state.name, state.state, seconds, state.detail[:200])


def _explain(record: RunRecord, execution: ExecutionView, states: tuple[StateView, ...]) -> Diagnostic:
    failed = next((state for state in states if state.state == "FAILED"), None)
    cause = execution.cause or (failed.detail if failed else "") or execution.status
    try:
        told = json.loads(cause)
        cause = str(told.get("cause") or told.get("Cause") or cause) if isinstance(told, dict) else cause
    except ValueError:
        pass
    return Diagnostic(
        "E-RUN-031",
        f"the pipeline of job '{record.job}' ended as {execution.status}" + (f" in '{failed.name}'" if failed else ""),
        got=f"{execution.error}: {' '.join(cause.split())[:800]}".removeprefix(": "),
        hint=None if execution.error.startswith("Emrkit.") else f"`emrkit logs {record.id}` shows what its steps wrote",
    )
