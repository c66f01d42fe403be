"""`python -m bench.synthesis_app FILE FOLDER [--count]`: synthesize `build(stack)` of a file, and say what it took.

One process, one app, one stack: what `python app.py` does. Prints JSON {"kernel": MB that the CDK's kernel holds after
synthesis, "modules": what was imported}, and with `--count` {"calls": {what was called over the bridge: n}} in it.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

__all__: list[str] = []

_TELLING = ("aws_cdk.aws_", "emrkit")


def _count() -> collections.Counter[str]:
    from jsii._kernel.providers.process import _NodeProcess

    calls: collections.Counter[str] = collections.Counter()
    plain: Any = _NodeProcess.send

    def send(self: Any, request: Any, response_type: Any) -> Any:
        kind = type(request).__name__.strip("_").removesuffix("Request")
        if kind != "Load":  # loading an assembly is a constant, and not a call into it
            name = getattr(request, "fqn", None) or getattr(getattr(request, "objref", None), "ref", "")
            member = getattr(request, "method", None) or getattr(request, "property", None) or ""
            calls[" ".join((kind, str(name).rsplit("@", 1)[0], member)).strip()] += 1
        return plain(self, request, response_type)

    _NodeProcess.send = send  # type: ignore[method-assign]
    return calls


def main(file: str, folder: str, *options: str) -> None:
    """Build and synthesize."""
    calls = _count() if "--count" in options else None
    import aws_cdk as cdk

    build = runpy.run_path(file)["build"]
    # One stack for any number of clusters, so that a cluster costs the same whatever their number: no limit of 500.
    context = {"@aws-cdk/core:stackResourceLimit": 0}
    app = cdk.App(outdir=folder, builtin_cloud_formation_validation=False, context=context)
    build(cdk.Stack(app, "Bench"))
    app.synth()
    modules = sorted(name for name in sys.modules if name.startswith(_TELLING) and "._" not in name)
    print(json.dumps({"kernel": _kernel_megabytes(), "modules": modules, "calls": calls}))


def _kernel_megabytes() -> float:
    """What the largest process below this one holds: jsii starts a small relay, and that starts the kernel."""
    parents: dict[int, int] = {}
    held: dict[int, float] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):  # a process of others that ends meanwhile
            lines = dict(line.split(":", 1) for line in status.read_text("utf-8", "replace").splitlines())
            parents[int(status.parent.name)] = int(lines["PPid"])
            held[int(status.parent.name)] = int(lines.get("VmRSS", "0 kB").split()[0]) / 1000
    ours, grown = {os.getpid()}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in ours} - ours
        ours, grown = ours | more, bool(more)
    return max((held[pid] for pid in ours - {os.getpid()}), default=0.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
