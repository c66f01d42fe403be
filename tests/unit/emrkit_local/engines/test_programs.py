"""Steps that are no Spark: programs, scripts, processes, memory, and the warden. No engine is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emrkit_local.core.ports import Refusal, StepWork
from emrkit_local.engines.executor import NOT_YET, EngineSettings, LocalExecutor
from emrkit_local.engines.memory import Budget


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[LocalExecutor]:
    made = LocalExecutor(EngineSettings(cache=tmp_path / "cache", buckets=tmp_path / "buckets", work=tmp_path / "work"))
    yield made
    made.close()


def work(folder: Path, *args: str, jar: str = "command-runner.jar") -> StepWork:
    folder.mkdir(parents=True, exist_ok=True)
    return StepWork("j-1", "s-1", "step", "emr-7.10.0", jar, args, folder, environment={"GREETING": "hi there"})


def run(executor: LocalExecutor, given: StepWork) -> int:
    admission = executor.admit(given)
    assert admission is not None
    try:
        return executor.start(given, admission).wait()
    finally:
        admission.release()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until_gone(*pids: int, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)):
        assert time.monotonic() < deadline, [p for p in pids if alive(p)]
        time.sleep(0.02)


def test_a_command_sees_its_exact_words_and_environment(executor: LocalExecutor, tmp_path: Path) -> None:
    hostile = ["a b", "é", '"', "$HOME", "; exit 9", "`id`", "line\nbreak"]
    given = work(
        tmp_path / "step", sys.executable, "-c", "import sys, os; print(sys.argv[1:], os.environ['GREETING'])", *hostile
    )
    assert run(executor, given) == 0
    assert (tmp_path / "step" / "stdout").read_text() == f"{hostile} hi there\n"


def test_the_exit_code_is_the_programs_own(executor: LocalExecutor, tmp_path: Path) -> None:
    assert run(executor, work(tmp_path / "step", "bash", "-c", "echo oops >&2; exit 3")) == 3
    assert (tmp_path / "step" / "stderr").read_text() == "oops\n"


@pytest.mark.parametrize("program", ["no-such-program-here", "./missing", "/nowhere/tool"])
def test_a_program_that_is_not_there_is_refused_by_name(executor: LocalExecutor, tmp_path: Path, program: str) -> None:
    with pytest.raises(Refusal, match=program) as refused:
        run(executor, work(tmp_path / "step", program))
    assert refused.value.code == "E-ENG-006"


@pytest.mark.parametrize("jar", ["command-runner.jar", "script-runner.jar"])
def test_a_runner_without_words_is_refused(executor: LocalExecutor, tmp_path: Path, jar: str) -> None:
    with pytest.raises(Refusal, match=f"{jar} was given no") as refused:
        run(executor, work(tmp_path / "step", jar=jar))
    assert refused.value.code == "E-ENG-005"


@pytest.mark.parametrize("word", sorted(NOT_YET))
def test_an_engine_that_is_not_there_yet_is_never_a_success(executor: LocalExecutor, tmp_path: Path, word: str) -> None:
    with pytest.raises(Refusal, match="not served yet") as refused:
        run(executor, work(tmp_path / "step", word))
    assert refused.value.code == "E-ENG-009"


def test_a_foreign_jar_is_refused(executor: LocalExecutor, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"s3://b/mine\.jar") as refused:
        run(executor, work(tmp_path / "step", jar="s3://b/mine.jar"))
    assert refused.value.code == "E-ENG-008"


def test_script_runner_fetches_the_script_and_passes_its_arguments(executor: LocalExecutor, tmp_path: Path) -> None:
    (tmp_path / "buckets" / "code").mkdir(parents=True)
    (tmp_path / "buckets" / "code" / "hello.sh").write_text('#!/bin/bash\necho "got $1"\n')
    jar = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar"
    assert run(executor, work(tmp_path / "step", "s3://code/hello.sh", "one two", jar=jar)) == 0
    assert (tmp_path / "step" / "stdout").read_text() == "got one two\n"


def test_a_script_without_an_interpreter_line_runs_in_the_shell(executor: LocalExecutor, tmp_path: Path) -> None:
    (tmp_path / "buckets" / "code").mkdir(parents=True)
    (tmp_path / "buckets" / "code" / "plain").write_text("exit 4\n")
    assert run(executor, work(tmp_path / "step", "s3://code/plain", jar="script-runner.jar")) == 4


def test_command_runner_runs_a_script_in_a_bucket_too(executor: LocalExecutor, tmp_path: Path) -> None:
    (tmp_path / "buckets" / "code").mkdir(parents=True)
    (tmp_path / "buckets" / "code" / "hello.sh").write_text("#!/bin/sh\nexit $1\n")
    assert run(executor, work(tmp_path / "step", "s3://code/hello.sh", "6")) == 6


def test_a_script_that_is_not_there_is_refused(executor: LocalExecutor, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"s3://code/none\.sh"):
        run(executor, work(tmp_path / "step", "s3://code/none.sh", jar="script-runner.jar"))


@pytest.mark.parametrize("force", [False, True])
def test_cancel_ends_the_whole_group(executor: LocalExecutor, tmp_path: Path, *, force: bool) -> None:
    given = work(tmp_path / "step", "bash", "-c", "sleep 600 & echo $! > child; wait")
    admission = executor.admit(given)
    assert admission is not None
    running = executor.start(given, admission)
    child = _number(tmp_path / "step" / "child")
    running.cancel(force=force)
    assert running.wait() == (-signal.SIGKILL if force else -signal.SIGTERM)
    until_gone(running.pid, child)
    running.cancel(force=True)


def test_what_a_step_leaves_behind_ends_with_it(executor: LocalExecutor, tmp_path: Path) -> None:
    given = work(tmp_path / "step", "bash", "-c", "sleep 600 & echo $! > child")
    assert run(executor, given) == 0
    until_gone(_number(tmp_path / "step" / "child"))


def test_the_warden_ends_every_session_when_the_daemon_is_killed(tmp_path: Path) -> None:
    """The stand-in daemon starts a step whose child left the process group, and is killed with SIGKILL."""
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from emrkit_local.core.ports import StepWork\n"
        "from emrkit_local.engines.executor import EngineSettings, LocalExecutor\n"
        f"root = Path({str(tmp_path)!r})\n(root / 'step').mkdir()\n"
        "executor = LocalExecutor(EngineSettings(root / 'cache', root / 'buckets', root / 'work'))\n"
        "words = ('bash', '-c', 'set -m; sleep 600 & echo $! > child; echo $$ > leader; wait')\n"
        "work = StepWork('j-1', 's-1', 'x', 'emr-7.10.0', 'command-runner.jar', words, root / 'step')\n"
        "executor.start(work, executor.admit(work))\nprint('started', flush=True)\ntime.sleep(600)\n"
    )
    daemon = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    assert daemon.stdout.readline() == b"started\n"
    pids = [_number(tmp_path / "step" / name) for name in ("leader", "child")]
    assert all(map(alive, pids))
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait()
    until_gone(*pids)


def test_memory_is_shared_out_and_given_back_once() -> None:
    budget = Budget(1000)
    first = budget.take(600)
    assert first is not None
    assert budget.take(600) is None
    first.release()
    first.release()
    assert budget.used == 0
    assert budget.take(600) is not None


def test_a_step_larger_than_the_machine_runs_alone_rather_than_never() -> None:
    budget = Budget(1000)
    large = budget.take(5000)
    assert large is not None
    assert budget.take(10) is None
    large.release()
    assert budget.take(5000, alone=False) is None


def test_a_release_without_an_engine_is_refused_with_the_way_out(
    executor: LocalExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMRKIT_CACHE_DIR", str(tmp_path / "empty"))
    with pytest.raises(Refusal, match="emrkit local prepare") as refused:
        executor.check_release("emr-7.10.0")
    assert refused.value.code == "E-ENG-002"
    with pytest.raises(Refusal, match=r"Spark 4\.0"):
        executor.check_release("emr-spark-8.0.0")
    with pytest.raises(Refusal, match=r"Spark 3\.4"):
        executor.check_release("emr-6.99.0")


def _number(path: Path) -> int:
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(path.read_text())
