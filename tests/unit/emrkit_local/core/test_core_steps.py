"""Steps: their order, their ends, and what a failure does to the cluster."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from core_doubles import FAST, Emr, eventually, step

from emrkit_local.core.ports import Refusal
from emrkit_local.core.settings import Settings


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


def test_a_failure_names_the_exception_and_the_log_that_holds_it(emr: Emr) -> None:
    cluster = emr.start(step("a"))
    emr.run_of(cluster, "a").finish(1, "Traceback (most recent call last):\n  File x\nValueError: no such column\n")
    step_id = emr.ids(cluster)["a"]
    status = emr.control.wait_step(cluster, step_id)["Status"]
    assert status["FailureDetails"] == {
        "Reason": "Unknown Error.",
        "Message": "ValueError: no such column",
        "LogFile": f"s3://logs/emr/{cluster}/steps/{step_id}/stderr.gz",
    }


@pytest.mark.parametrize(
    ("files", "message", "log"),
    [
        (
            {"stderr": 'Exception in thread "main" java.lang.Exception: no\n\tat x\n'},
            "java.lang.Exception: no",
            "stderr",
        ),
        (
            {
                "stdout": "Traceback (most recent call last):\n  File\npy4j.protocol.Py4JJavaError: An error\n",
                "stderr": "26/11/21 WARN Utils: x\norg.apache.spark.SparkException: late\n",
            },
            "py4j.protocol.Py4JJavaError: An error",
            "stdout",
        ),
        (
            {"containers/a/b/stdout": "Traceback (most recent call last):\nKeyError: 'x'\n"},
            "KeyError: 'x'",
            "containers/a/b/stdout",
        ),
        ({"stdout": "Traceback (most recent call last):\n  File\nNoLuck: today\n"}, "NoLuck: today", "stdout"),
        ({"stderr": "26/11/21 WARN Utils: nothing to see\n"}, "The process ended with exit code 1.", "stderr"),
        ({"stderr": "Error: Failed to load class x.\n"}, "Error: Failed to load class x.", "stderr"),
    ],
)
def test_a_failure_is_found_in_whichever_log_holds_it(emr: Emr, files: dict[str, str], message: str, log: str) -> None:
    cluster = emr.start(step("a"))
    run = emr.run_of(cluster, "a")
    run.code = 1
    for name, text in files.items():
        (run.work.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (run.work.folder / name).write_text(text)
    run.done.set()
    details = emr.control.wait_step(cluster, run.work.step_id)["Status"]["FailureDetails"]
    assert details["Message"] == message
    assert details["LogFile"].endswith(f"/{log}.gz")


def test_logs_are_in_the_bucket_when_the_step_has_ended(emr: Emr) -> None:
    cluster = emr.start(step("a", args=("spark-submit", "s3://b/job.py")))
    run = emr.run_of(cluster, "a")
    nested = run.work.folder / "containers" / "application_1" / "container_1"
    nested.mkdir(parents=True)
    (nested / "stderr").write_text("inside\n")
    with (run.work.folder / "controller").open("a") as controller:
        controller.write("a word from the engine\n")
    run.finish(0)
    step_id = emr.ids(cluster)["a"]
    emr.control.wait_step(cluster, step_id)
    prefix = f"emr/{cluster}/steps/{step_id}/"
    texts = {k.removeprefix(prefix): gzip.decompress(v).decode() for (_, k), v in emr.objects.stored.items()}
    assert set(texts) == {
        "controller.gz", "stdout.gz", "stderr.gz", "containers/application_1/container_1/stderr.gz",
    }  # fmt: skip
    controller = texts["controller.gz"]
    for words in (
        "INFO startExec 'hadoop jar command-runner.jar spark-submit s3://b/job.py'",
        f"EMR_STEP_ID={step_id}",
        "a word from the engine",
        "waitProcessCompleted ran with exit code 0",
        "Step succeeded with exitCode 0",
    ):
        assert words in controller
    assert not run.work.folder.exists(), "a step's folder is given back once its logs are safe"


def test_secrets_of_the_environment_are_not_written_to_the_controller_log(tmp_path: Path) -> None:
    settings = Settings(
        **{k: getattr(FAST, k) for k in FAST.__slots__} | {"environment": {"AWS_SECRET_ACCESS_KEY": "hush"}}
    )
    emr = Emr(tmp_path, settings=settings)
    cluster = emr.start(step("a"))
    run = emr.run_of(cluster, "a")
    assert run.work.environment["AWS_SECRET_ACCESS_KEY"] == "hush"
    assert "hush" not in (run.work.folder / "controller").read_text()
    emr.control.close()


def test_a_log_uri_without_a_bucket_is_accepted_and_noted(emr: Emr) -> None:
    cluster = emr.start(step("a"), LogUri="s3://nowhere/x")
    emr.run_of(cluster, "a").finish(0)
    assert emr.control.wait_step(cluster, emr.ids(cluster)["a"])["Status"]["State"] == "COMPLETED"
    assert any("nowhere" in note for note in emr.control.summary()["active"][0]["notes"])


def test_logs_that_cannot_be_written_fail_no_step(emr: Emr) -> None:
    def full(bucket: str, key: str, body: bytes) -> None:
        raise OSError("no space left on device")

    emr.objects.put = full  # type: ignore[method-assign]
    cluster = emr.start(step("a"))
    run = emr.run_of(cluster, "a")
    run.finish(0)
    assert emr.control.wait_step(cluster, emr.ids(cluster)["a"])["Status"]["State"] == "COMPLETED"
    assert any("no space left" in note for note in emr.control.summary()["active"][0]["notes"])
    assert (run.work.folder / "controller").exists(), "logs that are nowhere else are kept"


def test_what_the_engine_refuses_fails_with_its_words(emr: Emr) -> None:
    emr.executor.script = lambda work: Refusal("E-ENG-007", "Presto is not here")
    cluster = emr.start(step("a"), step("b"))
    step_id = emr.ids(cluster)["a"]
    status = emr.control.wait_step(cluster, step_id)["Status"]
    assert status["State"] == "FAILED"
    assert status["FailureDetails"]["Message"] == "Presto is not here"
    assert status["FailureDetails"]["LogFile"].endswith("controller.gz")
    controller = gzip.decompress(emr.objects.stored["logs", f"emr/{cluster}/steps/{step_id}/controller.gz"]).decode()
    assert "E-ENG-007" in controller
    assert "Presto is not here" in controller
    emr.until(cluster, "WAITING")
    assert emr.executor.held == 0


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
