"""Secrets in clear text among the properties of a resource: a warning beside the construct, whoever judges or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from .diagnostics import Diagnostic
from .findings import warning

__all__ = ["find_clear_secrets"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/storing-sensitive-data.html"
# A look at the whole text first: most clusters have none of these, and the rule itself reads each value by itself.
_TRACES = ("pass", "pwd", "secret", "token", "credential", "akia", "asia", "eyj", "github_pat", "xox")
_FAMILIES = {
    **{what: tuple(f"{what}{mark}key" for mark in ("", ".", "-", "_", " ")) for what in ("api", "access", "private")},
    "gh": tuple(f"gh{kind}_" for kind in "pousr"),
}


# What the CDK fills in later is called a token too.
_TOKENS = re.compile(r"\{token\[[^\]]*\]\}")


def find_clear_secrets(resource_type: str, properties: Mapping[str, object]) -> Iterator[Diagnostic]:
    """A warning for each value that looks like a secret; the value itself is never shown.

    The rule E-RULE-012 says the same as an error where the guardrails judge.

    >>> properties = {"Tags": [{"Key": "password", "Value": "hunter2!"}]}
    >>> [(d.code, d.got) for d in find_clear_secrets("AWS::EMR::Cluster", properties)]
    [('W-SEC-044', '8 characters, not shown')]
    """
    text = _TOKENS.sub("", json.dumps(properties, default=str).lower())
    if not _has_trace(text):
        return
    from .rules.secrets import SECRETS
    from .rules.template import Template

    template = Template({"Resources": {"It": {"Type": resource_type, "Properties": dict(properties)}}})
    for finding in SECRETS.findings(template):
        problem = finding.problem
        yield warning(
            "SEC-044",
            "what looks like a secret stands here in clear text",
            *problem.path,
            got=problem.got,
            reason=f"whoever may describe the cluster or the stack reads it ({_PAGE})",
            hint=problem.hint,
        )


def _has_trace(text: str) -> bool:
    for trace in _TRACES:
        if trace in text:
            return True
    for family, traces in _FAMILIES.items():
        if family in text and any(trace in text for trace in traces):
            return True
    # A password inside an address stands before an at sign.
    return "@" in text and "://" in text
