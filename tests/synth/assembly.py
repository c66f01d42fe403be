"""What a synthesis of this repository's own app leaves behind, read as plain data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Assembly", "flat", "policies", "synthesize"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Assembly:
    """The cloud assembly of one environment."""

    environment: str
    folder: Path

    @cached_property
    def templates(self) -> Mapping[str, Any]:
        """`network`, `cluster`, … and the template of each."""
        prefix = f"emrkit-demo-{self.environment}-"
        found = sorted(self.folder.glob("*.template.json"))
        return {p.name.removeprefix(prefix).removesuffix(".template.json"): json.loads(p.read_text()) for p in found}

    def all(self, resource_type: str, stack: str | None = None) -> dict[str, Any]:
        """Logical id → resource, of one type, in one stack or in all of them."""
        return {
            name: resource
            for home, template in self.templates.items()
            if stack in (None, home)
            for name, resource in template["Resources"].items()
            if resource["Type"] == resource_type
        }

    def one(self, resource_type: str, stack: str | None = None) -> dict[str, Any]:
        """The properties of the only resource of a type."""
        (found,) = self.all(resource_type, stack).values()
        return found["Properties"]

    def text(self) -> str:
        """Every template as one text."""
        return json.dumps(self.templates)


def synthesize(target: str, folder: Path, **variables: str) -> Assembly:
    """Run `app.py` as the CDK CLI does, without credentials, region or network address of AWS in the environment."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    given = {
        "EMRKIT_TARGET": target,
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_VALIDATION": "false",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=ROOT,
        env={**kept, **given},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Assembly(target, folder)


def flat(value: Any) -> str:
    """A text with functions in it: references stand in as `<…>`."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return argument[0].join(flat(part) for part in argument[1])
    if function == "Fn::GetAtt":
        return f"<{'.'.join(argument)}>"
    return f"<{flat(argument)}>"


def policies(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The statements of a role's own policies, with actions and resources as lists of plain text."""
    for policy in resource["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            listed = {k: v if isinstance(v, list) else [v] for k, v in statement.items() if k in {"Action", "Resource"}}
            yield {**statement, "Action": listed["Action"], "Resource": [flat(r) for r in listed["Resource"]]}
