"""Steps: what a cluster is told to run, and the words in which EMR takes it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from .configurations import check_spark_settings
from .diagnostics import Diagnostic
from .fields import NO_SETTINGS, Items, RoleLike, Seconds, Settings, Text, Word, words
from .findings import error, warning
from .tokens import is_token
from .values import Value

__all__ = [
    "ActionOnFailure",
    "CommandStep",
    "HadoopJar",
    "JarStep",
    "ScriptStep",
    "SparkSqlStep",
    "SparkStep",
    "Step",
]

_SUBMIT_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-submit-step.html"
_RUNNER_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-commandrunner.html"
_COMMAND_RUNNER = "command-runner.jar"


class ActionOnFailure(StrEnum):
    """What EMR does with the cluster when a step fails."""

    CONTINUE = "CONTINUE"
    CANCEL_AND_WAIT = "CANCEL_AND_WAIT"
    TERMINATE_CLUSTER = "TERMINATE_CLUSTER"


_ACTION_WORDS = {
    "continue": ActionOnFailure.CONTINUE,
    "stop": ActionOnFailure.CANCEL_AND_WAIT,
    "terminate": ActionOnFailure.TERMINATE_CLUSTER,
}


def read_action(value: object) -> object:
    """`stop`, `continue`, `terminate`, or EMR's own words."""
    if value is None or isinstance(value, ActionOnFailure):
        return value
    if isinstance(value, str):
        if word := _ACTION_WORDS.get(value.lower()):
            return word
        name = value.upper().replace("-", "_").replace("TERMINATE_JOB_FLOW", "TERMINATE_CLUSTER")
        if name in ActionOnFailure.__members__:
            return ActionOnFailure[name]
    raise ValueError(f"must be one of {', '.join(_ACTION_WORDS)}")


_Action = Annotated[ActionOnFailure | None, BeforeValidator(read_action), WithJsonSchema({"enum": list(_ACTION_WORDS)})]


@dataclass(frozen=True, slots=True)
class HadoopJar:
    """What EMR runs for a step, in the service's own terms."""

    jar: str
    args: tuple[str, ...] = ()
    main_class: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict[str, str])


class Step(Value):
    """What all steps share. `needs`, `timeout` and `on_failure` are emrkit's: they order a job, EMR sees the result."""

    AREA: ClassVar[str] = "STEP"
    KIND: ClassVar[str] = ""
    """The word that names this kind of step in a file."""

    name: Text
    """The step's name, unique within its job, 1 to 256 characters."""
    needs: Items[Text] = ()
    """Steps of the same job that must have completed. Default: the one before it in the list."""
    timeout: Seconds | None = None
    """The step is cancelled when it has run this long. Default: the job's."""
    on_failure: _Action = None
    """`stop` cancels what follows, `continue` goes on, `terminate` ends the cluster. Default: the job's."""
    execution_role: RoleLike | None = None
    """A runtime role: the step's own permissions in place of the instance profile's (releases from 6.7.0)."""

    @abstractmethod
    def hadoop_jar(self, region: str = "us-east-1") -> HadoopJar:
        """The jar and arguments that EMR gets. `region` matters to `ScriptStep` alone."""
        raise NotImplementedError

    def action_on_failure(self, default: ActionOnFailure = ActionOnFailure.CONTINUE) -> ActionOnFailure:
        """The step's own action, else the default."""
        return self.on_failure or default

    def problems(self) -> Iterator[Diagnostic]:
        """A usable name and timeout."""
        if not is_token(self.name) and not 1 <= len(self.name) <= 256:
            yield error("STEP-010", "a step's name has 1 to 256 characters", "name", got=len(self.name))
        if self.timeout is not None and not is_token(self.timeout) and self.timeout < 1:
            yield error("STEP-011", "timeout must be at least one second", "timeout", got=self.timeout)


