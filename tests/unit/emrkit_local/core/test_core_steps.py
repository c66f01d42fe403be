"""Steps: their order, their ends, and what a failure does to the cluster."""

from __future__ import annotations

import pytest
from core_doubles import FAST, Emr, eventually, step

from emrkit_local.core.ports import Refusal


def test_a_step_runs_from_pending_to_completed_and_its_cluster_waits_again(emr: Emr) -> None:
    cluster = emr.start(step("a"))
    emr.run_of(cluster, "a").finish(0)
    done = emr.control.wait_step(cluster, emr.ids(cluster)["a"])
    assert done["Status"]["State"] == "COMPLETED"
    timeline = done["Status"]["Timeline"]
    assert timeline["CreationDateTime"] <= timeline["StartDateTime"] <= timeline["EndDateTime"]
    assert emr.until(cluster, "WAITING") == "WAITING"


def test_steps_run_one_after_another_in_the_order_they_were_added(emr: Emr) -> None:
    cluster = emr.start(step("a"), step("b"), step("c"))
    for name in ("a", "b", "c"):
        run = emr.run_of(cluster, name)
        states = emr.steps(cluster)
        assert [s for s in states.values() if s == "RUNNING"] == ["RUNNING"]
        run.finish(0)
    emr.until(cluster, "WAITING")
    assert emr.executor.order == ["a", "b", "c"]


def test_as_many_steps_run_side_by_side_as_the_concurrency_level_says(emr: Emr) -> None:
    cluster = emr.start(step("a"), step("b"), step("c"), StepConcurrencyLevel=2)
    first, second = emr.run_of(cluster, "a"), emr.run_of(cluster, "b")
    assert emr.steps(cluster) == {"a": "RUNNING", "b": "RUNNING", "c": "PENDING"}
    second.finish(0)
    emr.run_of(cluster, "c").finish(0)
    first.finish(0)
    emr.until(cluster, "WAITING")


def test_raising_the_concurrency_level_starts_a_waiting_step(emr: Emr) -> None:
    cluster = emr.start(step("a"), step("b"))
    emr.run_of(cluster, "a")
    assert emr.call("ModifyCluster", ClusterId=cluster, StepConcurrencyLevel=2) == {"StepConcurrencyLevel": 2}
    emr.run_of(cluster, "b")


def test_a_failed_step_that_continues_lets_the_next_one_run(emr: Emr) -> None:
    cluster = emr.start(step("a"), step("b"))
    emr.run_of(cluster, "a").finish(3)
    emr.run_of(cluster, "b").finish(0)
    emr.until(cluster, "WAITING")
    assert emr.steps(cluster) == {"a": "FAILED", "b": "COMPLETED"}


def test_cancel_and_wait_cancels_what_is_pending_and_keeps_the_cluster(emr: Emr) -> None:
    cluster = emr.start(step("a", "CANCEL_AND_WAIT"), step("b"), step("c"))
    emr.run_of(cluster, "a").finish(1)
    emr.until(cluster, "WAITING")
    assert emr.steps(cluster) == {"a": "FAILED", "b": "CANCELLED", "c": "CANCELLED"}


@pytest.mark.parametrize("action", ["TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW"])
def test_a_failed_step_that_terminates_ends_the_cluster_with_errors(emr: Emr, action: str) -> None:
    cluster = emr.start(step("a", action), step("b"))
    emr.run_of(cluster, "a").finish(1)
    emr.until(cluster, "TERMINATED_WITH_ERRORS")
    assert emr.cluster(cluster)["Status"]["StateChangeReason"] == {
        "Code": "STEP_FAILURE",
        "Message": "Shut down as step failed",
    }
    assert emr.steps(cluster) == {"a": "FAILED", "b": "CANCELLED"}


def test_a_protected_standing_cluster_outlives_a_failed_step_that_terminates(emr: Emr) -> None:
    cluster = emr.start(step("a", "TERMINATE_CLUSTER"), step("b"), Instances={"TerminationProtected": True})
    emr.run_of(cluster, "a").finish(1)
    emr.until(cluster, "WAITING")
    assert emr.steps(cluster) == {"a": "FAILED", "b": "CANCELLED"}


def test_only_continue_is_honoured_once_the_concurrency_level_was_raised(emr: Emr) -> None:
    cluster = emr.start(step("a", "TERMINATE_CLUSTER"), step("b"))
    run = emr.run_of(cluster, "a")
    emr.call("ModifyCluster", ClusterId=cluster, StepConcurrencyLevel=2)
    run.finish(1)
    emr.run_of(cluster, "b").finish(0)
    emr.until(cluster, "WAITING")


def test_concurrent_steps_must_continue_on_failure(emr: Emr) -> None:
    cluster = emr.start(StepConcurrencyLevel=2)
    error = emr.refused("AddJobFlowSteps", JobFlowId=cluster, Steps=[step("a", "CANCEL_AND_WAIT")])
    assert (error.code, "CANCEL_AND_WAIT" in error.message) == ("ValidationException", True)
    assert emr.steps(cluster) == {}


