"""Where words and data go: data on stdout, words on stderr, colour only where a person reads.

The rest of the program returns values and raises; only this package prints. `rich` is imported when a terminal is
there to show it on, and never before.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Literal, TextIO, cast

from emrkit_model.diagnostics import Diagnostic, EmrkitError, render_path

__all__ = ["Form", "Output", "escape", "format_table", "to_json"]

Form = Literal["text", "json"]

_STYLES = {"error": "1;31", "warning": "1;33", "hint": "36", "good": "32", "bad": "31", "dim": "2", "bold": "1"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST_LINE = 2000


class Output:
    """The two streams of one invocation.

    Example: `Output("text").data({"cluster": "j-1"}, "cluster j-1")` prints the second; with `json` the first.
    """

    def __init__(self, form: Form = "text", *, verbose: bool = False) -> None:
        self.form = form
        self.verbose = verbose

    def data(self, value: object, text: str | None = None) -> None:
        """The verb's result: `value` as JSON on request, else `text` (nothing if there is none)."""
        if self.form == "json":
            write(sys.stdout, json.dumps(to_json(value), indent=2))
        elif text is not None:
            write(sys.stdout, text)

    def raw(self, text: str) -> None:
        """Text that is the data itself (a log), in either form, escaped so that it cannot command the terminal."""
        write(sys.stdout, "\n".join(escape(line) for line in text.splitlines()))

    def say(self, words: str) -> None:
        """One line of progress or explanation."""
        write(sys.stderr, words)

    def detail(self, words: str) -> None:
        """A line that only `--verbose` shows."""
        if self.verbose:
            write(sys.stderr, self.paint(words, "dim"))

    def diagnose(self, found: Diagnostic) -> None:
        """A finding in the one shape that all findings have."""
        lines = str(found).split("\n")
        lines[0] = self.paint(f"{found.severity}[{found.code}]", found.severity.value) + lines[0].removeprefix(
            f"{found.severity}[{found.code}]"
        )
        lines = [
            self.paint("hint:", "hint") + line.removeprefix("hint:") if line.startswith("hint:") else line
            for line in lines
        ]
        write(sys.stderr, "\n".join(escape(line, keep_style=True) for line in lines))

    def fail(self, error: EmrkitError) -> None:
        """Every finding of an error on stderr and, when JSON was asked for, once more as data."""
        for number, found in enumerate(error.diagnostics):
            if number:
                write(sys.stderr, "")
            self.diagnose(found)
        if self.form == "json":
            self.data({"exitCode": int(error.exit_code), "diagnostics": [as_data(d) for d in error.diagnostics]})

    def paint(self, text: str, style: str) -> str:
        """The text in a style, where stderr is a terminal that wants colour."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colourful else text

    @property
    def colourful(self) -> bool:
        """Whether stderr shows colour: a terminal, `NO_COLOR` unset, not a dumb one."""
        return self.live and not os.environ.get("NO_COLOR")

    @property
    def live(self) -> bool:
        """Whether stderr is a terminal on which lines can be redrawn."""
        return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def as_data(found: Diagnostic) -> dict[str, object]:
    """A diagnostic as JSON: what is unknown is left out."""
    fields: dict[str, object] = {
        "code": found.code,
        "severity": found.severity.value,
        "summary": found.summary,
        "path": render_path(found.path) or None,
        "got": found.got,
        "allowed": found.allowed,
        "reason": found.reason,
        "hint": found.hint,
        "location": str(found.location) if found.location else None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def format_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns aligned by the widest cell, numbers to the right, two spaces between; no frame, so it can be piped."""
    body = [[_cell(value) for value in row] for row in rows]
    numeric = [
        bool(body) and all(re.fullmatch(r"-?[\d,]+(\.\d+)?|", row[n]) for row in body) for n in range(len(headers))
    ]
    widths = [max(len(h), *(len(row[n]) for row in body)) if body else len(h) for n, h in enumerate(headers)]

    def line(cells: Sequence[str]) -> str:
        parts = (c.rjust(w) if right else c.ljust(w) for c, w, right in zip(cells, widths, numeric, strict=True))
        return "  ".join(parts).rstrip()

    return "\n".join([line(headers), line(["-" * w for w in widths]), *map(line, body)])


def _cell(value: object) -> str:
    if value is None:
        return ""
    return escape(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))


def escape(line: str, *, keep_style: bool = False) -> str:
    """A line from elsewhere made harmless: no control sequence reaches the terminal, no line is without end."""
    if keep_style:
        return "".join(part if part.startswith("\x1b[") else escape(part) for part in _split_styles(line))
    if len(line) > _LONGEST_LINE:
        line = f"{line[:_LONGEST_LINE]}… ({len(line):,} characters)"
    return _CONTROL.sub(lambda m: "\t" if m.group() == "\t" else f"\\x{ord(m.group()):02x}", line)


def _split_styles(line: str) -> list[str]:
    return re.split(r"(\x1b\[[0-9;]*m)", line)


def to_json(value: object) -> object:
    """Plain JSON of what the program works with: dataclasses, enums, paths, times."""
    if is_dataclass(value) and not isinstance(value, type):
        return to_json(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): to_json(v) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(v) for v in cast("Iterable[object]", value)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def write(stream: TextIO | None, text: str) -> None:
    """One line (or several) to a stream that may be closed, missing, or unable to show every character."""
    if stream is None:
        return
    try:
        stream.write(text + "\n")
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()
