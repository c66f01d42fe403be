"""From the bytes of a YAML file to nodes, strictly and with bounds.

Only the part of YAML that a project file needs is read: one document of mappings, lists and text. Anchors, aliases,
tags, merge keys, several documents and duplicate keys are errors, because each of them can silently change a
project's meaning or blow up in memory. The file is read event by event, so a hostile one is refused before it is
expanded: a thousand nested brackets cost as much as sixty-four.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

import yaml

from emrkit_jobs.bundle.nodes import Entry, MappingNode, Node, Scalar, SequenceNode
from emrkit_model.diagnostics import Diagnostic, EmrkitError, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAXIMUM_BYTES", "MAXIMUM_DEPTH", "MAXIMUM_VALUES", "parse_yaml", "read_yaml"]

MAXIMUM_BYTES = 1 << 20
MAXIMUM_DEPTH = 64
MAXIMUM_VALUES = 20_000

_LOADER = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (codecs.BOM_UTF8, "UTF-8 with a byte order mark"),
)


class _Mark(Protocol):
    line: int
    column: int


def read_yaml(path: Path, name: str | None = None, folder: str = "") -> Node:
    """The file's one document as nodes; `name` is what locations call the file (default: the path).

    Raises `EmrkitError` with a location for everything that is not plain, bounded YAML in UTF-8.
    """
    name = name or str(path)
    start = Location(name, 1, 1)
    try:
        size = path.stat().st_size
        if not path.is_file():
            _fail("E-FILE-010", f"{name} is not a file", start)
        if size > MAXIMUM_BYTES:
            _too_large(size, start)
        with path.open("rb") as stream:
            data = stream.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        _fail("E-FILE-010", f"{name} does not exist", None, hint="`emrkit init` makes a new project")
    except OSError as error:
        _fail("E-FILE-010", f"{name} cannot be read: {error.strerror or error}", None)
    return parse_yaml(data, name, folder)


def parse_yaml(data: bytes, name: str, folder: str = "") -> Node:
    """The bytes of a file as nodes; see `read_yaml`."""
    if len(data) > MAXIMUM_BYTES:
        _too_large(len(data), Location(name, 1, 1))
    text = _decode(data, name)
    try:
        return _Reader(text, name, folder).document()
    except yaml.MarkedYAMLError as error:
        _syntax_error(error, text, name)
    except yaml.YAMLError as error:
        _fail("E-FILE-014", f"not valid YAML: {' '.join(str(error).split())}", Location(name, 1, 1))


def _too_large(size: int, at: Location) -> NoReturn:
    _fail(
        "E-FILE-011",
        "the file is too large",
        at,
        got=f"{size:,} bytes",
        allowed=f"{MAXIMUM_BYTES:,} bytes",
        hint="move parts into files of their own and name them under `include:`",
    )


def _decode(data: bytes, name: str) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            _fail(
                "E-FILE-012",
                f"the file is written as {encoding}",
                Location(name, 1, 1),
                allowed="UTF-8 without a byte order mark",
                hint="save it again as UTF-8 without a byte order mark",
            )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = _place(data[: error.start].decode("utf-8"), name)
        _fail(
            "E-FILE-012",
            "the file is not UTF-8",
            at,
            got=f"byte 0x{data[error.start]:02x}",
            allowed="UTF-8",
            hint="save it again as UTF-8",
        )
    if found := _CONTROL.search(text):
        _fail(
            "E-FILE-013",
            "the file holds a control character",
            _place(text[: found.start()], name),
            got=f"U+{ord(found.group()):04X}",
            hint="remove it, or write it as an escape in double quotes",
        )
    return text


def _place(before: str, name: str) -> Location:
    line = before.count("\n") + 1
    return Location(name, line, len(before) - (before.rfind("\n") + 1) + 1)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, name: str) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    at = Location(name, mark.line + 1, mark.column + 1) if mark else Location(name, 1, 1)
    lines = text.split("\n")
    for number in range(at.line, max(at.line - 2, 0), -1):
        line = lines[number - 1] if number <= len(lines) else ""
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            _fail(
                "E-FILE-015",
                "a tab is used for indentation",
                Location(name, number, indent.index("\t") + 1),
                allowed="spaces",
                hint="replace the tab by two spaces",
            )
    _fail(
        "E-FILE-014",
        f"not valid YAML: {error.problem or error.context}",
        at,
        hint="quote text that holds `: `, ` #` or starts with one of `@`, `` ` ``, `%`, `*`, `&`, `!`, `{`, `[`",
    )


def _fail(
    code: str,
    summary: str,
    at: Location | None,
    *,
    got: str | None = None,
    allowed: str | None = None,
    reason: str | None = None,
    hint: str | None = None,
) -> NoReturn:
    raise EmrkitError(Diagnostic(code, summary, location=at, got=got, allowed=allowed, reason=reason, hint=hint))


class _Reader:
    """Builds nodes from the parser's events; one object reads one document."""

    def __init__(self, text: str, name: str, folder: str) -> None:
        self._events: Iterator[yaml.Event] = cast("Iterator[yaml.Event]", yaml.parse(text, Loader=_LOADER))
        self._name = name
        self._folder = folder
        self._values = 0

    def document(self) -> Node:
        node: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    _fail(
                        "E-FILE-020",
                        "the file holds more than one YAML document",
                        self._at(event),
                        hint="remove the `---` line, or move the rest into a file of its own",
                    )
            elif isinstance(event, yaml.NodeEvent):
                node = self._node(event, 1)
        return node or Scalar("", plain=True, at=Location(self._name, 1, 1), folder=self._folder)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        at = self._at(event)
        self._values += 1
        if self._values > MAXIMUM_VALUES:
            _fail("E-FILE-016", "the file holds too many values", at, allowed=f"{MAXIMUM_VALUES:,}")
        if depth > MAXIMUM_DEPTH:
            _fail("E-FILE-016", "the file is nested too deeply", at, allowed=f"{MAXIMUM_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _fail(
                "E-FILE-018",
                "anchors and aliases are not read",
                at,
                got=str(getattr(event, "anchor", "")),
                reason="a few aliases of aliases can stand for gigabytes",
                hint="write the value out; a cluster can name another under `extends`; "
                "put text that starts with `&` or `*` in quotes",
            )
        if tag := getattr(event, "tag", None):
            _fail(
                "E-FILE-019",
                "tags are not read",
                at,
                got=str(tag),
                hint="remove it; the field's own type decides what a value means",
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(at, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(at, depth)
        scalar = cast("yaml.ScalarEvent", event)
        return Scalar(scalar.value, plain=not scalar.style, at=at, folder=self._folder)

    def _sequence(self, at: Location, depth: int) -> SequenceNode:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, depth + 1))
        return SequenceNode(tuple(items), at, self._folder)

    def _mapping(self, at: Location, depth: int) -> MappingNode:
        entries: dict[str, Entry] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key_at = self._at(event)
            if not isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
                _fail(
                    "E-FILE-022",
                    "a key must be text",
                    key_at,
                    got="a list or a mapping as a key",
                    hint="quote it: an unquoted `{` or `[` starts a mapping or a list",
                )
            key = self._node(event, depth)
            if not isinstance(key, Scalar):
                raise TypeError
            if key.plain and key.text == "<<":
                _fail(
                    "E-FILE-022",
                    "merge keys are not read",
                    key_at,
                    got="<<",
                    hint="a cluster can name another under `extends`",
                )
            if key.text in entries:
                first = entries[key.text].key_at
                _fail(
                    "E-FILE-017",
                    f"the key {key.text!r} is written twice",
                    key_at,
                    reason=f"the first one stands in line {first.line}",
                    hint="remove one of them",
                )
            entries[key.text] = Entry(key_at, self._node(next(self._events), depth + 1))
        return MappingNode(entries, at, self._folder)

    def _at(self, event: yaml.Event) -> Location:
        mark = cast("_Mark", event.start_mark)
        return Location(self._name, mark.line + 1, mark.column + 1)
