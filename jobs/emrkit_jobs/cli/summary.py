"""`emrkit summary`: what is deployed on a target, with links."""

from __future__ import annotations

import click

from emrkit_jobs.cli.invocation import Invocation


@click.command("summary")
@click.pass_obj
def command(invocation: Invocation) -> None:
    """Show what is deployed, with links: clusters and their states, pipelines, buckets, keys."""
    from dataclasses import asdict

    from emrkit_jobs.cli.output import format_table
    from emrkit_jobs.plan.deployed import Surroundings, describe
    from emrkit_jobs.run.workspace import open_workspace

    project = invocation.project
    workspace = open_workspace(project, invocation.chosen_target)
    target, deployed = workspace.target, workspace.deployed
    ids = [cluster.id for cluster in deployed.clusters.values() if cluster.id]
    views = {cluster_id: target.clusters.describe(cluster_id) for cluster_id in ids}
    states = {cluster_id: view.state for cluster_id, view in views.items() if view is not None}

    def folder_of(bucket: str) -> str | None:
        folder = target.bucket_folder(bucket)
        return None if folder is None else str(folder)

    around = Surroundings(target.region, target.kind == "aws", folder_of)
    stacks = dict(describe(deployed.contracts, states, around))
    text = [f"{project.name} on {target.name} ({target.endpoint or 'AWS'}, {target.region}), {target.environment}"]
    for stack, rows in stacks.items():
        table = format_table(
            ["what", "name", "id", "state", "link"], [[r.kind, r.name, r.id, r.state, r.link] for r in rows]
        )
        text += ["", f"stack {stack}", table]
    if not stacks:
        text += ["", f"nothing is deployed; `emrkit deploy --target {target.name}` does it"]
    invocation.output.data(
        {
            "project": project.name,
            "target": target.name,
            "environment": target.environment,
            "endpoint": target.endpoint,
            "region": target.region,
            "stacks": {stack: [asdict(row) for row in rows] for stack, rows in stacks.items()},
        },
        "\n".join(text),
    )
