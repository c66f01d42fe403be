"""The guardrails over the clusters and jobs of a project file, before anything is synthesized.

The rules are those of `emrkit_model.rules`. Here is only what a project adds: a target's mode decides how much a
finding matters, and `judges: accept:` which of them stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from emrkit_jobs.bundle.resolution import ResolvedProject
from emrkit_model import rules
from emrkit_model.diagnostics import Diagnostic, FieldPath, Severity

__all__ = ["judge"]


def judge(project: ResolvedProject) -> Iterator[Diagnostic]:
    """What breaks a guardrail: an error on a production target, a warning on one for development."""
    for name, cluster in project.clusters.items():
        yield from _located(project, ("clusters", name), rules.check_cluster(cluster), name)
    for name, job in project.jobs.items():
        yield from _located(project, ("jobs", name), rules.check_job(job.job), job.job.run_on)


def _located(
    project: ResolvedProject, prefix: FieldPath, found: Iterable[Diagnostic], cluster: str | None
) -> Iterator[Diagnostic]:
    severest = Severity.ERROR if project.target.mode == "production" else Severity.WARNING
    for finding in found:
        if project.judges.accepts(finding.code, cluster):
            continue
        severity = severest if finding.severity is Severity.ERROR else finding.severity
        path = (*prefix, *finding.path)
        yield replace(finding, path=path, severity=severity, location=project.locate(path))
