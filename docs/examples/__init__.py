"""Every feature as a small app that works: one file each, with `define(app)`.

The guides show these files; the tests synthesize them all, put them before every judge and keep their logical ids.
`python -m docs.examples NAME` synthesizes one into `cdk.out`, and `cdk synth --app "python -m docs.examples NAME"` is
the same through the CDK CLI.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import aws_cdk as cdk

__all__ = ["load", "names"]


def names() -> tuple[str, ...]:
    """The examples that are apps, by their file names.

    >>> "first_cluster" in names()
    True
    """
    return tuple(sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_")))


def load(name: str) -> Callable[[cdk.App], None]:
    """The `define` of an example; its stacks are named after it."""
    return cast("Callable[[cdk.App], None]", importlib.import_module(f"docs.examples.{name}").define)
