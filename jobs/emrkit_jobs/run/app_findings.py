"""What emrkit's own constructs refused in an app that failed: its diagnostics, read off what the app printed.

An app may let the exception fly or print it, and may run inside a wrapper; the text on its way out is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from emrkit_model.diagnostics import Diagnostic, FieldPath, Location, Severity

__all__ = ["read_app_findings"]

_HEADER = re.compile(r"(?:[A-Za-z_][\w.]*: )?(error|warning)\[([EW]-[A-Z]+-\d{3})\]: (.*)")
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'  File "(.+)", line (\d+)')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FIELDS = (("at", "  at "), ("got", "  got "), ("allowed", "  allowed: "), ("reason", "  because "), ("hint", "hint: "))
_PLACE = re.compile(r"(?:(?P<path>.*) in )?(?P<file>.+):(?P<line>\d+):(?P<column>\d+)")
_OURS = frozenset({"site-packages", "emrkit", "emrkit_facts", "emrkit_jobs", "emrkit_local", "emrkit_model"})


def read_app_findings(printed: str, root: Path) -> tuple[Diagnostic, ...]:
    """Every finding of the exception that ended the app; none if it ended of something else.

    One that knows no place has that of the line in the project's own code (below `root`) which the traceback ends in.
    """
    # Of exceptions that one another caused, the last ended the app.
    last = _COLOUR.sub("", printed).rpartition(f"{_TRACEBACK}\n")[2].splitlines()
    found = tuple(_read(fields) for fields in _split(last))
    if not any(d.severity is Severity.ERROR for d in found):
        return ()
    place = _place(last, root)
    return tuple(d.at(place) for d in found)


def _split(lines: list[str]) -> Iterator[dict[str, str]]:
    """The fields of each diagnostic, as `Diagnostic.__str__` writes them; a value may have several lines."""
    fields: dict[str, str] = {}
    field = ""
    after_blank = False
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is not None:
            if fields:
                yield fields
            fields, field = {"severity": header[1], "code": header[2], "summary": header[3]}, "summary"
        elif fields and field:
            name, prefix = next((known for known in _FIELDS if line.startswith(known[1])), ("", ""))
            if name and (name == "hint") is after_blank:
                fields[name], field = line.removeprefix(prefix), name
            elif line and after_blank:
                field = ""  # the next words are somebody else's
            elif line:
                fields[field] += f"\n{line}"
        after_blank = not line
    if fields:
        yield fields


def _read(fields: dict[str, str]) -> Diagnostic:
    path, location = _read_place(fields.get("at", ""))
    got, allowed = fields.get("got"), fields.get("allowed")
    if got is not None and ", allowed: " in got:
        got, _, allowed = got.partition(", allowed: ")
    return Diagnostic(
        fields["code"],
        fields["summary"],
        Severity(fields["severity"]),
        path,
        got,
        allowed,
        fields.get("reason"),
        fields.get("hint"),
        location,
    )


def _read_place(text: str) -> tuple[FieldPath, Location | None]:
    found = _PLACE.fullmatch(text)
    if found is not None:
        text = found["path"] or ""
    parts = re.findall(r"\[(\d+)\]|([^.\[]+)", text)
    path = tuple(int(number) if number else word for number, word in parts)
    return path, None if found is None else Location(found["file"], int(found["line"]), int(found["column"]))


def _place(lines: list[str], root: Path) -> Location | None:
    for line in reversed(lines):
        frame = _FRAME.match(line)
        if frame is None:
            continue
        path = Path(frame[1])
        if path.is_relative_to(root) and _OURS.isdisjoint((inside := path.relative_to(root)).parts):
            return Location(str(inside), int(frame[2]))
    return None
