"""Every combination rule of the data: a cluster that obeys it, and one that breaks it and hears its code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from docs import combination_rules
from docs.combination_rules import Case
from emrkit_model import Cluster, InvalidModel, check
from emrkit_model.render import cloudformation, request

ROOT = Path(__file__).parents[3]
CASES = combination_rules.cases()


def _codes(document: Mapping[str, Any]) -> set[str]:
    try:
        return {found.code for found in check(Cluster.parse(document))}
    except InvalidModel as refused:
        return {found.code for found in refused.diagnostics}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_rule_holds(case: Case) -> None:
    assert not {code for code in _codes(case.good) if code.startswith("E-")}
    assert case.code not in _codes(case.good)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_rule_is_broken(case: Case) -> None:
    found = _codes(case.bad)
    assert case.code in found
    assert {code for code in found if code.startswith("E-")} <= {case.code}, "a case breaks one rule"


def test_no_rule_of_the_data_is_left_out() -> None:
    named = [case.id for case in CASES] + [*combination_rules.elsewhere(), *combination_rules.not_checkable()]
    assert sorted(named) == sorted(combination_rules.documented())
    assert len(CASES) >= 29


def test_what_is_held_elsewhere_is_held_there() -> None:
    for test in combination_rules.elsewhere().values():
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text("utf-8")


def test_everybody_who_may_sees_a_cluster() -> None:
    """The switch has no effect any more; both renderings still say true, as older readers of requests expect."""
    value = Cluster.parse(CASES[0].good)
    assert request.run_job_flow(value)["VisibleToAllUsers"] is True
    assert cloudformation.cluster_properties(value)["VisibleToAllUsers"] is True
