"""Findings on their way up: given their place in the files, counted once, raised together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from emrkit_jobs.bundle.nodes import MappingNode, Node, Scalar, find_node, key_location, walk_scalars, written_key
from emrkit_model.capacity.fleets import written_word
from emrkit_model.diagnostics import Diagnostic, EmrkitError, FieldPath, Location, Severity
from emrkit_model.tokens import UNKNOWN_TEXT
from emrkit_model.values import renamed

__all__ = ["attempt", "locate", "of_known_values", "once", "raise_errors"]

T = TypeVar("T")


def attempt(nodes: Node, path: FieldPath, make: Callable[[], T], found: list[Diagnostic]) -> T | None:
    """What `make` gives; its findings get the path and the place of the field they speak of."""
    try:
        return make()
    except EmrkitError as error:
        found += [locate(nodes, d.within(*path)) for d in error.diagnostics]
        return None


def locate(nodes: Node, found: Diagnostic) -> Diagnostic:
    """The finding with the place of the field (for an unknown key: of the key) that its path leads to.

    Where the file has another word for the field than the model, path and words have the file's.
    """
    found = renamed(found, _as_written(nodes, found.path))
    # What is unknown (a key, a kind of step) is the key itself; its value says nothing.
    unknown_key = found.summary.startswith("unknown k")
    return found.at(key_location(nodes, found.path) if unknown_key else find_node(nodes, found.path)[1])


def _as_written(nodes: Node, path: FieldPath) -> FieldPath:
    written: list[str | int] = []
    node: Node | None = nodes
    for part in path:
        if part == "type" and isinstance(node, Scalar):
            break  # an instance type that is its name alone
        word = part
        if isinstance(node, MappingNode) and isinstance(part, str):
            word = written_key(node, part) or written_word(part, node.entries)
        written.append(word)
        node = None if node is None else find_node(node, (word,))[0]
    return tuple(written)


def of_known_values(nodes: Node, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Without what is said of something that stands in for a value that could not be read."""
    unknown = {scalar.at for _, scalar in walk_scalars(nodes) if UNKNOWN_TEXT in scalar.text}
    if not unknown:
        return list(found)
    return [d for d in found if d.location not in unknown and UNKNOWN_TEXT not in f"{d.summary}{d.got}{d.allowed}"]


def once(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each finding once, as severe as it is anywhere: a cluster and the one that extends it share their lines."""
    kept: dict[tuple[str, str, Location | None], Diagnostic] = {}
    for diagnostic in found:
        key = (diagnostic.code, diagnostic.summary, diagnostic.location)
        if key not in kept or diagnostic.severity is Severity.ERROR is not kept[key].severity:
            kept[key] = diagnostic
    return tuple(kept.values())


def raise_errors(found: Iterable[Diagnostic]) -> None:
    """Raises if there is an error among the findings; the warnings go with it."""
    unique = once(found)
    if any(d.severity is Severity.ERROR for d in unique):
        raise EmrkitError(sorted(unique, key=lambda d: d.severity is Severity.WARNING))
