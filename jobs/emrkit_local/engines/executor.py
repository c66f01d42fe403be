"""Runs steps on this machine: which engine serves which words, cold or warm, and how much memory it may take."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emrkit_facts import releases
from emrkit_local import environments
from emrkit_local.core.ports import Admission, Refusal, StepWork

from .arguments import SubmitArguments, concerns_jvm, parse_sql, parse_submit
from .class_archive import ClassArchive
from .launch import Launcher
from .memory import Budget, Share, machine_megabytes
from .processes import RunningProcess, Warden, spawn
from .programs import find_program, prepare_script
from .slots import Pool, why_not_warm
from .submission import Submission, check_master, prepare_submission, unpack_archives

__all__ = ["EngineSettings", "LocalExecutor"]

COMMAND_MEGABYTES = 64
OVERHEAD_MEGABYTES = 350
"""What a driver takes beside its heap: classes, compiled code, stacks, Python."""
DEFAULT_HEAP = 1024
SQL_MAIN = "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver"
CLOSEST_LINE = {"emr-5": "2.4", "emr-6": "3.4", "emr-7": "3.5", "emr-spark-8": "4.1"}
"""The Spark line of the newest known release of each train, for a label that the facts do not know yet."""

NOT_YET = {
    "hive-script": "Hive", "hive": "Hive", "pig-script": "Pig", "pig": "Pig", "hadoop-streaming": "Hadoop streaming",
    "hadoop": "Hadoop's own commands", "hdfs": "HDFS", "s3-dist-cp": "S3DistCp", "trino-cli": "Trino",
    "presto-cli": "Presto", "flink": "Flink", "flink-yarn-session": "Flink", "spark-example": "Spark's examples",
    "hbase": "HBase", "sqoop": "Sqoop", "oozie": "Oozie", "pyspark": "interactive Spark",
    "spark-shell": "interactive Spark", "sparkR": "SparkR",
}  # fmt: skip
"""Words of EMR's images that have no engine here yet: refused by name, never a pretended success."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where engines work.

    `cache` holds compiled classes and archives, `buckets` the objects, `work` slots and event logs. `memory_mb` bounds
    what all steps use together (70 % of the machine by default); `slots` is how many JVMs wait booted (none: 0).
    """

    cache: Path
    buckets: Path
    work: Path
    endpoint: str = ""
    memory_mb: int | None = None
    slots: int = 1


class _Engine:
    """Everything that belongs to one line of Spark."""

    def __init__(
        self, found: environments.Environment, settings: EngineSettings, warden: Warden, budget: Budget
    ) -> None:
        self.launcher = Launcher(found, settings.cache / "engines")
        self.archive = ClassArchive(self.launcher)
        self.pool = Pool(self.launcher, settings.work / "slots", settings.slots, warden, budget)


class LocalExecutor:
    """See `emrkit_local.core.ports.Executor`."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._warden = Warden()
        self._warden.start()
        self._budget = Budget(settings.memory_mb or machine_megabytes() * 7 // 10)
        self._engines: dict[str, _Engine] = {}
        self._lock = threading.Lock()
        self._running = 0
        self._resting: threading.Thread | None = None
        self._closed = False
        self._latest: str | None = None

    # ---- Executor

    def check_release(self, release: str) -> None:
        """Raise `Refusal` when no engine for this release is installed."""
        self._engine(release)

    def admit(self, work: StepWork) -> Share | None:
        """The step's worst case as a share; idle slots make way when memory is short."""
        need = self._need(work)
        share = self._budget.take(need, alone=False)
        if share is None:
            for engine in list(self._engines.values()):
                engine.pool.drop()
            share = self._budget.take(need)
        return share

    def start(self, work: StepWork, admission: Admission) -> RunningProcess:  # noqa: ARG002  # the core gives it back
        """Start the step in a session of its own."""
        with self._lock:
            self._running += 1
        try:
            running = self._start(work)
        except BaseException:
            self._ended()
            raise
        running.when_ended(self._ended)
        return running

    def rest(self) -> None:
        """Build the class archive if it is missing, then boot the next slot, in the background."""
        with self._lock:
            if self._closed or self._running or (self._resting is not None and self._resting.is_alive()):
                return
            self._resting = threading.Thread(target=self._rest, name="engines-rest", daemon=True)
        self._resting.start()

    # ---- beyond the port

    def warm(self, release: str) -> None:
        """Have the engine of this release ready for its first step: compile, and learn its command line."""
        self._engine(release).launcher.command(["x.py"])

    def close(self) -> None:
        """End slots, background work and the warden."""
        with self._lock:
            self._closed = True
        for engine in self._engines.values():
            engine.archive.stop()
            engine.pool.close()
        self._warden.close()

    # ---- engines

    def _engine(self, release: str) -> _Engine:
        line, _ = _spark_line(release)
        with self._lock:
            self._latest = line
            if line in self._engines:
                return self._engines[line]
        recipe = environments.engine_for(line)
        if recipe is None:
            known = ", ".join(
                r.name.removeprefix("spark-") for r in environments.RECIPES if r.name.startswith("spark-")
            )
            raise Refusal(
                "E-ENG-001",
                f"release {release} runs Spark {line}, for which local EMR has no engine yet (it has {known}); "
                "use a release of the emr-7 line locally",
            )
        found = environments.find(recipe.name)
        if found is None:
            raise Refusal(
                "E-ENG-002",
                f"the engine for {release} ({recipe.purpose}) is not installed; run `emrkit local prepare`",
            )
        with self._lock:
            return self._engines.setdefault(line, _Engine(found, self.settings, self._warden, self._budget))

    def _rest(self) -> None:
        for engine in list(self._engines.values()):
            if self._closed or self._running:
                return
            engine.launcher.own_jar()
            if not engine.archive.ready:
                engine.archive.build()
            if not self._closed and not self._running:
                engine.pool.fill()

    def _ended(self) -> None:
        with self._lock:
            self._running -= 1

    # ---- one step

    def _need(self, work: StepWork) -> int:
        words = _words(work)
        if not words or _program(words[0]) not in ("spark-submit", "spark-sql"):
            return COMMAND_MEGABYTES
        given = parse_submit(words[1:])
        return heap_megabytes(given) + OVERHEAD_MEGABYTES

    def _start(self, work: StepWork) -> RunningProcess:
        jar = work.jar.rsplit("/", 1)[-1]
        if jar == "script-runner.jar":
            command = prepare_script(work.args, work.folder, self.settings.buckets)
            return self._run(work, command, _plain_environment(work))
        if jar != "command-runner.jar":
            raise Refusal(
                "E-ENG-008",
                f"the jar '{work.jar}' is not served yet; local EMR runs command-runner.jar and script-runner.jar",
            )
        words = _words(work)
        name = _program(words[0]) if words else ""
        if name.startswith(("s3://", "s3a://", "s3n://")):
            return self._run(work, prepare_script(words, work.folder, self.settings.buckets), _plain_environment(work))
        if name in ("spark-submit", "spark-sql"):
            return self._submit(work, words[1:], sql=name == "spark-sql")
        if name in NOT_YET:
            raise Refusal("E-ENG-009", f"'{name}' is not served yet: local EMR has no engine for {NOT_YET[name]}")
        environment = _plain_environment(work)
        return self._run(work, find_program(words, work.folder, environment.get("PATH", os.defpath)), environment)

    def _run(self, work: StepWork, command: list[str], environment: Mapping[str, str]) -> RunningProcess:
        with (work.folder / "stdout").open("wb") as out, (work.folder / "stderr").open("wb") as err:
            process = spawn(command, work.folder, environment, out, err)
        self._warden.add(process.pid)
        return RunningProcess(process, self._warden)

    def _submit(self, work: StepWork, words: tuple[str, ...], *, sql: bool) -> RunningProcess:
        engine = self._engine(work.release)
        given = parse_sql(words) if sql else parse_submit(words)
        if sql and given.value("--class") is None:
            given = SubmitArguments((*given.options, ("--class", SQL_MAIN)), given.application, given.arguments)
        check_master(given, self.settings.buckets, work.folder)
        events = self.settings.work / "spark-events" / work.cluster_id / work.step_id
        events.mkdir(parents=True, exist_ok=True)
        submission = prepare_submission(
            given,
            work.classifications,
            cores=os.cpu_count() or 2,
            storage=Launcher.storage(self.settings.buckets),
            events=events,
        )
        self._make_event_folder(submission)
        line, known = _spark_line(work.release)
        notes = [] if known else [f"release {work.release} is unknown; it runs on Spark {line}, the closest line"]
        notes += [*submission.notes, *unpack_archives(submission.arguments, work.folder, self.settings.buckets)]
        scratch = {"SPARK_LOCAL_DIRS": str(work.folder / ".spark")}
        environment = {**scratch, **submission.environment, **work.environment}
        running = self._warm(engine, submission, environment, work, notes)
        if running is None:
            command = engine.launcher.command(submission.arguments.words())
            running = self._run(work, command, engine.launcher.environment(environment))
        if submission.cluster_mode:
            _move_streams(work)
        _note(work, notes)
        return running

    def _warm(
        self, engine: _Engine, submission: Submission, environment: Mapping[str, str], work: StepWork, notes: list[str]
    ) -> RunningProcess | None:
        words = submission.arguments.words()
        why = concerns_jvm(submission.arguments) or why_not_warm(words, environment)
        if why is None and "SPARK_CONF_DIR" in environment:
            why = "SPARK_CONF_DIR"
        if why is None and not self.settings.slots:
            why = "no slots are kept"
        slot = engine.pool.take() if why is None else None
        if slot is not None:
            running = slot.give(words, environment, work.folder)
            if running is not None:
                notes.append("warm start in a booted JVM")
                return running
            why = "the booted JVM had died"
        if why is not None:
            engine.pool.drop()
        archive = "with" if engine.archive.ready else "without"
        notes.append(f"cold start {archive} class archive: {why or 'no booted JVM is ready'}")
        return None

    def _make_event_folder(self, submission: Submission) -> None:
        """Spark wants its event log's folder to exist."""
        place = submission.arguments.conf.get("spark.eventLog.dir", "")
        scheme, _, rest = place.partition("://")
        if scheme in ("s3", "s3a", "s3n"):
            bucket = self.settings.buckets / rest.partition("/")[0]
            if bucket.is_dir():
                (self.settings.buckets / rest).mkdir(parents=True, exist_ok=True)
        elif scheme == "hdfs" or place.startswith("hdfs:"):
            raise Refusal("E-ENG-010", f"spark.eventLog.dir is {place}; local EMR has no HDFS, use an s3:// location")


def heap_megabytes(given: SubmitArguments) -> int:
    """The driver's heap as the words ask for it; 1 GiB when they do not."""
    text = given.value("--driver-memory") or given.conf.get("spark.driver.memory") or ""
    units = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}
    number = text.lower().removesuffix("b").rstrip("kmgt")
    unit = text.lower().removesuffix("b")[len(number) :] or "m"
    return max(1, int(float(number) * units[unit])) if number.replace(".", "", 1).isdigit() else DEFAULT_HEAP


