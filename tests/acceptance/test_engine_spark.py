"""Real Spark steps through the executor: S3 as folders, cold and warm, exit codes, cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from emrkit_local import environments
from emrkit_local.core.ports import StepWork
from emrkit_local.engines.executor import EngineSettings, LocalExecutor
from emrkit_local.folders import cache_folder

pytestmark = pytest.mark.engine

COPY = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("totals").getOrCreate()
rows = spark.read.csv("s3://in/año=2026/a b.csv", header=True, inferSchema=True)
rows.groupBy("k").sum("v").coalesce(1).write.mode("overwrite").partitionBy("k").parquet("s3a://out/sums/")
print("read", spark.read.parquet("s3n://out/sums/").count(), sys.argv[1:], spark.conf.get("spark.my"))
"""
SPIN = """
from pyspark.sql import SparkSession
s = SparkSession.builder.getOrCreate()
print("spinning", flush=True)
s.range(4).rdd.map(lambda i: [x for x in iter(int, 1)]).collect()
"""


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalExecutor]:
    assert environments.find("spark-3.5"), "run `emrkit local prepare`"
    root = tmp_path_factory.mktemp("engine")
    made = LocalExecutor(EngineSettings(cache_folder(), root / "buckets", root / "work", slots=1))
    for bucket in ("in/año=2026", "out", "code"):
        (root / "buckets" / bucket).mkdir(parents=True)
    (root / "buckets/in/año=2026/a b.csv").write_text("k,v\nx,1\ny,2\nx,3\n")
    for name, text in {
        "totals.py": COPY,
        "spin.py": SPIN,
        "exit7.py": "import sys; sys.exit(7)",
        "raise.py": "def f():\n    raise KeyError('amount')\nf()",
        "q.sql": "select '${who}', 6 * 7;",
    }.items():
        (root / "buckets/code" / name).write_text(text)
    made.check_release("emr-7.12.0")
    yield made
    made.close()


_numbers = iter(range(1, 1000))


def prepare(executor: LocalExecutor, *words: str) -> StepWork:
    number = next(_numbers)
    folder = executor.settings.work.parent / "steps" / f"s-{number}"
    folder.mkdir(parents=True)
    return StepWork("j-1", f"s-{number}", "step", "emr-7.12.0", "command-runner.jar", words, folder)


def run(executor: LocalExecutor, work: StepWork) -> int:
    admission = executor.admit(work)
    assert admission is not None
    try:
        return executor.start(work, admission).wait()
    finally:
        admission.release()


def until_warm(executor: LocalExecutor) -> None:
    executor.rest()
    deadline = time.monotonic() + 600
    while not _booted_slots(executor.settings.work / "slots"):
        assert time.monotonic() < deadline, "no slot became ready"
        time.sleep(0.1)


def _booted_slots(home: Path) -> set[Path]:
    """Folders of slots that said they have booted, and in which a process lives."""
    living: set[Path] = set()
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            living.add(place.readlink())
    return {path.parent.resolve() for path in home.glob("**/.ready")} & living


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_spark_step_reads_and_writes_buckets(executor: LocalExecutor, *, warm: bool) -> None:
    if warm:
        until_warm(executor)
    words = ("--master", "yarn", "--deploy-mode", "client", "--conf", "spark.my=a b", "s3://code/totals.py", 'é "$x"')
    work = prepare(executor, "spark-submit", *words)
    assert run(executor, work) == 0, (work.folder / "stderr").read_text()
    assert "read 2 ['é \"$x\"'] a b" in (work.folder / "stdout").read_text()
    controller = (work.folder / "controller").read_text()
    assert ("warm start" if warm else "cold start") in controller
    assert "--master yarn runs as local[" in controller
    found = {p.relative_to(executor.settings.buckets / "out/sums").parts[0] for p in
             (executor.settings.buckets / "out/sums").rglob("*.parquet")}  # fmt: skip
    assert found == {"k=x", "k=y"}


@pytest.mark.parametrize(("script", "code"), [("exit7.py", 7), ("raise.py", 1), ("missing.py", 1)])
def test_exit_codes_are_those_of_spark_submit(executor: LocalExecutor, script: str, code: int) -> None:
    assert run(executor, prepare(executor, "spark-submit", f"s3://code/{script}")) == code


def test_a_traceback_is_where_spark_puts_it(executor: LocalExecutor) -> None:
    work = prepare(executor, "spark-submit", "s3://code/raise.py")
    run(executor, work)
    assert (work.folder / "stdout").read_text().rstrip().endswith("KeyError: 'amount'")


def test_in_cluster_mode_the_drivers_output_is_with_its_container(executor: LocalExecutor) -> None:
    work = prepare(executor, "spark-submit", "--deploy-mode", "cluster", "s3://code/raise.py")
    assert run(executor, work) == 1
    [stdout] = (work.folder / "containers").glob("*/*/stdout")
    assert "KeyError: 'amount'" in stdout.read_text()
    assert "containers/" in (work.folder / "stderr").read_text()


def test_a_bucket_that_does_not_exist_is_named(executor: LocalExecutor) -> None:
    work = prepare(executor, "spark-submit", "s3://nowhere/job.py")
    assert run(executor, work) == 1
    assert "the bucket 'nowhere' does not exist" in (work.folder / "stderr").read_text()


def test_a_master_that_no_scan_can_see_fails_at_once_instead_of_waiting(executor: LocalExecutor) -> None:
    hidden = "from pyspark.sql import SparkSession\nm = 'yarn'\nSparkSession.builder.master(m).getOrCreate()\n"
    (executor.settings.buckets / "code/hidden.py").write_text(hidden)
    work = prepare(executor, "spark-submit", "s3://code/hidden.py")
    assert run(executor, work) == 1
    assert "ConnectException" in (work.folder / "stdout").read_text()


def test_spark_sql_runs_a_file_with_its_variables(executor: LocalExecutor) -> None:
    work = prepare(executor, "spark-sql", "-d", "who=me", "-f", "s3://code/q.sql")
    assert run(executor, work) == 0, (work.folder / "stderr").read_text()
    assert "me\t42" in (work.folder / "stdout").read_text()


def test_a_second_step_beside_a_warm_one_goes_cold_and_shares_nothing(executor: LocalExecutor) -> None:
    until_warm(executor)
    works = [
        prepare(executor, "spark-submit", "--conf", f"spark.my={i}", "s3://code/totals.py", str(i)) for i in (1, 2)
    ]
    threads = [threading.Thread(target=run, args=(executor, w)) for w in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, work in zip((1, 2), works, strict=True):
        assert f"['{i}'] {i}" in (work.folder / "stdout").read_text()


def test_cancelling_spark_ends_jvm_and_python_workers(executor: LocalExecutor) -> None:
    work = prepare(executor, "spark-submit", "s3://code/spin.py")
    admission = executor.admit(work)
    assert admission is not None
    running = executor.start(work, admission)
    deadline = time.monotonic() + 600
    while "spinning" not in (work.folder / "stdout").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while not _session(running.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.cancel(force=False)
    assert running.wait() != 0
    admission.release()
    assert _session(running.pid) == []


def _session(leader: int) -> list[str]:
    """Processes of the step's session."""
    found: list[str] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(stat.parent.name)
    return found