def test_a_pending_step_is_cancelled_at_once(emr: Emr) -> None:
    cluster = emr.start(step("a"), step("b"))
    emr.run_of(cluster, "a")
    wanted = emr.ids(cluster)["b"]
    answer = emr.call("CancelSteps", ClusterId=cluster, StepIds=[wanted])
    assert answer == {"CancelStepsInfoList": [{"StepId": wanted, "Status": "SUBMITTED"}]}
    assert emr.steps(cluster) == {"a": "RUNNING", "b": "CANCELLED"}


def test_a_running_step_is_cancelled_when_its_process_has_heeded_the_interrupt(emr: Emr) -> None:
    cluster = emr.start(step("a", "TERMINATE_CLUSTER"), step("b"))
    run = emr.run_of(cluster, "a")
    emr.call("CancelSteps", ClusterId=cluster, StepIds=[emr.ids(cluster)["a"]])
    assert emr.control.wait_step(cluster, run.work.step_id)["Status"]["State"] == "CANCELLED"
    assert run.signals == [False]
    emr.run_of(cluster, "b").finish(0)
    assert emr.until(cluster, "WAITING") == "WAITING", "a cancelled step is not a failed one"


def test_a_step_that_ignores_the_interrupt_can_be_killed(emr: Emr) -> None:
    emr.executor.heeds_interrupt = False
    cluster = emr.start(step("a"))
    run = emr.run_of(cluster, "a")
    emr.call("CancelSteps", ClusterId=cluster, StepIds=[run.work.step_id])
    assert emr.steps(cluster) == {"a": "CANCEL_PENDING"}
    emr.call("CancelSteps", ClusterId=cluster, StepIds=[run.work.step_id], StepCancellationOption="TERMINATE_PROCESS")
    assert emr.control.wait_step(cluster, run.work.step_id)["Status"]["State"] == "CANCELLED"
    assert run.signals == [False, True]


def test_a_step_that_has_ended_cannot_be_cancelled(emr: Emr) -> None:
    cluster = emr.start(step("a"))
    emr.run_of(cluster, "a").finish(0)
    step_id = emr.ids(cluster)["a"]
    emr.control.wait_step(cluster, step_id)
    answer = emr.call("CancelSteps", ClusterId=cluster, StepIds=[step_id, "s-NONE"])["CancelStepsInfoList"]
    assert [a["Status"] for a in answer] == ["FAILED", "FAILED"]
    assert "COMPLETED" in answer[0]["Reason"]


def test_256_active_steps_are_the_limit_of_a_cluster(emr: Emr) -> None:
    cluster = emr.start(*[step(f"s{i}") for i in range(256)])
    error = emr.refused("AddJobFlowSteps", JobFlowId=cluster, Steps=[step("one more")])
    assert (error.code, "active steps" in error.message) == ("ValidationException", True)
    emr.run_of(cluster, "s0") if "s0" in emr.ids(cluster) else None
    first = emr.call("ListSteps", ClusterId=cluster, StepStates=["PENDING"])["Steps"][0]["Id"]
    emr.call("CancelSteps", ClusterId=cluster, StepIds=[first])
    assert emr.call("AddJobFlowSteps", JobFlowId=cluster, Steps=[step("one more")])["StepIds"]


def test_steps_are_listed_newest_first_in_pages_that_survive_new_steps(emr: Emr) -> None:
    cluster = emr.start(*[step(f"s{i}") for i in range(70)])
    page = emr.call("ListSteps", ClusterId=cluster)
    assert len(page["Steps"]) == 50
    emr.call("AddJobFlowSteps", JobFlowId=cluster, Steps=[step("late")])
    rest = emr.call("ListSteps", ClusterId=cluster, Marker=page["Marker"])
    assert "Marker" not in rest
    names = [s["Name"] for s in page["Steps"] + rest["Steps"]]
    assert names == [f"s{i}" for i in reversed(range(70))]
    assert emr.refused("ListSteps", ClusterId=cluster, Marker="nonsense").code == "InvalidRequestException"


def test_steps_are_listed_by_state_and_by_id(emr: Emr) -> None:
    cluster = emr.start(step("a"), step("b"))
    emr.run_of(cluster, "a")
    ids = emr.ids(cluster)
    running = emr.call("ListSteps", ClusterId=cluster, StepStates=["RUNNING"])["Steps"]
    assert [s["Name"] for s in running] == ["a"]
    assert [s["Name"] for s in emr.call("ListSteps", ClusterId=cluster, StepIds=[ids["b"]])["Steps"]] == ["b"]
    assert emr.refused("ListSteps", ClusterId=cluster, StepIds=["s-1"] * 11).code == "InvalidRequestException"
    assert emr.refused("ListSteps", ClusterId=cluster, StepIds=["s-1"]).code == "InvalidRequestException"


