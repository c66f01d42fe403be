"""From the nodes of a project file to what one target sees: overrides, variables, `extends`, then clusters and jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from emrkit_jobs.bundle.declarations import Target
from emrkit_jobs.bundle.expressions import Lookup, ResourceReference, expand, find_references
from emrkit_jobs.bundle.findings import attempt, locate, of_known_values, once
from emrkit_jobs.bundle.judges import Judges
from emrkit_jobs.bundle.links import check_references, resolve_extends
from emrkit_jobs.bundle.nodes import MappingNode, Node, Scalar, find_node, merge_nodes, to_data
from emrkit_jobs.bundle.work import BundledJob, check_job, check_readable_steps, check_scripts, read_actions
from emrkit_model.checking import check
from emrkit_model.cluster import Cluster
from emrkit_model.diagnostics import Diagnostic, EmrkitError, FieldPath, Location, Severity
from emrkit_model.job import Job
from emrkit_model.ownership import ENVIRONMENT_TAG, PROJECT_TAG, Ownership
from emrkit_model.tokens import UNKNOWN_TEXT

__all__ = ["OVERRIDABLE", "Resolution", "ResolvedProject", "read_variables"]


_OWNERSHIP = ("owner", "cost_center", "tags")
"""The keys of the project file that say whose everything is."""
OVERRIDABLE = ("clusters", "jobs", "variables", "tags")
"""The keys that a target's `overrides` may hold."""
_STRUCTURAL = ("-001", "-003")
"""How the codes of an unknown key and of a value of the wrong kind end: wrong whatever stands beside it."""


@dataclass(frozen=True)
class ResolvedProject:
    """The project as one target sees it: everything typed, checked and filled in."""

    name: str
    root: Path
    """The folder of the project file."""
    target: Target
    variables: Mapping[str, str | None]
    ownership: Ownership
    """Owner, cost center and tags of all that the project deploys and launches."""
    clusters: Mapping[str, Cluster]
    transient: frozenset[str]
    """Names of the clusters that only runs and pipelines launch."""
    jobs: Mapping[str, BundledJob]
    references: tuple[ResourceReference, ...]
    """The resource references in the file; they are filled in if `for_target` was given `resources`."""
    warnings: tuple[Diagnostic, ...]
    nodes: MappingNode = field(repr=False)
    judges: Judges = field(default_factory=Judges)
    """Who judges on this target, and what is accepted there."""

    def locate(self, path: FieldPath) -> Location:
        """Where a field stands in the files, also after an override: `("clusters", "etl", "core")`."""
        return find_node(self.nodes, path)[1]

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


def read_variables(nodes: MappingNode) -> dict[str, str | None]:
    """The variables of the file with their default values."""
    part = nodes.get("variables")
    if not isinstance(part, MappingNode):
        return {}
    return {name: _value_of(entry.node) for name, entry in part.entries.items()}


def _value_of(node: Node) -> str | None:
    if not isinstance(node, Scalar):
        return UNKNOWN_TEXT  # a list or a mapping, which was said of it already
    return None if node.is_absent else node.text


