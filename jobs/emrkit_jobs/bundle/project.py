"""The project file, loaded: `load` reads it, `for_target` gives the clusters and jobs of one target.

The way of a value: files are read to nodes, includes joined, the target's overrides merged, variables filled in,
`extends` resolved, and only then are clusters and jobs built. Nodes keep their places all the way, so every finding of
every rule ends with the file, line and column to look at.

Example:
    project = load(Path("emrkit.yaml"))
    for name, job in project.for_target("local").jobs.items():
        print(name, job.build().digest)
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from emrkit_jobs.bundle.declarations import Head, Target, check_names, choose_target
from emrkit_jobs.bundle.expressions import Lookup
from emrkit_jobs.bundle.findings import attempt, locate, once, raise_errors
from emrkit_jobs.bundle.includes import PARTS, find_gaps, join_includes
from emrkit_jobs.bundle.judges import Judges
from emrkit_jobs.bundle.nodes import MappingNode, Scalar, find_node, key_location, to_data
from emrkit_jobs.bundle.reading import read_yaml
from emrkit_jobs.bundle.resolution import OVERRIDABLE, Resolution, ResolvedProject, read_variables
from emrkit_model.checking import check
from emrkit_model.diagnostics import Diagnostic, EmrkitError, FieldPath, Location, Severity
from emrkit_model.tokens import UNKNOWN_TEXT

__all__ = ["PROJECT_FILE", "LoadedProject", "ResolvedProject", "examine", "load"]

PROJECT_FILE = "emrkit.yaml"


@dataclass(frozen=True)
class LoadedProject:
    """The project file before a target is chosen."""

    path: Path
    root: Path
    name: str
    targets: Mapping[str, Target]
    warnings: tuple[Diagnostic, ...]
    given: Mapping[str, str] = field(repr=False)
    """Variables from the command line; they win over everything."""
    nodes: MappingNode = field(repr=False)
    judges: Judges = field(default_factory=Judges)
    """Who judges on every target."""
    gaps: frozenset[str] = frozenset()
    """Parts of the file that hold more than could be read."""

    @property
    def examined_targets(self) -> tuple[Target, ...]:
        """The targets; where there are none, one that changes nothing, for clusters and jobs are there anyway."""
        return tuple(self.targets.values()) or (Target(name="none", kind="local"),)

    def judges_of(self, target: Target) -> Judges:
        """Who judges on this target, and what is accepted there."""
        return self.judges.joined(target.judges)

    def choose_target(self, option: str | None = None, context: str | None = None) -> Target:
        """The target by option, `cdk -c target=`, EMRKIT_TARGET or default; see `declarations.choose_target`."""
        return choose_target(self.targets, option, context)

    def target(self, name: str | None = None) -> Target:
        """The target of this name, else the one that `choose_target` gives."""
        return self.choose_target(name)

    def locate(self, path: FieldPath) -> Location:
        """Where a field stands in the files: `("jobs", "etl", "steps", 0)`."""
        return find_node(self.nodes, path)[1]

    def for_target(self, name: str | Target | None = None, *, resources: Lookup | None = None) -> ResolvedProject:
        """The project as a target sees it. `resources` fills in `${resource.…}`; without it they stay as written.

        Raises `EmrkitError` with every problem at once, each with its place.
        """
        target = name if isinstance(name, Target) else self.choose_target(name)
        resolved, found = self.examine_target(target, resources=resources)
        raise_errors(found)
        return resolved

    def examine_target(
        self, target: Target, *, resources: Lookup | None = None
    ) -> tuple[ResolvedProject, tuple[Diagnostic, ...]]:
        """The same without raising: what of the project could be read, and every finding."""
        pass_ = Resolution(
            self.name, self.root, self.nodes, target, self.given, self.warnings, resources, self.gaps
        ).resolve()
        return replace(pass_[0], judges=self.judges_of(target)), pass_[1]


def load(path: Path | str, variables: Mapping[str, str] | None = None) -> LoadedProject:
    """The project file at `path` (or `emrkit.yaml` in that folder), with its includes.

    `variables` override those of the file; so do environment variables `EMRKIT_VAR_<name>`, by which the CLI hands its
    own on to the app. Raises `EmrkitError` with every problem of the files themselves, and then also with those of the
    clusters and jobs that could be read in spite of them; otherwise these are built, and judged, by `for_target`.
    """
    project, found = examine(path, variables)
    if any(d.severity is Severity.ERROR for d in found):
        for target in project.examined_targets:
            found = (*found, *project.examine_target(target)[1])
    raise_errors(found)
    return project


def examine(
    path: Path | str, variables: Mapping[str, str] | None = None
) -> tuple[LoadedProject, tuple[Diagnostic, ...]]:
    """What of the project file could be read, and every finding about what is not clusters and jobs.

    Where a target cannot be read, or none, something stands in for it, so that clusters and jobs can be looked at.
    Raises `EmrkitError` where the file is no YAML that could be looked into.
    """
    path = Path(path)
    given = {**_variables_of(os.environ), **(variables or {})}
    if path.is_dir():
        path /= PROJECT_FILE
    root = path.parent.absolute()
    top = read_yaml(path, path.name)
    if not isinstance(top, MappingNode):
        empty = isinstance(top, Scalar) and top.is_absent
        raise EmrkitError(
            Diagnostic(
                "E-FILE-021",
                f"{path.name} is empty" if empty else f"{path.name} must be a mapping",
                location=top.at,
                hint="it starts with `project: <name>`; `emrkit init` makes a whole one",
            )
        )
    found: list[Diagnostic] = []
    head = attempt(top, (), lambda: Head.parse(cast("dict[str, object]", to_data(top))), found)
    unreadable = {str(d.path[0]) for d in found if d.path}
    nodes, problems = join_includes(top, root)
    gaps = find_gaps(top, nodes, problems)
    said = {d.location for d in found}
    found += [d for d in problems if d.location not in said]
    targets = _read_targets(nodes, found)
    found += _check_parts(nodes, given, gaps)
    warnings = tuple(d for d in once(found) if d.severity is Severity.WARNING)
    judges = (head.judges if head else None) or Judges()
    # What was said of once is left out of what follows.
    rest = nodes.without(*unreadable, *(part for part in PARTS if not isinstance(nodes.get(part), MappingNode)))
    name = head.project if head else UNKNOWN_TEXT
    project = LoadedProject(path, root, name, targets, warnings, given, rest, judges, gaps)
    return project, once(found)


def _variables_of(environment: Mapping[str, str]) -> dict[str, str]:
    prefix = "EMRKIT_VAR_"
    return {name.removeprefix(prefix): text for name, text in environment.items() if name.startswith(prefix)}


def _check_parts(nodes: MappingNode, given: Mapping[str, str], gaps: Collection[str]) -> Iterator[Diagnostic]:
    for key, kind in (
        ("clusters", "a cluster"),
        ("jobs", "a job"),
        ("variables", "a variable"),
        ("targets", "a target"),
    ):
        part = nodes.get(key)
        if part is not None and not isinstance(part, MappingNode):
            yield Diagnostic("E-FILE-021", f"'{key}' must be a mapping of names", path=(key,), location=part.at)
        elif part is not None:
            for found in check_names(kind, part.entries):
                yield found.within(key).at(key_location(nodes, (key, *found.path)))
            if key == "variables":
                yield from _check_variables(part, (key,))
            if key == "clusters":
                yield from _check_alike(part)
    declared = read_variables(nodes)
    for name in given if "variables" not in gaps else ():
        if name not in declared:
            close = get_close_matches(name, declared, 1)
            yield Diagnostic(
                "E-FILE-040",
                f"variable '{name}' is not declared",
                got=f"--var {name}=…",
                allowed=", ".join(declared) or "no variable is declared",
                hint=f"did you mean `{close[0]}`?" if close else f"add it: `variables: {{{name}: …}}`",
            )


def _check_alike(clusters: MappingNode) -> Iterator[Diagnostic]:
    known: dict[str, str] = {}
    for name, entry in clusters.entries.items():
        first = known.setdefault(name.replace("-", "").replace("_", "").lower(), name)
        if first != name:
            yield Diagnostic(
                "E-FILE-065",
                f"clusters '{first}' and '{name}' differ only in case, `-` or `_`",
                path=("clusters", name),
                location=entry.key_at,
                got=name,
                reason="a stack's parameters hold letters and digits alone: `--replace` could not tell the two apart",
                hint="give one of them another name",
            )


def _check_variables(part: MappingNode, path: FieldPath) -> Iterator[Diagnostic]:
    for name, entry in part.entries.items():
        if not isinstance(entry.node, Scalar):
            yield Diagnostic(
                "E-FILE-045",
                f"variable '{name}' must be text",
                path=(*path, name),
                location=entry.node.at,
                hint="a variable holds one value, not a list or mapping",
            )


def _read_targets(nodes: MappingNode, found: list[Diagnostic]) -> dict[str, Target]:
    part = nodes.get("targets")
    targets: dict[str, Target] = {}
    if not isinstance(part, MappingNode):
        return targets
    for name, entry in part.entries.items():
        path: FieldPath = ("targets", name)
        targets[name] = Target(name=name, kind="local")  # unless it can be read
        if not isinstance(entry.node, MappingNode):
            found.append(
                Diagnostic(
                    "E-FILE-021",
                    f"target '{name}' must be a mapping",
                    path=path,
                    location=entry.node.at,
                    hint=f"{name}: {{kind: local}}",
                )
            )
            continue
        found += _check_overrides(entry.node, path)
        data = cast("dict[str, object]", to_data(entry.node.without("overrides")))
        target = attempt(nodes, path, lambda data=data, name=name: Target.parse(data, name=name), found)
        if target is not None:
            targets[name] = target
            found += [locate(nodes, d.within(*path)) for d in check(target) if d.severity is Severity.WARNING]
    marked = [name for name, target in targets.items() if target.default]
    if len(marked) > 1:
        where = ("targets", marked[1], "default")
        found.append(
            Diagnostic(
                "E-FILE-058",
                f"two targets are marked default: {' and '.join(marked[:2])}",
                path=where,
                location=find_node(nodes, where)[1],
                hint="leave `default: true` at one of them",
            )
        )
    return targets


def _check_overrides(target: MappingNode, path: FieldPath) -> Iterator[Diagnostic]:
    overrides = target.get("overrides")
    if overrides is None:
        return
    if not isinstance(overrides, MappingNode):
        yield Diagnostic(
            "E-FILE-021", "'overrides' must be a mapping", path=(*path, "overrides"), location=overrides.at
        )
        return
    for key, entry in overrides.entries.items():
        where = (*path, "overrides", key)
        if key not in OVERRIDABLE:
            close = get_close_matches(key, OVERRIDABLE, 1)
            yield Diagnostic(
                "E-FILE-059",
                f"a target cannot override '{key}'",
                path=where,
                location=entry.key_at,
                allowed=", ".join(OVERRIDABLE),
                hint=f"did you mean `{close[0]}`?" if close else None,
            )
        elif not isinstance(entry.node, MappingNode):
            yield Diagnostic("E-FILE-021", f"'{key}' must be a mapping of names", path=where, location=entry.node.at)
        elif key == "variables":
            yield from _check_variables(entry.node, where)
