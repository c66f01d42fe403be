"""IAM's policy simulation: is a principal allowed to do an action on a resource, given these context values?

Identity policies alone, as `SimulatePrincipalPolicy` does without resource policies: an explicit deny wins, an allow
that matches is needed, anything else is an implicit deny. Understands Action, NotAction, Resource, NotResource,
wildcards, policy variables of the given context, and the condition operators below with `IfExists`, `ForAnyValue` and
`ForAllValues`; an operator it does not know is an error, never a silent allow.
<https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

__all__ = ["Decision", "UnsupportedCondition", "decide"]

Context = Mapping[str, Sequence[str]]
Policy = Mapping[str, object]


class UnsupportedCondition(ValueError):  # noqa: N818 - says what the policy has
    """A condition operator that the simulation does not know."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`allowed`, `explicitDeny` or `implicitDeny`, the policies that matched, and context keys asked for in vain."""

    outcome: str
    matched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def decide(policies: Mapping[str, object], action: str, resource: str, context: Context) -> Decision:
    """The decision over named policies (documents as mappings or JSON text).

    Example: `decide({"p": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}, "s3:GetObject",
    "arn:aws:s3:::lake/a", {}).outcome == "allowed"`.
    """
    known = {k.lower(): tuple(v) for k, v in context.items()}
    missing: set[str] = set()
    allows: list[str] = []
    denies: list[str] = []
    for name, document in policies.items():
        for statement in _statements(document):
            if not _applies(statement, action, resource, known, missing):
                continue
            (denies if statement.get("Effect") == "Deny" else allows).append(name)
    absent = tuple(sorted(missing))
    if denies:
        return Decision("explicitDeny", tuple(denies), absent)
    return Decision("allowed" if allows else "implicitDeny", tuple(allows), absent)


def _statements(document: object) -> list[Policy]:
    loaded = cast("Policy", json.loads(document) if isinstance(document, str) else document)
    found = loaded.get("Statement") or []
    return [cast("Policy", found)] if isinstance(found, Mapping) else cast("list[Policy]", found)


def _applies(statement: Policy, action: str, resource: str, context: Context, missing: set[str]) -> bool:
    if not _names(statement, "Action", action, context, ignore_case=True):
        return False
    if not _names(statement, "Resource", resource, context, ignore_case=False):
        return False
    conditions = cast("Mapping[str, Mapping[str, object]]", statement.get("Condition") or {})
    # Every condition is evaluated, so that all missing keys are reported.
    results = [
        _holds(operator, key, _list(wanted), context, missing)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    ]
    return all(results)


def _names(statement: Policy, element: str, value: str, context: Context, *, ignore_case: bool) -> bool:
    if element in statement:
        return any(_like(value, _fill(p, context), ignore_case) for p in _list(statement[element]))
    if f"Not{element}" in statement:
        return not any(_like(value, _fill(p, context), ignore_case) for p in _list(statement[f"Not{element}"]))
    return False


def _list(value: object) -> list[str]:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return [str(v).lower() if isinstance(v, bool) else str(v) for v in items]


def _fill(pattern: str, context: Context) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in ("*", "?", "$"):
            return f"[{name}]" if name != "$" else "$"
        values = context.get(name.lower(), ())
        return values[0] if len(values) == 1 else found[0]

    return re.sub(r"\$\{([^}]+)\}", value, pattern)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\[[*?]\]|[*?])", pattern)
    words = {"*": ".*", "?": ".", "[*]": r"\*", "[?]": r"\?"}
    return re.compile("".join(words.get(p, re.escape(p)) for p in parts), re.DOTALL)


def _like(value: str, pattern: str, ignore_case: bool = False) -> bool:
    if ignore_case:
        value, pattern = value.lower(), pattern.lower()
    return _pattern(pattern).fullmatch(value) is not None


def _arn_like(value: str, pattern: str) -> bool:
    ours, theirs = value.split(":", 5), pattern.split(":", 5)
    return len(ours) == len(theirs) and all(_like(v, p) for v, p in zip(ours, theirs, strict=True))


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


def _within(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda v, w: v == w,
    "StringEqualsIgnoreCase": lambda v, w: v.lower() == w.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda v, w: v.lower() == w.lower(),
    "NumericEquals": _number(lambda v, w: v == w),
    "NumericLessThan": _number(lambda v, w: v < w),
    "NumericLessThanEquals": _number(lambda v, w: v <= w),
    "NumericGreaterThan": _number(lambda v, w: v > w),
    "NumericGreaterThanEquals": _number(lambda v, w: v >= w),
    "IpAddress": _within,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "NotIpAddress": "IpAddress",
}


def _holds(operator: str, key: str, wanted: Iterable[str], context: Context, missing: set[str]) -> bool:
    quantifier, _, plain = operator.rpartition(":")
    if_exists = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    values = context.get(key.lower())
    if plain == "Null":
        return any((values is None) == (w == "true") for w in wanted)
    negated = plain in _NEGATED
    test = _TESTS.get(_NEGATED.get(plain, plain))
    if test is None:
        raise UnsupportedCondition(f"the condition operator {operator} is not simulated")
    if values is None:
        missing.add(key)
        return if_exists or negated or quantifier == "ForAllValues"
    patterns = [_fill(w, context) for w in wanted]

    def matches(value: str) -> bool:
        return any(test(value, p) for p in patterns) != negated

    if quantifier == "ForAllValues":
        return all(matches(v) for v in values)
    if quantifier == "ForAnyValue":
        return any(matches(v) for v in values)
    return all(matches(v) for v in values) if negated else any(matches(v) for v in values)
