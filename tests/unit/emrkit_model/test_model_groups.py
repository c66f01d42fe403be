"""Instance groups, volumes and reservations: what each takes, and what stands for what."""

from __future__ import annotations

import pytest

from emrkit_model import (
    AutoScaling,
    CapacityReservation,
    Cluster,
    Configuration,
    EbsVolume,
    InstanceFleet,
    InstanceGroup,
    InstanceType,
    InvalidModel,
    ManagedScaling,
)
from emrkit_model.cluster_rules.core_nodes import core_nodes
from emrkit_model.schema import cluster_schema
from emrkit_model.tokens import UNKNOWN_NUMBER
from tests.unit.emrkit_model.shaped import cluster, codes

FLEET = {"on_demand": ["m5.xlarge"], "capacity": 4}
GROUP = {"group": "m5.xlarge"}
FOUR = {"group": "m5.xlarge", "count": 4}


@pytest.mark.parametrize(
    ("code", "broken", "kept"),
    [
        ("E-GROUP-010", {"task": {"group": "m5.xlarge", "count": -1}}, {"task": {"group": "m5.xlarge", "count": 0}}),
        ("E-GROUP-023", {"core": {"group": "m5.xlarge", "count": 0}}, {"core": {"group": "m5.xlarge", "count": 1}}),
    ],
)
def test_a_group_has_as_many_nodes_as_its_role_takes(code, broken, kept):
    nodes = {"primary": GROUP, "core": FOUR}
    assert code in codes(**{**nodes, **broken})
    assert code not in codes(**{**nodes, **kept})


def test_a_group_of_the_file_is_the_group_of_python():
    parsed = cluster(primary={"group": "m5.xlarge"}, core={"group": "m5.xlarge", "count": 3, "market": "spot"})
    assert parsed.primary == InstanceGroup.on_demand("m5.xlarge")
    assert parsed.core == InstanceGroup.spot("m5.xlarge", count=3)
    assert parsed.fleets() == ()
    assert [role for role, _ in parsed.nodes()] == ["primary", "core"]


def test_task_groups_are_a_list_or_one():
    one = cluster(primary=GROUP, core=GROUP, task=GROUP)
    several = cluster(primary=GROUP, core=GROUP, task=[GROUP, FOUR])
    assert [role for role, _ in one.nodes()] == ["primary", "core", "task"]
    assert [nodes.count for role, nodes in several.groups() if role == "task"] == [1, 4]


def test_problems_of_a_group_name_the_words_of_the_file():
    with pytest.raises(InvalidModel) as caught:
        cluster(primary={"group": "t3.micro"}, core={"group": "m5.xlarge", "cuont": 2}, task=[{"group": "m5.metal"}])
    found = {(d.code, d.path) for d in caught.value.diagnostics}
    assert ("E-FLEET-014", ("primary", "group")) in found
    assert ("E-GROUP-001", ("core", "cuont")) in found
    assert ("E-FLEET-014", ("task", 0, "group")) in found


def test_every_problem_of_several_task_groups_is_told_at_once():
    with pytest.raises(InvalidModel) as caught:
        cluster(primary=GROUP, core=GROUP, task=[{"group": "m5.xlarge", "count": -1}, FLEET, {"group": "m5.metal"}])
    assert {d.path[:2] for d in caught.value.diagnostics} == {("task", 0), ("task", 1), ("task", 2)}


def test_the_schema_of_a_cluster_has_groups_beside_fleets():
    properties = cluster_schema()["properties"]
    for role in ("primary", "core", "task"):
        groups = [choice for choice in properties[role]["anyOf"] if "group" in choice.get("properties", {})]
        assert groups[0]["required"] == ["group"]
        assert groups[0]["properties"]["market"]["enum"] == ["on-demand", "spot"]
    assert properties["task"]["anyOf"][-1]["maxItems"] == 48


def test_an_unknown_type_of_a_group_is_a_warning():
    assert "W-FLEET-015" in codes(primary={"group": "m9x.xlarge"})


def test_tokens_pass_in_groups():
    token = "${Token[TOKEN.1]}"
    group = {"group": token, "count": UNKNOWN_NUMBER, "bid_price": token, "market": token}
    found = codes(primary=GROUP, core=group, task=[{**group, "scaling": {"minimum": 0, "maximum": UNKNOWN_NUMBER}}])
    assert not {code for code in found if code.startswith("E-")}


