"""Every settable property of EMR's CloudFormation types on EC2 has a field, or a reason to have none."""

from __future__ import annotations

from docs import coverage


def test_every_property_has_a_field_or_a_reason_to_have_none() -> None:
    explained = {*coverage.reached(), *coverage.DERIVED, *coverage.ESCAPED}
    assert [f"{p.resource_type} {p}" for p in coverage.properties() if p not in explained] == []


def test_a_reason_is_given_only_where_there_is_no_field() -> None:
    unexplained = {*coverage.DERIVED, *coverage.ESCAPED} - set(coverage.properties())
    assert unexplained == set(), "not a property"
    assert {*coverage.ESCAPED} & set(coverage.reached()) == set(), "a field sets it: delete the reason"
    assert {*coverage.DERIVED} & {*coverage.ESCAPED} == set()
    assert all(len(reason) >= 20 for reason in (*coverage.DERIVED.values(), *coverage.ESCAPED.values()))


def test_the_surface_is_all_of_it() -> None:
    """An empty surface would have every property covered."""
    assert len(coverage.properties()) > 150
    assert len(coverage.reached()) > 120
