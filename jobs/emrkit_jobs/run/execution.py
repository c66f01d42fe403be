"""`run`: a job from its files to its result, on a standing cluster or one of its own. Every act is journaled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from emrkit_jobs.bundle.archive import Bundle
from emrkit_jobs.bundle.work import BundledJob
from emrkit_jobs.run import preflights
from emrkit_jobs.run.following import Ending, follow
from emrkit_jobs.run.lock import hold
from emrkit_jobs.run.preview import Preview, preview
from emrkit_jobs.run.records import RunRecord
from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.run.steplogs import StepLogs
from emrkit_jobs.run.submitting import Submitter
from emrkit_jobs.run.transient import launch_request, make_room
from emrkit_jobs.run.uploading import check_buckets, place_fixtures, split_uri, upload_bundle
from emrkit_jobs.run.workspace import Workspace
from emrkit_jobs.targets.protocol import StepView
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode
from emrkit_model.steps import Step

__all__ = ["Prepared", "Result", "RunOptions", "outputs_of", "prepare_run", "run_job"]

INFRASTRUCTURE = frozenset({"INSTANCE_FAILURE", "INSTANCE_FLEET_TIMEOUT", "INTERNAL_ERROR"})
"""Reasons for a cluster's end that are not the job's fault."""
_LOG_PATIENCE = {"aws": 360.0, "localstack": 10.0, "local": 10.0}


@dataclass(frozen=True)
class RunOptions:
    """What the command line says about a run."""

    follow: bool = True
    args: tuple[str, ...] = ()
    """Added to the arguments of the job's only step."""
    yes: bool = False
    steal_lock: bool = False
    preflight: bool = True
    """Ask what EMR would refuse before a cluster is launched."""
    numbers: tuple[str, ...] = ()
    """`NAME=VALUE`, numbers of a pipeline's cluster."""


