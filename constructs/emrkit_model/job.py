"""A job: an ordered graph of steps, and where it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from pydantic import Field, PlainValidator, WithJsonSchema

from .diagnostics import Diagnostic, FieldPath
from .fields import Count, Flag, Items, Seconds, Text, Word, words
from .findings import error, warning
from .later import later
from .overrides import Override
from .steps import ActionOnFailure, CommandStep, JarStep, ScriptStep, SparkSqlStep, SparkStep, Step
from .tokens import is_token
from .values import Value, build, carry

if TYPE_CHECKING:
    from .notifications import Notifications
else:  # what a job does not have is not loaded
    Notifications = later("notifications", "Notifications")

__all__ = ["STEP_KINDS", "Fixture", "Job", "Pipeline", "Retry", "parse_step"]

STEP_KINDS: Mapping[str, type[Step]] = {
    "spark": SparkStep,
    "spark-sql": SparkSqlStep,
    "command": CommandStep,
    "script": ScriptStep,
    "jar": JarStep,
}
_ACTIONS = {
    "stop": ActionOnFailure.CANCEL_AND_WAIT,
    "continue": ActionOnFailure.CONTINUE,
    "terminate": ActionOnFailure.TERMINATE_CLUSTER,
}


def parse_step(data: object) -> Step:
    """A step from plain data: `{name: etl, spark: {entry_point: job.py}}`.

    The kind's own fields stand under its word, what all steps share beside it. `command: [..]` may be a bare list.
    Raises `InvalidModel`, or pydantic's error when called inside a validator.
    """
    if isinstance(data, Step):
        return data
    if not isinstance(data, Mapping):
        raise ValueError("must be a step: a map with a name and one of " + ", ".join(STEP_KINDS))
    rows = dict(cast("Mapping[str, object]", data))
    kinds = [key for key in rows if key.replace("_", "-") in STEP_KINDS]
    if len(kinds) != 1:
        carry([_kind_problem(rows, kinds)])
    word = kinds[0]
    cls = STEP_KINDS[word.replace("_", "-")]
    inner = rows.pop(word)
    shared = set(Step.model_fields)
    if cls is CommandStep and isinstance(inner, (list, tuple)):
        return build(lambda: CommandStep.parse(rows, command=inner), _shift(word, "command", shared))
    if not isinstance(inner, Mapping):
        raise ValueError(f"must have a map under `{word}`{', or a list of words' if cls is CommandStep else ''}")
    own = dict(cast("Mapping[str, object]", inner))
    misplaced = sorted((set(own) & shared) | (set(rows) & (set(cls.model_fields) - shared)))
    if misplaced:
        carry(_misplaced(word, name, name in own) for name in misplaced)
    return build(lambda: cls.parse({**rows, **own}), _shift(word, None, shared, set(rows)))


def _kind_problem(rows: Mapping[str, object], kinds: Sequence[str]) -> Diagnostic:
    allowed = ", ".join(STEP_KINDS)
    if kinds:
        return error("STEP-004", f"a step is of one kind, this one is {' and '.join(kinds)}", kinds[1], allowed=allowed)
    unknown = next((key for key in rows if key not in Step.model_fields), None)
    close = get_close_matches(unknown.replace("_", "-"), STEP_KINDS, n=1) if unknown else []
    return error(
        "STEP-005",
        "the step does not say what to run" if unknown is None else f"unknown kind of step '{unknown}'",
        *([unknown] if unknown else []),
        allowed=allowed,
        hint=f"did you mean `{close[0]}`?" if close else "for example `spark: {entry_point: job.py}`",
    )


def _misplaced(word: str, name: str, inside: bool) -> Diagnostic:
    path = (word, name) if inside else (name,)
    hint = f"put `{name}` beside `{word}`" if inside else f"put `{name}` under `{word}`"
    return error("STEP-006", f"'{name}' is in the wrong place", *path, hint=hint)


def _shift(word: str, bare: str | None, shared: set[str], outer: set[str] | None = None) -> Any:
    """Paths of a step's fields as paths in the file: the kind's own fields stand under its word."""

    def rename(path: FieldPath) -> FieldPath:
        if not path or path[0] in shared or path[0] in (outer or ()):
            return path
        return (word, *path[1:]) if path[0] == bare else (word, *path)

    return rename


def _check_addresses(field: str, addresses: Sequence[str]) -> Iterator[Diagnostic]:
    for i, address in enumerate(() if is_token(addresses) else addresses):
        # A reference to something deployed may well stand for an address.
        if is_token(address) or address.startswith(("s3://", "${")):
            continue
        yield warning(
            "JOB-053",
            f"'{address}' is not an S3 address",
            field,
            i,
            got=address,
            allowed="s3://bucket/prefix/",
            reason=f"`{field}` are the S3 addresses that the job {'reads' if field == 'inputs' else 'writes'}; "
            "a local run looks for no others (docs/reference/project-file.md)",
        )


class Retry(Value):
    """How often a run is repeated by itself."""

    AREA: ClassVar[str] = "JOB"

    infrastructure: Count = 0
    """Times a step is submitted again when the cluster, not the code, failed it; 0 to 10."""

    def problems(self) -> Iterator[Diagnostic]:
        """0 to 10."""
        if not is_token(self.infrastructure) and not 0 <= self.infrastructure <= 10:
            yield error("JOB-010", "retries are 0 to 10", "infrastructure", got=self.infrastructure, allowed="0 to 10")


class Fixture(Value):
    """Sample input for local runs: a folder, or a program that writes one, put at an S3 address."""

    AREA: ClassVar[str] = "JOB"

    to: Text
    """Where the data goes: `s3://bucket/prefix/`."""
    generate: Text | None = None
    """A Python file that writes the data; not together with `path`."""
    path: Text | None = None
    """A folder or file beside the project file."""
    args: Items[Word] = ()
    """Arguments of `generate`."""

    def problems(self) -> Iterator[Diagnostic]:
        """An s3:// target, and exactly one source."""
        if not is_token(self.to) and not self.to.startswith("s3://"):
            yield error("JOB-011", "a fixture goes to an s3:// address", "to", got=self.to)
        if (self.generate is None) == (self.path is None):
            yield error("JOB-012", "a fixture has a path or a program, exactly one", "path", hint="path: or generate:")


