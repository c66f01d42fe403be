"""A job as a state machine: a cluster that was asked for is ended on every path, and text stays text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emrkit.state_language import BUNDLE, CLUSTER_DEADLINE, STEP_DEADLINE, job_states
from emrkit_model.capacity import InstanceFleet
from emrkit_model.cluster import BootstrapAction, Cluster
from emrkit_model.configurations import Configuration
from emrkit_model.job import Job
from emrkit_model.steps import ActionOnFailure, CommandStep, SparkStep

SERVICE = "arn:aws:states:::elasticmapreduce"


def cluster(**more: Any) -> Cluster:
    return Cluster(name="nightly", release="emr-7.12.0", primary=InstanceFleet.on_demand("m5.xlarge"), **more)


def spark(name: str, *args: str, **more: Any) -> SparkStep:
    return SparkStep(name=name, entry_point=f"{BUNDLE}/{name}.py", args=args, **more)


def states_of(*steps: Any, given: Cluster | None = None, **job: Any) -> dict[str, Any]:
    machine: Any = job_states(
        Job(name="flights", run_on="nightly", steps=steps, **job), steps, given or cluster(), partition="aws"
    )
    return machine


def successors(state: dict[str, Any]) -> Iterator[str]:
    for part in (state, *state.get("Catch", []), *state.get("Choices", [])):
        if "Next" in part:
            yield part["Next"]
    if "Default" in state:
        yield state["Default"]


TWO = (spark("stage"), spark("report"))


def test_every_state_that_is_named_exists_and_is_reached() -> None:
    machine = states_of(*TWO)
    states = machine["States"]
    reached, ahead = set(), [machine["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += successors(states[name])
    assert reached == set(states)


def test_the_states_have_only_the_fields_of_their_type() -> None:
    task = {"Type", "Resource", "Arguments", "Assign", "Output", "Retry", "Catch", "TimeoutSeconds", "Next"}
    fields = {
        "Task": task,
        "Pass": {"Type", "Assign", "Next"},
        "Choice": {"Type", "Choices", "Default"},
        "Succeed": {"Type"},
        "Fail": {"Type", "Error", "Cause"},
    }
    machine = states_of(*TWO)
    assert machine["QueryLanguage"] == "JSONata"
    for name, state in machine["States"].items():
        assert set(state) <= fields[state["Type"]], name
        assert len(name) <= 80


def test_once_a_cluster_was_asked_for_every_way_leads_over_its_termination() -> None:
    states = states_of(*TWO)["States"]
    ends = {name for name, state in states.items() if state["Type"] in {"Succeed", "Fail"}}
    ahead, seen = [states["Create cluster"]["Next"]], set()
    while ahead:
        name = ahead.pop()
        assert name not in ends, "an end is reached without terminating the cluster"
        if name not in seen and name != "Terminate cluster":
            seen.add(name)
            ahead += successors(states[name])
    assert seen == {"Step stage", "Step report"}


def test_whatever_happens_to_a_step_is_caught_also_a_timeout() -> None:
    for state in states_of(*TWO)["States"].values():
        if state.get("Resource", "").endswith("addStep.sync"):
            (caught,) = state["Catch"]
            assert caught["ErrorEquals"] == ["States.ALL"]
            assert caught["Next"] == "Terminate cluster"


def test_input_that_lacks_something_fails_before_a_cluster_is_asked_for() -> None:
    machine = states_of(*TWO)
    first = machine["States"][machine["StartAt"]]
    assert first["Type"] == "Pass"
    assert set(first["Assign"]) == {"run", "bundle", "error", "cause"}
    assert first["Next"] == "Create cluster"
    assert "$states.input" not in str(machine["States"]["Create cluster"])


def test_the_cluster_is_asked_for_without_waiting_and_never_twice() -> None:
    state = states_of(*TWO)["States"]["Create cluster"]
    assert state["Resource"] == f"{SERVICE}:createCluster"
    assert state["Assign"] == {"cluster": "{% $states.result.ClusterId %}"}
    assert [name for retry in state["Retry"] for name in retry["ErrorEquals"] if "Throttling" not in name] == []


def test_the_cluster_waits_for_steps_and_carries_the_run() -> None:
    arguments = states_of(*TWO, given=cluster(tags={"team": "data"}))["States"]["Create cluster"]["Arguments"]
    assert arguments["Instances"]["KeepJobFlowAliveWhenNoSteps"] is True
    assert "Steps" not in arguments
    assert arguments["AutoTerminationPolicy"] == {"IdleTimeout": 3600}
    assert arguments["Tags"] == [{"Key": "team", "Value": "data"}, {"Key": "emrkit:run", "Value": "{% $run %}"}]


def test_the_first_failure_gives_the_executions_error_and_cause() -> None:
    states = states_of(*TWO)["States"]
    caught = states["Step stage"]["Catch"][0]["Assign"]
    assert caught["error"] == "{% $error = '' ? $states.errorOutput.Error : $error %}"
    assert caught["cause"] == "{% $cause = '' ? \"stage: \" & $states.errorOutput.Cause : $cause %}"
    assert states["Every step completed?"]["Default"] == "Failed"
    assert states["Failed"] == {"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $cause %}"}


@pytest.mark.parametrize(
    ("policy", "following"),
    [
        (ActionOnFailure.CONTINUE, "Step report"),
        (ActionOnFailure.TERMINATE_CLUSTER, "Terminate cluster"),
        (None, "Terminate cluster"),
    ],
)
def test_a_step_that_may_fail_goes_on_to_the_next(policy: ActionOnFailure | None, following: str) -> None:
    steps = (spark("stage", **({} if policy is None else {"on_failure": policy})), spark("report"))
    assert states_of(*steps)["States"]["Step stage"]["Catch"][0]["Next"] == following


def test_the_first_step_waits_for_the_cluster_too() -> None:
    states = states_of(spark("stage", timeout=60), spark("report", timeout=60), spark("last"))["States"]
    assert states["Step stage"]["TimeoutSeconds"] == 60 + CLUSTER_DEADLINE
    assert states["Step report"]["TimeoutSeconds"] == 60
    assert states["Step last"]["TimeoutSeconds"] == STEP_DEADLINE
    assert states_of(*TWO, timeout=900)["States"]["Step report"]["TimeoutSeconds"] == 900


def test_a_step_is_named_with_its_run() -> None:
    step = states_of(spark('the "best"'))["States"]['Step the "best"']["Arguments"]["Step"]
    assert step["Name"] == "{% \"the \\\"best\\\"\" & ' [' & $run & ']' %}"
    assert step["ActionOnFailure"] == "CONTINUE"


def test_the_bundles_place_is_put_in_by_an_expression() -> None:
    arguments = states_of(spark("stage", "--raw", "s3://data/raw/", f"--table={BUNDLE}/t.csv,{BUNDLE}/u.csv"))[
        "States"
    ]["Step stage"]["Arguments"]
    words = arguments["Step"]["HadoopJarStep"]["Args"]
    assert arguments["ClusterId"] == "{% $cluster %}"
    assert '{% $bundle & "/stage.py" %}' in words
    assert '{% "--table=" & $bundle & "/t.csv," & $bundle & "/u.csv" %}' in words
    assert words[-3:-1] == ["--raw", "s3://data/raw/"]


TRAP = "{% $states.input.secret %}"
STILL_TEXT = '{% "{% $states.input.secret %}" %}'


def test_an_argument_that_looks_like_an_expression_stays_text() -> None:
    step = CommandStep(name="say", command=["echo", TRAP, "{%", "%}", "{{x}}"])
    words = states_of(step)["States"]["Step say"]["Arguments"]["Step"]["HadoopJarStep"]["Args"]
    assert words == ["echo", STILL_TEXT, '{% "{%" %}', "%}", "{{x}}"]


def test_a_clusters_settings_that_look_like_expressions_stay_text() -> None:
    given = cluster(
        tags={"note": TRAP},
        configurations=[Configuration(classification="spark-defaults", properties={"spark.x": TRAP})],
        bootstrap_actions=[BootstrapAction(name="setup", path="s3://code/setup.sh", args=[TRAP])],
    )
    arguments = states_of(*TWO, given=given)["States"]["Create cluster"]["Arguments"]
    assert {"Key": "note", "Value": STILL_TEXT} in arguments["Tags"]
    assert arguments["Configurations"][0]["Properties"]["spark.x"] == STILL_TEXT
    assert arguments["BootstrapActions"][0]["ScriptBootstrapAction"]["Args"] == [STILL_TEXT]


def test_an_expression_in_the_middle_of_a_word_is_text_anyway() -> None:
    words = states_of(spark("stage", conf={"spark.y": TRAP}))["States"]["Step stage"]["Arguments"]["Step"]
    assert f"spark.y={TRAP}" in words["HadoopJarStep"]["Args"]


def test_the_partition_is_part_of_every_integration() -> None:
    machine: Any = job_states(Job(name="flights", run_on="nightly", steps=TWO), TWO, cluster(), partition="aws-us-gov")
    resources = [s["Resource"] for s in machine["States"].values() if "Resource" in s]
    assert len(resources) == 4
    assert all(r.startswith("arn:aws-us-gov:states:::elasticmapreduce:") for r in resources)
