"""`emrkit destroy`: the stacks removed from the target."""

from __future__ import annotations

import click

from emrkit_jobs.cli.invocation import Invocation

__all__ = ["command"]


@click.command("destroy")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(invocation: Invocation, yes: bool) -> None:
    """Remove the stacks from the target; clusters are terminated, buckets that the stacks own are emptied.

    A production target is refused: its buckets are kept on purpose.
    """
    from emrkit_jobs.cli.rendering import Progress
    from emrkit_jobs.run.deployment import destroy
    from emrkit_jobs.run.workspace import open_workspace
    from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

    declared = invocation.project.choose_target(invocation.chosen_target)
    if declared.mode == "production":
        raise EmrkitError(
            Diagnostic(
                "E-CLI-010",
                f"target '{declared.name}' is in production mode, and is not destroyed from here",
                hint="set `mode: development` in the project file first, if that is what you want",
            ),
            ExitCode.TARGET_REFUSED,
        )
    with Progress(invocation.output) as report:
        workspace = open_workspace(invocation.project, invocation.chosen_target)
        who = workspace.identity
        place = f"target '{workspace.target.name}' (account {who.account}, {who.region})"
        if not yes and not report.confirm(f"remove every stack of '{invocation.project.name}' from {place}?"):
            raise EmrkitError(
                Diagnostic("E-CLI-011", "destroy needs a yes", got=place, hint="say it with --yes"),
                ExitCode.INVALID_INPUT,
            )
        gone = destroy(workspace, report)
    invocation.output.data(
        {"target": workspace.target.name, "destroyed": gone},
        f"removed {', '.join(gone)}" if gone else "nothing was deployed",
    )