@pytest.mark.parametrize(
    ("volume", "code"),
    [
        ({"size_gib": 0}, "E-FLEET-050"),
        ({"size_gib": 2000}, "W-FLEET-051"),
        ({"size_gib": 10, "count": 0}, "E-FLEET-052"),
        ({"size_gib": 10, "type": "io2", "iops": 100}, "W-FLEET-053"),
        ({"size_gib": 10, "type": "io1"}, "E-FLEET-054"),
        ({"size_gib": 500, "type": "st1", "iops": 100}, "E-FLEET-055"),
        ({"size_gib": 10, "iops": 2999}, "E-FLEET-056"),
        ({"size_gib": 10, "iops": 5001}, "E-FLEET-057"),
        ({"size_gib": 10, "type": "gp2", "throughput": 125}, "E-FLEET-058"),
        ({"size_gib": 10, "throughput": 751}, "E-FLEET-059"),
        ({"size_gib": 10, "throughput": 124}, "E-FLEET-059"),
        ({"size_gib": 10, "count": 26}, "E-FLEET-013"),
    ],
)
def test_a_volume_that_ebs_does_not_have_is_told(volume, code):
    assert code in codes(primary={**GROUP, "ebs": [volume]})
    assert code in codes(primary={"on_demand": [{"type": "m5.xlarge", "ebs": [volume]}]})


@pytest.mark.parametrize(
    "volume",
    [
        {"size_gib": 1024, "count": 25},
        {"size_gib": 10, "iops": 5000, "throughput": 1000},
        {"size_gib": 10, "type": "io1", "iops": 100},
        {"size_gib": 500, "type": "st1"},
        {"size_gib": 1, "iops": 3000, "throughput": 125},
    ],
)
def test_volumes_that_ebs_has_pass(volume):
    assert codes(primary={**GROUP, "ebs": [volume]}) == set()


def test_several_kinds_of_volumes_count_together():
    volumes = [EbsVolume(size_gib=64, count=20), EbsVolume(size_gib=500, type="st1", count=6)]
    assert "E-FLEET-013" in codes(primary={"group": "m5.xlarge", "ebs": volumes})


def test_reservations_by_name_say_what_they_mean():
    assert CapacityReservation.open().preference == "open"
    assert CapacityReservation.targeted("arn").first is True
    assert CapacityReservation.none().first is False


def test_core_nodes_of_groups_are_counted_down_to_their_minimum():
    scaled = cluster(primary=GROUP, core={"group": "m5.xlarge", "count": 5, "scaling": {"minimum": 2, "maximum": 9}})
    found = core_nodes(scaled)
    assert found is not None
    assert (found.at_start, found.least) == (5, 2)
    managed = core_nodes(cluster(primary=GROUP, core=FOUR, scaling={"minimum": 3, "maximum": 9}))
    assert managed is not None
    assert (managed.at_start, managed.least, managed.path) == (4, 3, ("scaling", "minimum"))


def test_a_fleet_is_made_of_objects_too():
    made = Cluster(
        name="etl",
        release="emr-7.12.0",
        primary=InstanceGroup.on_demand("m5.xlarge"),
        core=InstanceGroup.on_demand("m5.xlarge", count=2, scaling=AutoScaling.reference(2, 9)),
        configurations=[Configuration.of("core-site", {"a": 1})],
    )
    assert made.groups()[1][1].scaling == AutoScaling.reference(2, 9)
    with pytest.raises(InvalidModel):
        Cluster(
            name="etl",
            release="emr-7.12.0",
            primary=InstanceFleet.on_demand(InstanceType.of("m5.xlarge")),
            core=InstanceGroup.on_demand("m5.xlarge"),
            scaling=ManagedScaling(minimum=1, maximum=2),
        )


def test_what_support_asked_for_is_a_map_or_its_text():
    assert cluster(additional_info='{ "a": 1 }') == cluster(additional_info={"a": 1})
    assert codes(additional_info="a=1") == {"E-CLUS-003"}
    assert codes(additional_info="[1]") == {"E-CLUS-003"}
