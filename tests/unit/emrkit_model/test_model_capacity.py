"""Fleets, instance types, managed scaling."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from emrkit_model import AutoTermination, InstanceFleet, InstanceType, InvalidModel, ManagedScaling, check


def codes(make) -> set[str]:
    with pytest.raises(InvalidModel) as caught:
        make()
    return {d.code for d in caught.value.diagnostics}


def warnings(value) -> set[str]:
    return {d.code for d in check(value) if d.severity == "warning"}


def test_weights_follow_emr_vcpu_of_the_smallest_type():
    fleet = InstanceFleet.spot("m5.xlarge", "m5.2xlarge", "r5.4xlarge", capacity=12)
    assert fleet.weights() == {"m5.xlarge": 1, "m5.2xlarge": 2, "r5.4xlarge": 4}


def test_weights_count_the_doubled_vcores_of_m4():
    assert InstanceFleet.on_demand("m5.xlarge", "m4.xlarge").weights() == {"m5.xlarge": 1, "m4.xlarge": 2}


def test_a_given_weight_wins_over_the_default():
    fleet = InstanceFleet.on_demand("m5.xlarge", InstanceType.of("m5.2xlarge", weight=5))
    assert fleet.weights() == {"m5.xlarge": 1, "m5.2xlarge": 5}


def test_factories_and_file_words_give_the_same_fleet():
    assert InstanceFleet.parse({"on_demand": ["r5.xlarge"], "capacity": 4}) == InstanceFleet.on_demand(
        "r5.xlarge", capacity=4
    )
    assert InstanceFleet.parse(
        {"spot": ["m5.xlarge", "m5.2xlarge"], "capacity": 12, "on_demand_capacity": 5}
    ) == InstanceFleet.spot("m5.xlarge", "m5.2xlarge", capacity=12, on_demand=5)


def test_one_type_needs_no_list():
    assert InstanceFleet.parse({"on_demand": "m5.xlarge"}).types[0].type == "m5.xlarge"


def test_rejects_a_fleet_that_mixes_architectures():
    assert codes(lambda: InstanceFleet.on_demand("m5.xlarge", "m6g.xlarge")) == {"E-FLEET-023"}


def test_rejects_six_types_without_a_strategy_and_accepts_them_with_one():
    six = [f"{family}.xlarge" for family in ("m5", "m5a", "m5d", "r5", "c5", "r5a")]
    assert codes(lambda: InstanceFleet(types=six, target_on_demand=1)) == {"E-FLEET-021"}
    assert len(InstanceFleet.on_demand(*six).types) == 6


def test_rejects_thirty_one_types():
    many = [
        f"{family}.{n}xlarge" for family in ("m5", "r5", "c5", "m5d", "r5d", "m5a", "r5a", "m5n") for n in (2, 4, 8, 12)
    ]
    assert codes(lambda: InstanceFleet.on_demand(*many[:31])) == {"E-FLEET-021"}


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        ({"on_demand": ["m5.xlarge"], "capacity": 0}, "E-FLEET-027", ("capacity",)),
        ({"on_demand": ["m5.xlarge"], "capacity": -1}, "E-FLEET-026", ("capacity",)),
        ({"on_demand": []}, "E-FLEET-020", ("on_demand",)),
        ({"on_demand": ["m5.xlarge", "m5.xlarge"]}, "E-FLEET-022", ("on_demand", 1, "type")),
        ({"on_demand": ["t3.xlarge"]}, "E-FLEET-014", ("on_demand", 0, "type")),
        ({"on_demand": ["m5.metal"]}, "E-FLEET-014", ("on_demand", 0, "type")),
        ({"on_demand": ["m5.large"]}, "E-FLEET-016", ("on_demand", 0, "type")),
        ({"on_demand": [{"type": "m5.xlarge", "weight": 0}]}, "E-FLEET-010", ("on_demand", 0, "weight")),
        (
            {"spot": [{"type": "m5.xlarge", "bid_price": "0.1", "bid_percentage": 50}]},
            "E-FLEET-011",
            ("spot", 0, "bid_price"),
        ),
        ({"spot": ["m5.xlarge"], "spot_timeout": "1m"}, "E-FLEET-028", ("spot_timeout",)),
        ({"on_demand": ["m5.xlarge"], "on_demand_strategy": "prioritized"}, "E-FLEET-024", ("on_demand",)),
        ({"on_demand": ["m5.xlarge"], "spot": ["m5.xlarge"]}, "E-FLEET-032", ("on_demand",)),
        ({"on_demand": ["m5.xlarge"], "on_demand_strategy": "cheapest"}, "E-FLEET-003", ("on_demand_strategy",)),
        ({"on_demand": ["m5.xlarge"], "capacity": 1.5}, "E-FLEET-003", ("capacity",)),
        ({"on_demand": ["m5.xlarge"], "capacity": True}, "E-FLEET-003", ("capacity",)),
        ({}, "E-FLEET-002", ("types",)),
        ({"on_demand": ["m5.xlarge"], "capacty": 2}, "E-FLEET-001", ("capacty",)),
    ],
)
def test_problems_carry_their_code_and_the_path_in_the_file(data, code, path):
    with pytest.raises(InvalidModel) as caught:
        InstanceFleet.parse(data)
    assert (code, path) in [(d.code, d.path) for d in caught.value.diagnostics]


def test_an_unknown_key_gets_the_close_one_as_a_hint():
    with pytest.raises(InvalidModel) as caught:
        InstanceFleet.parse({"on_demand": ["m5.xlarge"], "capacty": 2})
    assert caught.value.diagnostics[0].hint == "did you mean `capacity`?"


def test_reports_unreadable_fields_and_broken_rules_together():
    data = {"spot": ["m5.xlarge", "m6g.xlarge"], "capacity": -2, "weigth": 2, "spot_timeout": "soon"}
    assert codes(lambda: InstanceFleet.parse(data)) == {"E-FLEET-001", "E-FLEET-003", "E-FLEET-023", "E-FLEET-026"}


def test_an_unknown_instance_type_is_a_warning():
    fleet = InstanceFleet.on_demand("m9x.xlarge")
    assert warnings(fleet) == {"W-FLEET-015"}
    assert fleet.weights() == {"m9x.xlarge": 1}


def test_a_priority_without_its_strategy_is_a_warning():
    assert warnings(InstanceFleet.on_demand(InstanceType.of("m5.xlarge", priority=1))) == {"W-FLEET-025"}


def test_a_value_cannot_be_changed():
    fleet = InstanceFleet.on_demand("m5.xlarge")
    with pytest.raises(ValidationError):
        fleet.target_on_demand = 5


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"minimum": 0, "maximum": 2}, "E-SCALE-010"),
        ({"minimum": 5, "maximum": 2}, "E-SCALE-011"),
        ({"minimum": 1, "maximum": 2, "maximum_core": 3}, "E-SCALE-012"),
        ({"minimum": 1, "maximum": 2, "maximum_on_demand": 3}, "E-SCALE-012"),
        ({"minimum": 1, "maximum": 2, "utilization_index": 50}, "E-SCALE-013"),
        ({"minimum": 1, "maximum": 2, "strategy": "ADVANCED", "utilization_index": 51}, "E-SCALE-014"),
        ({"minimum": 1, "maximum": 2, "unit": "Nodes"}, "E-SCALE-003"),
        ({"minimum": 1}, "E-SCALE-002"),
    ],
)
def test_managed_scaling_keeps_to_its_limits(data, code):
    assert codes(lambda: ManagedScaling.parse(data)) == {code}


def test_no_on_demand_at_all_is_allowed():
    assert ManagedScaling(minimum=1, maximum=2, maximum_on_demand=0).maximum_on_demand == 0


@pytest.mark.parametrize(("text", "seconds"), [("1h", 3600), ("1h30m", 5400), (90, 90), ("90", 90), ("2d", 172_800)])
def test_durations_are_read_in_several_forms(text, seconds):
    assert AutoTermination.parse({"idle_timeout": text}).idle_timeout == seconds


@pytest.mark.parametrize("text", ["30", "8d", "one hour", "1w", 59])
def test_rejects_idle_timeouts_outside_a_minute_to_a_week_or_unreadable(text):
    assert codes(lambda: AutoTermination.parse({"idle_timeout": text})) <= {"E-SCALE-020", "E-SCALE-003"}


def test_a_duration_object_is_read_by_its_method():
    class Duration:
        def to_seconds(self) -> int:
            return 7200

    assert AutoTermination.parse({"idle_timeout": Duration()}).idle_timeout == 7200
