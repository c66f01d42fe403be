"""Whether a job fits the cluster that is to run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .cluster import Cluster
from .cluster_rules.containers import driver, executor, room, types, worker_nodes
from .diagnostics import Diagnostic
from .findings import error, warning
from .gating import gate_problem
from .job import Job
from .setting_keys import check_values
from .steps import ActionOnFailure, SparkSqlStep, SparkStep
from .tokens import is_token

__all__ = ["check_fit"]

_SPARK = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html"
_CONCURRENT = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-concurrent-steps.html"


def check_fit(job: Job, cluster: Cluster) -> tuple[Diagnostic, ...]:
    """Every problem between a job and a cluster; paths are those of the job.

    A Spark step needs the application Spark; a cluster that runs steps side by side takes only steps that let it go
    on when they fail; a runtime role needs a release that has them; executors and drivers that a step asks for must fit
    nodes of the cluster.
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
        if isinstance(step, (SparkStep, SparkSqlStep)) and step.conf:
            for found in _check_settings(step, cluster):
                yield found.within("steps", i, step.KIND)
        if step.execution_role is not None:
            yield from gate_problem("runtime-roles", cluster.release, "JOB-032", "steps", i, "execution_role")


def _check_settings(step: SparkStep | SparkSqlStep, cluster: Cluster) -> Iterator[Diagnostic]:
    """What a step's own settings ask of the cluster: classes that its release has, containers that its nodes hold."""
    for key, value in step.conf.items():
        for found in check_values(key, value, cluster.release):
            yield found.within("conf")
    nodes = () if is_token(cluster.configurations) else worker_nodes(cluster)
    if not nodes:
        return
    settings = {**cluster.effective_settings().properties("spark-defaults"), **step.conf}
    # What the cluster itself says is the cluster's finding.
    wanted = executor(settings, cluster.release) if _names(step.conf, "executor") else None
    misfits = () if wanted is None else wanted.misfits(nodes)
    if wanted is not None and len(misfits) == len(nodes):
        yield error(
            "JOB-033",
            f"an executor of {wanted.words} fits no node of cluster '{cluster.name}'",
            "conf",
            got=wanted.words,
            allowed=room(nodes),
            reason=f"YARN refuses what no node has room for ({_SPARK})",
            hint="lower spark.executor.memory or spark.executor.cores, or take larger instances",
        )
    elif wanted is not None and misfits:
        yield warning(
            "JOB-034",
            f"an executor of {wanted.words} does not fit {types(misfits)}",
            "conf",
            got=wanted.words,
            allowed=room(misfits),
            reason=f"nodes of these types would stay empty ({_SPARK})",
            hint="lower spark.executor.memory, or leave the small types out of the cluster",
        )
    in_yarn = isinstance(step, SparkStep) and step.deploy_mode == "cluster"
    driving = driver(settings) if in_yarn and _names(step.conf, "driver") else None
    if driving is not None and len(driving.misfits(nodes)) == len(nodes):
        yield error(
            "JOB-035",
            f"a driver of {driving.words} fits no node of cluster '{cluster.name}'",
            "conf",
            got=f"{driving.memory_mb} MB for YARN",
            allowed=room(nodes),
            reason=f"in cluster mode the driver is a container of YARN's ({_SPARK})",
            hint="lower spark.driver.memory, or set deploy_mode: client",
        )


def _names(conf: Mapping[str, str], who: str) -> bool:
    begins = (f"spark.{who}.memory", f"spark.{who}.cores", f"spark.yarn.{who}.memory")
    return any(key.startswith(begins) for key in conf)
