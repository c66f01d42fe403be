"""What a word to the CLI costs: `emrkit --help` and `emrkit validate` over a bare interpreter."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from .measuring import Result, interleave, median, wall

__all__ = ["measure"]

_ROUNDS = 15


def measure() -> Iterator[Result]:
    """Milliseconds over `python -c pass`, medians of interleaved runs in the repository's own project."""
    emrkit = Path(sysconfig.get_path("scripts")) / "emrkit"
    taken = interleave(
        {
            "bare": lambda: wall([sys.executable, "-c", "pass"]),
            "--help": lambda: wall([emrkit, "--help"]),
            "validate": lambda: wall([emrkit, "validate"]),
        },
        _ROUNDS,
    )
    bare = median(taken["bare"])
    for verb, goal in (("--help", 150.0), ("validate", 400.0)):
        over = (median(taken[verb]) - bare) * 1000
        yield Result(f"emrkit {verb}, over python -c pass", over, goal, "ms", f"bare interpreter {bare * 1000:.0f} ms")
