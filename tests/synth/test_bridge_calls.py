"""The price of the constructs in calls to the CDK's kernel, which are exact where times are not."""

from __future__ import annotations

import collections
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack

from bench import shape, twin

ALLOWED = 7
"""Calls per cluster over the same resources as bare L1: a scope for each of four constructs, two unique names."""

Build = Callable[[Stack], None]


@contextmanager
def counted() -> Iterator[collections.Counter[str]]:
    """What was called over the bridge to Node meanwhile; loading an assembly is no call into it."""
    from jsii._kernel.providers.process import _NodeProcess

    plain: Any = _NodeProcess.send
    calls: collections.Counter[str] = collections.Counter()

    def send(self: Any, request: Any, response_type: Any) -> Any:
        kind = type(request).__name__.strip("_").removesuffix("Request")
        if kind != "Load":
            name = getattr(request, "fqn", None) or getattr(getattr(request, "objref", None), "ref", "")
            member = getattr(request, "method", None) or getattr(request, "property", None) or ""
            calls[f"{kind} {str(name).rsplit('@', 1)[0]} {member}".strip()] += 1
        return plain(self, request, response_type)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_NodeProcess, "send", send)
        yield calls


def synthesize(build: Build, folder: Path) -> tuple[collections.Counter[str], dict[str, Any]]:
    app = App(outdir=str(folder), builtin_cloud_formation_validation=False)
    stack = Stack(app, "Bench")
    with counted() as calls:
        build(stack)
        app.synth()
    return calls, json.loads((folder / "Bench.template.json").read_text())


def ours(clusters: int) -> Build:
    return lambda stack: shape.build(stack, clusters)


def bare(template: dict[str, Any], *, structs: bool = True) -> Build:
    written: dict[str, Any] = {}
    exec(compile(twin.source(template, structs=structs), "twin", "exec"), written)
    return written["build"]


def test_a_cluster_costs_at_most_seven_calls_over_bare_l1_however_many_there_are(tmp_path: Path) -> None:
    synthesize(ours(1), tmp_path / "first")  # what is read once in a process is read here
    sizes = (1, 3, 11)
    found = {n: synthesize(ours(n), tmp_path / f"ours{n}") for n in sizes}
    twins = {n: synthesize(bare(template), tmp_path / f"bare{n}") for n, (_, template) in found.items()}
    for n in sizes:
        assert twins[n][1] == found[n][1], "the twin is not the same resources"
    few, some, many = (found[n][0].total() for n in sizes)
    assert (many - some) / 8 == (some - few) / 2, "a cluster costs more calls the more there are"
    bare_per_cluster = (twins[11][0].total() - twins[1][0].total()) / 10
    over = (many - few) / 10 - bare_per_cluster
    per_cluster = found[3][0] - found[1][0]
    assert over <= ALLOWED, f"{over} calls over bare L1; two more clusters: {dict(per_cluster)}"


def test_the_twin_with_plain_dicts_synthesizes_the_same(tmp_path: Path) -> None:
    """Dicts check nothing: a key that is spelled wrong vanishes, so the bench would compare less work."""
    _, template = synthesize(ours(1), tmp_path / "ours")
    assert synthesize(bare(template, structs=False), tmp_path / "dicts")[1] == template


def test_the_counter_sees_a_call_that_is_made_for_every_cluster(tmp_path: Path) -> None:
    """The gate would close: one more read of a token in each cluster is one more call."""

    def careless(clusters: int) -> Build:
        def build(stack: Stack) -> None:
            shape.build(stack, clusters)
            for _ in range(clusters):
                assert stack.region

        return build

    synthesize(ours(1), tmp_path / "first")
    plain = [synthesize(ours(n), tmp_path / f"plain{n}")[0].total() for n in (1, 2)]
    with_reads = [synthesize(careless(n), tmp_path / f"read{n}")[0].total() for n in (1, 2)]
    assert (with_reads[1] - with_reads[0]) - (plain[1] - plain[0]) == 1
