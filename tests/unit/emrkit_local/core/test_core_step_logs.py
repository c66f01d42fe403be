"""What a step leaves behind: its logs, its failure in words, nothing of its secrets."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from core_doubles import FAST, Emr, step

from emrkit_local.core.ports import Refusal
from emrkit_local.core.settings import Settings


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
