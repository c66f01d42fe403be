"""State machines in the daemon: EMR's tasks, their failures and their ends."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from emrkit_local import client
from tests.acceptance.daemon.calls import RELEASE, Start, aws, run_cluster, until

pytestmark = pytest.mark.daemon


# State machines -------------------------------------------------------------------------------------------------------


def task(action: str, parameters: object, following: str | None = None, **more: object) -> dict[str, object]:
    end = {"Next": following} if following else {"End": True}
    resource = f"arn:aws:states:::elasticmapreduce:{action}"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "ResultPath": "$.last", **end, **more}


def add_step(*command: str) -> dict[str, object]:
    step = {"Name": "s", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": command}}
    return {"ClusterId.$": "$.cluster", "Step": step}


def execute(endpoint: client.Endpoint, name: str, states: dict[str, object], given: object) -> str:
    machines = aws(endpoint, "stepfunctions")
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    machine = machines.create_state_machine(
        name=name, definition=definition, roleArn="arn:aws:iam::000000000000:role/r"
    )
    return machines.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))["executionArn"]


def outcome(endpoint: client.Endpoint, execution: str) -> dict[str, Any]:
    machines = aws(endpoint, "stepfunctions")

    def look() -> dict[str, Any] | None:
        found = machines.describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    return until(look)


def test_a_state_machine_makes_a_cluster_runs_a_step_and_ends_the_cluster(local: client.Endpoint) -> None:
    request = {
        "Name": "from-machine",
        "ReleaseLabel": RELEASE,
        "JobFlowRole": "n",
        "ServiceRole": "s",
        "Instances": {"InstanceCount": 1, "MasterInstanceType": "m5.xlarge", "KeepJobFlowAliveWhenNoSteps": True},
    }
    made = task("createCluster.sync", request, "Step")
    made["ResultPath"] = "$.made"
    step = add_step("true")
    step["ClusterId.$"] = "$.made.ClusterId"
    states = {"Make": made, "Step": task("addStep.sync", step, "End"), "End": {}}
    states["End"] = task("terminateCluster.sync", {"ClusterId.$": "$.made.ClusterId"})
    found = outcome(local, execute(local, "whole", states, {}))
    assert found["status"] == "SUCCEEDED", found
    output = json.loads(found["output"])
    described = aws(local, "emr").describe_cluster(ClusterId=output["made"]["ClusterId"])["Cluster"]
    assert described["Status"]["State"] == "TERMINATED"


def test_a_failing_step_fails_its_task_with_the_step_as_cause(local: client.Endpoint) -> None:
    cluster = run_cluster(local)
    states = {"Fail": task("addStep.sync", add_step("false"))}
    found = outcome(local, execute(local, "failing", states, {"cluster": cluster}))
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(found["cause"])["Step"]["Status"]["State"] == "FAILED"


def test_emrs_refusal_can_be_caught_by_name(local: client.Endpoint) -> None:
    caught = {"ErrorEquals": ["ElasticMapReduce.ValidationException"], "Next": "Caught", "ResultPath": "$.error"}
    states = {"Add": task("addStep.sync", add_step("true"), Catch=[caught]), "Caught": {"Type": "Succeed"}}
    found = outcome(local, execute(local, "caught", states, {"cluster": "j-NONE"}))
    assert found["status"] == "SUCCEEDED", found


@pytest.mark.parametrize("way", ["stopped", "timeout"])
def test_a_step_nobody_waits_for_any_more_is_cancelled(local: client.Endpoint, way: str) -> None:
    cluster, emr = run_cluster(local), aws(local, "emr")
    more = {"TimeoutSeconds": 5} if way == "timeout" else {}
    states = {"Sleep": task("addStep.sync", add_step("sleep", "300"), **more)}
    execution = execute(local, way, states, {"cluster": cluster})
    # One that times out may do so before the step runs: it is cancelled all the same.
    awaited = {"RUNNING"} if way == "stopped" else {"PENDING", "RUNNING", "CANCELLED"}
    until(lambda: [s for s in emr.list_steps(ClusterId=cluster)["Steps"] if s["Status"]["State"] in awaited])
    if way == "stopped":
        aws(local, "stepfunctions").stop_execution(executionArn=execution)
    found = outcome(local, execution)
    assert found["status"] == ("ABORTED" if way == "stopped" else "FAILED")
    until(lambda: emr.list_steps(ClusterId=cluster)["Steps"][0]["Status"]["State"] == "CANCELLED")
    assert outcome(local, execution)["status"] == found["status"]


def test_an_execution_that_ran_when_the_daemon_died_has_failed(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    cluster = run_cluster(endpoint)
    execution = execute(endpoint, "died", {"S": task("addStep.sync", add_step("sleep", "300"))}, {"cluster": cluster})
    emr = aws(endpoint, "emr")
    until(lambda: [s for s in emr.list_steps(ClusterId=cluster)["Steps"] if s["Status"]["State"] == "RUNNING"])
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: client.find(tmp_path) is None)
    again = start(tmp_path)
    assert outcome(again, execution)["status"] == "FAILED"