def test_the_work_carries_everything_an_engine_needs(emr: Emr) -> None:
    configurations = [
        {
            "Classification": "spark-env",
            "Configurations": [{"Classification": "export", "Properties": {"A": "1"}}],
        }
    ]
    request = step("a")
    request["HadoopJarStep"] |= {"MainClass": "x.Main", "Properties": [{"Key": "k", "Value": "v"}]}
    cluster = emr.start(request, Configurations=configurations)
    work = emr.run_of(cluster, "a").work
    assert (work.jar, work.args, work.main_class, work.properties) == (
        "command-runner.jar",
        ("true",),
        "x.Main",
        {"k": "v"},
    )
    assert work.release == "emr-7.10.0"
    assert work.classifications[0].nested[0].properties == {"A": "1"}
    assert work.environment["EMR_CLUSTER_ID"] == cluster
    shown = emr.step(cluster, work.step_id)
    assert shown["Config"]["Properties"] == {"k": "v"}


def test_a_step_waits_for_memory_and_starts_when_another_has_ended(untimed: Emr) -> None:
    emr = untimed
    emr.executor.capacity = 1
    one, two = emr.start(step("a")), emr.start(step("b"))
    eventually(lambda: len(emr.executor.runs) == 1)
    busy, idle = (one, two) if emr.steps(one) == {"a": "RUNNING"} else (two, one)
    assert list(emr.steps(idle).values()) == ["PENDING"]
    eventually(lambda: FAST.admission_retry in emr.clock.waits)
    next(iter(emr.executor.runs.values())).finish(0)
    # Told, not by asking again: no wait of this clock ends by itself.
    eventually(lambda: len(emr.executor.runs) == 2)
    emr.until(busy, "WAITING")


def test_a_step_starts_because_it_was_submitted_and_not_because_somebody_looked(untimed: Emr) -> None:
    emr = untimed
    cluster = emr.start()
    emr.until(cluster, "WAITING")
    for i in range(5):
        step_id = emr.call("AddJobFlowSteps", JobFlowId=cluster, Steps=[step(f"s{i}")])["StepIds"][0]
        eventually(lambda wanted=step_id: wanted in emr.executor.runs)
        emr.executor.runs[step_id].finish(0)
        emr.control.wait_step(cluster, step_id)


def test_every_admission_is_given_back_exactly_once(emr: Emr) -> None:
    emr.executor.script = lambda work: {"a": 0, "b": 1}.get(work.name, Refusal("E", "no"))
    cluster = emr.start(step("a"), step("b"), step("c"))
    eventually(lambda: "PENDING" not in emr.steps(cluster).values())
    emr.until(cluster, "WAITING")
    eventually(lambda: [a.released for a in emr.executor.admissions] == [1, 1, 1])


def test_the_engine_is_told_when_nothing_runs(emr: Emr) -> None:
    cluster = emr.start()
    emr.until(cluster, "WAITING")
    eventually(lambda: emr.executor.rests == 1)
    emr.call("AddTags", ResourceId=cluster, Tags=[{"Key": "a", "Value": "b"}])
    emr.call("AddJobFlowSteps", JobFlowId=cluster, Steps=[step("a"), step("b")])
    emr.run_of(cluster, "a").finish(0)
    emr.run_of(cluster, "b")
    assert emr.executor.rests == 1, "not between two steps"
    emr.run_of(cluster, "b").finish(0)
    eventually(lambda: emr.executor.rests == 2)


def test_step_events_have_the_shape_emr_gives_them(emr: Emr) -> None:
    cluster = emr.start(step("a"), step("b"))
    emr.run_of(cluster, "a").finish(0)
    emr.run_of(cluster, "b").finish(1)
    emr.until(cluster, "WAITING")
    seen = emr.events.states
    eventually(lambda: seen("EMR Step Status Change", name="b") == ["PENDING", "RUNNING", "FAILED"])
    assert seen("EMR Step Status Change", name="a") == ["PENDING", "RUNNING", "COMPLETED"]
    last = [d for t, d in emr.events.seen if t == "EMR Step Status Change"][-1]
    assert set(last) == {
        "severity", "actionOnFailure", "stepId", "name", "clusterId", "state", "message",
    }  # fmt: skip
    assert last["severity"] == "ERROR"


def test_a_listener_that_fails_does_not_stop_a_step(emr: Emr) -> None:
    def fail(*_: object) -> None:
        raise OSError("no bus")

    emr.events.publish = fail  # type: ignore[method-assign]
    cluster = emr.start(step("a"))
    emr.run_of(cluster, "a").finish(0)
    assert emr.until(cluster, "WAITING") == "WAITING"


def test_an_executor_that_breaks_fails_the_step_and_not_the_cluster(emr: Emr) -> None:
    def broken(work: object) -> int:
        raise RuntimeError("disk full")

    emr.executor.script = broken
    cluster = emr.start(step("a"))
    status = emr.control.wait_step(cluster, emr.ids(cluster)["a"])["Status"]
    assert "disk full" in status["FailureDetails"]["Message"]
    emr.until(cluster, "WAITING")
