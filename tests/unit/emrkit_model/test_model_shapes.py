"""Shapes of clusters: each rule of the service kept by one cluster and broken by another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import emrkit_facts
from tests.unit.emrkit_model.capacity_shapes import CAPACITY
from tests.unit.emrkit_model.cluster_shapes import CLUSTERS
from tests.unit.emrkit_model.shaped import codes

RULES = {**CAPACITY, **CLUSTERS}
# Said elsewhere: groups, Kerberos and names have rules of other parts; the rest is no matter of one cluster's values.
ELSEWHERE = {
    "managed-sg-pair": "network",
    "kerberos-pair": "security",
    "name-chars": "identity",
    "nested-updates": "plan: test_plan_scaling.py",
    "api-only": "construct: E-CLUS-097, E-STEP-051",
    "visible": "rendered as true, without effect",
    "custom-ami-kernel": "an image's kernel is not in its id",
}
CASES = [pytest.param(*row[1:], id=f"{rule}: {row[0]}") for rule, rows in RULES.items() for row in rows]


@pytest.mark.parametrize(("kept", "broken", "code"), CASES)
def test_a_rule_of_the_service_is_kept_by_one_cluster_and_broken_by_another(kept, broken, code):
    assert code not in codes(**kept)
    assert not any(found.startswith("E-") for found in codes(**kept)), codes(**kept)
    assert code in codes(**broken)


def test_every_rule_of_the_facts_is_kept_and_broken_somewhere():
    source = json.loads((Path(emrkit_facts.__file__).parent / "sources" / "cfn-surface.json").read_text())
    assert {rule["id"] for rule in source["rules"]} == {*RULES, *ELSEWHERE}