class Pipeline(Value):
    """The job as a state machine: on which transient cluster, whom it tells, and what a run may choose."""

    AREA: ClassVar[str] = "JOB"

    cluster: Text
    """A cluster of the project file that is marked `transient`."""
    notifications: Notifications | None = None
    """Topics that hear how each execution ended. Default: none."""
    overrides: Mapping[str, Override] = Field(default_factory=dict[str, Override])
    """Numbers of the cluster that `emrkit run --set NAME=VALUE` may choose, by name. Default: none."""
    when_running: Annotated[str, words("launch", "refuse")] = "launch"
    """What an execution does when a cluster of that name runs already: launch another, or refuse."""


def _parse_steps_item(value: object) -> Step:
    return parse_step(value)


def _step_schema() -> dict[str, Any]:
    from .schema import step_schema

    return step_schema()


class _StepSchema(WithJsonSchema):
    """The schema of a step, made when asked for: it is built from all kinds of steps."""

    def __init__(self) -> None:
        super().__init__({})

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        return _step_schema()


AnyStep = Annotated[Step, PlainValidator(_parse_steps_item), _StepSchema()]


class Job(Value):
    """Steps with one purpose, run together: on a standing cluster, and as a pipeline if it has one.

    Steps run in the order of their `needs`; a step without `needs` waits for the one before it.

    >>> job = Job(name="daily", steps=[SparkStep(name="etl", entry_point="s3://b/etl.py")])
    >>> [step.name for step in job.ordered_steps()]
    ['etl']
    """

    AREA: ClassVar[str] = "JOB"

    name: Text
    """The job's name."""
    steps: Items[AnyStep]
    """What to run."""
    run_on: Text | None = None
    """The cluster of the project file that runs it."""
    timeout: Seconds | None = None
    """The run is cancelled when it has taken this long. Default: never."""
    retry: Retry = Field(default_factory=Retry)
    """How often a run is repeated by itself."""
    on_failure: Annotated[str, words("stop", "continue", "terminate")] = "stop"
    """What a failed step means to those after it."""
    inputs: Items[Text] = ()
    """S3 addresses that the job reads."""
    outputs: Items[Text] = ()
    """S3 addresses that the job writes; a local run shows a preview of the first."""
    fixtures: Items[Fixture] = ()
    """Sample inputs, put in place on local targets only."""
    preview: Flag = True
    """Whether a local run shows the first output."""
    pipeline: Pipeline | None = None
    """The job as a state machine."""

    @property
    def action_on_failure(self) -> ActionOnFailure:
        """The job's `on_failure` in EMR's words."""
        return _ACTIONS[self.on_failure]

    def needs_of(self, index: int) -> tuple[str, ...]:
        """The names that a step waits for: its `needs`, else the step before it."""
        step = self.steps[index]
        if step.needs or "needs" in step.model_fields_set:
            return tuple(step.needs)
        return (self.steps[index - 1].name,) if index else ()

    def ordered_steps(self) -> tuple[Step, ...]:
        """The steps in an order that meets every `needs`, otherwise as they are listed."""
        done: list[str] = []
        waiting = list(range(len(self.steps)))
        while waiting:
            ready = next(i for i in waiting if all(name in done for name in self.needs_of(i)))
            done.append(self.steps[ready].name)
            waiting.remove(ready)
        by_name = {step.name: step for step in self.steps}
        return tuple(by_name[name] for name in done)

    def problems(self) -> Iterator[Diagnostic]:
        """Steps with unique names; needs that exist and do not go in a circle; inputs and outputs in S3."""
        for field, addresses in (("inputs", self.inputs), ("outputs", self.outputs)):
            yield from _check_addresses(field, addresses)
        if not self.steps:
            yield error("JOB-020", "a job needs at least one step", "steps")
        names = [step.name for step in self.steps]
        for i, name in enumerate(names):
            if name in names[:i]:
                yield error("JOB-021", f"step name '{name}' is used twice", "steps", i, "name", got=name)
        unknown = False
        for i, step in enumerate(self.steps):
            for j, need in enumerate(step.needs):
                if need not in names:
                    unknown = True
                    close = get_close_matches(need, names, n=1)
                    yield error(
                        "JOB-022",
                        f"step '{step.name}' needs '{need}', which the job does not have",
                        "steps",
                        i,
                        "needs",
                        j,
                        got=need,
                        allowed=", ".join(n for n in names if n != step.name),
                        hint=f"did you mean `{close[0]}`?" if close else None,
                    )
        if not unknown and len(set(names)) == len(names) and (circle := self._circle()):
            first = names.index(circle[0])
            yield error(
                "JOB-023",
                f"steps need each other in a circle: {' -> '.join((*circle, circle[0]))}",
                "steps",
                first,
                "needs",
                hint="take one of these needs away",
            )

    def _circle(self) -> tuple[str, ...]:
        graph = {step.name: self.needs_of(i) for i, step in enumerate(self.steps)}
        while graph:
            free = [name for name, needs in graph.items() if not any(need in graph for need in needs)]
            if not free:
                break
            for name in free:
                del graph[name]
        if not graph:
            return ()
        trail = [next(iter(graph))]
        while True:
            following = next(need for need in graph[trail[-1]] if need in graph)
            if following in trail:
                return tuple(trail[trail.index(following) :])
            trail.append(following)
