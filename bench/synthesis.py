"""What emrkit's constructs cost over bare L1 classes and over aws-emr-launch: bridge calls, time, memory.

Every app is a fresh process with an assembly of its own, on the Node that emrkit pins, without the CLI and without the
CDK's own validation. Templates are compared before anything is measured; calls are exact; times are interleaved, and a
run beside which others kept the machine busy is taken again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emrkit_local import environments

from . import emr_launch, twin
from .apps import Run, counted, per_unit, spanned
from .measuring import Result, Taken, interleave_spans, median

__all__ = ["measure"]

_SIZES = {1: 5, 10: 9, 100: 9}
"""Clusters in an app, and how many rounds are taken of it: fewer where one takes long."""
_FEW, _SOME, _MANY = _SIZES
_SIDES = ("ours", "structs", "dicts")


def measure() -> Iterator[Result]:
    """Compare the templates first; then count calls, which is exact; then take times, interleaved."""
    node = environments.find("node")
    if node is not None:
        os.environ["JSII_NODE"] = str(node.node)  # all sides, and this process, run on the Node that emrkit pins
    with tempfile.TemporaryDirectory(prefix="emrkit-bench-") as name:
        folder = Path(name)
        runs = {size: _written(folder, size) for size in _SIZES}
        yield from _calls(runs)
        taken = {
            size: interleave_spans({side: spanned(folder / f"{side}_{size}.py", folder) for side in _SIDES}, rounds)
            for size, rounds in _SIZES.items()
        }
        yield from _times(taken)
        yield _fixed(folder, runs[_FEW]["ours"].modules)
        yield from emr_launch.measure(folder)


def _written(folder: Path, size: int) -> dict[str, Run]:
    """The apps of a size as files, looked at once; refuses twins that synthesize anything else."""
    ours = folder / f"ours_{size}.py"
    ours.write_text(f"from bench import shape\n\ndef build(stack):\n    shape.build(stack, {size})\n")
    runs = {"ours": counted(ours, folder)}
    wanted = runs["ours"].template
    for side in _SIDES[1:]:
        # Through an import, so that Python keeps the compiled code as it does for any module.
        (folder / f"{side}_{size}_code.py").write_text(twin.source(wanted, structs=side == "structs"))
        bare = folder / f"{side}_{size}.py"
        bare.write_text(f"import sys\n\nsys.path.insert(0, {str(folder)!r})\nfrom {side}_{size}_code import build\n")
        runs[side] = counted(bare, folder)
        if runs[side].template != wanted:
            words = _difference(wanted, runs[side].template)
            raise RuntimeError(f"the bare twin of {size} with {side} synthesizes another template:\n{words}")
    return runs


def _calls(runs: Mapping[int, Mapping[str, Run]]) -> Iterator[Result]:
    def slope(side: str, few: int, many: int) -> float:
        return (runs[many][side].calls - runs[few][side].calls) / (many - few)

    ours, bare = slope("ours", _SOME, _MANY), slope("structs", _SOME, _MANY)
    detail = f"{ours:g} against {bare:g} of bare L1; {len(runs[_MANY]['ours'].template['Resources'])} resources in all"
    yield Result("bridge calls per cluster over bare L1", ours - bare, 7, detail=detail)
    bend = ours - slope("ours", _FEW, _SOME)
    detail = f"calls per cluster from {_SOME} to {_MANY} less those from {_FEW} to {_SOME}"
    yield Result("bridge calls: bend of the slope", abs(bend), 0, detail=detail)


def _times(taken: Mapping[int, Mapping[str, Taken]]) -> Iterator[Result]:
    for size, sides in taken.items():
        for side, found in sides.items():
            yield Result(
                f"synthesis of {size}, {side}", found.wall, None, "s", f"{found.words}, kernel {_held(found):.0f} MB"
            )
    ours = per_unit(taken, "ours")
    for side, goal in (("structs", 1.0), ("dicts", 1.25)):
        bare = per_unit(taken, side)
        detail = f"{ours.wall:.1f} ms against {bare.wall:.1f}; CPU {ours.cpu:.1f} against {bare.cpu:.1f}"
        yield Result(f"synthesis per cluster ÷ L1 {side}", ours.wall / bare.wall, goal, detail=detail)
    for size in (_SOME, _MANY):
        ratio = taken[size]["ours"].wall / taken[size]["structs"].wall
        yield Result(f"synthesis of {size} ÷ L1 structs", ratio, None, detail="whole process")
    held = [_held(taken[_MANY][side]) for side in ("ours", "structs")]
    detail = f"{_MANY} clusters: {held[0]:.0f} MB against {held[1]:.0f} MB"
    yield Result("kernel memory ÷ L1 structs", held[0] / held[1], 1.1, detail=detail)


def _fixed(folder: Path, modules: tuple[str, ...]) -> Result:
    """What emrkit costs once: an app with no resource, with and without emrkit's modules and one cluster's values."""
    aws = [f"import {name}" for name in modules if name.startswith("aws_cdk.") and name.count(".") == 1]
    ours = [f"import {name}" for name in modules if name.startswith("emrkit")]
    empty, loaded = folder / "empty.py", folder / "loaded.py"
    empty.write_text("\n".join([*aws, "", "def build(stack):", "    pass", ""]))
    values = "    from bench import shape\n    shape.build_values()"
    loaded.write_text("\n".join([*aws, *ours, "", "def build(stack):", values, ""]))
    rounds = 11
    taken = interleave_spans({"empty": spanned(empty, folder), "loaded": spanned(loaded, folder)}, rounds)
    wall = 1000 * (taken["loaded"].wall - taken["empty"].wall)
    cpu = 1000 * (taken["loaded"].cpu - taken["empty"].cpu)
    detail = f"CPU {cpu:.0f} ms; the empty app {taken['empty'].wall:.2f} s, {taken['empty'].words}"
    return Result("emrkit's fixed cost over an empty app with the same aws modules", wall, 60, "ms", detail)


def _held(taken: Taken) -> float:
    return median([json.loads(s.said)["kernel"] for s in taken.spans])


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
