"""`emrkit schema`: the project file's JSON Schema on stdout."""

from __future__ import annotations

import click

from emrkit_jobs.cli.invocation import Invocation


@click.command("schema")
@click.pass_obj
def command(invocation: Invocation) -> None:
    """Print the JSON Schema of the project file.

    Example: emrkit schema > emrkit.schema.json
    """
    import json

    from emrkit_jobs.bundle.schema import project_schema

    schema = project_schema()
    invocation.output.data(schema, json.dumps(schema, indent=2))
