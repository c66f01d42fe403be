"""The CDK app: the project file and a target become stacks. `cdk synth -c target=prod`, or EMRKIT_TARGET."""

from __future__ import annotations

import sys
from pathlib import Path

try:
    from aws_cdk import App, Environment

    import emrkit_jobs.bundle.project as projects
    from emrkit import guardrails
    from emrkit_model.diagnostics import EmrkitError
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed in this environment; run `make install`, or `pip install -e .`")

from stacks import define_stacks


def main() -> None:
    """Synthesize every stack of the chosen target."""
    app = App(builtin_cloud_formation_validation=False)
    project = projects.load(Path(__file__).parent)
    target = project.choose_target(None, app.node.try_get_context("target"))
    account = {"account": target.account, "region": target.region} if target.account else {}
    define_stacks(app, project, target, Environment(**account) if account else None)
    judges = project.judges_of(target)
    guardrails.apply(app, judges.packs, judges.accept)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except EmrkitError as error:
        sys.exit(str(error))
