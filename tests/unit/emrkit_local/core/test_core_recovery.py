"""What is left after `kill -9`, and what becomes of it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import core_processes
import pytest
from core_doubles import Emr, FakeExecutor, eventually, fleets, step

from emrkit_local.core.processes import kill_by_environment, kill_group, start_time
from emrkit_local.core.records import cluster_from_text, cluster_to_text
from emrkit_local.core.store import StateInUse
from emrkit_local.core.work import STATE_MARKER


class Victim:
    """A control plane in a process of its own, spoken to over pipes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        source = Path(core_processes.__file__)
        paths = os.pathsep.join(p for p in sys.path if p)
        self._process = subprocess.Popen(
            [sys.executable, str(source), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": paths},
        )

    def call(self, operation: str, **request: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([operation, request]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, *steps: dict[str, Any], keep: bool = True) -> str:
        instances = {"InstanceFleets": fleets(), "KeepJobFlowAliveWhenNoSteps": keep}
        return str(
            self.call("RunJobFlow", Name="c", ReleaseLabel="emr-7.10.0", Instances=instances, Steps=list(steps))[
                "JobFlowId"
            ]
        )

    def states(self, cluster: str) -> dict[str, str]:
        return {s["Name"]: s["Status"]["State"] for s in self.call("ListSteps", ClusterId=cluster)["Steps"]}

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    made = Victim(tmp_path / "state")
    yield made
    made.kill()


def pid_written_by(path: Path) -> Callable[[], int]:
    return lambda: int(path.read_text() or 0) if path.exists() else 0


def sleeping(name: str, action: str, pid_file: Path) -> dict[str, Any]:
    """A step that sleeps with a child in a session of its own, and says both pids."""
    code = f"echo $$ > {pid_file}; setsid sleep 60 & echo $! > {pid_file}.child; wait"
    return step(name, action, ("bash", "-c", code))


def test_after_a_kill_nothing_of_a_step_lives_on_and_what_died_is_marked(victim: Victim, tmp_path: Path) -> None:
    pid_of, child_of = pid_written_by(tmp_path / "pid"), pid_written_by(tmp_path / "pid.child")
    ended = victim.start(keep=False)
    cluster = victim.start(sleeping("a", "CONTINUE", tmp_path / "pid"), step("b"))
    eventually(lambda: pid_of() and child_of() and victim.states(cluster) == {"a": "RUNNING", "b": "PENDING"})
    eventually(lambda: victim.call("DescribeCluster", ClusterId=ended)["Cluster"]["Status"]["State"] == "TERMINATED")
    victim.kill()
    assert start_time(pid_of()), "the step outlives the daemon; it is the next one's to end it"
    emr = Emr(victim.folder)
    eventually(lambda: not start_time(pid_of()) and not start_time(child_of()))
    failed = emr.control.wait_step(cluster, emr.ids(cluster)["a"])
    assert failed["Status"]["State"] == "FAILED"
    assert failed["Status"]["FailureDetails"]["Reason"] == "LOCAL_EMR_STOPPED"
    emr.run_of(cluster, "b").finish(0)
    emr.until(cluster, "WAITING")
    assert emr.state(ended) == "TERMINATED"
    emr.control.close()


def test_after_a_kill_the_action_on_failure_decides_about_the_cluster(victim: Victim, tmp_path: Path) -> None:
    pids = {name: tmp_path / name for name in ("cancel", "terminate", "transient")}
    cancel = victim.start(sleeping("a", "CANCEL_AND_WAIT", pids["cancel"]), step("b"))
    terminate = victim.start(sleeping("a", "TERMINATE_CLUSTER", pids["terminate"]), step("b"))
    transient = victim.start(sleeping("a", "CONTINUE", pids["transient"]), keep=False)
    for path in pids.values():
        eventually(pid_written_by(path))
    for cluster in (cancel, terminate, transient):
        eventually(lambda c=cluster: victim.states(c)["a"] == "RUNNING")
    victim.kill()
    emr = Emr(victim.folder)
    emr.until(cancel, "WAITING")
    emr.until(terminate, "TERMINATED_WITH_ERRORS")
    emr.until(transient, "TERMINATED")
    assert emr.steps(cancel) == {"a": "FAILED", "b": "CANCELLED"}
    assert emr.steps(terminate) == {"a": "FAILED", "b": "CANCELLED"}
    emr.control.close()


def test_a_bootstrap_action_left_by_a_kill_is_ended_and_run_anew(victim: Victim) -> None:
    action = {"Name": "one", "ScriptBootstrapAction": {"Path": "/bin/sleep", "Args": ["60"]}}
    instances = {"InstanceFleets": fleets(), "KeepJobFlowAliveWhenNoSteps": True}
    request = {"Name": "c", "ReleaseLabel": "emr-7.10.0", "Instances": instances, "BootstrapActions": [action]}
    cluster = str(victim.call("RunJobFlow", **request)["JobFlowId"])
    eventually(lambda: len(ours(victim.folder)) == 1, lambda: ours(victim.folder))
    victim.kill()
    (orphan,) = ours(victim.folder)
    emr = Emr(victim.folder, executor=FakeExecutor(lambda work: 0))
    eventually(lambda: not start_time(orphan))
    emr.until(cluster, "WAITING")
    assert emr.executor.order == ["one", "one"]
    emr.control.close()


def test_killed_at_any_moment_it_comes_back_with_every_step_in_its_place(tmp_path: Path) -> None:
    choose = random.Random(7)
    folder = tmp_path / "state"
    cluster, submitted = "", []
    for round_ in range(6):
        victim = Victim(folder)
        cluster = cluster or victim.start()
        for i in range(3):
            request = step(f"{round_}-{i}", args=("bash", "-c", "sleep 0.03"))
            submitted += victim.call("AddJobFlowSteps", JobFlowId=cluster, Steps=[request])["StepIds"]
            time.sleep(choose.random() * 0.06)  # the moment of the kill is what varies, nothing waits for it
        victim.kill()
    emr = Emr(folder, executor=FakeExecutor(lambda work: 0))
    emr.until(cluster, "WAITING")
    found = emr.call("ListSteps", ClusterId=cluster)["Steps"]
    assert [s["Id"] for s in reversed(found)] == submitted, "what was answered is remembered, once and in order"
    assert {s["Status"]["State"] for s in found} <= {"COMPLETED", "FAILED"}
    failed = [s for s in found if s["Status"]["State"] == "FAILED"]
    assert len(failed) <= 6
    assert all(s["Status"]["FailureDetails"]["Reason"] == "LOCAL_EMR_STOPPED" for s in failed)
    assert ours(folder) == []
    emr.control.close()


def test_one_look_that_finds_nothing_is_not_believed(victim: Victim, monkeypatch: pytest.MonkeyPatch) -> None:
    victim.start(step("a", args=("sleep", "60")))
    eventually(lambda: len(ours(victim.folder)) == 1)
    victim.kill()
    looked: list[int] = []

    def look(*wanted: Any) -> int:
        looked.append(kill_by_environment(*wanted) if looked else 0)
        return looked[-1]

    monkeypatch.setattr("emrkit_local.core.recovery.kill_group", lambda *leader: False)
    monkeypatch.setattr("emrkit_local.core.recovery.kill_by_environment", look)
    emr = Emr(victim.folder, executor=FakeExecutor(lambda work: 0))
    assert looked[:2] == [0, 1], "an empty look, and the orphan"
    assert looked[-2:] == [0, 0]
    assert ours(victim.folder) == []
    emr.control.close()


def ours(folder: Path) -> list[int]:
    """Living processes that were started for this state folder."""
    mark = f"{STATE_MARKER}={folder.resolve()}".encode()
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def test_closing_kills_the_steps_and_the_next_start_marks_them(tmp_path: Path) -> None:
    emr = Emr(tmp_path / "state")
    cluster = emr.start(step("a"))
    run = emr.run_of(cluster, "a")
    imds = '{"MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": 1}'
    document = f'{{"InstanceMetadataServiceConfiguration": {imds}}}'
    emr.call("CreateSecurityConfiguration", Name="x", SecurityConfiguration=document)
    emr.control.close()
    assert run.signals == [True]
    again = Emr(tmp_path / "state")
    assert again.steps(cluster) == {"a": "FAILED"}
    again.until(cluster, "WAITING")
    keys = [k for _, k in again.objects.stored]
    eventually(lambda: any(k.endswith("controller.gz") for _, k in again.objects.stored), lambda: keys)
    assert [s["Name"] for s in again.call("ListSecurityConfigurations")["SecurityConfigurations"]] == ["x"]
    again.control.close()


def test_bootstrapping_begins_anew_after_a_restart(tmp_path: Path) -> None:
    emr = Emr(tmp_path / "state")
    cluster = emr.start(BootstrapActions=[{"Name": "one", "ScriptBootstrapAction": {"Path": "s3://b/x"}}])
    eventually(lambda: emr.executor.order == ["one"])
    emr.control.close()
    again = Emr(tmp_path / "state", executor=FakeExecutor(lambda work: 0))
    again.until(cluster, "WAITING")
    assert again.executor.order == ["one", "one"], "once for the primary, once for the core role"
    again.control.close()


def test_a_folder_serves_one_control_plane_at_a_time(emr: Emr, tmp_path: Path) -> None:
    with pytest.raises(StateInUse):
        Emr(tmp_path / "state")


def test_a_stranger_with_the_same_pid_is_left_alone() -> None:
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        assert not kill_group(stranger.pid, "a start time long ago")
        assert stranger.poll() is None
        assert kill_group(stranger.pid, start_time(stranger.pid))
        assert stranger.wait(120) == -signal.SIGKILL
    finally:
        stranger.kill()


def test_everything_of_a_cluster_survives_being_written_down(emr: Emr) -> None:
    cluster_id = emr.start(
        step("a"),
        AutoTerminationPolicy={"IdleTimeout": 60},
        Tags=[{"Key": "a", "Value": "b"}],
        Instances={"InstanceFleets": fleets(task=1)},
    )
    cluster = emr.control._state.find(cluster_id)
    assert cluster
    again = cluster_from_text(cluster_to_text(cluster))
    again.steps = cluster.steps
    assert again == cluster