class SparkStep(Step):
    """`spark-submit` of a Python file or a jar.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-submit-step.html

    >>> SparkStep(name="etl", entry_point="s3://b/job.py", conf={"spark.executor.cores": 2}).hadoop_jar().args
    ('spark-submit', '--deploy-mode', 'cluster', '--conf', 'spark.executor.cores=2', 's3://b/job.py')
    """

    KIND: ClassVar[str] = "spark"

    entry_point: Text
    """The file to run: `s3://…`, or in a project file a path beside it."""
    args: Items[Word] = ()
    """Arguments of the program."""
    conf: Settings = NO_SETTINGS
    """Spark settings of this step; bare true and numbers are accepted."""
    py_files: Items[Text] = ()
    """Python files and archives put on the path of driver and executors."""
    files: Items[Text] = ()
    """Files put into every working folder."""
    archives: Items[Text] = ()
    """Archives unpacked in every working folder; `#name` gives the folder's name."""
    jars: Items[Text] = ()
    """Jars put on the class path of driver and executors."""
    main_class: Text | None = None
    """The main class, for a jar."""
    deploy_mode: Annotated[str, words("cluster", "client")] = "cluster"
    """Where the driver runs: in YARN, or on the primary node."""

    def hadoop_jar(self, region: str = "us-east-1") -> HadoopJar:  # noqa: ARG002 - one signature for all steps
        """`command-runner.jar` with the words of spark-submit."""
        args = ["spark-submit", "--deploy-mode", self.deploy_mode]
        if self.main_class is not None:
            args += ["--class", self.main_class]
        for option, values in self._lists().items():
            if values:
                args += [option, ",".join(values)]
        for key, value in self.conf.items():
            args += ["--conf", f"{key}={value}"]
        return HadoopJar(_COMMAND_RUNNER, (*args, self.entry_point, *self.args))

    def _lists(self) -> dict[str, tuple[str, ...]]:
        return {
            "--jars": tuple(self.jars),
            "--py-files": tuple(self.py_files),
            "--files": tuple(self.files),
            "--archives": tuple(self.archives),
        }

    def problems(self) -> Iterator[Diagnostic]:
        """One door for what has a field of its own; settings that overrule each other."""
        yield from super().problems()
        managed: dict[str, tuple[str, str | None]] = {
            "spark.submit.deployMode": ("deploy_mode", self.deploy_mode),
            "spark.submit.pyFiles": ("py_files", ",".join(self.py_files)),
            "spark.yarn.dist.pyFiles": ("py_files", ",".join(self.py_files)),
            "spark.files": ("files", ",".join(self.files)),
            "spark.yarn.dist.files": ("files", ",".join(self.files)),
            "spark.archives": ("archives", ",".join(self.archives)),
            "spark.yarn.dist.archives": ("archives", ",".join(self.archives)),
            "spark.jars": ("jars", ",".join(self.jars)),
        }
        for key, (name, value) in managed.items():
            if key in self.conf and self.conf[key] != value:
                yield error(
                    "STEP-020",
                    f"'{key}' is set by the field `{name}`",
                    "conf",
                    key,
                    got=self.conf[key],
                    reason="one setting has one door: two that differ would leave it to chance which one wins",
                    hint=f"set `{name}` and leave '{key}' out of conf",
                )
        if self.conf.get("spark.master", "yarn") not in {"yarn", ""}:
            yield error(
                "STEP-021",
                "a step on EMR runs on YARN",
                "conf",
                "spark.master",
                got=self.conf["spark.master"],
                reason=_SUBMIT_PAGE,
                hint="leave spark.master out",
            )
        if not is_token(self.entry_point):
            yield from self._check_entry_point()
        if "spark.dynamicAllocation.enabled" in self.conf:
            for found in check_spark_settings(self.conf):
                yield found.within("conf")

    def _check_entry_point(self) -> Iterator[Diagnostic]:
        if self.entry_point.startswith("-") or not self.entry_point.strip():
            yield error("STEP-022", "the entry point is not a file", "entry_point", got=repr(self.entry_point))
        elif self.entry_point.endswith(".jar") and self.main_class is None:
            yield warning(
                "STEP-023",
                "a jar without main_class runs only if its manifest names one",
                "main_class",
                reason=_SUBMIT_PAGE,
            )


