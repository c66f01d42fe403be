"""`python -m bench [PART...]`: measure, print the table, write bench/latest.json."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
import time
from pathlib import Path

from .measuring import Result

_PARTS = ("startup", "synthesis", "daemon", "steps")
_LATEST = Path(__file__).with_name("latest.json")


def main() -> int:
    """Run the parts in order; 0 if every goal is met, 1 if not, 2 if a part could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one or more of {', '.join(_PARTS)}; default all")
    chosen = parser.parse_args().parts or list(_PARTS)
    if unknown := set(chosen) - set(_PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; known: {', '.join(_PARTS)}")
    results: list[Result] = []
    broken: list[str] = []
    for part in _PARTS:
        if part in chosen:
            print(f"measuring {part} …", file=sys.stderr, flush=True)
            started = time.perf_counter()
            try:
                for result in importlib.import_module(f"bench.{part}").measure():
                    results.append(result)
                    print(f"  {_line(result)}", file=sys.stderr, flush=True)
            except Exception as error:
                broken.append(f"{part}: {type(error).__name__}: {error}")
            print(f"  {part} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print(table(results))
    _LATEST.write_text(
        json.dumps(
            [
                {
                    "name": r.name,
                    "value": round(r.value, 4),
                    "unit": r.unit,
                    "goal": r.goal,
                    "met": r.met,
                    "detail": r.detail,
                }
                for r in results
            ],
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    for words in broken:
        print(f"not measured — {words}", file=sys.stderr)
    return 2 if broken else int(not all(result.met for result in results))


def table(results: list[Result]) -> str:
    """The results as aligned text."""
    rows = [("item", "value", "goal", "", "")]
    for result in results:
        rows.append((result.name, _number(result.value, result.unit), *_judged(result), result.detail))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [f"Python {platform.python_version()}, {platform.system()} {platform.machine()}", ""]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _line(result: Result) -> str:
    goal, met = _judged(result)
    return f"{result.name}: {_number(result.value, result.unit)}" + (f" (goal {goal}, {met})" if goal else "")


def _judged(result: Result) -> tuple[str, str]:
    if result.goal is None:
        return "", ""
    return f"≤ {_number(result.goal, result.unit)}", "met" if result.met else "MISSED"


def _number(value: float, unit: str) -> str:
    if unit:
        return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    if 0 < value < 0.1:
        return f"{value:.3f}"
    return f"{value:.2f}" if value != int(value) else f"{value:.0f}"


if __name__ == "__main__":
    sys.exit(main())
