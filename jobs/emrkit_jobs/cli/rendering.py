"""How the work is shown while it goes on: redrawn lines on a terminal, one line for each change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from emrkit_jobs.cli.output import Output, escape, write
from emrkit_jobs.run.reports import Line
from emrkit_model.diagnostics import Diagnostic

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["Progress", "colour_of", "format_seconds"]

_COLOURS = {
    "COMPLETED": "green", "SUCCEEDED": "green", "WAITING": "green", "FAILED": "red", "ABORTED": "red",
    "TERMINATED_WITH_ERRORS": "red", "CANCELLED": "yellow", "INTERRUPTED": "yellow", "RUNNING": "cyan",
}  # fmt: skip
_QUIET_SECONDS = 30.0
_REFRESH = 8


class Progress:
    """The `Reporter` of the command line; use it as a context, so that the terminal is left in order.

    Example: `with Progress(invocation.output) as report: deploy(workspace, report)`
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._live: Live | None = None
        self._seen: dict[str, str] = {}
        self._title = ""
        self._spoke = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *trace: object) -> None:
        self.settle()

    def settle(self) -> None:
        """Leaves the last picture on the terminal and goes back to lines."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, words: str) -> None:
        self._print(self._output.paint("•", "dim") + " " + escape(words))

    def detail(self, words: str) -> None:
        if self._output.verbose:
            self._print(self._output.paint(escape(words), "dim"))

    def warn(self, found: Diagnostic) -> None:
        self.settle()
        self._output.diagnose(found)

    def show(self, title: str, lines: Sequence[Line]) -> None:
        if self._output.live:
            self._draw(title, lines)
            return
        for line in lines:
            if self._seen.get(line.name) != line.state:
                self._seen[line.name] = line.state
                took = f" after {format_seconds(line.seconds)}" if line.seconds is not None else ""
                self._print(f"• {line.name} {line.state}{took if line.state != 'RUNNING' else ''}")
        if title != self._title or time.monotonic() - self._spoke > _QUIET_SECONDS:
            self._title = title
            self._print(f"• {title}")

    def confirm(self, question: str) -> bool:
        self.settle()
        if not (sys.stdin and sys.stdin.isatty()):
            return False
        import click

        return click.confirm(question, default=False, err=True)

    def _print(self, text: str) -> None:
        self._spoke = time.monotonic()
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text.from_ansi(text))
        else:
            write(sys.stderr, text)

    def _draw(self, title: str, lines: Sequence[Line]) -> None:
        from rich.console import Console, Group
        from rich.live import Live
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        if self._live is None:
            console = Console(stderr=True, highlight=False, no_color=not self._output.colourful)
            self._live = Live(console=console, refresh_per_second=_REFRESH)
            self._live.start()
        table = Table.grid(padding=(0, 2))
        for line in lines:
            colour = colour_of(line.state)
            running = line.state == "RUNNING"
            mark = Spinner("dots", style=colour) if running else Text(_mark(line.state), style=colour)
            took = format_seconds(line.seconds) if line.seconds is not None else ""
            table.add_row(mark, Text(escape(line.name)), Text(line.state, style=colour), Text(took, style="dim"))
        self._live.update(Group(Text(escape(title), style="dim"), table))


def colour_of(state: str) -> str:
    """The colour of a state; what is waiting or unknown is dim."""
    return _COLOURS.get(state, "dim")


def format_seconds(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _mark(state: str) -> str:
    return {"green": "✓", "red": "✗", "yellow": "–"}.get(colour_of(state), "·")
