"""`emrkit cancel`: a run ended before its time, and seen to have ended."""

from __future__ import annotations

import click

from emrkit_jobs.cli.invocation import Invocation

__all__ = ["command"]


@click.command("cancel")
@click.argument("run")
@click.pass_obj
def command(invocation: Invocation, run: str) -> None:
    """Cancel a run, and verify that it ended. RUN is a run's id, or a job (its latest run)."""
    from emrkit_jobs.cli.rendering import Progress
    from emrkit_jobs.run.inspection import cancel_run
    from emrkit_jobs.run.workspace import open_workspace

    with Progress(invocation.output) as report:
        workspace = open_workspace(invocation.project, invocation.chosen_target)
        record = workspace.records.find(run)
        state = cancel_run(workspace, record, report)
    invocation.output.data({"run": record.id, "job": record.job, "state": state}, f"run {record.id}: {state.lower()}")
