"""Scaling: limits by name, rules of one's own, and warnings with the numbers."""

from __future__ import annotations

import pytest

from emrkit_model import (
    AutoScaling,
    Cluster,
    InstanceFleet,
    InstanceGroup,
    InvalidModel,
    ManagedScaling,
    ScalingRule,
    check,
)

RULE = {"name": "grow", "metric": "AppsPending", "comparison": "above", "threshold": 3, "adjustment": 1}


def cluster(**fields: object) -> Cluster:
    given = {"name": "etl", "release": "emr-7.12.0", "primary": InstanceFleet.on_demand("m5.xlarge"), **fields}
    return Cluster.parse(given)


def grouped(**fields: object) -> Cluster:
    return cluster(**{"primary": InstanceGroup.on_demand("m5.xlarge"), **fields})


def found(value: Cluster) -> dict[str, str]:
    return {d.code: f"{d.summary}; {d.got}; {d.allowed}" for d in check(value)}


def codes(make: object) -> set[str]:
    with pytest.raises(InvalidModel) as caught:
        make()
    return {d.code for d in caught.value.diagnostics}


# ---- limits by name


@pytest.mark.parametrize(
    ("scaling", "on_demand", "core"),
    [
        (ManagedScaling.core_only(2, 20), 20, 20),
        (ManagedScaling.task_only(2, 20), None, 2),
        (ManagedScaling.task_only(2, 20, maximum_on_demand=5), 5, 2),
        (ManagedScaling.on_demand_only(2, 20), 20, None),
        (ManagedScaling.spot_only(2, 20, maximum_core=4), 0, 4),
        (ManagedScaling.mixed(2, 20, maximum_core=8), 8, 8),
        (ManagedScaling.mixed(2, 20, maximum_core=8, maximum_on_demand=12), 12, 8),
    ],
)
def test_limits_by_name_are_those_of_the_scenarios(scaling, on_demand, core):
    assert (scaling.minimum, scaling.maximum) == (2, 20)
    assert (scaling.maximum_on_demand, scaling.maximum_core) == (on_demand, core)


def test_limits_say_what_they_mean_with_their_numbers():
    assert ManagedScaling.mixed(2, 100, maximum_core=20).explain() == (
        "2 to 100 units of core and task nodes together",
        "core grows to 20, then task takes the other 80",
        "On-Demand to 20, then the other 80 are Spot",
        "less: task nodes go first, core nodes last, never below the minimum",
    )
    assert "everything that is added is Spot" in ManagedScaling.spot_only(2, 20).explain()
    assert ManagedScaling.core_only(2, 20).explain()[1:3] == (
        "core grows to 20, and task is left as it is",
        "On-Demand to 20, and no Spot",
    )


# ---- warnings with the numbers


def test_an_on_demand_core_stops_at_the_on_demand_limit():
    core = InstanceFleet.on_demand("m5.xlarge", capacity=4)
    said = found(cluster(core=core, scaling=ManagedScaling(minimum=2, maximum=100, maximum_on_demand=10)))
    assert "core may grow to 100 units, all of it is On-Demand, and 10 may be On-Demand" in said["W-CLUS-037"]
    within = ManagedScaling(minimum=2, maximum=100, maximum_on_demand=10, maximum_core=10)
    assert "W-CLUS-037" not in found(cluster(core=core, scaling=within))
    spot = InstanceFleet.spot("m5.xlarge", capacity=4)
    assert "W-CLUS-037" not in found(
        cluster(core=spot, scaling=ManagedScaling(minimum=2, maximum=9, maximum_on_demand=0))
    )


def test_an_on_demand_core_group_stops_there_too():
    scaling = ManagedScaling(minimum=2, maximum=100, maximum_on_demand=10, maximum_core=20)
    said = found(grouped(core=InstanceGroup.on_demand("m5.xlarge", count=4), scaling=scaling))
    assert "20 nodes" in said["W-CLUS-037"]


def test_a_type_that_is_larger_than_the_limits_is_never_added():
    large = InstanceFleet.on_demand({"type": "m5.4xlarge", "weight": 16}, capacity=16)
    said = found(cluster(core=large, scaling=ManagedScaling(minimum=2, maximum=20, maximum_core=10)))
    assert "one core node counts 16 units, and maximum_core is 10" in said["W-CLUS-038"]
    fits = ManagedScaling(minimum=2, maximum=20, maximum_core=16)
    assert "W-CLUS-038" not in found(cluster(core=large, scaling=fits))


def test_a_group_s_node_counts_its_vcpu():
    large = InstanceGroup.on_demand("m5.4xlarge", count=1)
    said = found(grouped(core=large, scaling=ManagedScaling(minimum=2, maximum=10, unit="VCPU")))
    assert "one core node counts 16 vCPU, and maximum is 10" in said["W-CLUS-038"]
    assert "W-CLUS-038" not in found(grouped(core=large, scaling=ManagedScaling(minimum=1, maximum=10)))


