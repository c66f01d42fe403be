"""A project file as a tree of values that remember where they stand.

Three kinds of node, frozen. A scalar keeps its text exactly as written: what it means (a number, a switch, a word) is
decided by whoever reads the field, never by YAML. `to_data` gives plain data; `locate` answers "where is this field".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from emrkit_model.diagnostics import FieldPath, Location

__all__ = [
    "Entry",
    "MappingNode",
    "Node",
    "Scalar",
    "SequenceNode",
    "find_node",
    "merge_nodes",
    "to_data",
    "walk_scalars",
    "written_key",
]

_ABSENT = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as text. `plain` is false when the text was quoted or written as a block."""

    text: str
    plain: bool
    at: Location
    folder: str = ""
    """The folder of the file it was written in, relative to the project's root: where its relative paths start."""

    @property
    def is_absent(self) -> bool:
        """Whether it is written as nothing: `key:`, `key: ~` or `key: null`."""
        return self.plain and self.text in _ABSENT


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    items: tuple[Node, ...]
    at: Location
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    key_at: Location
    node: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and values, in the order written."""

    entries: Mapping[str, Entry]
    at: Location
    folder: str = ""

    def get(self, key: str) -> Node | None:
        """The value under `key`; nothing if the key is missing or its value is written as nothing."""
        entry = self.entries.get(key)
        if entry is None or (isinstance(entry.node, Scalar) and entry.node.is_absent):
            return None
        return entry.node

    def without(self, *keys: str) -> MappingNode:
        """The same mapping without some keys."""
        return MappingNode({k: e for k, e in self.entries.items() if k not in keys}, self.at, self.folder)

    def replacing(self, key: str, node: Node) -> MappingNode:
        """The same mapping with another value under `key`; a new key stands where its value stands."""
        known = self.entries.get(key)
        return MappingNode({**self.entries, key: Entry(known.key_at if known else node.at, node)}, self.at, self.folder)


Node = Scalar | SequenceNode | MappingNode


def to_data(node: Node) -> object:
    """The tree as dicts, lists and text exactly as written; None where nothing is written."""
    match node:
        case Scalar():
            return None if node.is_absent else node.text
        case SequenceNode():
            return [to_data(item) for item in node.items]
        case MappingNode():
            return {key: to_data(entry.node) for key, entry in node.entries.items()}


def written_key(node: MappingNode, key: str) -> str | None:
    """The key as it is written: `Properties` for `properties`, `spark-sql` for `spark_sql`; None where it is not."""
    if key in node.entries:
        return key
    folded = key.lower().replace("-", "_")
    return next((k for k in node.entries if k.lower().replace("-", "_") == folded), None)


def _find_entry(node: MappingNode, key: str) -> Entry | None:
    written = written_key(node, key)
    return None if written is None else node.entries[written]


def find_node(root: Node, path: FieldPath) -> tuple[Node | None, Location]:
    """The node at `path` and its place; if the path leaves the tree, nothing and the place of the last part known."""
    node, at = root, root.at
    for part in path:
        if isinstance(node, MappingNode) and (entry := _find_entry(node, str(part))) is not None:
            node, at = entry.node, entry.node.at
        elif isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.items):
            node = node.items[part]
            at = node.at
        else:
            return None, at
    return node, at


def key_location(root: Node, path: FieldPath) -> Location:
    """The place of the key that a path ends with (for an unknown key), else of the value."""
    parent, at = find_node(root, path[:-1])
    if path and isinstance(parent, MappingNode) and (entry := _find_entry(parent, str(path[-1]))) is not None:
        return entry.key_at
    return find_node(root, path)[1] if parent is not None else at


def walk_scalars(node: Node, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Scalar]]:
    """Every scalar with its path, in the order written."""
    match node:
        case Scalar():
            yield path, node
        case SequenceNode():
            for index, item in enumerate(node.items):
                yield from walk_scalars(item, (*path, index))
        case MappingNode():
            for key, entry in node.entries.items():
                yield from walk_scalars(entry.node, (*path, key))


def map_scalars(node: Node, change: Callable[[Scalar], Scalar]) -> Node:
    """The same tree with every scalar passed through `change`; keys stay as they are."""
    match node:
        case Scalar():
            return change(node)
        case SequenceNode():
            return SequenceNode(tuple(map_scalars(item, change) for item in node.items), node.at, node.folder)
        case MappingNode():
            entries = {k: Entry(e.key_at, map_scalars(e.node, change)) for k, e in node.entries.items()}
            return MappingNode(entries, node.at, node.folder)


def merge_nodes(below: Node, above: Node) -> Node:
    """The one merge rule: mappings merge key by key, everything else is replaced, and `null` removes a key.

    Target `overrides` over the file, and a cluster over the one that it `extends`.
    """
    if not (isinstance(below, MappingNode) and isinstance(above, MappingNode)):
        return above
    merged = dict(below.entries)
    for key, entry in above.entries.items():
        known = merged.get(key)
        if isinstance(entry.node, Scalar) and entry.node.is_absent:
            merged.pop(key, None)
        elif known is None:
            merged[key] = Entry(entry.key_at, strip_absent(entry.node))
        else:
            merged[key] = Entry(entry.key_at, merge_nodes(known.node, entry.node))
    return MappingNode(merged, above.at, above.folder)


def strip_absent(node: Node) -> Node:
    """A mapping without the keys whose value is nothing, at every depth: what is left when `null` removes."""
    if not isinstance(node, MappingNode):
        return node
    kept = {
        key: Entry(entry.key_at, strip_absent(entry.node))
        for key, entry in node.entries.items()
        if not (isinstance(entry.node, Scalar) and entry.node.is_absent)
    }
    return MappingNode(kept, node.at, node.folder)
