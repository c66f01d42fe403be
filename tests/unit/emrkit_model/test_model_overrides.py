"""Numbers that an execution of a pipeline may choose: their bounds, and where they are in a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from emrkit_model import AutoScaling, Cluster, InstanceFleet, InstanceGroup, InvalidModel, ManagedScaling
from emrkit_model.overrides import (
    Override,
    check_overrides,
    defaults_of,
    overridable,
    put_expressions,
    with_numbers,
)
from emrkit_model.render import task
from emrkit_model.tokens import UNKNOWN_NUMBER


def fleets(**more: Any) -> Cluster:
    given: dict[str, Any] = {
        "name": "nightly",
        "release": "emr-7.12.0",
        "primary": InstanceFleet.on_demand("m5.xlarge"),
        "core": InstanceFleet.spot("r5.xlarge", capacity=4, on_demand=2),
        "task": InstanceFleet.on_demand("r5.xlarge", capacity=1),
        "scaling": ManagedScaling(minimum=2, maximum=20),
    }
    return Cluster(**{**given, **more})


def groups(**more: Any) -> Cluster:
    given: dict[str, Any] = {
        "name": "nightly",
        "release": "emr-7.12.0",
        "primary": InstanceGroup.on_demand("m5.xlarge"),
        "core": InstanceGroup.on_demand("r5.xlarge", count=2),
    }
    return Cluster(**{**given, **more})


def refused(**fields: Any) -> list[str]:
    with pytest.raises(InvalidModel) as caught:
        Override(path="core.target_on_demand", **fields)
    return [found.code for found in caught.value.diagnostics]


def codes(cluster: Cluster, **overrides: Override) -> list[str]:
    return [found.code for found in check_overrides(overrides, cluster)]


CORE = "core.target_on_demand"


def test_zero_is_a_bound_like_any_other() -> None:
    most = Override(path=CORE, minimum=0, maximum=0)
    assert (most.admits(0), most.admits(1), most.admits(-1)) == (True, False, False)
    assert Override(path=CORE, minimum=0, maximum=5, default=0).default == 0


def test_both_bounds_are_within() -> None:
    override = Override(path=CORE, minimum=2, maximum=8)
    assert [number for number in range(12) if override.admits(number)] == [2, 3, 4, 5, 6, 7, 8]
    assert override.bounds == "2 to 8"


def test_a_list_of_values_stands_in_place_of_bounds() -> None:
    override = Override(path=CORE, allowed=[8, 4])
    assert [number for number in range(12) if override.admits(number)] == [4, 8]
    assert override.bounds == "8, 4"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "E-JOB-041"),
        ({"minimum": 1}, "E-JOB-041"),
        ({"maximum": 1}, "E-JOB-041"),
        ({"minimum": 0, "maximum": 4, "allowed": [2]}, "E-JOB-041"),
        ({"minimum": -1, "maximum": 4}, "E-JOB-042"),
        ({"allowed": [4, -4]}, "E-JOB-042"),
        ({"minimum": 5, "maximum": 4}, "E-JOB-043"),
        ({"minimum": 1, "maximum": 4, "default": 0}, "E-JOB-044"),
        ({"minimum": 1, "maximum": 4, "default": 5}, "E-JOB-044"),
        ({"allowed": [4, 8], "default": 6}, "E-JOB-044"),
        ({"allowed": ["#{Token[TOKEN.4]}"]}, "E-JOB-040"),
    ],
)
def test_bounds_that_admit_nothing_or_not_the_default_are_refused(fields: dict[str, Any], code: str) -> None:
    assert refused(**fields) == [code]


def test_bounds_that_are_known_at_deployment_pass() -> None:
    override = Override(path=CORE, minimum=0, maximum=UNKNOWN_NUMBER, default=3)
    assert override.edges() == (0,)
    assert codes(fleets(), core=override) == []


def test_what_may_be_changed_are_the_numbers_that_cost() -> None:
    assert list(overridable(fleets())) == [
        "core.target_on_demand",
        "core.target_spot",
        "task.target_on_demand",
        "scaling.minimum",
        "scaling.maximum",
        "scaling.maximum_on_demand",
        "scaling.maximum_core",
        "idle_timeout",
    ]
    assert list(overridable(groups(idle_timeout=None))) == ["core.count"]


def test_a_fleet_that_knows_no_spot_cannot_be_given_any() -> None:
    (found,) = check_overrides({"spot": Override(path="task.target_spot", minimum=0, maximum=4)}, fleets())
    assert (found.code, found.path) == ("E-JOB-046", ("spot", "path"))
    assert found.hint is not None
    assert "spot_strategy" in found.hint


def test_several_task_groups_are_told_apart_by_name_and_not_by_position() -> None:
    several = [InstanceGroup.on_demand("r5.xlarge", count=1, name=name) for name in ("a", "b")]
    assert [path for path in overridable(groups(task=several)) if path.startswith("task")] == [
        "task.a.count",
        "task.b.count",
    ]
    for order in (several, several[::-1]):
        changed = with_numbers(groups(task=order), {"b": Override(path="task.b.count", minimum=1, maximum=9)}, {"b": 7})
        assert {group.name: group.count for _, group in changed.groups() if group.name} == {"a": 1, "b": 7}


def test_a_group_with_rules_of_its_own_is_left_to_them() -> None:
    scaling = AutoScaling.reference(1, 5)
    assert "core.count" not in overridable(groups(core=InstanceGroup.on_demand("r5.xlarge", count=2, scaling=scaling)))


def test_the_clusters_own_number_is_the_default_unless_one_is_declared() -> None:
    overrides = {
        "spot": Override(path="core.target_spot", minimum=0, maximum=9),
        "demand": Override(path="core.target_on_demand", minimum=0, maximum=9, default=0),
    }
    assert defaults_of(overrides, fleets()) == {"spot": 4, "demand": 0}
    launched = with_numbers(fleets(), overrides, {})
    assert isinstance(launched.core, InstanceFleet)
    assert (launched.core.target_spot, launched.core.target_on_demand) == (4, 0)


@pytest.mark.parametrize(
    ("overrides", "code", "path"),
    [
        ({"9lives": Override(path=CORE, minimum=0, maximum=4)}, "E-JOB-045", ("9lives",)),
        ({"a-b": Override(path=CORE, minimum=0, maximum=4)}, "E-JOB-045", ("a-b",)),
        ({"x": Override(path="release", minimum=0, maximum=4)}, "E-JOB-046", ("x", "path")),
        ({"x": Override(path="primary.target_on_demand", minimum=0, maximum=4)}, "E-JOB-046", ("x", "path")),
        ({"x": Override(path="step_concurrency", minimum=1, maximum=4)}, "E-JOB-046", ("x", "path")),
        ({"x": Override(path="scaling.maximum_core", minimum=2, maximum=4)}, "E-JOB-049", ("x", "default")),
        ({"x": Override(path="core.target_spot", minimum=5, maximum=9)}, "E-JOB-049", ("x", "default")),
    ],
)
def test_an_override_that_does_not_fit_its_cluster_is_refused(
    overrides: dict[str, Override], code: str, path: tuple[str, ...]
) -> None:
    assert [(found.code, found.path) for found in check_overrides(overrides, fleets())] == [(code, path)]


def test_two_overrides_of_one_number_are_refused() -> None:
    one = Override(path=CORE, minimum=0, maximum=4)
    assert codes(fleets(), first=one, second=one) == ["E-JOB-047"]


@pytest.mark.parametrize(
    ("path", "minimum", "maximum"),
    [("scaling.minimum", 2, 21), ("scaling.maximum", 1, 20), ("idle_timeout", 30, 3600), ("core.count", 0, 4)],
)
def test_bounds_at_which_the_cluster_is_invalid_are_refused(path: str, minimum: int, maximum: int) -> None:
    cluster = groups() if path == "core.count" else fleets()
    (found,) = check_overrides({"x": Override(path=path, minimum=minimum, maximum=maximum)}, cluster)
    assert (found.code, found.path) == ("E-JOB-048", ("x",))
    assert "the cluster is invalid: " in found.summary


def test_numbers_that_do_not_fit_together_are_refused_as_emr_would() -> None:
    overrides = {
        "least": Override(path="scaling.minimum", minimum=1, maximum=10),
        "most": Override(path="scaling.maximum", minimum=5, maximum=40),
    }
    assert codes(fleets(), **overrides) == []
    with pytest.raises(InvalidModel, match="maximum 6 is below minimum 9"):
        with_numbers(fleets(), overrides, {"least": 9, "most": 6})


def test_an_expression_stands_where_the_request_has_the_number() -> None:
    cluster = fleets(task=None)
    overrides = {path: f"<{path}>" for path in overridable(cluster)}
    request = task.create_cluster(cluster)
    put_expressions(request, cluster, overrides)
    kinds = {fleet["InstanceFleetType"]: fleet for fleet in dict(request)["Instances"]["InstanceFleets"]}  # type: ignore[index,call-overload]
    assert kinds["CORE"]["TargetOnDemandCapacity"] == "<core.target_on_demand>"
    assert kinds["CORE"]["TargetSpotCapacity"] == "<core.target_spot>"
    assert kinds["MASTER"]["TargetOnDemandCapacity"] == 1
    limits: Any = request["ManagedScalingPolicy"]
    assert limits["ComputeLimits"] == {
        "UnitType": "InstanceFleetUnits",
        "MinimumCapacityUnits": "<scaling.minimum>",
        "MaximumCapacityUnits": "<scaling.maximum>",
        "MaximumOnDemandCapacityUnits": "<scaling.maximum_on_demand>",
        "MaximumCoreCapacityUnits": "<scaling.maximum_core>",
    }
    assert request["AutoTerminationPolicy"] == {"IdleTimeout": "<idle_timeout>"}


def test_every_number_that_may_be_changed_changes_the_request_there_and_nowhere_else() -> None:
    """What an expression is put in place of is what the same number in the cluster would have rendered to."""
    for cluster in (fleets(), groups(), groups(task=[InstanceGroup.on_demand("r5.xlarge", count=1, name="a")])):
        for path in overridable(cluster):
            number = 3000 if path == "idle_timeout" else 7
            override = Override(path=path, allowed=[number], default=number)
            rendered = task.create_cluster(with_numbers(cluster, {"x": override}, {}))
            request = task.create_cluster(cluster)
            put_expressions(request, cluster, {path: number})  # type: ignore[dict-item]
            assert request == rendered, path
