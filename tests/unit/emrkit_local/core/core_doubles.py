"""Doubles of the core's ports: an executor whose steps end when the test says so, and a clock moved by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from emrkit_local.core.clock import SystemClock
from emrkit_local.core.control_plane import ControlPlane
from emrkit_local.core.errors import ServiceError
from emrkit_local.core.ports import Admission, Refusal, RunningStep, StepWork
from emrkit_local.core.settings import Settings

ACCOUNT, REGION = "000000000000", "us-east-1"
FAST = Settings(starting_delay=0, bootstrapping_delay=0, terminating_delay=0, cancel_grace=0.2)


class FakeClock:
    """Stands still until it is moved; whoever waits on a condition wakes up when it is."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._conditions: set[threading.Condition] = set()

    def now(self) -> float:
        with self._lock:
            return self._now

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        with self._lock:
            self._conditions.add(condition)
        condition.wait(5)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            waiting = list(self._conditions)
        for condition in waiting:
            with condition:
                condition.notify_all()


class UntimedClock(SystemClock):
    """Real time, in which no wait ends by itself: whoever waits is told, or waits for ever."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        self.waits.append(seconds)
        condition.wait()


@dataclass
class FakeRun:
    work: StepWork
    pid: int = 2**22 + 1  # beyond any real process
    code: int | None = None
    heeds_interrupt: bool = True
    signals: list[bool] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def finish(self, code: int = 0, stderr: str = "") -> None:
        if self.code is None:
            (self.work.folder / "stdout").write_text("out\n")
            (self.work.folder / "stderr").write_text(stderr)
            self.code = code
            self.done.set()

    def wait(self) -> int:
        assert self.done.wait(120), "the test never ended this step"
        assert self.code is not None
        return self.code

    def cancel(self, *, force: bool) -> None:
        self.signals.append(force)
        if force or self.heeds_interrupt:
            self.finish(-9 if force else -2)


@dataclass
class FakeAdmission:
    executor: FakeExecutor
    released: int = 0
    megabytes: int = 512

    def release(self) -> None:
        self.released += 1
        with self.executor.counting:
            self.executor.held -= 1


class FakeExecutor:
    """Starts nothing. `script` decides for each work: an exit code (ends at once), None (runs on), a Refusal."""

    def __init__(self, script: Callable[[StepWork], int | Refusal | None] = lambda work: None) -> None:
        self.script = script
        self.runs: dict[str, FakeRun] = {}
        self.order: list[str] = []
        self.admissions: list[FakeAdmission] = []
        self.capacity = 1000
        self.held = 0
        self.counting = threading.Lock()
        self.rests = 0
        self.refused_releases: dict[str, str] = {}
        self.heeds_interrupt = True

    def check_release(self, release: str) -> None:
        if release in self.refused_releases:
            raise Refusal("E-ENG-001", self.refused_releases[release])

    def admit(self, work: StepWork) -> Admission | None:
        with self.counting:
            if self.held >= self.capacity:
                return None
            self.held += 1
        admission = FakeAdmission(self)
        self.admissions.append(admission)
        return admission

    def start(self, work: StepWork, admission: Admission) -> RunningStep:
        verdict = self.script(work)
        if isinstance(verdict, Refusal):
            raise verdict
        run = FakeRun(work, heeds_interrupt=self.heeds_interrupt)
        self.runs[work.step_id] = run
        self.order.append(work.name)
        if verdict is not None:
            run.finish(verdict)
        return run

    def rest(self) -> None:
        self.rests += 1


class FakeObjects:
    def __init__(self, *buckets: str) -> None:
        self.buckets = set(buckets)
        self.stored: dict[tuple[str, str], bytes] = {}

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.stored[bucket, key] = body

    def get(self, bucket: str, key: str) -> bytes:
        if bucket == "b":  # holds any script
            return b"#!/bin/sh\n"
        return self.stored[bucket, key]

    def bucket_exists(self, bucket: str) -> bool:
        return bucket in self.buckets


class FakeEvents:
    def __init__(self) -> None:
        self.seen: list[tuple[str, Mapping[str, Any]]] = []

    def publish(self, account: str, region: str, detail_type: str, detail: Mapping[str, object]) -> None:
        self.seen.append((detail_type, detail))

    def states(self, detail_type: str, **match: str) -> list[str]:
        return [
            str(d["state"]) for t, d in self.seen if t == detail_type and all(d.get(k) == v for k, v in match.items())
        ]


class Emr:
    """A control plane with its doubles, and short words for what tests say often."""

    def __init__(self, folder: Path, *, clock: Any = None, settings: Settings = FAST, executor: Any = None) -> None:
        self.executor = executor or FakeExecutor()
        self.objects = FakeObjects("logs")
        self.events = FakeEvents()
        self.clock = clock
        self.control = ControlPlane(folder, self.executor, self.objects, self.events, clock, settings)

    def call(self, operation: str, **request: Any) -> Any:
        answer = self.control.call(operation, request, account=ACCOUNT, region=REGION)
        check_response(operation, answer)
        return answer

    def refused(self, operation: str, **request: Any) -> ServiceError:
        """The error of a call that must be refused."""
        with pytest.raises(ServiceError) as refused:
            self.control.call(operation, request, account=ACCOUNT, region=REGION)
        assert refused.value.http_status == 400
        return refused.value

    def start(self, *steps: dict[str, Any], keep: bool = True, **more: Any) -> str:
        instances = {"InstanceFleets": fleets(), "KeepJobFlowAliveWhenNoSteps": keep, **more.pop("Instances", {})}
        request = {"Name": "c", "ReleaseLabel": "emr-7.10.0", "LogUri": "s3://logs/emr", "Instances": instances, **more}
        return str(self.call("RunJobFlow", **request, Steps=list(steps))["JobFlowId"])

    def cluster(self, cluster_id: str) -> Any:
        return self.call("DescribeCluster", ClusterId=cluster_id)["Cluster"]

    def state(self, cluster_id: str) -> str:
        return str(self.cluster(cluster_id)["Status"]["State"])

    def step(self, cluster_id: str, step_id: str) -> Any:
        return self.call("DescribeStep", ClusterId=cluster_id, StepId=step_id)["Step"]

    def steps(self, cluster_id: str) -> dict[str, str]:
        """Step name → state, oldest first."""
        found = self.call("ListSteps", ClusterId=cluster_id)["Steps"]
        return {s["Name"]: s["Status"]["State"] for s in reversed(found)}

    def ids(self, cluster_id: str) -> dict[str, str]:
        return {s["Name"]: s["Id"] for s in self.call("ListSteps", ClusterId=cluster_id)["Steps"]}

    def until(self, cluster_id: str, *states: str) -> str:
        eventually(lambda: self.state(cluster_id) in states, lambda: f"{self.state(cluster_id)} not in {states}")
        return self.state(cluster_id)

    def run_of(self, cluster_id: str, name: str) -> FakeRun:
        """The running process of a step, once it is there."""
        step_id = self.ids(cluster_id)[name]
        eventually(lambda: step_id in self.executor.runs and self.steps(cluster_id)[name] != "PENDING", lambda: name)
        return self.executor.runs[step_id]


@cache
def service_model() -> Any:
    return botocore.session.get_session().get_service_model("emr")


def check_response(operation: str, answer: Any) -> None:
    """Every response has the members and types that the service's own model gives it, and nothing else."""
    shape = service_model().operation_model(operation).output_shape
    if shape is None:
        assert answer == {}
    else:
        _check(shape, answer, operation)


