"""`python -m bench.synthesis_app FILE FOLDER [--count]`: synthesize `build(stack)` of a file; print the bridge calls.

One process, one app, one stack: what `python app.py` does. Prints JSON {"calls": {what was called: n}} when asked to.
"""

from __future__ import annotations

import collections
import json
import runpy
import sys
from typing import Any

__all__: list[str] = []


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
    app = cdk.App(outdir=folder, builtin_cloud_formation_validation=False)
    build(cdk.Stack(app, "Bench"))
    app.synth()
    if calls is not None:
        print(json.dumps({"calls": calls}))


if __name__ == "__main__":
    main(*sys.argv[1:])