@dataclass(frozen=True)
class Result:
    """A run that has ended (or, without following, was submitted)."""

    record: RunRecord
    state: str
    cluster_id: str
    steps: Mapping[str, StepView]
    log_uri: str
    outputs: Mapping[str, Path | None]
    """S3 address of each output, and its folder where buckets are folders."""
    preview: Preview | None = None
    adopted: bool = False
    problem: Diagnostic | None = None
    event_logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A job with its files, ready to be sent."""

    job: BundledJob
    bundle: Bundle
    artifacts: str

    def steps(self, args: tuple[str, ...]) -> tuple[Step, ...]:
        """The steps with their files at their places in the bucket."""
        steps = self.job.steps_at(f"s3://{self.artifacts}/{self.bundle.prefix}")
        if not args:
            return steps
        if len(steps) != 1 or not hasattr(steps[0], "args"):
            raise EmrkitError(
                Diagnostic(
                    "E-RUN-014",
                    f"--args needs a job with one step that takes arguments; '{self.job.name}' has {len(steps)} steps",
                    hint='use a variable instead: `args: ["${var.day}"]` in the file, `--var day=…` here',
                )
            )
        return (steps[0].replace(args=(*steps[0].args, *args)),)  # pyright: ignore[reportAttributeAccessIssue]


def prepare_run(workspace: Workspace, name: str) -> Prepared:
    """Everything that can be known and read before anything is changed."""
    job = workspace.resolved.job(name)
    bundle = job.build()
    return Prepared(job, bundle, workspace.deployed.bucket("artifacts"))


def run_job(workspace: Workspace, name: str, options: RunOptions, report: Reporter) -> Result:
    """Runs a job to its end. The same command again goes on with a run whose end is not known yet.

    Raises `EmrkitError` for whatever the user can put right; a job that failed is a `Result` with its `problem`.
    """
    workspace.guard(report, yes=options.yes, verb=f"run {name}")
    prepared = prepare_run(workspace, name)
    workspace.deployed.warn(report)
    steps = prepared.steps(options.args)
    cluster_name = _cluster_name(workspace, prepared.job)
    transient = cluster_name in workspace.resolved.transient
    facts: dict[str, object] = {
        "job": name,
        "via": "transient" if transient else "cluster",
        "bundle": prepared.bundle.digest,
        "args": list(options.args),
    }
    record, adopted = _begin(workspace, facts, tuple(step.name for step in steps), report)
    submitter = Submitter(workspace.target, record, prepared.job.job, steps, report)
    attempt = 1
    while True:
        cluster_id, log_uri, together = _submit(
            workspace, prepared, submitter, cluster_name, transient, attempt, options, report
        )
        if not options.follow:
            if record.journal.find("detached") is None:
                record.journal.write("detached")
            return Result(
                record, "SUBMITTED", cluster_id, {}, log_uri, outputs_of(workspace, prepared.job), None, adopted
            )
        ending = follow(submitter, cluster_id, together=together)
        reason = ending.cluster.reason_code if ending.cluster else ""
        if transient and reason in INFRASTRUCTURE and attempt <= prepared.job.job.retry.infrastructure:
            attempt += 1
            report.say(f"the cluster failed ({reason}), not the job: attempt {attempt}")
            continue
        break
    return _conclude(workspace, prepared, record, ending, cluster_id, log_uri, adopted, report)


def _cluster_name(workspace: Workspace, job: BundledJob) -> str:
    name = job.job.run_on
    if name is None:
        raise EmrkitError(
            Diagnostic(
                "E-RUN-015",
                f"job '{job.name}' does not say where it runs",
                path=("jobs", job.name, "run_on"),
                allowed=", ".join(workspace.resolved.clusters) or None,
                hint="add `run_on: <cluster>`, or run it with `--via pipeline`",
                location=workspace.project.locate(("jobs", job.name)),
            )
        )
    return name


def _begin(
    workspace: Workspace, facts: dict[str, object], steps: tuple[str, ...], report: Reporter
) -> tuple[RunRecord, bool]:
    """The unfinished run of the same command, else a new one."""
    found = workspace.records.unfinished(facts)
    if found is not None and found.journal.find("detached") is not None and _has_ended(workspace, found):
        report.say(f"run {found.id}, which nobody watched, has ended; a new one begins")
        found.journal.write("finished", state="ENDED")
        found = None
    if found is None:
        return workspace.records.create({**facts, "steps": list(steps)}), False
    for warning in found.journal.warnings:
        report.warn(warning)
    report.say(f"going on with run {found.id}, whose end is not known yet")
    return found, True


def _has_ended(workspace: Workspace, record: RunRecord) -> bool:
    if record.cluster is None:
        return False
    cluster = workspace.target.clusters.describe(record.cluster)
    if cluster is None:
        return True
    steps = [s for s in workspace.target.clusters.steps(record.cluster) if record.step_of(s.name)]
    return all(step.over for step in steps) and (bool(steps) or not cluster.alive)


def _submit(
    workspace: Workspace,
    prepared: Prepared,
    submitter: Submitter,
    cluster_name: str,
    transient: bool,
    attempt: int,
    options: RunOptions,
    report: Reporter,
) -> tuple[str, str, bool]:
    """Uploads and submits what is missing; the cluster's id, its log location, whether all steps go together."""
    target, record = workspace.target, submitter.record
    known = record.journal.find("submitted", attempt=attempt)
    if known is not None and record.cluster:
        return record.cluster, str(known.facts["logs"]), bool(known.facts["together"])
    contract = workspace.deployed.cluster(cluster_name)
    cluster_id, log_uri, together = "", contract.log_uri or "", True
    if not transient and _is_elsewhere(workspace, submitter, contract.id):
        # Submitted to a cluster that has been replaced since: what became of it there is this run's end.
        record.journal.write("submitted", attempt=attempt, logs=log_uri, together=True)
        return str(record.cluster), log_uri, True
    if not transient:
        cluster_id, log_uri, together = _standing(workspace, cluster_name, submitter.job.name)
    elif options.preflight and record.journal.find("intent", act="launch", attempt=attempt) is None:
        # Not again for a launch whose answer was lost: its cluster may be what an answer is about.
        needs = [*preflights.transient_needs(workspace, [cluster_name])]
        workspace.warnings += preflights.require(preflights.ask(workspace, needs), report)
    if workspace.is_local:
        place_fixtures(target, prepared.job, workspace.state, report)
    check_buckets(target, prepared.job)
    with hold(target.objects, prepared.artifacts, f"run-{prepared.job.name}", steal=options.steal_lock) as lock:
        submitter = replace(submitter, lock=lock)
        upload_bundle(target.objects, prepared.artifacts, prepared.bundle, report)
        if transient:
            make_room(workspace, record, attempt)
            request = launch_request(workspace, prepared, contract, cluster_name, submitter, attempt)
            cluster_id = submitter.launch(request, attempt)
            report.say(f"cluster {cluster_id} launched for this run")
            record.journal.write("cluster", id=cluster_id, attempt=attempt)
        else:
            if record.cluster != cluster_id:
                record.journal.write("cluster", id=cluster_id, attempt=attempt)
            submitter.submit(cluster_id, together=together)
            report.say(f"submitted to cluster {cluster_id} as run {record.id}")
        record.journal.write("submitted", attempt=attempt, logs=log_uri, together=together)
    return cluster_id, log_uri, together


def _is_elsewhere(workspace: Workspace, submitter: Submitter, current: str | None) -> bool:
    """Whether an interrupted run has its steps on another cluster than the one that stands now."""
    earlier = submitter.record.cluster
    if earlier is None or earlier == current or workspace.target.clusters.describe(earlier) is None:
        return False
    return bool(submitter.observe(earlier))