class SparkSqlStep(Step):
    """`spark-sql` with a file of statements or one query.

    >>> SparkSqlStep(name="top", query="select 1").hadoop_jar().args
    ('spark-sql', '-e', 'select 1')
    """

    KIND: ClassVar[str] = "spark-sql"

    file: Text | None = None
    """The file with the statements: `s3://…`, or in a project file a path beside it."""
    query: Text | None = None
    """The statements themselves; not together with `file`."""
    variables: Settings = NO_SETTINGS
    """Values for `${name}` in the statements."""
    conf: Settings = NO_SETTINGS
    """Spark settings of this step."""
    database: Text | None = None
    """The database that unqualified names mean. Default: default."""

    def hadoop_jar(self, region: str = "us-east-1") -> HadoopJar:  # noqa: ARG002 - one signature for all steps
        """`command-runner.jar` with the words of spark-sql."""
        args = ["spark-sql"]
        for key, value in self.conf.items():
            args += ["--conf", f"{key}={value}"]
        if self.database is not None:
            args += ["--database", self.database]
        for key, value in self.variables.items():
            args += ["-d", f"{key}={value}"]
        args += ["-f", self.file] if self.file is not None else ["-e", self.query or ""]
        return HadoopJar(_COMMAND_RUNNER, tuple(args))

    def problems(self) -> Iterator[Diagnostic]:
        """Exactly one of file and query."""
        yield from super().problems()
        if (self.file is None) == (self.query is None):
            yield error(
                "STEP-030", "a spark-sql step takes a file or a query, exactly one", "file", hint="give one of the two"
            )


class CommandStep(Step):
    """A command on the primary node, through `command-runner.jar`.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-commandrunner.html
    """

    KIND: ClassVar[str] = "command"

    command: Items[Word]
    """The program and its arguments, one item each; no shell takes them apart."""

    def hadoop_jar(self, region: str = "us-east-1") -> HadoopJar:  # noqa: ARG002 - one signature for all steps
        """`command-runner.jar` with the command's words."""
        return HadoopJar(_COMMAND_RUNNER, tuple(self.command))

    def problems(self) -> Iterator[Diagnostic]:
        """At least a program."""
        yield from super().problems()
        if not is_token(self.command) and not self.command:
            yield error(
                "STEP-040", "a command step needs a command", "command", reason=_RUNNER_PAGE, hint="[bash, -c, ...]"
            )


class ScriptStep(Step):
    """A script from S3, run on the primary node by EMR's script-runner.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-commandrunner.html
    """

    KIND: ClassVar[str] = "script"

    script: Text
    """The script: `s3://…`, or in a project file a path beside it."""
    args: Items[Word] = ()
    """Its arguments."""

    def hadoop_jar(self, region: str = "us-east-1") -> HadoopJar:
        """The region's `script-runner.jar` with the script and its arguments."""
        jar = f"s3://{region}.elasticmapreduce/libs/script-runner/script-runner.jar"
        return HadoopJar(jar, (self.script, *self.args))


class JarStep(Step):
    """A jar of your own, run by Hadoop on the primary node."""

    KIND: ClassVar[str] = "jar"

    jar: Text
    """The jar: `s3://…`, a path on the primary node, or in a project file a path beside it."""
    args: Items[Word] = ()
    """Arguments of the main class."""
    main_class: Text | None = None
    """The main class. Default: the one that the jar's manifest names."""
    properties: Settings = NO_SETTINGS
    """Java system properties."""

    def hadoop_jar(self, region: str = "us-east-1") -> HadoopJar:  # noqa: ARG002 - one signature for all steps
        """The jar itself."""
        return HadoopJar(self.jar, tuple(self.args), self.main_class, self.properties)
