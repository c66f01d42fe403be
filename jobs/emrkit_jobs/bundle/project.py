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

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar, cast

from emrkit_jobs.bundle.declarations import Head, Target, check_names, choose_target
from emrkit_jobs.bundle.expressions import Lookup, ResourceReference, expand, find_references
from emrkit_jobs.bundle.includes import join_includes
from emrkit_jobs.bundle.nodes import MappingNode, Node, Scalar, find_node, key_location, merge_nodes, to_data
from emrkit_jobs.bundle.reading import read_yaml
from emrkit_jobs.bundle.work import BundledJob, check_job
from emrkit_model.cluster import Cluster
from emrkit_model.diagnostics import Diagnostic, EmrkitError, FieldPath, Location, Severity
from emrkit_model.job import Job
from emrkit_model.values import check

__all__ = ["PROJECT_FILE", "LoadedProject", "ResolvedProject", "load"]

T = TypeVar("T")

PROJECT_FILE = "emrkit.yaml"
OVERRIDABLE = ("clusters", "jobs", "variables")
"""The keys that a target's `overrides` may hold."""


@dataclass(frozen=True)
class ResolvedProject:
    """The project as one target sees it: everything typed, checked and filled in."""

    name: str
    root: Path
    """The folder of the project file."""
    target: Target
    variables: Mapping[str, str | None]
    clusters: Mapping[str, Cluster]
    transient: frozenset[str]
    """Names of the clusters that only runs and pipelines launch."""
    jobs: Mapping[str, BundledJob]
    references: tuple[ResourceReference, ...]
    """The resource references in the file; they are filled in if `for_target` was given `resources`."""
    warnings: tuple[Diagnostic, ...]

    @property
    def environment(self) -> str:
        """The environment whose stacks belong to the target."""
        return self.target.environment_name

    @property
    def standing_clusters(self) -> Mapping[str, Cluster]:
        """The clusters that CloudFormation makes."""
        return {name: cluster for name, cluster in self.clusters.items() if name not in self.transient}

    @property
    def transient_clusters(self) -> Mapping[str, Cluster]:
        """The clusters that runs and pipelines launch, and end."""
        return {name: cluster for name, cluster in self.clusters.items() if name in self.transient}

    def job(self, name: str) -> BundledJob:
        """The job of this name. Raises `EmrkitError` with the close names if there is none."""
        if name not in self.jobs:
            close = get_close_matches(name, self.jobs, 1)
            raise EmrkitError(
                Diagnostic(
                    "E-FILE-063",
                    f"there is no job '{name}'",
                    got=name,
                    allowed=", ".join(self.jobs) or "none",
                    hint=f"did you mean `{close[0]}`?" if close else "add it under `jobs:`",
                )
            )
        return self.jobs[name]


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
        return _Resolution(self, target, resources).resolve()


def load(path: Path | str, variables: Mapping[str, str] | None = None) -> LoadedProject:
    """The project file at `path` (or `emrkit.yaml` in that folder), with its includes.

    `variables` override those of the file. Raises `EmrkitError` with every problem of the files themselves; clusters
    and jobs are built, and judged, by `for_target`.
    """
    path = Path(path)
    if path.is_dir():
        path /= PROJECT_FILE
    root = path.parent
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
    head = _place(top, (), lambda: Head.parse(cast("dict[str, object]", to_data(top))), found)
    nodes, problems = join_includes(top, root)
    found += problems
    targets = _read_targets(nodes, found)
    found += _check_parts(nodes, variables or {})
    _raise_errors(found)
    assert head is not None
    return LoadedProject(path, root, head.project, targets, _unique(found), dict(variables or {}), nodes)


def _check_parts(nodes: MappingNode, given: Mapping[str, str]) -> Iterator[Diagnostic]:
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
                for name, entry in part.entries.items():
                    if not isinstance(entry.node, Scalar):
                        yield Diagnostic(
                            "E-FILE-045",
                            f"variable '{name}' must be text",
                            path=(key, name),
                            location=entry.node.at,
                            hint="a variable holds one value, not a list or mapping",
                        )
    declared = _read_variables(nodes)
    for name in given:
        if name not in declared:
            close = get_close_matches(name, declared, 1)
            yield Diagnostic(
                "E-FILE-040",
                f"variable '{name}' is not declared",
                got=f"--var {name}=…",
                allowed=", ".join(declared) or "no variable is declared",
                hint=f"did you mean `{close[0]}`?" if close else f"add it: `variables: {{{name}: …}}`",
            )


def _read_variables(nodes: MappingNode) -> dict[str, str | None]:
    part = nodes.get("variables")
    if not isinstance(part, MappingNode):
        return {}
    scalars = {name: entry.node for name, entry in part.entries.items() if isinstance(entry.node, Scalar)}
    return {name: None if node.is_absent else node.text for name, node in scalars.items()}


