"""`emrkit run`: a job from its files to its result."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, cast

import click

from emrkit_jobs.cli.invocation import Invocation

if TYPE_CHECKING:
    from emrkit_jobs.run.execution import Result, RunOptions
    from emrkit_jobs.run.pipelines import PipelineResult
    from emrkit_jobs.run.records import RunRecord
    from emrkit_jobs.run.workspace import Workspace

__all__ = ["command"]


@click.command("run")
@click.argument("job")
@click.option("--via", type=click.Choice(["cluster", "pipeline"]), default="cluster", help="How to run it.")
@click.option("--no-follow", "--detach", "-d", "detach", is_flag=True, help="Submit and leave; the run goes on.")
@click.option("--args", "words", metavar="TEXT", help="More arguments for a job of one step, as in a shell.")
@click.option(
    "--set", "numbers", metavar="NAME=NUMBER", multiple=True, help="Choose a number of the pipeline's cluster."
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask before the first change on an AWS account.")
@click.option("--preflight/--no-preflight", default=True, help="Ask first what EMR would refuse of a new cluster.")
@click.option("--steal-lock", is_flag=True, help="Take the submit lock from whoever holds it.")
@click.pass_obj
def command(
    invocation: Invocation,
    job: str,
    via: str,
    detach: bool,
    words: str | None,
    numbers: tuple[str, ...],
    yes: bool,
    preflight: bool,
    steal_lock: bool,
) -> int:
    """Upload what changed, submit JOB, follow it, preview the result.

    After an interruption, however hard, the same command goes on with the same run: nothing is submitted twice.
    """
    from emrkit_jobs.cli.rendering import Progress
    from emrkit_jobs.run.execution import RunOptions
    from emrkit_jobs.run.workspace import open_workspace
    from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

    if numbers and via != "pipeline":
        raise EmrkitError(
            Diagnostic(
                "E-CLI-025",
                "--set chooses a number of a pipeline's cluster",
                got=f"--via {via}",
                hint="add --via pipeline; a variable of the project file is set with --var",
            )
        )
    options = RunOptions(not detach, tuple(shlex.split(words or "")), yes, steal_lock, preflight, numbers)
    # A name that is not there needs no target to be told.
    invocation.project.for_target(invocation.chosen_target).job(job)
    with Progress(invocation.output) as report:
        workspace = open_workspace(invocation.project, invocation.chosen_target)
        for warning in workspace.resolved.warnings:
            report.detail(f"{warning.code}: {warning.summary}")
        try:
            return _carry_out(invocation, workspace, job, via, options, report)
        except KeyboardInterrupt:
            report.settle()
            _say_detached(invocation, workspace, job)
            return ExitCode.INTERRUPTED


def _carry_out(
    invocation: Invocation, workspace: Workspace, job: str, via: str, options: RunOptions, report: object
) -> int:
    from emrkit_jobs.cli.rendering import Progress
    from emrkit_jobs.run.execution import run_job
    from emrkit_jobs.run.pipelines import run_pipeline
    from emrkit_model.diagnostics import EmrkitError, ExitCode

    assert isinstance(report, Progress)
    if via == "pipeline":
        executed = run_pipeline(workspace, job, options, report)
        report.settle()
        _show_pipeline(invocation, workspace, executed)
        problem = executed.problem
    else:
        result = run_job(workspace, job, options, report)
        report.settle()
        _show_run(invocation, workspace, result)
        problem = result.problem
    if problem is not None:
        if invocation.form == "json":
            invocation.output.diagnose(problem)
            return ExitCode.JOB_FAILED
        raise EmrkitError(problem, ExitCode.JOB_FAILED)
    return ExitCode.DONE


def _say_detached(invocation: Invocation, workspace: Workspace, job: str) -> None:
    record = next((r for r in workspace.records.all() if r.job == job), None)
    if record is None or record.journal.finished:
        invocation.output.say("interrupted; nothing was submitted")
        return
    if record.state == "PREPARED":
        invocation.output.say(f"interrupted before run {record.id} was submitted; the same command goes on with it")
        return
    record.journal.write("detached")
    target = workspace.target.name
    invocation.output.say(f"detached; run {record.id} goes on")
    invocation.output.say(f"  watch it again: {_again(record)} --target {target}")
    invocation.output.say(f"  cancel it:      emrkit cancel {record.id} --target {target}")


def _show_run(invocation: Invocation, workspace: Workspace, result: Result) -> None:
    from emrkit_jobs.cli.output import as_data, format_table
    from emrkit_jobs.cli.rendering import format_seconds

    record, output = result.record, invocation.output
    steps = [
        {
            "name": name,
            "id": step.id,
            "state": step.state,
            "seconds": None if step.seconds is None else round(step.seconds, 2),
        }
        for name in record.steps
        if (step := result.steps.get(name)) is not None
    ]
    text = [f"run {record.id} of {record.job}: {result.state.lower()}"]
    if steps:
        rows = [
            [s["name"], s["state"], "" if s["seconds"] is None else format_seconds(float(str(s["seconds"]))), s["id"]]
            for s in steps
        ]
        text += ["", format_table(["step", "state", "took", "id"], rows)]
    if result.state == "COMPLETED":
        text += _output_lines(result.outputs)
        text += _preview_lines(result.preview)
    if result.log_uri:
        text += ["", f"logs       {result.log_uri.rstrip('/')}/{result.cluster_id}/steps/"]
    text += [f"event log  {place}" for place in result.event_logs]
    if result.event_logs:
        text.append(f"           open it: {_history_hint(result.event_logs[-1])}")
    text += _next_lines(workspace, record, result.state)
    output.data(
        {
            "run": record.id,
            "job": record.job,
            "state": result.state,
            "adopted": result.adopted,
            "cluster": result.cluster_id,
            "steps": steps,
            "outputs": [{"uri": uri, "folder": folder} for uri, folder in result.outputs.items()],
            "preview": result.preview,
            "logs": f"{result.log_uri.rstrip('/')}/{result.cluster_id}/steps/" if result.log_uri else None,
            "eventLogs": result.event_logs,
            "preflight": [as_data(found) for found in workspace.warnings],
        },
        "\n".join(text),
    )


def _show_pipeline(invocation: Invocation, workspace: Workspace, result: PipelineResult) -> None:
    from emrkit_jobs.cli.output import as_data, format_table
    from emrkit_jobs.cli.rendering import format_seconds

    status = result.execution.status if result.execution else "STARTED"
    rows: list[list[object]] = []
    for state in result.states:
        took = (state.ended - state.started).total_seconds() if state.started and state.ended else None
        rows.append([state.name, state.state, "" if took is None else format_seconds(took)])
    text = [f"pipeline {result.record.id} of {result.record.job}: {status.lower()}"]
    if rows:
        text += ["", format_table(["state", "result", "took"], rows)]
    if status == "SUCCEEDED":
        text += _output_lines(result.outputs) + _preview_lines(result.preview)
    text += ["", f"execution  {result.arn}"]
    text += _next_lines(workspace, result.record, status)
    invocation.output.data(
        {
            "run": result.record.id,
            "job": result.record.job,
            "state": status,
            "execution": result.arn,
            "states": [{"name": s.name, "state": s.state} for s in result.states],
            "outputs": [{"uri": uri, "folder": folder} for uri, folder in result.outputs.items()],
            "preview": result.preview,
            "preflight": [as_data(found) for found in workspace.warnings],
        },
        "\n".join(text),
    )


def _output_lines(outputs: object) -> list[str]:
    from collections.abc import Mapping

    lines: list[str] = [""]
    for uri, folder in cast("Mapping[str, object]", outputs).items():
        lines.append(f"output     {uri}")
        if folder is not None:
            lines.append(f"           {folder}")
    return lines if len(lines) > 1 else []


def _preview_lines(table: object) -> list[str]:
    from emrkit_jobs.cli.output import format_table
    from emrkit_jobs.run.preview import Preview

    if not isinstance(table, Preview):
        return []
    rows = [[f"{v:,.2f}" if isinstance(v, float) else v for v in row] for row in table.rows]
    more = f"the first {len(rows)} of {table.total:,} rows" if table.total > len(rows) else f"{table.total:,} rows"
    return ["", format_table(table.columns, rows), f"({more})"]


def _history_hint(place: str) -> str:
    """A command that shows the event log in Spark's own web pages, with the Spark of the engine environment."""
    from emrkit_local import environments

    folder = place if place.startswith("file://") else f"file://{place}"
    spark = environments.find("spark-3.5")
    if spark is None:
        return f"Spark's history server, with spark.history.fs.logDirectory={folder}"
    return (
        f"JAVA_HOME={spark.java_home} SPARK_HISTORY_OPTS=-Dspark.history.fs.logDirectory={folder} "
        f"{spark.spark_home}/bin/spark-class org.apache.spark.deploy.history.HistoryServer  # http://localhost:18080"
    )


def _again(record: RunRecord) -> str:
    """The command that goes on with this run while its end is not known."""
    command = f"emrkit run {record.job}"
    if record.via != "pipeline":
        return command
    chosen = record.journal.first.facts.get("overrides")
    numbers = cast("dict[str, int]", chosen) if isinstance(chosen, dict) else {}
    return " ".join([command, "--via pipeline", *(f"--set {name}={number}" for name, number in numbers.items())])


def _next_lines(workspace: Workspace, record: RunRecord, state: str) -> list[str]:
    job, run = record.job, record.id
    lines = ["", "next"]
    if state in ("COMPLETED", "SUCCEEDED"):
        lines.append(f"  emrkit logs {run}        what the steps wrote")
        lines.append(f"  emrkit run {job}         run it again: only what changed is uploaded")
        if job in workspace.deployed.pipelines:
            lines.append(f"  emrkit run {job} --via pipeline   the same as a state machine on a cluster of its own")
    elif state in ("SUBMITTED", "STARTED"):
        lines.append(f"  {_again(record)}         watch it")
        lines.append(f"  emrkit cancel {run}      cancel it")
    else:
        lines.append(f"  emrkit logs {run}        what the steps wrote")
    return lines