class Resolution:
    """One pass of `for_target`: the findings so far, and the steps that add to them.

    `gaps` are the parts of the file that hold more than could be read: what is missing in them may well be there.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        nodes: MappingNode,
        target: Target,
        given: Mapping[str, str],
        warnings: Iterable[Diagnostic],
        resources: Lookup | None,
        gaps: frozenset[str] = frozenset(),
    ) -> None:
        self._name = name
        self._root = root
        self._nodes = nodes
        self._target = target
        self._given = given
        self._resources = resources
        self._gaps = gaps
        self._found: list[Diagnostic] = list(warnings)

    def resolve(self) -> tuple[ResolvedProject, tuple[Diagnostic, ...]]:
        """What could be read, and every finding; with an error among them the project is not whole."""
        nodes = self._merge_overrides()
        variables = {**read_variables(nodes), **self._given}
        parts = MappingNode(
            {k: e for k, e in nodes.entries.items() if k in ("clusters", "jobs", *_OWNERSHIP)}, nodes.at
        )
        references = find_references(parts)
        expanded, problems = expand(parts, variables, self._resources, all_known="variables" not in self._gaps)
        self._found += problems
        before = len(self._found)
        assert isinstance(expanded, MappingNode)
        expanded, loose = resolve_extends(expanded, self._found, all_known="clusters" not in self._gaps)
        ownership = self._read_ownership(expanded)
        clusters, transient = self._build_clusters(expanded, ownership, loose)
        jobs = self._build_jobs(expanded, clusters)
        check_references(expanded, clusters, transient, jobs, self._found, all_known="clusters" not in self._gaps)
        self._found[before:] = of_known_values(expanded, self._found[before:])
        found = once(self._found)
        resolved = ResolvedProject(
            self._name,
            self._root,
            self._target,
            variables,
            ownership,
            clusters,
            transient,
            jobs,
            references,
            found,
            expanded,
        )
        return resolved, found

    def _merge_overrides(self) -> MappingNode:
        nodes = self._nodes
        overrides = find_node(nodes, ("targets", self._target.name, "overrides"))[0]
        if not isinstance(overrides, MappingNode):
            return nodes
        overrides = MappingNode(
            {k: e for k, e in overrides.entries.items() if k in OVERRIDABLE and isinstance(e.node, MappingNode)},
            overrides.at,
            overrides.folder,
        )
        for part in ("clusters", "jobs"):
            above, below = overrides.get(part), nodes.get(part)
            if not isinstance(above, MappingNode):
                continue
            names = tuple(below.entries) if isinstance(below, MappingNode) else ()
            strangers = [name for name in above.entries if name not in names]
            for name in strangers if part not in self._gaps else ():
                close = get_close_matches(name, names, 1)
                self._found.append(
                    Diagnostic(
                        "E-FILE-046",
                        f"the overrides name '{name}', which is not in {part}",
                        path=("targets", self._target.name, "overrides", part, name),
                        location=above.entries[name].key_at,
                        hint=f"did you mean `{close[0]}`?" if close else f"declare it under `{part}:` first",
                    )
                )
            overrides = overrides.replacing(part, above.without(*strangers))
        merged = merge_nodes(nodes, overrides)
        assert isinstance(merged, MappingNode)
        return merged

    def _read_ownership(self, nodes: MappingNode) -> Ownership:
        given = MappingNode({k: e for k, e in nodes.entries.items() if k in _OWNERSHIP}, nodes.at)
        data = cast("dict[str, object]", to_data(given))
        return attempt(nodes, (), lambda: Ownership.parse(data), self._found) or Ownership()

    def _build_clusters(
        self, nodes: MappingNode, ownership: Ownership, loose: Collection[str]
    ) -> tuple[dict[str, Cluster], frozenset[str]]:
        # Also on what only runs launch, which no stack tags: EMR hands them on to instances and volumes.
        tags = {PROJECT_TAG: self._name, ENVIRONMENT_TAG: self._target.environment_name, **ownership.all_tags()}
        clusters: dict[str, Cluster] = {}
        transient: set[str] = set()
        for name, node in self._mappings(nodes, "clusters", "cluster"):
            path: FieldPath = ("clusters", name)
            if self._read_transient(node, path):
                transient.add(name)
            data = cast("dict[str, object]", to_data(node.without("transient", "extends")))
            data.setdefault("name", name)
            if isinstance(own := data.get("tags", {}), dict):
                data["tags"] = {**tags, **cast("dict[str, object]", own)}
            problems: list[Diagnostic] = []
            cluster = attempt(nodes, path, lambda data=data: Cluster.parse(data), problems)
            if name in loose:
                self._found += [d for d in problems if _holds_alone(d, path)]
                continue
            self._found += problems
            actions = check_scripts(read_actions(data))
            self._found += [locate(nodes, d.within(*path)) for d in actions]
            if cluster is not None:
                clusters[name] = cluster
                self._warn(nodes, path, [*check(cluster), *self._check_release(data.get("release"), cluster.release)])
        return clusters, frozenset(transient)

    def _check_release(self, written: object, release: str) -> Iterator[Diagnostic]:
        """In production a release that emrkit chooses: an upgrade of emrkit would choose another."""
        if self._target.mode == "production" and isinstance(written, str) and written.endswith(".*"):
            yield Diagnostic(
                "W-FILE-073",
                f"release '{written}' is {release} until emrkit is upgraded",
                Severity.WARNING,
                ("release",),
                got=written,
                reason="another release replaces a cluster that CloudFormation owns, and may change a job's results",
                hint=f"write `release: {release}` down, and change it when you mean to",
            )

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
        return True  # whoever writes the key at all means a cluster for runs

    def _build_jobs(self, nodes: MappingNode, clusters: Mapping[str, Cluster]) -> dict[str, BundledJob]:
        jobs: dict[str, BundledJob] = {}
        for name, node in self._mappings(nodes, "jobs", "job"):
            path: FieldPath = ("jobs", name)
            data = cast("dict[str, object]", to_data(node))
            data.setdefault("name", name)
            job = attempt(nodes, path, lambda data=data: Job.parse(data), self._found)
            if job is None:
                problems = check_readable_steps(data, node, self._root)
            else:
                self._warn(nodes, path, check(job))
                jobs[name], problems = check_job(name, job, node, self._root, clusters)
            self._found += [locate(nodes, d.within(*path)) for d in problems]
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

    def _warn(self, nodes: Node, path: FieldPath, findings: Iterable[Diagnostic]) -> None:
        self._found += [locate(nodes, d.within(*path)) for d in findings if d.severity is Severity.WARNING]


def _holds_alone(found: Diagnostic, path: FieldPath) -> bool:
    """Whether a finding about a cluster is one without those fields that it would have of another."""
    return found.path[: len(path)] == path and len(found.path) == len(path) + 1 and found.code.endswith(_STRUCTURAL)
