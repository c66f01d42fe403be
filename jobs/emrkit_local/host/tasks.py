"""Step Functions' optimized integrations with EMR: `arn:aws:states:::elasticmapreduce:<action>[.sync]`.

A `.sync` task waits on the core; when its execution is stopped, or its time is up, what it began is taken back: the
step is cancelled, the cluster that is being created is terminated.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import cast

from emrkit_local.core.control_plane import Aborted, ControlPlane
from emrkit_local.core.errors import ServiceError

from .ministack import Emulator, Json, TaskFailure

__all__ = ["PREFIX", "SDK", "cluster_tasks", "follow_execution"]

PREFIX = "arn:aws:states:::elasticmapreduce:"
SDK: Mapping[str, Json] = {
    "emr": {"target_prefix": "ElasticMapReduce", "protocol": "json", "service_key": "elasticmapreduce"}
}
_RUNNING = frozenset({"WAITING", "RUNNING"})


@dataclass(slots=True)
class _Task:
    """What a running task belongs to."""

    execution: str = ""
    given_up: threading.Event = field(default_factory=threading.Event)


_current: ContextVar[_Task | None] = ContextVar("task", default=None)


def follow_execution(execution: str, timeout: float | None, run: Callable[[], object]) -> object:
    """Run a task, or a task under a timeout, so that what it calls knows when it is no longer wanted."""
    outer = _current.get()
    task = _Task(execution or (outer.execution if outer else ""))
    token = _current.set(task)
    try:
        return run()
    except BaseException:
        if timeout is not None:
            task.given_up.set()  # the attempt goes on in a thread of its own after its time is up
        raise
    finally:
        _current.reset(token)


class ClusterTasks:
    """The actions; each takes the task's resource and its parameters."""

    def __init__(self, emulator: Emulator, control: ControlPlane) -> None:
        self._emulator = emulator
        self._control = control

    def _call(self, operation: str, request: Json) -> Json:
        account, region = self._emulator.account(), self._emulator.region()
        try:
            return dict(self._control.call(operation, request, account=account, region=region))
        except ServiceError as error:
            raise TaskFailure(f"ElasticMapReduce.{error.code}", error.message) from error

    def _unwanted(self) -> Callable[[], bool]:
        task = _current.get() or _Task()
        account, region = self._emulator.account(), self._emulator.region()

        def ask() -> bool:
            if task.given_up.is_set():
                return True
            with self._emulator.scope(account, region):
                return bool(task.execution) and self._emulator.execution_status(task.execution) != "RUNNING"

        return ask

    def create_cluster(self, resource: str, request: Json) -> Json:
        if "Steps" in request:
            raise TaskFailure("States.Runtime", "createCluster takes no Steps: add them with addStep")
        made = self._call("RunJobFlow", request)
        cluster = str(made["JobFlowId"])
        answer: Json = {"ClusterId": cluster, "ClusterArn": made.get("ClusterArn")}
        if not _is_sync(resource):
            return answer
        try:
            described = self._control.wait_cluster(cluster, _RUNNING, abort=self._unwanted())
        except Aborted as aborted:
            self._quietly("SetTerminationProtection", {"JobFlowIds": [cluster], "TerminationProtected": False})
            self._quietly("TerminateJobFlows", {"JobFlowIds": [cluster]})
            raise TaskFailure("States.TaskFailed", f"cluster {cluster} is no longer wanted") from aborted
        if cast("Json", described["Status"])["State"] == "TERMINATED_WITH_ERRORS":
            raise TaskFailure("States.TaskFailed", json.dumps({"Cluster": described}))
        return {**answer, "Cluster": dict(described)}

    def terminate_cluster(self, resource: str, request: Json) -> Json:
        cluster = str(request.get("ClusterId", ""))
        self._call("DescribeCluster", {"ClusterId": cluster})
        self._call("TerminateJobFlows", {"JobFlowIds": [cluster]})
        if not _is_sync(resource):
            return {}
        try:
            described = self._control.wait_cluster(cluster, (), abort=self._unwanted())
        except Aborted as aborted:
            raise TaskFailure("States.TaskFailed", f"nobody waits for {cluster} any more") from aborted
        return {"ClusterId": cluster, "Cluster": dict(described)}

    def add_step(self, resource: str, request: Json) -> Json:
        cluster = str(request.get("ClusterId", ""))
        given: Json = {"JobFlowId": cluster, "Steps": [request.get("Step")]}
        if role := request.get("ExecutionRoleArn"):
            given["ExecutionRoleArn"] = role
        step = cast("list[str]", self._call("AddJobFlowSteps", given)["StepIds"])[0]
        if not _is_sync(resource):
            return {"StepId": step}
        try:
            described = self._control.wait_step(cluster, step, abort=self._unwanted())
        except Aborted as aborted:
            self._quietly("CancelSteps", _cancellation(cluster, step))
            raise TaskFailure("States.TaskFailed", f"step {step} is no longer wanted") from aborted
        if cast("Json", described["Status"])["State"] != "COMPLETED":
            raise TaskFailure("States.TaskFailed", json.dumps({"Step": described}))
        return {"StepId": step, "Step": dict(described)}

    def cancel_step(self, _resource: str, request: Json) -> Json:
        cluster, step = str(request.get("ClusterId", "")), str(request.get("StepId", ""))
        answer = self._call("CancelSteps", {"ClusterId": cluster, "StepIds": [step]})
        return {"CancelStepsInfo": cast("list[Json]", answer["CancelStepsInfoList"])[0]}

    def protect_cluster(self, _resource: str, request: Json) -> Json:
        protected = request.get("TerminationProtected")
        return self._call(
            "SetTerminationProtection",
            {"JobFlowIds": [request.get("ClusterId")], "TerminationProtected": protected},
        )

    def resize_fleet(self, _resource: str, request: Json) -> Json:
        cluster, name = str(request.get("ClusterId", "")), request.get("InstanceFleetName")
        fleets = cast("list[Json]", self._call("ListInstanceFleets", {"ClusterId": cluster})["InstanceFleets"])
        fleet = _by_name(fleets, name, "instance fleet")
        change = {"InstanceFleetId": fleet["Id"], **cast("Json", request.get("InstanceFleet") or {})}
        return self._call("ModifyInstanceFleet", {"ClusterId": cluster, "InstanceFleet": change})

    def resize_group(self, _resource: str, request: Json) -> Json:
        cluster, name = str(request.get("ClusterId", "")), request.get("InstanceGroupName")
        groups = cast("list[Json]", self._call("ListInstanceGroups", {"ClusterId": cluster})["InstanceGroups"])
        group = _by_name(groups, name, "instance group")
        change = {"InstanceGroupId": group["Id"], **cast("Json", request.get("InstanceGroup") or {})}
        return self._call("ModifyInstanceGroups", {"ClusterId": cluster, "InstanceGroups": [change]})

    def _quietly(self, operation: str, request: Json) -> None:
        try:
            self._call(operation, request)
        except TaskFailure:
            return  # it has ended meanwhile, which is what we want


def cluster_tasks(emulator: Emulator, control: ControlPlane) -> dict[str, Callable[[str, Json], object]]:
    """The actions by name."""
    tasks = ClusterTasks(emulator, control)
    return {
        "createCluster": tasks.create_cluster,
        "terminateCluster": tasks.terminate_cluster,
        "addStep": tasks.add_step,
        "cancelStep": tasks.cancel_step,
        "setClusterTerminationProtection": tasks.protect_cluster,
        "modifyInstanceFleetByName": tasks.resize_fleet,
        "modifyInstanceGroupByName": tasks.resize_group,
    }


def _is_sync(resource: str) -> bool:
    return resource.endswith(".sync")


def _cancellation(cluster: str, step: str) -> Json:
    return {"ClusterId": cluster, "StepIds": [step], "StepCancellationOption": "TERMINATE_PROCESS"}


def _by_name(items: list[Json], name: object, what: str) -> Json:
    found = [i for i in items if i.get("Name") == name]
    if len(found) != 1:
        raise TaskFailure(
            "ElasticMapReduce.InvalidRequestException", f"{len(found)} of the cluster's {what}s are named {name}"
        )
    return found[0]
