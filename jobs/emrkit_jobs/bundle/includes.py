"""Files named under `include:` joined to the project file: one folder, one job, with a part of its own.

An included file may hold `clusters`, `jobs` and `variables`; a name that is defined twice is an error, so that the
order of files never matters. Nothing outside the project's folder is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from emrkit_jobs.bundle.declarations import Head
from emrkit_jobs.bundle.nodes import Entry, MappingNode, Node, Scalar, SequenceNode
from emrkit_jobs.bundle.reading import read_yaml
from emrkit_model.diagnostics import Diagnostic, EmrkitError, Severity

__all__ = ["PARTS", "find_gaps", "join_includes"]

PARTS = ("clusters", "jobs", "variables")
"""The keys that an included file may hold."""

MAXIMUM_FILES = 500


def join_includes(project: MappingNode, folder: Path) -> tuple[MappingNode, list[Diagnostic]]:
    """The project file with the parts of all included files in place, and what is wrong with them."""
    include = project.get("include")
    if include is None:
        return project, []
    found: list[Diagnostic] = []
    for path, name in _find_files(include, folder, found):
        try:
            part = read_yaml(path, name, str(PurePosixPath(name).parent))
        except EmrkitError as error:
            found.extend(error.diagnostics)
            continue
        project = _join(project, part, name, found)
    return project, found


def find_gaps(top: MappingNode, joined: MappingNode, problems: Iterable[Diagnostic]) -> frozenset[str]:
    """The parts of which there may be more than was read: their key is misspelt, or what holds them cannot be read.

    `top` is the project file, `joined` the same with its includes, `problems` what `join_includes` found.
    """
    errors = [d for d in problems if d.severity is Severity.ERROR]
    if any(not d.code.endswith(("-033", "-034")) for d in errors):  # a key too many and a name twice, all was read
        return frozenset(PARTS)
    strange = [key for key in (*top.entries, *(str(d.path[0]) for d in errors)) if key not in Head.model_fields]
    meant = {close for key in strange for close in get_close_matches(key, Head.model_fields, 1)}
    broken = {key for key in PARTS if not isinstance(joined.get(key), MappingNode | None)}
    return frozenset(PARTS) & (meant | broken)


def _find_files(include: Node, folder: Path, found: list[Diagnostic]) -> Iterator[tuple[Path, str]]:
    patterns = include.items if isinstance(include, SequenceNode) else (include,)
    seen: set[str] = set()
    root = folder.resolve()
    for number, pattern in enumerate(patterns):
        path = ("include", number) if isinstance(include, SequenceNode) else ("include",)
        if not isinstance(pattern, Scalar):
            found.append(
                Diagnostic(
                    "E-FILE-030",
                    "an include is a path or a pattern",
                    path=path,
                    location=pattern.at,
                    allowed="text, for example jobs/*/job.yaml",
                )
            )
            continue
        parts = PurePosixPath(pattern.text).parts
        if not parts or pattern.text.startswith(("/", "~")) or ".." in parts or "\\" in pattern.text:
            found.append(
                Diagnostic(
                    "E-FILE-030",
                    "an include leads out of the project's folder",
                    path=path,
                    got=pattern.text,
                    location=pattern.at,
                    allowed="a relative path without `..`",
                )
            )
            continue
        matches = sorted(folder.glob(pattern.text), key=str)
        if not matches:
            magic = any(c in pattern.text for c in "*?[")
            found.append(
                Diagnostic(
                    "W-FILE-031" if magic else "E-FILE-032",
                    f"no file matches '{pattern.text}'",
                    Severity.WARNING if magic else Severity.ERROR,
                    path,
                    location=pattern.at,
                    hint=None if magic else "create it, or take it out of `include`",
                )
            )
        for match in matches[:MAXIMUM_FILES]:
            name = match.relative_to(folder).as_posix()
            if not match.resolve().is_relative_to(root):
                found.append(
                    Diagnostic(
                        "E-FILE-030",
                        f"{name} is a link that leads out of the project's folder",
                        path=path,
                        got=os.fspath(match.resolve()),
                        location=pattern.at,
                        hint="copy the file into the project",
                    )
                )
            elif match.is_file() and name not in seen:
                seen.add(name)
                yield match, name


def _join(project: MappingNode, part: Node, name: str, found: list[Diagnostic]) -> MappingNode:
    if isinstance(part, Scalar) and part.is_absent:
        return project
    if not isinstance(part, MappingNode):
        found.append(Diagnostic("E-FILE-021", f"{name} must be a mapping", location=part.at, allowed=", ".join(PARTS)))
        return project
    for key, entry in part.entries.items():
        if key not in PARTS:
            found.append(
                Diagnostic(
                    "E-FILE-033",
                    f"an included file cannot hold '{key}'",
                    path=(key,),
                    location=entry.key_at,
                    allowed=", ".join(PARTS),
                    hint=f"move `{key}` to the project file",
                )
            )
        elif isinstance(entry.node, MappingNode):
            project = project.replacing(key, _join_part(project.get(key), entry.node, key, found))
        elif not (isinstance(entry.node, Scalar) and entry.node.is_absent):
            found.append(
                Diagnostic("E-FILE-021", f"'{key}' must be a mapping of names", path=(key,), location=entry.node.at)
            )
    return project


def _join_part(known: Node | None, part: MappingNode, key: str, found: list[Diagnostic]) -> Node:
    if not isinstance(known, MappingNode):
        return part if known is None else known
    entries = dict(known.entries)
    for name, entry in part.entries.items():
        if (first := entries.get(name)) is not None:
            found.append(
                Diagnostic(
                    "E-FILE-034",
                    f"'{name}' is defined twice in {key}",
                    path=(key, name),
                    location=entry.key_at,
                    reason=f"the first one stands at {first.key_at}",
                    hint="rename or remove one of them",
                )
            )
        else:
            entries[name] = Entry(entry.key_at, entry.node)
    return MappingNode(entries, known.at, known.folder)
