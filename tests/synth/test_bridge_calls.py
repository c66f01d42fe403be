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


def bare(template: dict[str, Any]) -> Build:
    written: dict[str, Any] = {}
    exec(compile(twin.source(template), "twin", "exec"), written)
    return written["build"]


def test_a_cluster_costs_at_most_seven_calls_over_bare_l1(tmp_path: Path) -> None:
    synthesize(ours(1), tmp_path / "first")  # what is read once in a process is read here
    few, small = synthesize(ours(1), tmp_path / "few")
    many, large = synthesize(ours(2), tmp_path / "many")
    bare_few, same_small = synthesize(bare(small), tmp_path / "bare-few")
    bare_many, same_large = synthesize(bare(large), tmp_path / "bare-many")
    assert same_small == small
    assert same_large == large
    per_cluster = many - few
    over = per_cluster.total() - (bare_many - bare_few).total()
    assert over <= ALLOWED, f"{over} calls over bare L1; per cluster: {dict(per_cluster)}"


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
