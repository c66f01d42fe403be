"""What a template's roles may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import parliament
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from tests.synth import judged
from tests.synth.assembly import flat

RELEASE = "emr-7.12.0"


def template(stack: Stack) -> dict[str, Any]:
    return dict(Template.from_stack(stack).to_json())


def service(name: str) -> iam.IPrincipal:
    # jsii's stubs spell a parameter otherwise than the interface, which type checkers refuse.
    return cast("iam.IPrincipal", iam.ServicePrincipal(f"{name}.amazonaws.com"))


def found(stack: Stack, kind: str, start: str = "") -> dict[str, Any]:
    """The properties of the only resource of a type whose logical id begins so."""
    resources = template(stack)["Resources"]
    (properties,) = [r.get("Properties", {}) for n, r in resources.items() if r["Type"] == kind and n.startswith(start)]
    return properties


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            lists = {k: judged.listed(v) for k, v in statement.items() if k in {"Action", "Resource"}}
            yield {**statement, **lists}


def reach(role: dict[str, Any], action: str) -> list[str]:
    """The resources on which a role may do something."""
    return [flat(r) for s in statements(role) if action in s["Action"] for r in s["Resource"]]


def lint(stack: Stack) -> list[str]:
    """What parliament says of every policy of the stack."""
    document = template(stack)
    return [
        f"{name}: {finding}"
        for name, policy in judged.policies(document)
        for finding in parliament.analyze_policy_string(json.dumps(judged.plain(policy, document, {}))).findings
        if parliament.enhance_finding(finding).severity not in {"MUTED", "INFO"}
    ]
