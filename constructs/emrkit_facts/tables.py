"""How a table of the package is read: once, on the first look-up."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any, cast

__all__ = ["Table", "load"]

Table = dict[str, Any]


@cache
def load(name: str) -> Table:
    """The parsed document `data/<name>.json`. Treat it as read-only: every caller shares it."""
    # os.path instead of importlib.resources: the latter costs more than all look-ups together.
    path = os.path.join(os.path.dirname(__file__), "data", f"{name}.json")  # noqa: PTH118, PTH120
    with open(path, encoding="utf-8") as stream:  # noqa: PTH123
        return cast("Table", json.load(stream))
