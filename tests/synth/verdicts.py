"""docs/reference/verdicts.md: what every judge says of every example, and what was accepted with which reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.synth.judged import JudgedAssembly, acknowledgements

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).parents[2] / "docs/reference/verdicts.md"
JUDGES = {"emrkit": "emrkit", "AwsSolutions": "cdk-nag", "cdk-validator-cfnguard": "Control Tower"}


def page(gallery: JudgedAssembly, stacks: Mapping[str, Iterable[str]], others: Mapping[str, tuple[int, int]]) -> str:
    """The page's text.

    Args:
        gallery: All examples in one app, before every judge.
        stacks: The stacks of each example.
        others: Findings of cfn-lint and of parliament in each example.
    """
    found = {judge: _by_stack(gallery, judge, "violations") for judge in JUDGES}
    accepted = {judge: _by_stack(gallery, judge, "suppressedViolations") for judge in JUDGES}
    lines = [
        "# What the judges say of the examples",
        "",
        "Written by the tests that put every example of the guides before every judge; do not edit. A finding nobody",
        "accepted fails them, and so does an acceptance that is not needed any more. In brackets: accepted, with a",
        "reason, by emrkit's constructs or by the example.",
        "",
        f"| example | {' | '.join(JUDGES.values())} | cfn-lint | parliament |",
        f"|---|{'---:|' * (len(JUDGES) + 2)}",
    ]
    totals: Counter[str] = Counter()
    for example, mine in stacks.items():
        cells: list[str] = []
        for judge in JUDGES:
            bad, kept = (sum(side[judge][stack] for stack in mine) for side in (found, accepted))
            totals[judge] += kept
            cells.append(f"{bad} ({kept})" if kept else f"{bad}")
        lines.append(f"| {example} | {' | '.join([*cells, *map(str, others[example])])} |")
    lines += ["", "## What was accepted, and why", "", "| finding | judge | times | reason |", "|---|---|---:|---|"]
    reasons: Counter[tuple[str, str, str]] = Counter()
    for (rule, _), reason in acknowledgements(gallery):
        judge, _, name = rule.partition("::")
        reasons[name, JUDGES.get(judge, judge), reason.replace("|", "\\|")] += 1
    lines += [f"| `{name}` | {judge} | {times} | {why} |" for (name, judge, why), times in sorted(reasons.items())]
    return "\n".join(lines) + "\n"


def _by_stack(gallery: JudgedAssembly, judge: str, kind: str) -> Counter[str]:
    count: Counter[str] = Counter()
    for report in gallery.reports:
        if report["pluginName"] == judge:
            violations: list[dict[str, Any]] = report.get(kind, [])
            for violation in violations:
                count.update(place["constructPath"].split("/")[0] for place in violation["violatingConstructs"])
    return count
