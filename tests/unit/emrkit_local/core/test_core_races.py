"""Many hands at once, and any order of calls: the rules of the state machine hold."""

from __future__ import annotations

import random
import tempfile
import threading
from itertools import pairwise
from pathlib import Path

from core_doubles import FAST, Emr, eventually, step
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emrkit_local.core.errors import ServiceError

ALLOWED = {
    "PENDING": {"RUNNING", "CANCELLED", "FAILED"},
    "RUNNING": {"COMPLETED", "FAILED", "CANCELLED", "CANCEL_PENDING"},
    "CANCEL_PENDING": {"CANCELLED"},
}


def test_submitting_cancelling_and_terminating_at_once_leaves_no_step_behind(emr: Emr) -> None:
    emr.executor.script = lambda work: 0 if work.name.endswith("0") else None
    cluster = emr.start(StepConcurrencyLevel=4)
    stop = threading.Event()
    trouble: list[BaseException] = []

    def hammer(seed: int) -> None:
        choose = random.Random(seed)
        while not stop.is_set():
            try:
                ids = list(emr.ids(cluster).values())
                kind = choose.choice(["add", "cancel", "finish", "list"])
                if kind == "add" and len(ids) < 60:
                    emr.call("AddJobFlowSteps", JobFlowId=cluster, Steps=[step(f"{seed}-{choose.random():.6f}")])
                elif kind == "cancel" and ids:
                    emr.call("CancelSteps", ClusterId=cluster, StepIds=[choose.choice(ids)])
                elif kind == "finish" and emr.executor.runs:
                    choose.choice(list(emr.executor.runs.values())).finish(choose.choice([0, 1]))
            except ServiceError as error:
                if error.code != "ValidationException":
                    trouble.append(error)
            except BaseException as error:
                trouble.append(error)

    threads = [threading.Thread(target=hammer, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(emr.ids(cluster)) >= 50)
    emr.call("TerminateJobFlows", JobFlowIds=[cluster])
    emr.until(cluster, "TERMINATED")
    stop.set()
    for thread in threads:
        thread.join()
    assert trouble == []
    assert set(emr.steps(cluster).values()) <= {"COMPLETED", "FAILED", "CANCELLED"}
    eventually(lambda: emr.executor.held == 0)
    emr.control.close()
    states = emr.events.states("EMR Cluster State Change", clusterId=cluster)
    assert states[-1] == "TERMINATED"
    assert_legal_paths(emr)


def test_the_steps_of_many_clusters_all_end_with_memory_for_three(tmp_path: Path) -> None:
    emr = Emr(tmp_path / "state")
    emr.executor.script = lambda work: 0
    emr.executor.capacity = 3
    clusters = [emr.start(*[step(f"s{i}") for i in range(20)], keep=False) for _ in range(10)]
    for cluster in clusters:
        emr.until(cluster, "TERMINATED")
        assert set(emr.steps(cluster).values()) == {"COMPLETED"}
    eventually(lambda: emr.executor.held == 0)
    emr.control.close()


class StepMachine(RuleBasedStateMachine):
    """Any order of calls against one standing cluster whose steps end when a rule says so."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.emr = Emr(Path(self._folder.name), settings=FAST)
        self.cluster = self.emr.start()
        self.emr.until(self.cluster, "WAITING")
        self.number = 0

    def teardown(self) -> None:
        self.emr.control.close()
        assert_legal_paths(self.emr)
        eventually(lambda: self.emr.executor.held == 0)
        self._folder.cleanup()

    def settle(self) -> None:
        """Until everything that can start has started and everything that ended is recorded."""

        def quiet() -> bool:
            states = list(self.emr.steps(self.cluster).values())
            running = [r for r in self.emr.executor.runs.values() if r.code is None]
            active = states.count("RUNNING") + states.count("CANCEL_PENDING")
            waiting = "PENDING" in states and active == 0
            idle = active == 0 and self.emr.state(self.cluster) == "WAITING"
            return len(running) == active and not waiting and (idle or active > 0)

        eventually(quiet, lambda: self.emr.steps(self.cluster))

    @rule(action=st.sampled_from(["CONTINUE", "CANCEL_AND_WAIT"]))
    def add(self, action: str) -> None:
        self.number += 1
        request = [step(f"s{self.number}", action)]
        self.emr.call("AddJobFlowSteps", JobFlowId=self.cluster, Steps=request)
        self.settle()

    @precondition(lambda self: self.emr.executor.runs)
    @rule(code=st.sampled_from([0, 1]))
    def finish(self, code: int) -> None:
        for run in self.emr.executor.runs.values():
            if run.code is None:
                before = self.emr.steps(self.cluster)
                action = self.emr.step(self.cluster, run.work.step_id)["ActionOnFailure"]
                run.finish(code)
                self.emr.control.wait_step(self.cluster, run.work.step_id)
                after = self.emr.steps(self.cluster)
                if code and action == "CANCEL_AND_WAIT":
                    assert all(after[n] == "CANCELLED" for n, s in before.items() if s == "PENDING")
                break
        self.settle()

    @precondition(lambda self: self.number)
    @rule(data=st.data(), force=st.booleans())
    def cancel(self, data: st.DataObject, force: bool) -> None:
        ids = self.emr.ids(self.cluster)
        name = data.draw(st.sampled_from(sorted(ids)))
        before = self.emr.steps(self.cluster)[name]
        option = "TERMINATE_PROCESS" if force else "SEND_INTERRUPT"
        answer = self.emr.call(
            "CancelSteps", ClusterId=self.cluster, StepIds=[ids[name]], StepCancellationOption=option
        )["CancelStepsInfoList"][0]
        assert answer["Status"] == ("SUBMITTED" if before in ("PENDING", "RUNNING") else "FAILED")
        if answer["Status"] == "SUBMITTED":
            assert self.emr.control.wait_step(self.cluster, ids[name])["Status"]["State"] == "CANCELLED"
        self.settle()

    @invariant()
    def at_most_one_step_runs(self) -> None:
        states = list(self.emr.steps(self.cluster).values())
        assert states.count("RUNNING") + states.count("CANCEL_PENDING") <= 1

    @invariant()
    def the_cluster_runs_exactly_when_a_step_is_active(self) -> None:
        active = set(self.emr.steps(self.cluster).values()) & {"PENDING", "RUNNING", "CANCEL_PENDING"}
        assert self.emr.state(self.cluster) == ("RUNNING" if active else "WAITING")


def assert_legal_paths(emr: Emr) -> None:
    """The events of every step are a legal path."""
    for step_id in {str(d["stepId"]) for t, d in emr.events.seen if t.startswith("EMR Step")}:
        path = emr.events.states("EMR Step Status Change", stepId=step_id)
        for before, after in pairwise(path):
            assert after in ALLOWED.get(before, set()), path


TestStepMachine = StepMachine.TestCase
TestStepMachine.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