def _check(shape: Shape, value: Any, path: str) -> None:
    if isinstance(shape, StructureShape):
        assert isinstance(value, dict), path
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path}: {unknown}"
        for key, member in value.items():
            _check(shape.members[key], member, f"{path}.{key}")
    elif isinstance(shape, ListShape):
        assert isinstance(value, list), path
        for member in value:
            _check(shape.member, member, f"{path}[]")
    elif isinstance(shape, MapShape):
        assert isinstance(value, dict), path
    else:
        kinds = {"string": str, "boolean": bool, "integer": int, "long": int}
        kind = kinds.get(shape.type_name, (int, float))
        assert isinstance(value, kind), f"{path}: {value!r} is not a {shape.type_name}"
        allowed = getattr(shape, "enum", None)
        assert not allowed or value in allowed, f"{path}: {value!r} not in {allowed}"


def step(name: str = "a", action: str = "CONTINUE", args: tuple[str, ...] = ("true",)) -> dict[str, Any]:
    jar = {"Jar": "command-runner.jar", "Args": list(args)}
    return {"Name": name, "ActionOnFailure": action, "HadoopJarStep": jar}


def fleets(core: int = 4, task: int | None = None) -> list[dict[str, Any]]:
    types = [{"InstanceType": "m5.xlarge"}]
    found: list[dict[str, Any]] = [
        {"InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1, "InstanceTypeConfigs": types}
    ]
    weighted = [{"InstanceType": "m5.2xlarge", "WeightedCapacity": 2}]
    if core:
        found.append({"InstanceFleetType": "CORE", "TargetOnDemandCapacity": core, "InstanceTypeConfigs": weighted})
    if task:
        found.append({"InstanceFleetType": "TASK", "TargetSpotCapacity": task, "InstanceTypeConfigs": types})
    return found


def eventually(check: Callable[[], object], say: Callable[[], object] = lambda: "", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"did not happen in {seconds} s: {say()}"
        time.sleep(0.002)


def request(**more: Any) -> dict[str, Any]:
    instances = {"InstanceFleets": fleets(), **more.pop("Instances", {})}
    return {"Name": "c", "ReleaseLabel": "emr-7.10.0", "Instances": instances, **more}


def action(name: str = "one", path: str = "s3://b/x.sh", *args: str) -> dict[str, Any]:
    return {"Name": name, "ScriptBootstrapAction": {"Path": path, "Args": list(args)}}
