"""The app run once: `cdk.json` says how, the target goes in by the environment, an assembly comes out.

The CDK CLI is not needed for this; `deploy` hands the same assembly to it.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from emrkit_jobs.plan.assembly import SynthesizedStack, read_assembly
from emrkit_jobs.plan.judgement import read_findings
from emrkit_jobs.run.app_findings import read_app_findings
from emrkit_model.diagnostics import Diagnostic, EmrkitError

__all__ = ["app_environment", "read_app", "synthesize"]

TIMEOUT_SECONDS = 600
_TAIL = 12


def synthesize(
    root: Path, target: str, folder: Path, variables: Mapping[str, str] | None = None, *, judged: bool = False
) -> tuple[SynthesizedStack, ...]:
    """Runs the project's app for a target; the assembly is in `folder`, its stacks come back in order of deployment.

    With `judged` the app is asked to let the judges sit (`EMRKIT_JUDGES=1`, see `emrkit.guardrails`); it costs seconds.
    Raises `EmrkitError` with what the judges found, with what emrkit's constructs refused, or with the app's own last
    lines if it fails of something else.

    Example: `stacks = synthesize(project.root, "local", state / "cdk.out")`
    """
    command, context = read_app(root)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    environment = {**os.environ, **app_environment(target, variables or {}, context), "CDK_OUTDIR": str(folder)}
    if judged:
        environment["EMRKIT_JUDGES"] = "1"
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise EmrkitError(
            Diagnostic(
                "E-PLAN-004",
                f"the app's command '{command[0]}' is not there",
                got=shlex.join(command),
                hint='`cdk.json` names the command, for example {"app": "python app.py"}',
            )
        ) from None
    except subprocess.TimeoutExpired:
        raise EmrkitError(
            Diagnostic("E-PLAN-005", f"the app did not end within {TIMEOUT_SECONDS} seconds", got=shlex.join(command))
        ) from None
    if judged and (findings := read_findings(folder)):
        raise EmrkitError(findings)
    if done.returncode != 0:
        if refused := read_app_findings(done.stderr, root.resolve()):
            raise EmrkitError(refused)
        lines = [line.rstrip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise EmrkitError(
            Diagnostic(
                "E-PLAN-006",
                f"the app ended with exit code {done.returncode}",
                got="\n    ".join(["", *lines[-_TAIL:]]),
                hint=f"the whole output: `EMRKIT_TARGET={target} {shlex.join(command)}`",
            )
        )
    return read_assembly(folder)


def read_app(root: Path) -> tuple[list[str], Mapping[str, object]]:
    """The command of `cdk.json`, with this interpreter in place of a bare `python`, and its context."""
    path = root / "cdk.json"
    try:
        settings: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise EmrkitError(
            Diagnostic("E-PLAN-003", f"there is no cdk.json in {root}", hint='write {"app": "python app.py"} into it')
        ) from None
    except (OSError, ValueError) as error:
        raise EmrkitError(Diagnostic("E-PLAN-003", f"{path} cannot be read: {error}")) from None
    data = cast("Mapping[str, object]", settings) if isinstance(settings, dict) else {}
    app = data.get("app")
    if not isinstance(app, str) or not app.strip():
        raise EmrkitError(
            Diagnostic("E-PLAN-003", "cdk.json does not say how to run the app", hint='{"app": "python app.py"}')
        )
    command = shlex.split(app)
    if command[0] in ("python", "python3"):
        command[0] = sys.executable
    context = data.get("context")
    return command, cast("Mapping[str, object]", context) if isinstance(context, dict) else {}


def app_environment(
    target: str, variables: Mapping[str, str], context: Mapping[str, object] | None = None
) -> dict[str, str]:
    """What the app is told: the target, the variables of the command line, the context, a Node to run jsii with."""
    told = {
        "EMRKIT_TARGET": target,
        "CDK_CONTEXT_JSON": json.dumps({**(context or {}), "aws:cdk:enable-path-metadata": True}),
        "AWS_EC2_METADATA_DISABLED": "true",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        **{f"EMRKIT_VAR_{name}": value for name, value in variables.items()},
    }
    if (node := _node()) is not None:
        told["JSII_NODE"] = node
    return told


def _node() -> str | None:
    """Node of emrkit's cache; jsii finds one on the path otherwise."""
    if os.environ.get("JSII_NODE"):
        return None
    from emrkit_local.environments import find

    environment = find("node")
    return None if environment is None else str(environment.node)
