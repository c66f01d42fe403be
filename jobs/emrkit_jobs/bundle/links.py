"""Names that lead from one part of a project file to another: `extends`, `run_on`, a pipeline's cluster."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from emrkit_jobs.bundle.nodes import MappingNode, Node, Scalar, find_node, merge_nodes
from emrkit_jobs.bundle.work import BundledJob
from emrkit_model.cluster import Cluster
from emrkit_model.diagnostics import Diagnostic, FieldPath

__all__ = ["check_references", "resolve_extends"]


def resolve_extends(
    nodes: MappingNode, found: list[Diagnostic], *, all_known: bool = True
) -> tuple[MappingNode, frozenset[str]]:
    """Every cluster that `extends` another, merged over it, and the names of those where that could not be.

    What cannot be is added to `found`; with `all_known` false there may be more clusters than could be read.
    """
    clusters = nodes.get("clusters")
    if not isinstance(clusters, MappingNode):
        return nodes, frozenset()
    done: dict[str, MappingNode] = {}
    for name in clusters.entries:
        _extend(name, clusters, done, (), found, all_known)
    loose = frozenset(clusters.entries) - done.keys()
    for name, node in done.items():
        clusters = clusters.replacing(name, node)
    return nodes.replacing("clusters", clusters), loose


def _extend(
    name: str,
    clusters: MappingNode,
    done: dict[str, MappingNode],
    trail: tuple[str, ...],
    found: list[Diagnostic],
    all_known: bool,
) -> MappingNode | None:
    node = clusters.get(name)
    if name in done or not isinstance(node, MappingNode):
        return done.get(name)
    other = node.get("extends")
    path: FieldPath = ("clusters", name, "extends")
    if other is None:
        done[name] = node
    elif not isinstance(other, Scalar) or other.text not in clusters.entries:
        text = other.text if isinstance(other, Scalar) else None
        if text is not None and not all_known:
            return None
        close = get_close_matches(text or "", [n for n in clusters.entries if n != name], 1)
        found.append(
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
        if any(d.path in [("clusters", member, "extends") for member in trail] for d in found):
            return None  # said of another one of the circle
        found.append(
            Diagnostic(
                "E-FILE-048",
                f"clusters extend each other in a circle: {' -> '.join((*trail, name))}",
                path=path,
                location=other.at,
                hint="take one `extends` away",
            )
        )
    elif (below := _extend(other.text, clusters, done, (*trail, name), found, all_known)) is not None:
        merged = merge_nodes(below.without("transient", "extends", "name"), node.without("extends"))
        assert isinstance(merged, MappingNode)
        done[name] = merged
    return done.get(name)


def check_references(
    nodes: Node,
    clusters: Mapping[str, Cluster],
    transient: frozenset[str],
    jobs: Mapping[str, BundledJob],
    found: list[Diagnostic],
    *,
    all_known: bool = True,
) -> None:
    """Adds to `found` what is wrong with the clusters that jobs name, also those jobs that could not be built.

    With `all_known` false there may be more clusters than could be read.
    """
    declared = find_node(nodes, ("clusters",))[0]
    names = tuple(declared.entries) if isinstance(declared, MappingNode) else ()
    written = find_node(nodes, ("jobs",))[0]
    for job in written.entries if isinstance(written, MappingNode) else ():
        places: tuple[FieldPath, ...] = (("jobs", job, "run_on"), ("jobs", job, "pipeline", "cluster"))
        wanted = [(path, node) for path in places if isinstance(node := find_node(nodes, path)[0], Scalar)]
        wanted = [(path, node) for path, node in wanted if not node.is_absent]
        if not wanted and job in jobs:
            found.append(
                Diagnostic(
                    "E-FILE-070",
                    f"job '{job}' does not say where it runs",
                    path=("jobs", job),
                    location=find_node(nodes, ("jobs", job))[1],
                    hint="add `run_on: <cluster>`",
                )
            )
        for path, node in wanted:
            cluster = node.text
            if cluster not in names and all_known:
                close = get_close_matches(cluster, names, 1)
                found.append(
                    Diagnostic(
                        "E-FILE-071",
                        f"there is no cluster '{cluster}'",
                        path=path,
                        got=cluster,
                        location=node.at,
                        allowed=", ".join(names) or "the file declares no cluster",
                        hint=f"did you mean `{close[0]}`?" if close else "add it under `clusters:`",
                    )
                )
            elif path[-1] == "cluster" and cluster in clusters and cluster not in transient:
                found.append(
                    Diagnostic(
                        "E-FILE-072",
                        f"a pipeline launches its own cluster, '{cluster}' is a standing one",
                        path=path,
                        got=cluster,
                        location=node.at,
                        allowed=", ".join(sorted(transient)) or None,
                        hint=f"declare one with `{{extends: {cluster}, transient: true}}` and name that",
                    )
                )
