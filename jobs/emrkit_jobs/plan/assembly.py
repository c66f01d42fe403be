"""The stacks of a synthesized cloud assembly, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from emrkit_model.diagnostics import Diagnostic, EmrkitError

__all__ = ["SynthesizedStack", "parse_template", "read_assembly"]

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SynthesizedStack:
    """A stack of the assembly: its name in CloudFormation, the id that the CDK CLI knows, its template."""

    name: str
    id: str
    template: Json
    needs: tuple[str, ...] = ()
    """Names of the stacks of this assembly that are deployed before it."""


def read_assembly(folder: Path) -> tuple[SynthesizedStack, ...]:
    """The stacks in the order in which they are deployed. Raises `EmrkitError` if the folder is no assembly.

    Example: `[stack.name for stack in read_assembly(Path("cdk.out"))]`
    """
    manifest = _read(folder / "manifest.json")
    artifacts = cast("Mapping[str, Json]", manifest.get("artifacts") or {})
    stacks: dict[str, SynthesizedStack] = {}
    for key, artifact in artifacts.items():
        if artifact.get("type") != "aws:cloudformation:stack":
            continue
        properties = cast("Json", artifact.get("properties") or {})
        template = _read(folder / str(properties.get("templateFile")))
        name = str(properties.get("stackName") or key)
        needs = cast("list[str]", artifact.get("dependencies") or [])
        stacks[key] = SynthesizedStack(name, str(artifact.get("displayName") or key), template, tuple(needs))
    ordered: list[str] = []

    def place(key: str, trail: tuple[str, ...] = ()) -> None:
        if key not in ordered and key in stacks and key not in trail:
            for need in sorted(stacks[key].needs):
                place(need, (*trail, key))
            ordered.append(key)

    for key in sorted(stacks):
        place(key)
    names = {key: stack.name for key, stack in stacks.items()}
    return tuple(
        SynthesizedStack(s.name, s.id, s.template, tuple(names[n] for n in s.needs if n in names))
        for s in (stacks[key] for key in ordered)
    )


def parse_template(text: str) -> Json:
    """A deployed template; one that is not JSON (somebody else's) counts as empty, so that everything is a change."""
    try:
        data: object = json.loads(text)
    except ValueError:
        return {}
    return cast("Json", data) if isinstance(data, dict) else {}


def _read(path: Path) -> Json:
    try:
        data: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise EmrkitError(
            Diagnostic("E-PLAN-001", f"{path} does not exist", hint="synthesize the app first: `cdk synth`")
        ) from None
    except (OSError, ValueError) as error:
        raise EmrkitError(
            Diagnostic("E-PLAN-002", f"{path} cannot be read: {error}", hint="synthesize the app again: `cdk synth`")
        ) from None
    if not isinstance(data, dict):
        raise EmrkitError(Diagnostic("E-PLAN-002", f"{path} is not a JSON object"))
    return cast("Json", data)
