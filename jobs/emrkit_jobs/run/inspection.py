"""How a run stands now, and its cancellation: for `status`, `logs` and `cancel`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import cast

from emrkit_jobs.run.records import RunRecord
from emrkit_jobs.run.reports import Line, Reporter
from emrkit_jobs.run.workspace import Workspace
from emrkit_jobs.targets.protocol import ClusterView, StepView
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["cancel_run", "cluster_of", "live_state", "steps_of"]

CANCEL_SECONDS = 120.0


def cluster_of(workspace: Workspace, record: RunRecord) -> ClusterView | None:
    """The cluster that a run's steps are on; for a pipeline, the one that carries the run's tag."""
    if record.cluster is not None:
        return workspace.target.clusters.describe(record.cluster)
    if record.execution is None:
        return None
    found = workspace.target.clusters.find_by_run(record.id, record.started)
    if found:
        return found[0]
    execution = workspace.target.pipelines.describe(record.execution)
    cluster = _cluster_in(execution.output or execution.cause) if execution is not None else None
    return workspace.target.clusters.describe(cluster) if cluster else None


def steps_of(workspace: Workspace, record: RunRecord) -> dict[str, StepView]:
    """The run's steps by the job's own names, in the order in which they were submitted."""
    cluster = cluster_of(workspace, record)
    if cluster is None:
        return {}
    steps = workspace.target.clusters.steps(cluster.id)
    if record.via == "pipeline":  # the cluster belongs to the run alone
        return {record.step_of(step.name) or step.name: step for step in steps}
    return {name: step for step in steps if (name := record.step_of(step.name)) is not None}


def live_state(workspace: Workspace, record: RunRecord) -> tuple[str, Mapping[str, StepView]]:
    """The state of a run as the target shows it now, and its steps."""
    if record.via == "pipeline" and record.execution:
        execution = workspace.target.pipelines.describe(record.execution)
        steps = steps_of(workspace, record)
        return (execution.status if execution else "UNKNOWN"), steps
    if record.cluster is None:
        return record.state, {}
    cluster = cluster_of(workspace, record)
    if cluster is None:
        return "UNKNOWN", {}
    steps = steps_of(workspace, record)
    states = {step.state for step in steps.values()}
    if not states:
        return ("SUBMITTED" if cluster.alive else cluster.state), steps
    for state in ("FAILED", "RUNNING", "CANCEL_PENDING", "PENDING"):
        if state in states:
            return ("RUNNING" if state != "FAILED" else state), steps
    return ("COMPLETED" if states == {"COMPLETED"} else "CANCELLED"), steps


def cancel_run(workspace: Workspace, record: RunRecord, report: Reporter) -> str:
    """Cancels what a run still has in work and waits until it is seen to have ended; its last state.

    Raises `EmrkitError` (exit 5) when it does not end in time.
    """
    if record.journal.finished:
        return record.state
    record.journal.write("intent", act="cancel")
    end = time.monotonic() + CANCEL_SECONDS
    if record.execution is not None:
        workspace.target.pipelines.stop(record.execution, f"emrkit cancel {record.id}")
    state = "CANCELLED"
    asked: set[str] = set()
    while True:
        cluster = cluster_of(workspace, record)
        steps = steps_of(workspace, record)
        alive = [step.id for step in steps.values() if not step.over]
        own = record.via != "cluster" and cluster is not None and cluster.alive
        report.show(f"cancelling run {record.id}", [Line(n, s.state, s.seconds) for n, s in steps.items()])
        if not alive and not own:
            break
        if time.monotonic() > end:
            raise EmrkitError(
                Diagnostic(
                    "E-RUN-025",
                    f"run {record.id} has not ended {CANCEL_SECONDS:.0f} s after it was cancelled",
                    got=", ".join(f"{n} is {s.state}" for n, s in steps.items() if not s.over) or None,
                    hint="run the same command again",
                ),
                ExitCode.OUTCOME_UNKNOWN,
            )
        if cluster is not None and own and "cluster" not in asked:
            workspace.target.clusters.terminate(cluster.id)
            asked.add("cluster")
        elif cluster is not None and (new := [s for s in alive if s not in asked]) and not own:
            workspace.target.clusters.cancel(cluster.id, new, kill=True)
            asked.update(new)
        time.sleep(workspace.target.poll_seconds)
    if steps and all(step.state == "COMPLETED" for step in steps.values()):
        state = "COMPLETED"
    record.journal.write("finished", state=state)
    return state


def _cluster_in(text: str) -> str | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    value = cast("Mapping[str, object]", data).get("cluster")
    return value if isinstance(value, str) and value.startswith("j-") else None
