"""`emrkit plan`: the synthesized stacks against the deployed ones, the bundles against the uploaded ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emrkit_jobs.cli.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emrkit_jobs.bundle.resolution import ResolvedProject
    from emrkit_jobs.plan.actions import Action
    from emrkit_jobs.plan.stacks import StackPair
    from emrkit_jobs.preflight import ClusterNeeds
    from emrkit_jobs.targets.protocol import Target


@click.command("plan")
@click.option("--stacks/--no-stacks", default=True, help="Compare stacks; this synthesizes the app.")
@click.option("--preflight/--no-preflight", default=True, help="Ask what EMR would refuse; this only reads.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is something to do.")
@click.pass_obj
def command(invocation: Invocation, stacks: bool, preflight: bool, exit_code: bool) -> int:
    """Show what deploy and run would change, and what EMR would refuse of it; nothing is changed."""
    from emrkit_jobs.cli.output import as_data
    from emrkit_jobs.plan.actions import join
    from emrkit_jobs.plan.stacks import compare_stacks
    from emrkit_jobs.run.preflights import ask, standing_needs, transient_needs
    from emrkit_jobs.run.workspace import open_workspace
    from emrkit_model.diagnostics import ExitCode

    output = invocation.output
    workspace = open_workspace(invocation.project, invocation.chosen_target)
    target = workspace.target
    resolved = invocation.project.for_target(target.name)
    parts: list[Iterator[Action]] = []
    needs: list[ClusterNeeds] = []
    if stacks:
        from emrkit_jobs.run.synthesis import synthesize

        output.say("synthesizing the stacks …")
        wanted = synthesize(resolved.root, target.name, workspace.state / "plan.out", invocation.project.given)
        parts.append(compare_stacks([observe_stack(target, stack.name, stack.template) for stack in wanted]))
        if preflight:
            needs += standing_needs(workspace, wanted)
    parts.append(compare_bundles(resolved, target))
    plan = join(target.name, *parts)
    if preflight:
        needs += transient_needs(workspace, resolved.transient)
    inquiry = ask(workspace, needs)
    output.data({**plan.data(), "preflight": [as_data(found) for found in inquiry.findings]}, plan.text())
    for found in inquiry.findings:
        output.say("")
        output.diagnose(found)
    if inquiry.errors:
        return ExitCode.TARGET_REFUSED
    return 1 if exit_code and plan.changes else 0


def observe_stack(target: Target, name: str, wanted: Mapping[str, object]) -> StackPair:
    """A stack with the template that is deployed."""
    from emrkit_jobs.plan.assembly import parse_template
    from emrkit_jobs.plan.stacks import StackPair

    text = target.stacks.template(name)
    return StackPair(name, wanted, None if text is None else parse_template(text))


def compare_bundles(project: ResolvedProject, target: Target) -> Iterator[Action]:
    """What each job would upload."""
    from emrkit_jobs.plan.uploads import Uploaded, compare_bundle
    from emrkit_jobs.run.contracts import read_deployed

    bucket = read_deployed(target, project.name).buckets.get("artifacts")
    for name, job in project.jobs.items():
        bundle = job.build()
        keys = () if bucket is None else [item.key for item in target.objects.list(bucket, f"{bundle.prefix}/")]
        yield from compare_bundle(name, bundle, Uploaded(frozenset(keys)))