def _spark_line(release: str) -> tuple[str, bool]:
    """The Spark line of a release, and whether the facts know it; the closest line for a label they do not know."""
    known = getattr(releases.find(release), "spark_line", None)
    if known:
        return known, True
    train = next((line for name, line in CLOSEST_LINE.items() if release.startswith(f"{name}.")), None)
    return train or CLOSEST_LINE["emr-7"], False


def _words(work: StepWork) -> tuple[str, ...]:
    return work.args if work.jar.rsplit("/", 1)[-1] == "command-runner.jar" else ()


def _program(word: str) -> str:
    return word.removeprefix("/usr/bin/").removeprefix("/usr/lib/spark/bin/")


def _plain_environment(work: StepWork) -> dict[str, str]:
    return {**os.environ, **work.environment}


def _note(work: StepWork, notes: list[str]) -> None:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    with (work.folder / "controller").open("a", encoding="utf-8") as controller:
        controller.writelines(f"{stamp}Z INFO local EMR: {note}\n" for note in notes)


def _move_streams(work: StepWork) -> None:
    """In cluster mode EMR keeps the driver's output with its container, and only the client's words with the step."""
    number = work.step_id.rpartition("-")[2]
    container = work.folder / "containers" / f"application_{number}_0001" / f"container_{number}_0001_01_000001"
    container.mkdir(parents=True)
    for name in ("stdout", "stderr"):
        (work.folder / name).rename(container / name)
        (work.folder / name).touch()
    shown = container.relative_to(work.folder)
    (work.folder / "stderr").write_text(
        f"INFO Client: the driver's output is in {shown}/{{stdout,stderr}}.gz\n", "utf-8"
    )
