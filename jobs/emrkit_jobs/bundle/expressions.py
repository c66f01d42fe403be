"""The only two expressions of a project file: `${var.<name>}` and `${resource.<name>.<attribute>}`.

Everything else in braces stays as it is, because Spark, Hive and shells have their own; `$${var.x}` writes the text
`${var.x}`. Expressions stand in values, never in keys, and what one gives is not read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from emrkit_jobs.bundle.nodes import Node, Scalar, map_scalars, walk_scalars
from emrkit_model.diagnostics import Diagnostic, EmrkitError, FieldPath, Location, Severity
from emrkit_model.tokens import UNKNOWN_TEXT

__all__ = ["ATTRIBUTES", "Lookup", "ResourceReference", "expand", "find_references"]

Lookup = Callable[[str, str], str]
"""What a resource reference stands for: (name, attribute) to text, or to a CDK token."""

ATTRIBUTES: Mapping[str, str] = {
    "bucket": "the name of a bucket",
    "id": "the id of a cluster",
    "log_uri": "where a cluster writes its logs",
    "key_arn": "the ARN of a key",
    "role_arn": "the ARN of a role",
    "state_machine_arn": "the ARN of a pipeline's state machine",
}
"""What a deployed resource tells, by the word that asks for it."""

_EXPRESSION = re.compile(r"\$(?P<escaped>\$)?\{(?P<root>var|resource)\.(?P<rest>[^{}]*)\}")
_UNCLOSED = re.compile(r"(?<!\$)\$\{(?:var|resource)\.[^{}$\s]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ALMOST = re.compile(r"\$\{\s*(vars|variable|variables|resources|res)\.[^{}]*\}|\$\{\s+(var|resource)\.[^{}]*\}")


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """A value of the file that is known once stacks are deployed."""

    name: str
    attribute: str
    at: Location
    path: FieldPath


def expand(
    root: Node,
    variables: Mapping[str, str | None],
    resources: Lookup | None = None,
    *,
    all_known: bool = True,
) -> tuple[Node, list[Diagnostic]]:
    """The tree with its expressions filled in, and what is wrong with them.

    Without `resources` a resource reference stays as it is written (its form is checked). Where an expression has no
    value, something unknown stands in, so that no rule says of it what would not be so with one. `all_known` is false
    where more variables may be declared than could be read.
    """
    found: list[Diagnostic] = []
    paths = {scalar.at: path for path, scalar in walk_scalars(root) if "${" in scalar.text}

    def change(scalar: Scalar) -> Scalar:
        if "${" not in scalar.text:
            return scalar
        path = paths.get(scalar.at, ())
        if almost := _ALMOST.search(scalar.text):
            found.append(_almost(almost.group(), path, scalar.at))
        if unclosed := _UNCLOSED.search(_EXPRESSION.sub("{", scalar.text)):
            found.append(_unclosed(unclosed.group(), path, scalar.at))
            return replace(scalar, text=UNKNOWN_TEXT, plain=False)

        def fill(match: re.Match[str]) -> str:
            if match["escaped"]:
                return match.group()[1:]
            if match["root"] == "var":
                text, problem = _variable(match["rest"], variables)
                if not all_known and match["rest"] not in variables:
                    return UNKNOWN_TEXT
            else:
                try:
                    text, problem = _resource(match["rest"], match.group(), resources)
                except EmrkitError as error:
                    placed = [d.within(*path).at(scalar.at) for d in error.diagnostics]
                    raise EmrkitError(placed, error.exit_code) from None
            if problem is None:
                return text
            found.append(replace(problem, path=path, location=scalar.at))
            return UNKNOWN_TEXT

        text = _EXPRESSION.sub(fill, scalar.text)
        return scalar if text == scalar.text else replace(scalar, text=text, plain=False)

    return map_scalars(root, change), found


def find_references(root: Node) -> tuple[ResourceReference, ...]:
    """Every resource reference in the tree, in the order written."""
    found: list[ResourceReference] = []
    for path, scalar in walk_scalars(root):
        for match in _EXPRESSION.finditer(scalar.text):
            name, _, attribute = match["rest"].partition(".")
            if match["root"] == "resource" and not match["escaped"]:
                found.append(ResourceReference(name, attribute, scalar.at, path))
    return tuple(found)


def _variable(name: str, variables: Mapping[str, str | None]) -> tuple[str, Diagnostic | None]:
    if name not in variables:
        close = get_close_matches(name, variables, 1)
        return "", Diagnostic(
            "E-FILE-040",
            f"variable '{name}' is not declared",
            allowed=", ".join(variables) or "no variable is declared",
            hint=f"did you mean `{close[0]}`?" if close else f"add it: `variables: {{{name}: …}}`",
        )
    value = variables[name]
    if value is None:
        return "", Diagnostic(
            "E-FILE-041",
            f"variable '{name}' has no value",
            hint=f"give it one with `--var {name}=…`, in `variables:`, or in the target's overrides",
        )
    return value, None


def _resource(rest: str, written: str, resources: Lookup | None) -> tuple[str, Diagnostic | None]:
    name, dot, attribute = rest.partition(".")
    if not dot or not _NAME.fullmatch(name):
        return written, Diagnostic(
            "E-FILE-042", f"'{written}' is not complete", allowed="${resource.<name>.<attribute>}"
        )
    if attribute not in ATTRIBUTES:
        close = get_close_matches(attribute, ATTRIBUTES, 1)
        return written, Diagnostic(
            "E-FILE-043",
            f"a resource has no attribute '{attribute}'",
            got=written,
            allowed=", ".join(ATTRIBUTES),
            hint=f"did you mean `{close[0]}`?" if close else None,
        )
    return (resources(name, attribute) if resources else written), None


def _unclosed(text: str, path: FieldPath, at: Location) -> Diagnostic:
    return Diagnostic(
        "E-FILE-049",
        f"'{text}' is not closed",
        path=path,
        location=at,
        allowed="${var.<name>} and ${resource.<name>.<attribute>}",
        hint=f"write `{text}}}`",
    )


def _almost(text: str, path: FieldPath, at: Location) -> Diagnostic:
    return Diagnostic(
        "W-FILE-044",
        f"'{text}' is taken as plain text",
        Severity.WARNING,
        path,
        reason="the expressions of a project file are ${var.<name>} and ${resource.<name>.<attribute>}",
        hint="write ${var.…} or ${resource.…} if it is meant to be replaced",
        location=at,
    )
