"""`emrkit status`: the runs of this project, and how they stand."""

from __future__ import annotations

import click

from emrkit_jobs.cli.invocation import Invocation

__all__ = ["command"]


@click.command("status")
@click.option("--limit", default=10, show_default=True, help="How many runs, newest first.")
@click.pass_obj
def command(invocation: Invocation, limit: int) -> None:
    """List the runs of this project and how they stand; those whose end is unknown are asked about."""
    from itertools import islice

    from emrkit_jobs.cli.output import format_table
    from emrkit_jobs.cli.rendering import format_seconds
    from emrkit_jobs.run.inspection import live_state
    from emrkit_jobs.run.workspace import open_workspace

    workspace = open_workspace(invocation.project, invocation.chosen_target)
    rows: list[dict[str, object]] = []
    for record in islice(workspace.records.all(), limit):
        for warning in record.journal.warnings:
            invocation.output.diagnose(warning)
        state, steps = (record.state, {}) if record.journal.finished else live_state(workspace, record)
        last = record.journal.entries[-1].at if record.journal.finished else None
        rows.append(
            {
                "run": record.id,
                "job": record.job,
                "via": record.via,
                "state": state,
                "started": record.started,
                "seconds": round((last - record.started).total_seconds(), 1) if last else None,
                "cluster": record.cluster or record.execution,
                "steps": {name: step.state for name, step in steps.items()},
            }
        )
    table = format_table(
        ["run", "job", "via", "state", "took", "on"],
        [
            [r["run"], r["job"], r["via"], r["state"],
             "" if r["seconds"] is None else format_seconds(float(str(r["seconds"]))), r["cluster"]]
            for r in rows
        ],
    )  # fmt: skip
    target = workspace.target
    place = f"{invocation.project.name} on {target.name} ({target.endpoint or 'AWS'}, {target.region})"
    invocation.output.say(place)
    invocation.output.data(
        {"project": invocation.project.name, "target": target.name, "endpoint": target.endpoint, "runs": rows},
        table if rows else "no runs yet: `emrkit run JOB` starts one",
    )
