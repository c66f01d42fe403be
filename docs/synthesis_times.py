"""The table of docs/performance.md, from what `make bench` measured last (bench/latest.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["filled", "table"]

ROOT = Path(__file__).parents[1]
LATEST = ROOT / "bench" / "latest.json"
_BEGIN, _END = "<!-- bench: synthesis -->\n", "<!-- end -->"
_ABOUT = ("synthesis", "bridge calls", "kernel memory", "emrkit's fixed cost")


def table(results: list[dict[str, Any]]) -> str:
    """What was measured of synthesis as a table, in the order of the bench."""
    rows = ["| item | value | goal | |", "|---|---|---|---|"]
    for row in results:
        if not row["name"].startswith(_ABOUT):
            continue
        unit = f" {row['unit']}" if row.get("unit") else ""
        goal = "" if row["goal"] is None else f"≤ {row['goal']:.3g}{unit} {'met' if row['met'] else '**missed**'}"
        rows.append(f"| {row['name']} | {row['value']:.3g}{unit} | {goal} | {row.get('detail', '')} |")
    return "\n".join(rows)


def filled(text: str) -> str:
    """The page with the newest measurements; as it is where nothing was measured on this machine."""
    if not LATEST.is_file() or _BEGIN not in text:
        return text
    results: list[dict[str, Any]] = json.loads(LATEST.read_text("utf-8"))
    if not any(row["name"].startswith(_ABOUT) for row in results):
        return text
    before, rest = text.split(_BEGIN, 1)
    return f"{before}{_BEGIN}{table(results)}\n{rest[rest.index(_END) :]}"


if __name__ == "__main__":
    page = ROOT / "docs" / "performance.md"
    page.write_text(filled(page.read_text("utf-8")), encoding="utf-8")
