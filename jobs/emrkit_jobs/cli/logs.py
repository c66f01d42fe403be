"""`emrkit logs`: what a run's steps wrote."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from emrkit_jobs.cli.invocation import Invocation

if TYPE_CHECKING:
    from emrkit_jobs.run.records import RunRecord
    from emrkit_jobs.run.workspace import Workspace

__all__ = ["command"]

_FOLLOW_SECONDS = 2.0


@click.command("logs")
@click.argument("run", required=False)
@click.option("--step", metavar="NAME", help="Only this step.")
@click.option(
    "--stream", type=click.Choice(["stdout", "stderr", "controller"]), help="Default: stdout, and stderr of failures."
)
@click.option("--follow", is_flag=True, help="Wait for the steps' end, and print what appears.")
@click.pass_obj
def command(invocation: Invocation, run: str | None, step: str | None, stream: str | None, follow: bool) -> None:
    """Print what a run's steps wrote. RUN is a run's id, or a job (its latest run); default: the latest of all."""
    from emrkit_jobs.cli.rendering import Progress
    from emrkit_jobs.run.inspection import cluster_of, steps_of
    from emrkit_jobs.run.steplogs import StepLogs
    from emrkit_jobs.run.workspace import open_workspace
    from emrkit_model.diagnostics import Diagnostic, EmrkitError

    workspace = open_workspace(invocation.project, invocation.chosen_target)
    record = workspace.records.find(run)
    with Progress(invocation.output) as report:
        if follow:
            _await_end(workspace, record, report)
    cluster = cluster_of(workspace, record)
    steps = steps_of(workspace, record) if cluster is not None else {}
    if step is not None and step not in (*steps, *record.steps):
        raise EmrkitError(
            Diagnostic(
                "E-CLI-023",
                f"run {record.id} has no step '{step}'",
                allowed=", ".join(record.steps),
                hint="give one of these names to --step",
            )
        )
    if cluster is None or not steps:
        raise EmrkitError(
            Diagnostic("E-CLI-024", f"run {record.id} has not reached a cluster", hint=f"its state: {record.state}")
        )
    shown: list[dict[str, object]] = []
    for name, view in steps.items():
        if step is not None and name != step:
            continue
        logs = StepLogs(workspace.target.objects, cluster.log_uri, cluster.id, view.id)
        streams = [stream] if stream else (["stdout", "stderr"] if view.state == "FAILED" else ["stdout"])
        for one in streams:
            text = logs.read(one)
            parts = [text or "", *(logs.containers(one) if one != "controller" else ())]
            whole = "\n".join(part.rstrip("\n") for part in parts if part.strip())
            shown.append({"step": name, "id": view.id, "state": view.state, "stream": one, "text": whole})
            invocation.output.say(
                f"{name} ({view.id}, {view.state}) {one}" + ("" if text is not None else ": not there yet")
            )
            if whole and invocation.form == "text":
                invocation.output.raw(whole)
    invocation.output.data({"run": record.id, "logs": shown})


def _await_end(workspace: Workspace, record: RunRecord, report: object) -> None:
    from emrkit_jobs.cli.rendering import Progress
    from emrkit_jobs.run.inspection import live_state
    from emrkit_jobs.run.reports import Line

    assert isinstance(report, Progress)
    while True:
        state, steps = live_state(workspace, record)
        report.show(f"run {record.id} {state}", [Line(n, s.state, s.seconds) for n, s in steps.items()])
        if state not in ("SUBMITTED", "PREPARED", "RUNNING"):
            return
        time.sleep(min(_FOLLOW_SECONDS, workspace.target.poll_seconds))
