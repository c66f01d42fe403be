"""A job with the files that its steps name: where they lie, whether they are there, what the bundle calls them.

A path without a scheme is relative to the file it is written in and is put into the bundle; `s3://…` and absolute
paths on the cluster stay as they are. In the bundle a file keeps its path from the project's folder, so that no two
collide; a folder under `py_files` becomes one zip.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn, TypeVar, cast

from emrkit_facts import releases
from emrkit_jobs.bundle.archive import Bundle, Source, build, check_name
from emrkit_jobs.bundle.code import check_python
from emrkit_jobs.bundle.nodes import MappingNode, Scalar, find_node
from emrkit_model.cluster import BootstrapAction, Cluster
from emrkit_model.diagnostics import Diagnostic, EmrkitError, FieldPath
from emrkit_model.fields import read
from emrkit_model.fit import check_fit
from emrkit_model.job import Fixture, Job, parse_step
from emrkit_model.steps import JarStep, ScriptStep, SparkSqlStep, SparkStep, Step
from emrkit_model.tokens import is_token

__all__ = ["BundledJob", "check_job", "check_readable_steps", "check_scripts", "read_actions"]

T = TypeVar("T")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_REMOTE = frozenset({"s3", "s3a", "s3n", "hdfs", "local"})
_CLUSTER_FOLDERS = ("/usr/", "/etc/", "/emr/", "/mnt/", "/home/", "/opt/", "/var/")
"""Where files lie on a node; a path there that also exists on this machine is taken for a mistake."""
_FIELDS: Mapping[type[Step], tuple[str, ...]] = {
    SparkStep: ("entry_point", "py_files", "files", "archives", "jars"),
    SparkSqlStep: ("file",),
    ScriptStep: ("script",),
    JarStep: ("jar",),
}
"""The fields of each kind of step that can name a file beside the project file."""
_PROGRAMS = ("entry_point", "file", "script", "jar")
"""Those of them that are run, and so are one file."""


@dataclass(frozen=True, slots=True)
class _File:
    """One local path as a step's field has it."""

    source: Source
    suffix: str = ""
    """What follows the name in the field: `#alias` of an archive or file."""

    @property
    def name(self) -> str:
        return f"{self.source.name}.zip" if self.source.zipped else self.source.name


@dataclass(frozen=True)
class BundledJob:
    """A job, and the local files that belong to it.

    Example: `steps = job.steps_at(f"s3://{bucket}/{job.build().prefix}")`
    """

    name: str
    job: Job
    root: Path
    """The project's folder."""
    folder: Path
    """The folder of the file that declares the job."""
    files: Mapping[tuple[int, str, int], _File] = field(repr=False)
    """(step, field, position) to file."""
    fixture_paths: tuple[Path, ...] = ()
    """For each fixture of the job, the program or folder it comes from."""

    def build(self) -> Bundle:
        """Reads and hashes the files that the steps name. Raises `EmrkitError` with every file that cannot be used."""
        return build(self.root, [file.source for file in self.files.values()])

    def steps_at(self, prefix: str) -> tuple[Step, ...]:
        """The job's steps in their order of execution, with local paths replaced by names below `prefix`.

        `prefix` is where the bundle was uploaded (`s3://<bucket>/bundles/<digest>`) or, in a state machine, whatever
        stands for it.
        """
        placed = {step.name: self._place(number, step, prefix) for number, step in enumerate(self.job.steps)}
        return tuple(placed[step.name] for step in self.job.ordered_steps())

    def _place(self, number: int, step: Step, prefix: str) -> Step:
        changes: dict[str, object] = {}
        for name in _FIELDS.get(type(step), ()):
            value = getattr(step, name)
            if isinstance(value, str):
                changes[name] = self._address(number, name, 0, value, prefix)
            elif isinstance(value, (tuple, list)) and value:
                items = cast("tuple[str, ...]", value)
                changes[name] = tuple(self._address(number, name, i, v, prefix) for i, v in enumerate(items))
        return step.replace(**changes) if changes else step

    def _address(self, number: int, name: str, position: int, value: str, prefix: str) -> str:
        file = self.files.get((number, name, position))
        return value if file is None else f"{prefix}/{file.name}{file.suffix}"


