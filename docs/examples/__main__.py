"""`python -m docs.examples NAME... | --all`: synthesize examples; `EMRKIT_JUDGES=1` puts them before the judges."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import aws_cdk as cdk

from docs.examples import load, names
from emrkit import guardrails
from emrkit_model.diagnostics import EmrkitError


def main(*chosen: str) -> None:
    """Synthesize what was chosen into one app."""
    wanted = names() if "--all" in chosen else chosen
    if unknown := sorted(set(wanted) - set(names())):
        sys.exit(f"no example {', '.join(unknown)}; there are: {', '.join(names())}")
    # The feature flags that a new CDK app has; through the CDK CLI they come by themselves.
    context = json.loads((Path(__file__).parents[2] / "cdk.json").read_text("utf-8"))["context"]
    app = cdk.App(context=context, builtin_cloud_formation_validation=False)
    for name in wanted:
        load(name)(app)
    guardrails.apply(app)
    app.synth()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except EmrkitError as error:
        sys.exit(str(error))
