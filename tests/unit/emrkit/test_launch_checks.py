"""What a state machine looks at before it asks for a cluster; what the expressions answer is asked of local EMR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emrkit.state_language import job_states
from emrkit_model.capacity import InstanceFleet
from emrkit_model.cluster import Cluster
from emrkit_model.job import Job
from emrkit_model.overrides import Override
from emrkit_model.steps import CommandStep

CORE = Override(path="core.target_on_demand", minimum=0, maximum=20)
IDLE = Override(path="idle_timeout", allowed=[600, 3600], default=600)
STEP = CommandStep(name="only", command=["true"])
TRAP = "{% $states.input.secret %}"


def machine(name: str = "nightly", *, partition: str = "aws", **checks: Any) -> dict[str, Any]:
    cluster = Cluster(
        name=name,
        release="emr-7.12.0",
        primary=InstanceFleet.on_demand("m5.xlarge"),
        core=InstanceFleet.on_demand("r5.xlarge", capacity=4),
    )
    states: Any = job_states(Job(name="j", run_on="c", steps=[STEP]), [STEP], cluster, partition=partition, **checks)
    return states


BOTH: dict[str, Any] = {"overrides": {"core": CORE, "idle": IDLE}, "when_running": "refuse"}


def successors(state: dict[str, Any]) -> Iterator[str]:
    for part in (state, *state.get("Catch", []), *state.get("Choices", [])):
        if "Next" in part:
            yield part["Next"]
    if "Default" in state:
        yield state["Default"]


def reached(states: dict[str, Any], first: str) -> set[str]:
    seen, ahead = set[str](), [first]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += successors(states[name])
    return seen


def test_without_checks_the_machine_is_what_it_was() -> None:
    plain = machine()
    assert plain == machine(overrides={}, when_running="launch")
    assert plain["States"]["Read input"]["Next"] == "Create cluster"
    assert set(plain["States"]["Read input"]["Assign"]) == {"run", "bundle", "error", "cause"}


@pytest.mark.parametrize(
    ("checks", "first"),
    [
        ({"overrides": {"core": CORE}}, "Check overrides"),
        ({"when_running": "refuse"}, "Look for a cluster of this name"),
        (BOTH, "Check overrides"),  # the one that asks nobody comes first
    ],
)
def test_every_state_is_there_and_reached_and_the_checks_come_before_the_cluster(
    checks: dict[str, Any], first: str
) -> None:
    states = machine(**checks)["States"]
    assert reached(states, "Read input") == set(states)
    assert states["Read input"]["Next"] == first
    before = {name for name, state in states.items() if "Create cluster" in successors(state)}
    assert len(before) == 1
    assert "Create cluster" not in reached({**states, before.pop(): {"Type": "Succeed"}}, "Read input")


def test_with_both_checks_neither_can_be_passed_by() -> None:
    states = machine(**BOTH)["States"]
    for name in ("Overrides within their bounds?", "Does one run?"):
        assert "Create cluster" not in reached({**states, name: {"Type": "Succeed"}}, "Read input")


def test_a_refused_execution_has_asked_for_nothing_that_costs() -> None:
    states = machine(**BOTH)["States"]
    asked = [states[name].get("Resource", "") for name in ("Check overrides", "Look for a cluster of this name")]
    assert asked == ["", "arn:aws:states:::aws-sdk:emr:listClusters"]
    for name, error in (("Override refused", "OverrideRefused"), ("Cluster runs already", "ClusterRunning")):
        assert (states[name]["Type"], states[name]["Error"]) == ("Fail", f"Emrkit.{error}")


def test_bounds_and_defaults_are_data_and_not_part_of_an_expression() -> None:
    given = machine(**BOTH)["States"]["Read input"]["Assign"]
    assert given["bounds"] == {"core": {"minimum": 0, "maximum": 20}, "idle": {"allowed": [600, 3600]}}
    assert given["defaults"] == {"core": 4, "idle": 600}


def test_the_chosen_numbers_stand_in_the_request() -> None:
    arguments = machine(**BOTH)["States"]["Create cluster"]["Arguments"]
    core = next(f for f in arguments["Instances"]["InstanceFleets"] if f["InstanceFleetType"] == "CORE")
    assert core["TargetOnDemandCapacity"] == "{% $chosen.core %}"
    assert arguments["AutoTerminationPolicy"] == {"IdleTimeout": "{% $chosen.idle %}"}


def test_a_name_that_looks_like_an_expression_stays_text() -> None:
    assert machine(TRAP.replace("$", ""), when_running="refuse")["States"]["Read input"]["Assign"]["name"] == (
        '{% "{% states.input.secret %}" %}'
    )


def test_the_look_goes_on_to_the_next_page_and_is_repeated_when_it_fails() -> None:
    states = machine(when_running="refuse")["States"]
    look = states["Look for a cluster of this name"]
    assert "$marker" in look["Arguments"]
    assert look["Retry"][0]["ErrorEquals"] == ["States.ALL"]
    conditions = {choice["Next"]: choice["Condition"] for choice in states["Does one run?"]["Choices"]}
    assert list(conditions) == ["Cluster runs already", "Look for a cluster of this name"]
    assert "terminat" not in str(states["Read input"]["Assign"]["living"]).lower()


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_the_partition_is_part_of_the_look_too(partition: str) -> None:
    look = machine(when_running="refuse", partition=partition)["States"]["Look for a cluster of this name"]
    assert look["Resource"] == f"arn:{partition}:states:::aws-sdk:emr:listClusters"
