"""What emrkit's constructs cost over bare L1 classes: bridge calls per cluster, and synthesis time."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emrkit_local import environments

from . import twin
from .measuring import ROOT, Result, interleave, median, run, wall

__all__ = ["measure"]

_ENVIRONMENT = {"CDK_VALIDATION": "false"}
_FEW, _MANY = 1, 11
_ROUNDS = 7


def measure() -> Iterator[Result]:
    """Compare the templates first; then count calls, which is exact; then take times, interleaved."""
    node = environments.find("node")
    if node is not None:
        os.environ["JSII_NODE"] = str(node.node)  # both sides, and this process, run on the Node that emrkit pins
    with tempfile.TemporaryDirectory(prefix="emrkit-bench-") as name:
        folder = Path(name)
        calls: dict[tuple[str, int], int] = {}
        for clusters in (_FEW, _MANY):
            ours = folder / f"ours_{clusters}.py"
            ours.write_text(f"from bench import shape\n\ndef build(stack):\n    shape.build(stack, {clusters})\n")
            calls["ours", clusters], wanted = _counted(ours, folder)
            bare = folder / f"bare_{clusters}.py"
            # Through an import, so that Python keeps the compiled code as it does for any module.
            (folder / f"bare_{clusters}_code.py").write_text(twin.source(wanted))
            bare.write_text(f"import sys\n\nsys.path.insert(0, {name!r})\nfrom bare_{clusters}_code import build\n")
            calls["bare", clusters], got = _counted(bare, folder)
            if got != wanted:
                raise RuntimeError(f"the bare twin synthesizes another template:\n{_difference(wanted, got)}")
        per_cluster = {side: (calls[side, _MANY] - calls[side, _FEW]) / (_MANY - _FEW) for side in ("ours", "bare")}
        over = per_cluster["ours"] - per_cluster["bare"]
        detail = f"{per_cluster['ours']:g} against {per_cluster['bare']:g} of bare L1"
        yield Result("bridge calls per cluster over bare L1", over, 7, detail=detail)
        taken = interleave(
            {side: lambda side=side: _timed(folder / f"{side}_{_MANY}.py", folder) for side in ("ours", "bare")},
            _ROUNDS,
        )
        ours_s, bare_s = median(taken["ours"]), median(taken["bare"])
        detail = f"{_MANY} clusters, {ours_s:.2f} s against {bare_s:.2f} s, whole process"
        yield Result("synthesis ÷ L1 structs", ours_s / bare_s, 1.1, detail=detail)


def _counted(file: Path, folder: Path) -> tuple[int, dict[str, Any]]:
    out = folder / f"out-{file.stem}"
    done = run([sys.executable, "-m", "bench.synthesis_app", file, out, "--count"], _ENVIRONMENT, ROOT)
    calls = json.loads(done.stdout.splitlines()[-1])["calls"]
    return sum(calls.values()), json.loads((out / "Bench.template.json").read_text("utf-8"))


def _timed(file: Path, folder: Path) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as out:
        return wall([sys.executable, "-m", "bench.synthesis_app", file, out], _ENVIRONMENT, ROOT)


def _difference(wanted: dict[str, Any], got: dict[str, Any]) -> str:
    lines: list[str] = []
    for part in ("Resources", "Parameters", "Outputs", "Conditions", "Mappings", "Rules"):
        ours, bare = wanted.get(part, {}), got.get(part, {})
        for name in sorted({*ours, *bare}):
            if ours.get(name) != bare.get(name):
                lines.append(
                    f"{part}.{name}\n  emrkit {json.dumps(ours.get(name))}\n  bare   {json.dumps(bare.get(name))}"
                )
    return "\n".join(lines)[:4000]
