"""`emrkit validate`: everything that can be known without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emrkit_jobs.cli.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emrkit_jobs.bundle.declarations import Target
    from emrkit_jobs.bundle.project import LoadedProject
    from emrkit_jobs.bundle.resolution import ResolvedProject
    from emrkit_model.diagnostics import Diagnostic


@click.command("validate")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.pass_obj
def command(invocation: Invocation, strict: bool) -> None:
    """Check the project file, the code it names, the rules of EMR and the guardrails; offline.

    Every target of the file is checked, or the one that is named with --target.
    """
    from emrkit_jobs.bundle.findings import once
    from emrkit_jobs.bundle.project import examine
    from emrkit_jobs.cli.output import as_data
    from emrkit_model.diagnostics import EmrkitError, Severity

    output = invocation.output
    project, problems = examine(invocation.project_path, invocation.variables)
    found: list[Diagnostic] = list(problems)
    targets = project.examined_targets
    if invocation.chosen_target:
        try:
            targets = (project.choose_target(invocation.chosen_target),)
        except EmrkitError as error:
            # Of a file that is wrong, the target itself may be what could not be read.
            found += () if problems and not project.targets else error.diagnostics
    jobs: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    sizes: dict[str, str] = {}
    for target in targets:
        problems, jobs, clusters, chosen = check_target(project, target)
        found += problems
        sizes |= chosen
    names = [target.name for target in targets if target.name in project.targets]
    findings = once(found)
    errors = [d for d in findings if d.severity is Severity.ERROR]
    if errors or (strict and findings):
        raise EmrkitError(sorted(findings, key=lambda d: d.severity is Severity.WARNING))
    for warning in findings:
        output.diagnose(warning)
        output.say("")
    for cluster, why in sizes.items():
        output.say(f"The size of cluster {cluster}:")
        for line in why.splitlines():
            output.say(f"  {line}")
        output.say("")
    output.data(
        {
            "valid": True,
            "project": project.name,
            "targets": names,
            "clusters": clusters,
            "jobs": jobs,
            "diagnostics": [as_data(d) for d in findings],
            **({"sizes": sizes} if sizes else {}),
        },
        f"{project.name} is valid: {_count(len(jobs), 'job')}, {_count(len(clusters), 'cluster')}, "
        f"{_count(len(names), 'target')}, {_count(len(findings), 'warning')}",
    )


def check_target(
    project: LoadedProject, target: Target
) -> tuple[tuple[Diagnostic, ...], tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """The findings of one target, its jobs, its clusters, and why those with a `sizing` are as large as they are."""
    from emrkit_jobs.bundle.guardrails import judge

    resolved, problems = project.examine_target(target)
    sizes = {
        key: cluster.sizing.explain(cluster.release, [a.name for a in cluster.applications])
        for key, cluster in resolved.clusters.items()
        if cluster.sizing is not None
    }
    found = (*problems, *judge(resolved), *_shared_roots(resolved))
    return found, tuple(resolved.jobs), tuple(resolved.clusters), sizes


def _shared_roots(project: ResolvedProject) -> Iterator[Diagnostic]:
    """What no cluster knows of itself: that another one writes below the same root of HBase."""
    from dataclasses import replace

    if all(cluster.hbase is None for cluster in project.clusters.values()):
        return
    from emrkit_model.storage import check_shared_roots

    for finding in check_shared_roots(project.clusters):
        path = ("clusters", *finding.path)
        yield replace(finding, path=path, location=project.locate(path))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
