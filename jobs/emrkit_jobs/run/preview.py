"""The first rows of a job's output, read where it lies as files; without any engine in the user's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from emrkit_jobs.run import preview_spark

__all__ = ["Preview", "preview"]

ROWS = 12
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Preview:
    """A table: the first rows of the output, and how many there are in all."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    total: int


def preview(folder: Path, rows: int = ROWS) -> Preview | None:
    """The first rows of the Parquet, ORC or CSV files below a folder; None where nothing can read them.

    The reader is whoever is there: DuckDB or pyarrow in the user's own environment, else pyarrow or Spark in an
    engine environment.
    """
    if not folder.is_dir():
        return None
    program = Path(__file__).with_name("preview_rows.py")
    candidates: list[tuple[list[str], dict[str, str]]] = []
    if find_spec("duckdb") is not None:
        candidates.append(([sys.executable, str(Path(__file__).with_name("preview_duckdb.py"))], {}))
    if find_spec("pyarrow") is not None:
        candidates.append(([sys.executable, str(program)], {}))
    candidates += [(list(command), dict(env)) for command, env in preview_spark.readers(program)]
    for command, extra in candidates:
        found = _ask([*command, str(folder), str(rows)], extra)
        if found is not None:
            return found
    return None


def _ask(command: list[str], extra: dict[str, str]) -> Preview | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **extra},
        )
        answer = cast("dict[str, object]", json.loads(done.stdout.strip().splitlines()[-1])) if done.stdout else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if done.returncode or answer is None:
        return None
    columns = tuple(str(name) for name in cast("list[object]", answer["columns"]))
    rows = cast("list[dict[str, object]]", answer["rows"])
    return Preview(
        columns, tuple(tuple(row.get(c) for c in columns) for row in rows), int(cast("int", answer["total"]))
    )