def test_a_task_type_is_held_against_what_may_be_on_demand():
    task = InstanceFleet.on_demand({"type": "m5.4xlarge", "weight": 16}, capacity=16)
    core = InstanceFleet.on_demand("m5.xlarge", capacity=2)
    scaling = ManagedScaling(minimum=2, maximum=100, maximum_on_demand=8, maximum_core=8)
    assert "maximum_on_demand is 8" in found(cluster(core=core, task=task, scaling=scaling))["W-CLUS-038"]


@pytest.mark.parametrize(
    ("count", "unit", "said"), [(1, None, "1 nodes"), (3, "VCPU", "12 vCPU"), (30, None, "30 nodes")]
)
def test_a_start_outside_the_limits_is_told_in_its_unit(count, unit, said):
    scaling = ManagedScaling(minimum=2 if unit is None else 16, maximum=20, unit=unit)
    core = InstanceGroup.on_demand("m5.xlarge", count=count)
    assert said in found(grouped(core=core, scaling=scaling))["W-CLUS-036"]


# ---- rules of one's own


def test_the_reference_rules_are_those_of_the_documentation():
    rows = [
        (r.metric, r.comparison, r.threshold, r.adjustment, r.period * r.periods, r.cool_down)
        for r in AutoScaling.reference(2, 10).rules
    ]
    memory, pending = "YARNMemoryAvailablePercentage", "ContainerPendingRatio"
    assert rows == [
        (memory, "LESS_THAN", 15, 1, 300, 300),
        (pending, "GREATER_THAN", 0.75, 1, 300, 300),
        (memory, "GREATER_THAN", 75, -1, 900, 300),
        (pending, "LESS_THAN", 0.1, -1, 900, 300),
    ]
    assert [r.adjustment for r in AutoScaling.reference(2, 10, adjustment=3).rules] == [3, 3, -3, -3]


def test_a_policy_without_rules_has_the_reference_rules():
    assert AutoScaling.parse({"minimum": 2, "maximum": 10}) == AutoScaling.reference(2, 10)


def test_a_policy_says_what_it_does():
    said = AutoScaling.reference(2, 10).explain()
    assert said[0] == "between 2 and 10 nodes"
    assert said[1] == "+1 nodes when YARNMemoryAvailablePercentage below 15 for 5 minutes, then 300 s of rest"
    assert said[3] == "-1 nodes when YARNMemoryAvailablePercentage above 75 for 15 minutes, then 300 s of rest"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"period": 90}, "E-SCALE-030"),
        ({"period": 0}, "E-SCALE-030"),
        ({"periods": 0}, "E-SCALE-032"),
        ({"cool_down": -1}, "E-SCALE-033"),
        ({"adjustment": 0}, "E-SCALE-034"),
        ({"adjustment": -1, "adjustment_type": "EXACT_CAPACITY"}, "E-SCALE-034"),
        ({"comparison": "around"}, "E-SCALE-003"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(change, code):
    assert code in codes(lambda: ScalingRule.parse({**RULE, **change}))
    ScalingRule.parse(RULE)


def test_a_rule_may_set_the_count_itself():
    rule = ScalingRule.parse({**RULE, "adjustment": 0, "adjustment_type": "EXACT_CAPACITY", "comparison": "at_least"})
    assert rule.comparison == "GREATER_THAN_OR_EQUAL"


def test_a_rule_that_looks_more_often_than_emr_publishes_is_warned_of():
    assert [d.code for d in check(ScalingRule.parse({**RULE, "period": 60}))] == ["W-SCALE-031"]
    assert check(ScalingRule.parse({**RULE, "period": 60, "namespace": "Ours"})) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"minimum": -1}, "E-SCALE-035"),
        ({"maximum": 1}, "E-SCALE-036"),
        ({"rules": []}, "E-SCALE-037"),
        ({"rules": [RULE, RULE]}, "E-SCALE-038"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(change, code):
    assert code in codes(lambda: AutoScaling.parse({"minimum": 2, "maximum": 9, **change}))


def test_a_core_group_never_scales_to_nothing():
    assert codes(lambda: grouped(core={"group": "m5.xlarge", "scaling": {"minimum": 0, "maximum": 9}})) == {
        "E-SCALE-042"
    }
    grouped(core={"group": "m5.xlarge"}, task={"group": "m5.xlarge", "scaling": {"minimum": 0, "maximum": 9}})


def test_a_count_outside_its_policy_is_warned_of_with_the_numbers():
    said = found(grouped(core={"group": "m5.xlarge", "count": 12, "scaling": {"minimum": 2, "maximum": 9}}))
    assert "starts with 12 nodes, outside 2 to 9" in said["W-SCALE-043"]
    assert "W-SCALE-043" not in found(
        grouped(core={"group": "m5.xlarge", "count": 9, "scaling": {"minimum": 2, "maximum": 9}})
    )


def test_releases_before_4_have_no_automatic_scaling():
    core = {"group": "m4.xlarge", "scaling": {"minimum": 1, "maximum": 9}}
    assert "E-SCALE-045" in codes(
        lambda: grouped(primary={"group": "m4.xlarge"}, core=core, release="emr-3.9.0", idle_timeout=None)
    )