def _standing(workspace: Workspace, name: str, job: str) -> tuple[str, str, bool]:
    contract = workspace.deployed.cluster(name)
    cluster = workspace.target.clusters.describe(contract.id) if contract.id else None
    if cluster is None or not cluster.alive:
        state = "is unknown to the target" if cluster is None else f"is {cluster.state}"
        why = f" ({cluster.reason_code}: {cluster.reason})" if cluster and cluster.reason_code else ""
        replacing = "" if workspace.target.kind == "local" else f" --replace {name}"
        raise EmrkitError(
            Diagnostic(
                "E-RUN-016",
                f"cluster '{name}' of job '{job}' has ended",
                got=f"{contract.id} {state}{why}",
                reason="CloudFormation does not notice when a cluster ends by itself",
                hint=f"make a new one: `emrkit deploy --target {workspace.target.name}{replacing}`",
            ),
            ExitCode.TARGET_REFUSED,
        )
    return cluster.id, contract.log_uri or cluster.log_uri, cluster.step_concurrency == 1


def outputs_of(workspace: Workspace, job: BundledJob) -> dict[str, Path | None]:
    """Each output of a job, and the folder it lies in where buckets are folders."""
    found: dict[str, Path | None] = {}
    for uri in job.job.outputs:
        bucket, key = split_uri(uri)
        folder = workspace.target.bucket_folder(bucket)
        found[uri] = folder / key if folder is not None else None
    return found


def _conclude(
    workspace: Workspace,
    prepared: Prepared,
    record: RunRecord,
    ending: Ending,
    cluster_id: str,
    log_uri: str,
    adopted: bool,
    report: Reporter,
) -> Result:
    problem = None if ending.state == "COMPLETED" else _explain(workspace, record, ending, cluster_id, log_uri, report)
    record.journal.write("finished", state=ending.state)
    outputs = outputs_of(workspace, prepared.job)
    table = None
    first = next((folder for folder in outputs.values() if folder is not None), None)
    if ending.state == "COMPLETED" and prepared.job.job.preview and first is not None:
        table = preview(first)
    events = _event_logs(workspace, ending, cluster_id, log_uri) if ending.state == "COMPLETED" else ()
    return Result(record, ending.state, cluster_id, ending.steps, log_uri, outputs, table, adopted, problem, events)


def _event_logs(workspace: Workspace, ending: Ending, cluster_id: str, log_uri: str) -> tuple[str, ...]:
    """Where Spark wrote its event logs: the step's controller log says so on local EMR."""
    if not log_uri or workspace.target.kind == "aws":
        return ()
    found: list[str] = []
    for step in ending.steps.values():
        text = StepLogs(workspace.target.objects, log_uri, cluster_id, step.id).wait("controller", 2.0) or ""
        found += [line.partition("Spark event log: ")[2].strip() for line in text.splitlines() if "event log: " in line]
    return tuple(dict.fromkeys(place for place in found if place))


def _explain(
    workspace: Workspace, record: RunRecord, ending: Ending, cluster_id: str, log_uri: str, report: Reporter
) -> Diagnostic:
    """Why the run did not end well, in the words of the code that failed where there are any."""
    failed = next((item for item in ending.steps.items() if item[1].state == "FAILED"), None)
    if ending.timed_out:
        return Diagnostic(
            "E-RUN-020",
            ending.timed_out,
            got="cancelled, and seen to have ended",
            hint=f"raise the timeout, or look where it spends its time: `emrkit logs {record.id}`",
        )
    if failed is None or not log_uri:
        cluster = ending.cluster
        code = cluster.reason_code if cluster else ""
        words = cluster.reason if cluster else "the cluster is gone"
        if code == "BOOTSTRAP_FAILURE":
            return Diagnostic(
                "E-RUN-023",
                "a bootstrap action failed, so the cluster ended before the first step",
                got=words,
                hint=f"its logs are under {log_uri}{cluster_id}/node/",
            )
        if failed is None:
            return Diagnostic(
                "E-RUN-024",
                f"run {record.id} did not end well: {ending.state.lower()}",
                got=f"cluster {cluster_id} {cluster.state if cluster else 'unknown'}"
                + (f" ({code}: {words})" if code else ""),
                hint=f"`emrkit logs {record.id}` shows what the steps wrote; run the job again",
            )
    assert failed is not None
    name, step = failed
    logs = StepLogs(workspace.target.objects, log_uri, cluster_id, step.id)
    if log_uri and logs.read("stderr") is None:
        report.say("waiting for the step's logs, which EMR writes a little later")
        logs.wait("stderr", _LOG_PATIENCE[workspace.target.kind])
    lines = logs.cause() if log_uri else ()
    return Diagnostic(
        "E-RUN-022",
        f"step '{name}' failed",
        got="\n    ".join(["", *lines]) if lines else step.message or step.reason or "no reason was given",
        reason=step.reason or None,
        hint=f"the whole log: `emrkit logs {record.id} --step {name}`, or {logs.uri}stderr.gz",
    )