def check_job(
    name: str, job: Job, node: MappingNode, root: Path, clusters: Mapping[str, Cluster]
) -> tuple[BundledJob, list[Diagnostic]]:
    """The job with its files, and what is wrong with them (paths from the job's own mapping)."""
    problems = list(_check_fit(job, clusters))
    files = _find_files(enumerate(job.steps), node, root, _pythons(job, clusters), problems)
    fixtures = tuple(_check_fixture(i, fixture, node, root, problems) for i, fixture in enumerate(job.fixtures))
    return BundledJob(name, job, root, root / node.folder, files, fixtures), problems


def check_readable_steps(data: Mapping[str, object], node: MappingNode, root: Path) -> list[Diagnostic]:
    """What is wrong with the files of a job that could not be built: those of its steps that can be read."""
    problems: list[Diagnostic] = []
    steps = ((number, _readable(parse_step, step)) for number, step in _items(data.get("steps")))
    _find_files(((number, step) for number, step in steps if step is not None), node, root, None, problems)
    return problems


def read_actions(data: Mapping[str, object]) -> tuple[tuple[int, BootstrapAction], ...]:
    """The bootstrap actions of a cluster that could not be built, as far as they can be read, with their numbers."""
    actions = (
        (n, _readable(BootstrapAction.model_validate, item)) for n, item in _items(data.get("bootstrap_actions"))
    )
    return tuple((number, action) for number, action in actions if action is not None)


def _items(value: object) -> Iterable[tuple[int, object]]:
    return enumerate(cast("list[object]", value)) if isinstance(value, list) else ()


def _readable(read_one: Callable[[object], T], value: object) -> T | None:
    try:
        return read_one(value)
    except (EmrkitError, ValueError):  # pydantic's own errors are ValueErrors
        return None


def _find_files(
    steps: Iterable[tuple[int, Step]],
    node: MappingNode,
    root: Path,
    python: tuple[str, str] | None,
    problems: list[Diagnostic],
) -> dict[tuple[int, str, int], _File]:
    files: dict[tuple[int, str, int], _File] = {}
    for number, step in steps:
        for field_name, position, path, value in _local_values(number, step):
            scalar = find_node(node, path)[0]
            folder = scalar.folder if isinstance(scalar, Scalar) else node.folder
            try:
                zipped, one_file = field_name == "py_files", field_name in _PROGRAMS
                file = _locate_file(root, folder, value, zipped=zipped, one_file=one_file)
            except EmrkitError as error:
                at = scalar.at if scalar is not None else None
                problems += [d.within(*path).at(at) for d in error.diagnostics]
                continue
            files[number, field_name, position] = file
            if file.source.path.suffix == ".py" and field_name in ("entry_point", "py_files"):
                problems += check_python(file.source.path, file.source.name, python)
    return files


def check_scripts(actions: Iterable[tuple[int, BootstrapAction]]) -> Iterator[Diagnostic]:
    """Bootstrap actions whose script no node could reach: a cluster outlives any bundle, so they lie in S3."""
    for number, action in actions:
        path = read(action.path)
        if _is_local(path, allow_cluster_paths=True) and not path.startswith("file:///"):
            yield Diagnostic(
                "E-BUNDLE-031",
                f"the script of bootstrap action '{action.name}' is not where a node can read it",
                path=("bootstrap_actions", number, "path"),
                got=path,
                allowed="an s3:// address, or a path on the node",
                hint="upload the script and give its s3:// address",
            )


def _pythons(job: Job, clusters: Mapping[str, Cluster]) -> tuple[str, str] | None:
    """The oldest Python that must understand the job's code, and the release that has it."""
    names = [name for name in (job.run_on, job.pipeline.cluster if job.pipeline else None) if name]
    found: list[tuple[str, str]] = []
    for name in names:
        cluster = clusters.get(name)
        release = releases.find(cluster.release) if cluster is not None and not is_token(cluster.release) else None
        if isinstance(release, releases.Release) and release.python:
            found.append((release.python, release.label))
    return min(found, key=lambda pair: [int(n) for n in pair[0].split(".")[:2]], default=None)