def _read_targets(nodes: MappingNode, found: list[Diagnostic]) -> dict[str, Target]:
    part = nodes.get("targets")
    targets: dict[str, Target] = {}
    if not isinstance(part, MappingNode):
        return targets
    for name, entry in part.entries.items():
        path: FieldPath = ("targets", name)
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
        target = _place(nodes, path, lambda data=data, name=name: Target.parse(data, name=name), found)
        if target is not None:
            targets[name] = target
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


class _Resolution:
    """One pass of `for_target`: the findings so far, and the steps that add to them."""

    def __init__(self, project: LoadedProject, target: Target, resources: Lookup | None) -> None:
        self._project = project
        self._target = target
        self._resources = resources
        self._found: list[Diagnostic] = list(project.warnings)

    def resolve(self) -> ResolvedProject:
        nodes = self._merge_overrides()
        variables = {**_read_variables(nodes), **self._project.given}
        parts = MappingNode({k: e for k, e in nodes.entries.items() if k in ("clusters", "jobs")}, nodes.at)
        references = find_references(parts)
        expanded, problems = expand(parts, variables, self._resources)
        self._found += problems
        assert isinstance(expanded, MappingNode)
        expanded = self._resolve_extends(expanded)
        clusters, transient = self._build_clusters(expanded)
        jobs = self._build_jobs(expanded, clusters)
        self._check_references(expanded, clusters, transient, jobs)
        _raise_errors(self._found)
        return ResolvedProject(
            self._project.name,
            self._project.root,
            self._target,
            variables,
            clusters,
            transient,
            jobs,
            references,
            _unique(self._found),
        )

    def _merge_overrides(self) -> MappingNode:
        nodes = self._project.nodes
        overrides = find_node(nodes, ("targets", self._target.name, "overrides"))[0]
        if not isinstance(overrides, MappingNode):
            return nodes
        for part in ("clusters", "jobs"):
            above, below = overrides.get(part), nodes.get(part)
            for name, entry in above.entries.items() if isinstance(above, MappingNode) else ():
                if not isinstance(below, MappingNode) or name not in below.entries:
                    close = get_close_matches(name, below.entries, 1) if isinstance(below, MappingNode) else []
                    self._found.append(
                        Diagnostic(
                            "E-FILE-046",
                            f"the overrides name '{name}', which is not in {part}",
                            path=("targets", self._target.name, "overrides", part, name),
                            location=entry.key_at,
                            hint=f"did you mean `{close[0]}`?" if close else f"declare it under `{part}:` first",
                        )
                    )
        merged = merge_nodes(nodes, overrides)
        assert isinstance(merged, MappingNode)
        return merged

    def _resolve_extends(self, nodes: MappingNode) -> MappingNode:
        clusters = nodes.get("clusters")
        if not isinstance(clusters, MappingNode):
            return nodes
        done: dict[str, MappingNode] = {}
        for name in clusters.entries:
            self._extend(name, clusters, done, ())
        for name, node in done.items():
            clusters = clusters.replacing(name, node)
        return nodes.replacing("clusters", clusters)

    def _extend(
        self, name: str, clusters: MappingNode, done: dict[str, MappingNode], trail: tuple[str, ...]
    ) -> MappingNode | None:
        node = clusters.get(name)
        if name in done or not isinstance(node, MappingNode):
            return done.get(name)
        other = node.get("extends")
        path: FieldPath = ("clusters", name, "extends")
        if other is None:
            done[name] = node
        elif not isinstance(other, Scalar) or not isinstance(clusters.get(other.text), MappingNode):
            text = other.text if isinstance(other, Scalar) else None
            close = get_close_matches(text or "", [n for n in clusters.entries if n != name], 1)
            self._found.append(
                Diagnostic(
                    "E-FILE-047",
                    f"cluster '{name}' extends one that does not exist",
                    path=path,
                    got=text,
                    location=other.at,
                    hint=f"did you mean `{close[0]}`?" if close else None,
                )
            )
        elif name in trail:
            self._found.append(
                Diagnostic(
                    "E-FILE-048",
                    f"clusters extend each other in a circle: {' -> '.join((*trail, name))}",
                    path=path,
                    location=other.at,
                    hint="take one `extends` away",
                )
            )
        elif (below := self._extend(other.text, clusters, done, (*trail, name))) is not None:
            merged = merge_nodes(below.without("transient", "extends", "name"), node.without("extends"))
            assert isinstance(merged, MappingNode)
            done[name] = merged
        return done.get(name)

    def _build_clusters(self, nodes: MappingNode) -> tuple[dict[str, Cluster], frozenset[str]]:
        clusters: dict[str, Cluster] = {}
        transient: set[str] = set()
        for name, node in self._mappings(nodes, "clusters", "cluster"):
            path: FieldPath = ("clusters", name)
            if self._read_transient(node, path):
                transient.add(name)
            data = cast("dict[str, object]", to_data(node.without("transient", "extends")))
            data.setdefault("name", name)
            cluster = _place(nodes, path, lambda data=data: Cluster.parse(data), self._found)
            if cluster is not None:
                clusters[name] = cluster
                self._warn(nodes, path, check(cluster))
        return clusters, frozenset(transient)

    def _read_transient(self, node: MappingNode, path: FieldPath) -> bool:
        value = node.get("transient")
        if value is None or (isinstance(value, Scalar) and value.text in {"true", "false"}):
            return isinstance(value, Scalar) and value.text == "true"
        got = value.text if isinstance(value, Scalar) else None
        self._found.append(
            Diagnostic(
                "E-FILE-003", "'transient' must be true or false", path=(*path, "transient"), got=got, location=value.at
            )
        )
        return False

    def _build_jobs(self, nodes: MappingNode, clusters: Mapping[str, Cluster]) -> dict[str, BundledJob]:
        jobs: dict[str, BundledJob] = {}
        for name, node in self._mappings(nodes, "jobs", "job"):
            path: FieldPath = ("jobs", name)
            data = cast("dict[str, object]", to_data(node))
            data.setdefault("name", name)
            job = _place(nodes, path, lambda data=data: Job.parse(data), self._found)
            if job is None:
                continue
            self._warn(nodes, path, check(job))
            bundled, problems = check_job(name, job, node, self._project.root, clusters)
            self._found += [_locate(nodes, d.within(*path)) for d in problems]
            jobs[name] = bundled
        return jobs

    def _mappings(self, nodes: MappingNode, part: str, kind: str) -> Iterator[tuple[str, MappingNode]]:
        group = nodes.get(part)
        for name, entry in group.entries.items() if isinstance(group, MappingNode) else ():
            if isinstance(entry.node, MappingNode):
                yield name, entry.node
            else:
                self._found.append(
                    Diagnostic(
                        "E-FILE-021", f"{kind} '{name}' must be a mapping", path=(part, name), location=entry.node.at
                    )
                )

    def _check_references(
        self, nodes: Node, clusters: Mapping[str, Cluster], transient: frozenset[str], jobs: Mapping[str, BundledJob]
    ) -> None:
        declared = find_node(nodes, ("clusters",))[0]
        names = tuple(declared.entries) if isinstance(declared, MappingNode) else ()
        for name, bundled in jobs.items():
            job = bundled.job
            wanted: list[tuple[FieldPath, str]] = []
            if job.run_on is not None:
                wanted.append((("jobs", name, "run_on"), job.run_on))
            elif job.pipeline is None:
                self._found.append(
                    Diagnostic(
                        "E-FILE-070",
                        f"job '{name}' does not say where it runs",
                        path=("jobs", name),
                        location=find_node(nodes, ("jobs", name))[1],
                        hint="add `run_on: <cluster>`",
                    )
                )
            if job.pipeline is not None:
                wanted.append((("jobs", name, "pipeline", "cluster"), job.pipeline.cluster))
            for path, cluster in wanted:
                at = find_node(nodes, path)[1]
                if cluster not in names:
                    close = get_close_matches(cluster, names, 1)
                    self._found.append(
                        Diagnostic(
                            "E-FILE-071",
                            f"there is no cluster '{cluster}'",
                            path=path,
                            got=cluster,
                            location=at,
                            allowed=", ".join(names) or "the file declares no cluster",
                            hint=f"did you mean `{close[0]}`?" if close else "add it under `clusters:`",
                        )
                    )
                elif path[-1] == "cluster" and cluster in clusters and cluster not in transient:
                    self._found.append(
                        Diagnostic(
                            "E-FILE-072",
                            f"a pipeline launches its own cluster, '{cluster}' is a standing one",
                            path=path,
                            got=cluster,
                            location=at,
                            allowed=", ".join(sorted(transient)) or None,
                            hint=f"declare one with `{{extends: {cluster}, transient: true}}` and name that",
                        )
                    )

    def _warn(self, nodes: Node, path: FieldPath, findings: Iterable[Diagnostic]) -> None:
        self._found += [_locate(nodes, d.within(*path)) for d in findings if d.severity is Severity.WARNING]


def _place(nodes: Node, path: FieldPath, make: Callable[[], T], found: list[Diagnostic]) -> T | None:
    """What `make` gives; its findings get the path and the place of the field they speak of."""
    try:
        return make()
    except EmrkitError as error:
        found += [_locate(nodes, d.within(*path)) for d in error.diagnostics]
        return None


def _locate(nodes: Node, found: Diagnostic) -> Diagnostic:
    unknown_key = found.code.endswith("-001")
    return found.at(key_location(nodes, found.path) if unknown_key else find_node(nodes, found.path)[1])


def _unique(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each finding once: a cluster and the one that extends it share their lines."""
    kept: dict[tuple[str, str, Location | None], Diagnostic] = {}
    for diagnostic in found:
        kept.setdefault((diagnostic.code, diagnostic.summary, diagnostic.location), diagnostic)
    return tuple(kept.values())


def _raise_errors(found: Iterable[Diagnostic]) -> None:
    """Raises if there is an error among the findings; the warnings go with it."""
    unique = _unique(found)
    if any(d.severity is Severity.ERROR for d in unique):
        raise EmrkitError(sorted(unique, key=lambda d: d.severity is Severity.WARNING))
