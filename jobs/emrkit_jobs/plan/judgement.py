"""What the judges of a synthesized app left behind: the findings of every judge, and what was accepted of them.

CDK writes `validation-report.json` into the assembly, and what was accepted into the metadata of each stack.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.reasons import OWN_MARK
from emrkit_model.rules.acknowledgements import Acknowledged, check_acknowledgements

__all__ = ["read_acknowledgements", "read_findings"]

_USUAL = frozenset({"emrkit", "AwsSolutions", "cdk-validator-cfnguard"})
"""Judges who always sit; the report is silent about one that has nothing to say."""
_ACKNOWLEDGED = "aws:cdk:acknowledged-rules"


def read_findings(assembly: Path) -> tuple[Diagnostic, ...]:
    """What the judges found and nobody acknowledged: one finding for each construct and rule.

    Example: `raise EmrkitError(read_findings(Path("cdk.out")))`
    """
    return tuple(
        Diagnostic(
            "E-PLAN-007",
            f"{judge['pluginName']} {violation['ruleName']}: {violation.get('description', '')}".strip(),
            path=(place,) if place else (),
            hint=violation.get("suggestedFix") or "mend it, or acknowledge it on the construct with the reason why",
        )
        for judge in _reports(assembly)
        # The CDK's own template check also reports what it only warns about; that judge says "success".
        if judge.get("conclusion") != "success"
        for violation in judge.get("violations", [])
        for place in _places(violation)
    )


def read_acknowledgements(assembly: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with what the project accepted: no reason, or no judge objects any more.

    What emrkit accepts for itself is left out.
    """
    used = [
        (violation["acknowledgedId"], violation.get("acknowledgedAt", ""))
        for judge in _reports(assembly)
        for violation in judge.get("suppressedViolations", [])
    ]
    given = [one for one in _acknowledged(assembly) if not one.reason.endswith(OWN_MARK)]
    # CDK's constructs accept findings of its own template check, which does not sit here.
    judges = {*_USUAL, *(str(judge["pluginName"]) for judge in _reports(assembly))}
    return tuple(check_acknowledgements(given, used, judges))


def _reports(assembly: Path) -> list[dict[str, Any]]:
    """The judges' reports; none if no judge had a word to say."""
    report = _read(assembly / "validation-report.json")
    return cast("list[dict[str, Any]]", report.get("pluginReports", []))


def _places(violation: Mapping[str, Any]) -> list[str | None]:
    found = [place["constructPath"] for place in violation.get("violatingConstructs", []) if "constructPath" in place]
    return list(dict.fromkeys(found)) or [None]


def _acknowledged(assembly: Path) -> Iterator[Acknowledged]:
    manifest = _read(assembly / "manifest.json")
    artifacts = cast("Mapping[str, Mapping[str, Any]]", manifest.get("artifacts") or {})
    documents = [_read(path) for path in sorted(assembly.glob("*.metadata.json"))]
    documents += [artifact.get("metadata") or {} for artifact in artifacts.values()]
    for document in documents:
        for where, entries in document.items():
            for entry in cast("list[Mapping[str, Any]]", entries if isinstance(entries, list) else []):
                if entry.get("type") == _ACKNOWLEDGED:
                    for rule, reason in cast("Mapping[str, str]", entry.get("data") or {}).items():
                        yield Acknowledged(rule, where.removeprefix("/"), reason)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else {}