def _check_fit(job: Job, clusters: Mapping[str, Cluster]) -> Iterator[Diagnostic]:
    """What the model says against the job on the cluster it names, and on the one of its pipeline."""
    own = clusters.get(job.run_on) if job.run_on else None
    if own is not None:
        yield from check_fit(job, own)
    launched = clusters.get(job.pipeline.cluster) if job.pipeline else None
    if job.pipeline is not None and launched is not None and job.pipeline.overrides:
        from emrkit_model.overrides import check_overrides

        yield from (d.within("pipeline", "overrides") for d in check_overrides(job.pipeline.overrides, launched))
    if launched is not None and launched is not own:
        # A state machine submits every step with CONTINUE and decides by itself what a failure means.
        steps = tuple(step.replace(on_failure=None) for step in job.steps)
        yield from check_fit(job.replace(on_failure="continue", steps=steps), launched)


def _local_values(number: int, step: Step) -> Iterator[tuple[str, int, FieldPath, str]]:
    for name in _FIELDS.get(type(step), ()):
        value = getattr(step, name)
        path: FieldPath = ("steps", number, step.KIND, name)
        if isinstance(value, str):
            if _is_local(value, allow_cluster_paths=True):
                yield name, 0, path, value
        elif isinstance(value, (tuple, list)):
            for position, item in enumerate(cast("tuple[str, ...]", value)):
                if _is_local(item, allow_cluster_paths=True):
                    yield name, position, (*path, position), item


def _is_local(value: str, *, allow_cluster_paths: bool) -> bool:
    if is_token(value) or value.startswith("${resource.") or "{}" in value[:2]:
        return False
    scheme = _SCHEME.match(value)
    if scheme is not None and scheme[1].lower() in _REMOTE:
        return False
    return not (allow_cluster_paths and value.startswith(_CLUSTER_FOLDERS) and not Path(value).exists())


def _locate_file(root: Path, folder: str, value: str, *, zipped: bool, one_file: bool) -> _File:
    text, mark, alias = value.partition("#")
    scheme = _SCHEME.match(text)
    if scheme is not None:
        _refuse(
            "020",
            f"'{scheme[1]}:' is not a place that a step is read from",
            got=value,
            allowed="a relative path, s3://, hdfs:// or local://",
        )
    if not text or text.startswith(("/", "~")):
        _refuse(
            "021",
            "a local path is relative to the file it is written in",
            got=value,
            hint="name the file relative to this one, or upload it and give its s3:// address",
        )
    name = PurePosixPath(os.path.normpath(f"{folder or '.'}/{text}")).as_posix()
    if name == ".." or name.startswith("../"):
        _refuse("003", "the path leads out of the project's folder", got=value, allowed=f"a path below {root}")
    if (problem := check_name(name)) is not None:
        _refuse("002", f"{value!r} cannot stand in a bundle: {problem}", got=value)
    path = root / name
    if not path.exists() and not path.is_symlink():
        _refuse("001", f"'{value}' does not exist", got=str(path), hint=_closest(path))
    if one_file and path.is_dir():
        _refuse("022", f"'{value}' is a folder", got=str(path), allowed="a file", hint=_file_in(path, value))
    return _File(Source(name, path, zipped=zipped and path.is_dir()), mark + alias)


def _file_in(folder: Path, value: str) -> str:
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_file() and not entry.name.startswith(".")]
    except OSError:
        names = []
    return f"did you mean `{value.rstrip('/')}/{names[0]}`?" if len(names) == 1 else "name the file in it"


def _closest(path: Path) -> str:
    from difflib import get_close_matches

    try:
        names = [entry.name for entry in os.scandir(path.parent)] if path.parent.is_dir() else []
    except OSError:
        names = []
    close = get_close_matches(path.name, names, 1, 0.5)
    return f"did you mean `{close[0]}`?" if close else "create it, or correct the path"


def _check_fixture(number: int, fixture: Fixture, node: MappingNode, root: Path, problems: list[Diagnostic]) -> Path:
    name, value = ("generate", fixture.generate) if fixture.generate is not None else ("path", fixture.path or "")
    path: FieldPath = ("fixtures", number, name)
    scalar = find_node(node, path)[0]
    folder = scalar.folder if isinstance(scalar, Scalar) else node.folder
    try:
        return _locate_file(root, folder, value, zipped=False, one_file=name == "generate").source.path
    except EmrkitError as error:
        problems += [d.within(*path).at(scalar.at if scalar is not None else None) for d in error.diagnostics]
        return root / folder / value


def _refuse(
    number: str, summary: str, *, got: str | None = None, allowed: str | None = None, hint: str | None = None
) -> NoReturn:
    raise EmrkitError(Diagnostic(f"E-BUNDLE-{number}", summary, got=got, allowed=allowed, hint=hint))
