"""`emrkit deploy`: the stacks on the target, with the real CDK CLI."""

from __future__ import annotations

import click

from emrkit_jobs.cli.invocation import Invocation

__all__ = ["command"]


@click.command("deploy")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before the first change on an AWS account.")
@click.option("--replace", metavar="CLUSTER", multiple=True, help="Make this standing cluster anew.")
@click.option("--preflight/--no-preflight", default=True, help="Ask first what EMR would refuse.")
@click.pass_obj
def command(invocation: Invocation, yes: bool, replace: tuple[str, ...], preflight: bool) -> None:
    """Bring the stacks to the target with the CDK CLI.

    What EMR would refuse of new clusters is asked first: quotas, addresses, buckets, keys, roles.
    What has not changed is neither synthesized nor deployed again. After an interruption the same command goes on.
    """
    from emrkit_jobs.cli.output import as_data, format_table
    from emrkit_jobs.cli.rendering import Progress
    from emrkit_jobs.run.deployment import deploy
    from emrkit_jobs.run.workspace import open_workspace

    with Progress(invocation.output) as report:
        workspace = open_workspace(invocation.project, invocation.chosen_target)
        done = deploy(workspace, report, yes=yes, replace=replace, preflight=preflight)
    word = "deployed" if done.changed else "unchanged"
    invocation.output.data(
        {
            "target": workspace.target.name,
            "endpoint": workspace.target.endpoint,
            "changed": done.changed,
            "synthesized": done.synthesized,
            "stacks": done.stacks,
            "replaced": done.replaced,
            "preflight": [as_data(found) for found in done.preflight],
        },
        f"{word} on {workspace.target.name}\n\n{format_table(['stack', 'state'], list(done.stacks.items()))}",
    )
