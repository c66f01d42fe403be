"""A submitted run, watched to its end: own polling with deadlines, timeouts that cancel and verify."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emrkit_jobs.run.reports import Line
from emrkit_jobs.run.submitting import Submitter
from emrkit_jobs.targets.errors import Unreachable
from emrkit_jobs.targets.protocol import ClusterView, StepView
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["Ending", "follow"]

PATIENCE = 25.0
"""Seconds for which a target may be out of reach before the watching (not the run) ends."""
CANCEL_DEADLINE = 120.0
_CLUSTER_EVERY = 12


@dataclass(frozen=True)
class Ending:
    """How a run ended: its steps by name, its cluster as it was seen last, and what we did to it."""

    steps: Mapping[str, StepView]
    cluster: ClusterView | None
    timed_out: str | None = None
    missing: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`COMPLETED`, `FAILED` or `CANCELLED`."""
        states = {step.state for step in self.steps.values()}
        if self.timed_out or "FAILED" in states or (self.cluster and self.cluster.state == "TERMINATED_WITH_ERRORS"):
            return "FAILED"
        if states == {"COMPLETED"} and not self.missing:
            return "COMPLETED"
        return "CANCELLED" if states & {"CANCELLED", "INTERRUPTED"} or self.missing else "FAILED"


@dataclass
class _Watch:
    submitter: Submitter
    cluster_id: str
    together: bool
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    cluster: ClusterView | None = None
    lost_since: float | None = None
    polls: int = 0
    steps: dict[str, StepView] = field(default_factory=dict[str, StepView])

    def poll(self) -> None:
        """One look; a target out of reach is given some time."""
        target = self.submitter.target
        try:
            self.steps = self.submitter.observe(self.cluster_id)
            running = any(step.state == "RUNNING" for step in self.steps.values())
            if self.polls % _CLUSTER_EVERY == 0 or not running:
                self.cluster = target.clusters.describe(self.cluster_id)
            self.lost_since = None
        except Unreachable as error:
            since = self.lost_since = self.lost_since or self.now()
            if self.now() - since > PATIENCE:
                raise _out_of_reach(error, self.submitter) from error
        self.polls += 1

    def show(self) -> None:
        """Tells the reporter how everything stands."""
        state = self.cluster.state if self.cluster else "?"
        lines = [
            Line(step.name, seen.state, seen.seconds)
            if (seen := self.steps.get(step.name))
            else Line(step.name, "WAITS")
            for step in self.submitter.steps
        ]
        self.submitter.report.show(f"cluster {self.cluster_id} {state}", lines)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to this run."""
        names = {step.name for step in self.submitter.steps}
        if names == set(self.steps) and all(step.over for step in self.steps.values()):
            return True
        ended = self.cluster is None or not (self.cluster.alive or self.cluster.state == "TERMINATING")
        if ended and self.polls > 0 and self.lost_since is None:
            return True
        if not self.together:
            nothing_runs = all(step.over for step in self.steps.values())
            return nothing_runs and not self.submitter.ready(self.steps, together=False)
        return False


def follow(submitter: Submitter, cluster_id: str, *, together: bool) -> Ending:
    """Watches until every step has ended, submitting the next ones when steps run side by side.

    Raises `EmrkitError` (exit 4) when the target stays out of reach: the run goes on, and the same command again
    watches it.
    """
    watch = _Watch(submitter, cluster_id, together)
    while True:
        watch.poll()
        watch.show()
        if watch.over:
            break
        if not together and watch.lost_since is None and submitter.ready(watch.steps, together=False):
            watch.steps = submitter.submit(cluster_id, together=False)
        late = _find_late(submitter, watch.steps)
        if late is not None:
            _cancel_and_verify(watch, late[0])
            return Ending(watch.steps, watch.cluster, timed_out=late[1])
        watch.sleep(submitter.target.poll_seconds)
    if watch.cluster is not None:
        watch.cluster = submitter.target.clusters.describe(cluster_id)
    names = tuple(step.name for step in submitter.steps if step.name not in watch.steps)
    return Ending(watch.steps, watch.cluster, missing=names)


def _find_late(submitter: Submitter, steps: Mapping[str, StepView]) -> tuple[list[str], str] | None:
    """The ids to cancel and why, if a step or the whole job has run out of its time."""
    alive = [step.id for step in steps.values() if not step.over]
    for declared in submitter.steps:
        seen = steps.get(declared.name)
        if seen and declared.timeout and seen.state == "RUNNING" and (seen.seconds or 0) > declared.timeout:
            return alive, f"step '{declared.name}' ran out of its timeout of {declared.timeout} s"
    begun = [step.started for step in steps.values() if step.started]
    if submitter.job.timeout and begun:
        first = min(begun)
        took = (type(first).now(first.tzinfo) - first).total_seconds()
        if took > submitter.job.timeout and alive:
            return alive, f"job '{submitter.job.name}' ran out of its timeout of {submitter.job.timeout} s"
    return None


def _cancel_and_verify(watch: _Watch, ids: list[str]) -> None:
    submitter = watch.submitter
    submitter.report.say("out of time: cancelling")
    submitter.record.journal.write("intent", act="cancel", steps=ids)
    submitter.target.clusters.cancel(watch.cluster_id, ids, kill=True)
    end = watch.now() + CANCEL_DEADLINE
    while watch.now() < end:
        watch.poll()
        watch.show()
        if all(step.over for step in watch.steps.values()):
            return
        watch.sleep(submitter.target.poll_seconds)
    raise EmrkitError(
        Diagnostic(
            "E-RUN-021",
            "a step that ran out of time could not be cancelled",
            got=", ".join(f"{s.name} is {s.state}" for s in watch.steps.values() if not s.over),
            hint=f"cancel it by hand: `emrkit cancel {submitter.record.id}`",
        ),
        ExitCode.OUTCOME_UNKNOWN,
    )


def _out_of_reach(error: Unreachable, submitter: Submitter) -> EmrkitError:
    first = error.diagnostics[0]
    return EmrkitError(
        Diagnostic(
            first.code,
            first.summary,
            got=first.got,
            reason=f"run {submitter.record.id} was submitted and goes on without us, if the target still works",
            hint=f"{first.hint}; the same command again, or `emrkit logs {submitter.record.id}`, looks for it",
        ),
        ExitCode.TARGET_UNREACHABLE,
    )
