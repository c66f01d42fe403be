"""Whether a job fits the cluster that is to run it."""

from __future__ import annotations

from collections.abc import Iterator

from .cluster import Cluster
from .diagnostics import Diagnostic
from .findings import error
from .gating import gate_problem
from .job import Job
from .steps import ActionOnFailure, SparkSqlStep, SparkStep
from .tokens import is_token

__all__ = ["check_fit"]

_CONCURRENT = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-concurrent-steps.html"


def check_fit(job: Job, cluster: Cluster) -> tuple[Diagnostic, ...]:
    """Every problem between a job and a cluster; paths are those of the job.

    A Spark step needs the application Spark; a cluster that runs steps side by side takes only steps that let it go
    on when they fail; a runtime role needs a release that has them.
    """
    return tuple(_problems(job, cluster))


def _problems(job: Job, cluster: Cluster) -> Iterator[Diagnostic]:
    known = not is_token(cluster.applications) and not any(is_token(a.name) for a in cluster.applications)
    without_spark = known and all(a.name.lower() != "spark" for a in cluster.applications)
    for i, step in enumerate(job.steps):
        if without_spark and isinstance(step, (SparkStep, SparkSqlStep)):
            yield error(
                "JOB-030",
                f"step '{step.name}' needs Spark, which cluster '{cluster.name}' does not install",
                "steps",
                i,
                got=", ".join(sorted(a.name for a in cluster.applications)) or "no application",
                hint="add Spark to the cluster's applications",
            )
        action = step.action_on_failure(job.action_on_failure)
        concurrency = cluster.step_concurrency
        if not is_token(concurrency) and concurrency > 1 and action is not ActionOnFailure.CONTINUE:
            yield error(
                "JOB-031",
                f"cluster '{cluster.name}' runs steps side by side and refuses step '{step.name}'",
                "steps",
                i,
                *(["on_failure"] if step.on_failure else []),
                got=f"{action} with step_concurrency {concurrency}",
                allowed=str(ActionOnFailure.CONTINUE),
                reason=_CONCURRENT,
                hint="set on_failure: continue, or step_concurrency: 1 at the cluster",
            )
        if step.execution_role is not None:
            yield from gate_problem("runtime-roles", cluster.release, "JOB-032", "steps", i, "execution_role")
