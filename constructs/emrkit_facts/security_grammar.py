"""The grammar of security configurations: every member that EMR's document may have, with its conditions.

Page: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypedDict, cast

from .tables import load

__all__ = ["Combination", "Member", "attributes", "blocks", "combinations", "find", "members", "problems"]

Document = Mapping[str, object]
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the document. A path has `[]` after the name of a list whose elements are objects."""

    path: str
    leaf: bool
    type: str | None = None
    values: tuple[object, ...] = ()
    required: bool = False
    required_when: Mapping[str, Sequence[object]] | None = None
    """Members beside this one, and the values with which this one is required."""
    only_when: Mapping[str, Sequence[object]] | None = None
    """Members beside this one, and the values without which this one is refused."""
    one_of: tuple[str, ...] = ()
    """Members below this one, at least one of which must stand."""
    minimum: int | None = None
    maximum: int | None = None

    @property
    def name(self) -> str:
        """The last key of the path."""
        return self.path.rsplit(".", 1)[-1]


@cache
def members() -> Mapping[str, Member]:
    """Path -> member, for every settable member.

    >>> members()["InstanceMetadataServiceConfiguration.HttpPutResponseHopLimit"].maximum
    64
    """
    return {path: _member(path, row) for path, row in load("security_grammar")["members"].items()}


def find(path: str) -> Member | None:
    """A member by its path; None for one that is not in the data."""
    return members().get(path)


def blocks() -> tuple[str, ...]:
    """The top-level blocks."""
    return tuple(load("security_grammar")["blocks"])


def attributes() -> Mapping[str, str]:
    """The members of a cluster's `KerberosAttributes`, with when they are required, in AWS's words."""
    return load("security_grammar")["attributes"]


class Combination(TypedDict, total=False):
    """What excludes and what needs what, in AWS's words and as paths."""

    says: str
    note: str
    exclusive: Sequence[tuple[str, str]]
    """Pairs that exclude each other."""
    needs: Sequence[tuple[str, Sequence[str]]]
    """A path, and those of which it needs one."""
    outside: str
    """Why no document shows it."""


def combinations() -> tuple[Combination, ...]:
    """What excludes and what needs what, as AWS says it and as paths; `outside` where no document shows it."""
    return tuple(load("security_grammar")["combinations"])


def problems(document: Document) -> tuple[str, ...]:
    """What the grammar has against a document; empty when it fits. Members that are not in the data are passed over.

    >>> problems({"EncryptionConfiguration": {"EnableInTransitEncryption": False}})
    ('EncryptionConfiguration.EnableAtRestEncryption is missing',)
    """
    return (*_in_object(document, ""), *_between(document))


def _member(path: str, row: Mapping[str, Any]) -> Member:
    def condition(name: str) -> Mapping[str, Sequence[object]] | None:
        return (row.get(name) or {}).get("if")

    return Member(
        path,
        leaf=row["leaf"],
        type=row.get("type"),
        values=tuple(row.get("enum") or ()),
        required=bool(row.get("required")),
        required_when=condition("required_when"),
        only_when=condition("only_when"),
        one_of=tuple(row.get("one_of") or ()),
        minimum=row.get("min"),
        maximum=row.get("max"),
    )


@cache
def _children(path: str) -> tuple[Member, ...]:
    start = f"{path}." if path else ""
    return tuple(m for m in members().values() if m.path.startswith(start) and "." not in m.path[len(start) :])


def _in_object(part: Document, path: str) -> Iterator[str]:
    for member in _children(path):
        value = part.get(member.name, _MISSING)
        if value is _MISSING:
            needed = member.required or (member.required_when is not None and _holds(part, member.required_when))
            # What is required inside a block is not required without the block.
            if needed and path:
                yield f"{member.path} is missing"
            continue
        if member.only_when is not None and not _holds(part, member.only_when):
            yield f"{member.path} is only allowed with {_words(member.only_when)}"
        yield from _in_value(member, value)


def _in_value(member: Member, value: object) -> Iterator[str]:
    path = member.path
    if member.values and value not in member.values:
        yield f"{path} must be one of {', '.join(map(str, member.values))}"
    if member.type == "boolean" and not isinstance(value, bool):
        yield f"{path} must be true or false"
    if member.type == "integer" and (not isinstance(value, int) or isinstance(value, bool)):
        yield f"{path} must be a whole number"
    elif isinstance(value, int) and not _in_range(member, value):
        yield f"{path} must lie between {member.minimum} and {member.maximum}"
    if isinstance(value, Mapping):
        part = cast("Document", value)
        if member.one_of and not any(name in part for name in member.one_of):
            yield f"{path} needs one of {', '.join(member.one_of)}"
        yield from _in_object(part, path)
    elif isinstance(value, (list, tuple)):
        for item in cast("Sequence[object]", value):
            if isinstance(item, Mapping):
                yield from _in_object(cast("Document", item), f"{path}[]")


def _in_range(member: Member, value: int) -> bool:
    return (member.minimum is None or value >= member.minimum) and (member.maximum is None or value <= member.maximum)


def _between(document: Document) -> Iterator[str]:
    for row in combinations():
        for first, second in row.get("exclusive", ()):
            if _has(document, first) and _has(document, second):
                yield f"{first} excludes {second}"
        for path, choices in row.get("needs", ()):
            if _has(document, path) and not any(_has(document, choice) for choice in choices):
                yield f"{path} needs {' or '.join(choices)}"


def _has(document: Document, path: str) -> bool:
    part: object = document
    for key in path.split("."):
        if not isinstance(part, Mapping) or key not in part:
            return False
        part = part[key]
    return part is not False


def _holds(part: Document, condition: Mapping[str, Sequence[object]]) -> bool:
    return all(part.get(name) in values for name, values in condition.items())


def _words(condition: Mapping[str, Sequence[object]]) -> str:
    return " and ".join(f"{name} {' or '.join(map(str, values))}" for name, values in condition.items())
