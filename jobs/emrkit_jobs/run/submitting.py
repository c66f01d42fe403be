"""Steps and clusters, submitted once: intent in the journal, one attempt, and a look before any repetition."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from emrkit_jobs.run.lock import Lock
from emrkit_jobs.run.records import RunRecord
from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.targets.errors import OutcomeUnknown, Unreachable
from emrkit_jobs.targets.protocol import Json, StepView, Target
from emrkit_model.job import Job
from emrkit_model.render.request import add_job_flow_steps
from emrkit_model.steps import Step

__all__ = ["Submitter"]

_T = TypeVar("_T")

THROTTLE_DEADLINE = 120.0
LOOKS = 8
"""How many polls a lost request may take to become visible before it counts as never carried out."""


@dataclass
class Submitter:
    """Submits what is missing of a run and finds what is there."""

    target: Target
    record: RunRecord
    job: Job
    steps: tuple[Step, ...]
    """In their order of execution, with their files at their S3 places."""
    report: Reporter
    lock: Lock | None = None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def observe(self, cluster_id: str) -> dict[str, StepView]:
        """This run's steps on the cluster, by the job's own names."""
        found: dict[str, StepView] = {}
        for step in self.target.clusters.steps(cluster_id):
            name = self.record.step_of(step.name)
            if name is not None and name in {s.name for s in self.steps}:
                found.setdefault(name, step)
        return found

    def ready(self, observed: Mapping[str, StepView], *, together: bool) -> tuple[Step, ...]:
        """The steps to submit now: all that are missing, or (side by side) those whose needs are met."""
        missing = [step for step in self.steps if step.name not in observed]
        if together:
            return tuple(missing)
        needs = {step.name: self.job.needs_of(n) for n, step in enumerate(self.job.steps)}
        goes_on = self.job.on_failure == "continue"

        def met(name: str) -> bool:
            step = observed.get(name)
            return step is not None and (step.state == "COMPLETED" or (goes_on and step.over))

        return tuple(step for step in missing if all(met(name) for name in needs[step.name]))

    def submit(self, cluster_id: str, *, together: bool = True) -> dict[str, StepView]:
        """Submits what is ready; what was lost is looked up first. The run's steps as they are then."""
        observed: dict[str, StepView] = {}
        if self.record.journal.find("intent", act="submit") is not None:
            observed = self._look(lambda: self.observe(cluster_id), self._is_settled("submit"))
        while wanted := self.ready(observed, together=together):
            names = [step.name for step in wanted]
            request = add_job_flow_steps(
                cluster_id,
                wanted,
                names=[self.record.label(name) for name in names],
                default_action=self.job.action_on_failure,
                region=self.target.region,
            )
            ids = self._act(
                "submit", {"cluster": cluster_id, "steps": names}, lambda r=request: self.target.clusters.submit(r)
            )
            if ids is not None:
                self.report.detail(f"submitted {', '.join(names)} as {', '.join(ids)}")
                return self.observe(cluster_id)
            observed = self._look(lambda: self.observe(cluster_id), settled=False)
        return observed

    def launch(self, request: Json, attempt: int) -> str:
        """Launches the run's own cluster, or finds the one that an earlier try launched."""
        since = self.record.started
        if self.record.journal.find("intent", act="launch", attempt=attempt) is not None:
            found = self._find_cluster(since, attempt, settled=self._is_settled("launch"))
            if found is not None:
                return found
        while True:
            made = self._act("launch", {"attempt": attempt}, lambda: (self.target.clusters.launch(request),))
            if made is not None:
                return made[0]
            found = self._find_cluster(since, attempt, settled=False)
            if found is not None:
                return found

    def _find_cluster(self, since: datetime, attempt: int, *, settled: bool) -> str | None:
        def look() -> dict[str, str]:
            clusters = self.target.clusters.find_by_run(self.record.id, since)
            return {c.tags.get("emrkit:attempt", "1"): c.id for c in clusters}

        return self._look(look, settled, enough=lambda found: str(attempt) in found).get(str(attempt))

    def _is_settled(self, act: str) -> bool:
        """Whether the latest intent of this kind has its outcome in the journal."""
        for entry in reversed(self.record.journal.entries):
            if entry.facts.get("act") == act and entry.kind in ("intent", "outcome"):
                return entry.kind == "outcome"
        return True

    def _act(self, act: str, facts: dict[str, object], send: Callable[[], Sequence[str]]) -> tuple[str, ...] | None:
        """One intent, one request, one outcome; None when the answer was lost. Throttling is waited out."""
        end = self.now() + THROTTLE_DEADLINE
        pause = 1.0
        while True:
            if self.lock is not None:
                self.lock.check()
            self.record.journal.write("intent", act=act, **facts)
            try:
                ids = tuple(send())
            except OutcomeUnknown as lost:
                self.report.say(f"the answer to {lost.operation} was lost: looking whether it was carried out")
                return None
            except Unreachable as error:
                self.record.journal.write("outcome", act=act, refused=error.diagnostics[0].code, **facts)
                if not error.throttled or self.now() + pause > end:
                    raise
                self.report.say(f"{error.operation} is throttled, trying again in {pause:.0f} s")
                self.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                pause = min(pause * 2, 20.0)
                continue
            self.record.journal.write("outcome", act=act, ids=list(ids), **facts)
            return ids

    def _look(
        self,
        observe: Callable[[], dict[str, _T]],
        settled: bool,
        enough: Callable[[dict[str, _T]], bool] = bool,
    ) -> dict[str, _T]:
        """What the target shows; a request whose answer was lost gets some time to become visible."""
        found = observe()
        looks = 0 if settled else LOOKS
        while looks and not enough(found):
            self.sleep(self.target.poll_seconds)
            found = observe()
            looks -= 1
        return found
