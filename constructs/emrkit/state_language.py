"""A job as a state machine, in the Amazon States Language with JSONata: pure data, no CDK."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from emrkit_model.cluster import Cluster
from emrkit_model.job import Job
from emrkit_model.render import task
from emrkit_model.steps import ActionOnFailure, Step
from emrkit_model.values import Json

if TYPE_CHECKING:
    from emrkit_model.overrides import Override

    from .launch_checks import LaunchCheck

__all__ = ["BUNDLE", "CLUSTER_DEADLINE", "NO_OVERRIDES", "State", "job_states"]

BUNDLE = "s3://emrkit.bundle.location"
"""Stands for the place of the run's bundle in the steps given to `job_states`; the execution's input fills it in."""

CLUSTER_DEADLINE = 5400
"""Seconds within which a cluster that was asked for must have begun its first step, added to that step's timeout."""
STEP_DEADLINE = 86_400
"""Seconds that a step may run when neither it nor its job says so."""
_CREATE = "Create cluster"
NO_OVERRIDES: Mapping[str, Override] = {}
"""The overrides of most jobs."""
_THROTTLED = ["EMR.ThrottlingException", "ElasticMapReduce.ThrottlingException"]

State = dict[str, Json]


def job_states(
    job: Job,
    steps: Sequence[Step],
    cluster: Cluster,
    *,
    partition: str,
    overrides: Mapping[str, Override] = NO_OVERRIDES,
    when_running: str = "launch",
) -> State:
    """The state machine of a job on a transient cluster.

    The cluster is asked for without waiting, so that its id is known from the first moment: waiting and running into
    a timeout would lose the id, and with it the cluster. Steps queue up until the cluster is ready. Whatever happens to
    them, the cluster is terminated; then the execution fails with the first failing step's error and cause, or
    succeeds.

    The input is `{"run": "<id>", "bundle": "s3://…"}`, with `"overrides": {"<name>": 12}` where numbers may be chosen.
    It is read before anything is asked for: an execution that lacks either of the first fails without a cluster, and
    so does one whose overrides are not declared or out of bounds, or that finds a cluster of the same name where
    `when_running` is `refuse`. Variables: `run`, `bundle`, `cluster`, `error`, `cause`, and those of the checks. Text
    of the user's that looks like an expression stays text.
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
    """
    service = f"arn:{partition}:states:::elasticmapreduce"
    names = [_state_name(step) for step in steps]
    checks = _checks(cluster, partition, overrides, when_running)
    states: State = {
        "Read input": {
            "Type": "Pass",
            "Assign": {
                "run": "{% $states.input.run %}",
                "bundle": "{% $states.input.bundle %}",
                "error": "",
                "cause": "",
                **{name: value for check in checks for name, value in check.variables.items()},
            },
            "Next": checks[0].first if checks else _CREATE,
        },
        **{name: state for check in checks for name, state in check.states.items()},
        _CREATE: _create(service, cluster, names[0], overrides),
    }
    for number, step in enumerate(steps):
        following = names[number + 1] if number + 1 < len(names) else "Terminate cluster"
        states[names[number]] = _run(service, job, step, following, first=number == 0)
    states["Terminate cluster"] = {
        "Type": "Task",
        "Resource": f"{service}:terminateCluster.sync",
        "Arguments": task.terminate_cluster("{% $cluster %}"),
        "Output": {"run": "{% $run %}", "cluster": "{% $cluster %}"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 6, "BackoffRate": 2}],
        "Next": "Every step completed?",
    }
    states["Every step completed?"] = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $error = '' %}", "Next": "Done"}],
        "Default": "Failed",
    }
    states["Done"] = {"Type": "Succeed"}
    states["Failed"] = {"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $cause %}"}
    return {
        "Comment": f"emrkit: {job.name} on a transient cluster",
        "QueryLanguage": "JSONata",
        "StartAt": "Read input",
        "States": states,
    }


def _checks(
    cluster: Cluster, partition: str, overrides: Mapping[str, Override], when_running: str
) -> list[LaunchCheck]:
    """The checks in their order: the one that asks nobody first."""
    if not overrides and when_running != "refuse":
        return []
    from .launch_checks import check_numbers, look_for_cluster

    found: list[LaunchCheck] = []
    if when_running == "refuse":
        found.append(look_for_cluster(_literal(cluster.name), _CREATE, partition=partition))
    if overrides:
        found.insert(0, check_numbers(overrides, cluster, found[0].first if found else _CREATE))
    return found


def _create(service: str, cluster: Cluster, following: str, overrides: Mapping[str, Override]) -> State:
    arguments = cast("State", _literal(task.create_cluster(cluster)))
    if overrides:
        from emrkit_model.overrides import put_expressions

        chosen = {override.path: f"{{% $chosen.{name} %}}" for name, override in overrides.items()}
        put_expressions(arguments, cluster, chosen)
    tags = cast("list[Json]", arguments.get("Tags", []))
    run: Json = {"Key": "emrkit:run", "Value": "{% $run %}"}
    return {
        "Type": "Task",
        "Resource": f"{service}:createCluster",
        "Arguments": {**arguments, "Tags": [*tags, run]},
        "Assign": {"cluster": "{% $states.result.ClusterId %}"},
        # Throttled calls did not happen; anything else may have made a cluster and is not repeated.
        "Retry": [{"ErrorEquals": list(_THROTTLED), "IntervalSeconds": 5, "MaxAttempts": 5, "BackoffRate": 2}],
        "Next": following,
    }


def _run(service: str, job: Job, step: Step, following: str, *, first: bool) -> State:
    # The state machine ends the cluster itself, so that a failing step leaves it time to say why.
    arguments = cast("State", _literal(task.add_step("", step, default_action=ActionOnFailure.CONTINUE)))
    arguments["ClusterId"] = "{% $cluster %}"
    inner = cast("State", arguments["Step"])
    inner["ActionOnFailure"] = "CONTINUE"
    inner["Name"] = f"{{% {json.dumps(step.name)} & ' [' & $run & ']' %}}"
    failing = json.dumps(f"{step.name}: ")
    goes_on = step.action_on_failure(job.action_on_failure) is ActionOnFailure.CONTINUE
    return {
        "Type": "Task",
        "Resource": f"{service}:addStep.sync",
        "Arguments": arguments,
        "TimeoutSeconds": (step.timeout or job.timeout or STEP_DEADLINE) + (CLUSTER_DEADLINE if first else 0),
        "Retry": [{"ErrorEquals": list(_THROTTLED), "IntervalSeconds": 5, "MaxAttempts": 5, "BackoffRate": 2}],
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {
                    "error": "{% $error = '' ? $states.errorOutput.Error : $error %}",
                    "cause": f"{{% $cause = '' ? {failing} & $states.errorOutput.Cause : $cause %}}",
                },
                "Next": following if goes_on else "Terminate cluster",
            }
        ],
        "Next": following,
    }


def _state_name(step: Step) -> str:
    return f"Step {step.name}"[:80]


def _literal(value: Json) -> Json:
    """The same data, with every text in it literal, but for the place of the bundle, which an expression puts in."""
    if isinstance(value, dict):
        return {key: _literal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_literal(inner) for inner in value]
    return _text(value) if isinstance(value, str) else value


def _text(word: str) -> str:
    if BUNDLE not in word:
        return f"{{% {json.dumps(word)} %}}" if word.startswith("{%") else word
    parts: list[str] = []
    for number, literal in enumerate(word.split(BUNDLE)):
        if number:
            parts.append("$bundle")
        if literal:
            parts.append(json.dumps(literal))
    return f"{{% {' & '.join(parts)} %}}"
