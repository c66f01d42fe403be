"""Sizing: whatever is asked for, the fleets are valid, of types that the release runs, and say why they are so."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emrkit_facts import instance_types, releases
from emrkit_facts import sizing as facts
from emrkit_model import Cluster, InstanceFleet, InvalidModel, Severity, Sizing, check
from emrkit_model.capacity.sizing import successor
from emrkit_model.schema import cluster_schema

NEW = "emr-7.14.0"
FLOOR = instance_types.find("m5.xlarge")
assert isinstance(FLOOR, instance_types.InstanceTypeFacts)

SIZINGS = st.builds(
    Sizing,
    workload=st.sampled_from(facts.workloads()),
    architecture=st.sampled_from(["x86_64", "arm64"]),
    core=st.integers(1, 1000),
    task=st.integers(0, 1000),
    size=st.sampled_from(["xlarge", "2xlarge", "4xlarge", "8xlarge"]),
    spot_percent=st.integers(0, 100),
    types=st.integers(1, 30),
    primaries=st.sampled_from([1, 3]),
)


def facts_of(name: str) -> instance_types.InstanceTypeFacts:
    found = instance_types.find(name)
    assert isinstance(found, instance_types.InstanceTypeFacts), f"{name} is not in the data"
    return found


def cluster(**changes: object) -> Cluster:
    return Cluster.parse({"name": "etl", "release": NEW, **changes})


def fleets_of(sizing: Sizing, release: str) -> dict[str, InstanceFleet]:
    """The fleets; none where the release has no such family."""
    try:
        return sizing.fleets(release, ["Spark"])
    except InvalidModel as error:
        if {d.code for d in error.diagnostics} != {"E-SIZE-013"}:
            raise
        return {}


@given(sizing=SIZINGS, release=st.sampled_from(releases.labels()))
def test_fleets_are_valid_on_every_release(sizing: Sizing, release: str):
    fleets = fleets_of(sizing, release)
    # Only Graviton can be missing altogether: every release runs some x86_64 family of each class.
    assert fleets or sizing.architecture == "arm64"
    assume(fleets)
    assert set(fleets) == {"primary", "core", *(["task"] if sizing.task else [])}
    for fleet in fleets.values():
        assert [d for d in check(fleet) if d.severity is Severity.ERROR] == []
        for item in fleet.types:
            found = facts_of(item.type)
            assert found.arch == sizing.architecture
            assert found.supported_by(release) is not False, f"{release} does not run {item.type}"
    for item in fleets["primary"].types:
        found = facts_of(item.type)
        assert (found.ec2_vcpu or 0) >= (FLOOR.ec2_vcpu or 0)
        assert (found.ec2_memory_gib or 0) >= (FLOOR.ec2_memory_gib or 0)
    assert fleets["primary"].target_on_demand == sizing.primaries
    assert (fleets["core"].target_on_demand, fleets["core"].target_spot) == (sizing.core, 0)
    if "task" in fleets:
        task = fleets["task"]
        assert task.target_on_demand + task.target_spot == sizing.task
        assert 1 <= len(task.types) <= sizing.types


@given(sizing=SIZINGS, release=st.sampled_from(releases.labels()))
def test_a_cluster_with_a_sizing_breaks_no_rule_of_its_nodes(sizing: Sizing, release: str):
    assume(sizing.primaries == 1)
    assume(fleets_of(sizing, release))
    found = check(Cluster.parse({"name": "etl", "release": release, "sizing": sizing, "idle_timeout": None}))
    assert [d.code for d in found if d.severity is Severity.ERROR] == []


@given(nodes=st.integers(1, 2000))
def test_a_larger_cluster_never_has_a_smaller_primary(nodes: int):
    def vcpu(count: int) -> int:
        fleet = Sizing(core=count).primary_nodes(NEW).fleet
        return min(facts_of(item.type).vcpu for item in fleet.types)

    assume(nodes < 2000)
    assert vcpu(nodes) <= vcpu(nodes + 1)


@pytest.mark.parametrize(("nodes", "size"), [(1, "xlarge"), (50, "xlarge"), (51, "2xlarge"), (401, "12xlarge")])
def test_the_primary_grows_with_the_number_of_nodes(nodes, size):
    fleet = Sizing(core=nodes).primary_nodes(NEW).fleet
    assert {item.type.partition(".")[2] for item in fleet.types} == {size}


def test_applications_that_work_on_the_primary_make_it_one_size_larger():
    plain, hue = Sizing(core=4).primary_nodes(NEW), Sizing(core=4).primary_nodes(NEW, ["Spark", "Hue"])
    assert plain.fleet.types[0].type == "m6i.xlarge"
    assert hue.fleet.types[0].type == "m6i.2xlarge"
    assert "Hue" in hue.explain()
    assert "Hue" not in plain.explain()


@pytest.mark.parametrize(
    ("workload", "letter"), [("general", "m"), ("compute", "c"), ("memory", "r"), ("storage", "i")]
)
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_a_workload_is_a_family(workload, letter, architecture):
    core = Sizing(workload=workload, architecture=architecture).core_nodes(NEW).fleet
    assert core.types[0].type.startswith(letter)


def test_task_nodes_are_seventy_percent_spot_over_nine_types_of_one_architecture():
    choice = Sizing(core=4, task=20, architecture="arm64").task_nodes(NEW)
    assert choice is not None
    task = choice.fleet
    assert (task.target_spot, task.target_on_demand, len(task.types)) == (14, 6, 9)
    assert task.spot_strategy == "price-capacity-optimized"
    assert len({t.type.partition(".")[2] for t in task.types}) == 3
    assert len({t.type.partition(".")[0] for t in task.types}) == 3


@pytest.mark.parametrize(("percent", "spot", "on_demand"), [(0, 0, 10), (100, 10, 0), (50, 5, 5)])
def test_the_share_of_spot_is_yours(percent, spot, on_demand):
    choice = Sizing(task=10, spot_percent=percent).task_nodes(NEW)
    assert choice is not None
    assert (choice.fleet.target_spot, choice.fleet.target_on_demand) == (spot, on_demand)


def test_no_type_is_larger_than_what_is_asked_for():
    choice = Sizing(task=2).task_nodes(NEW)
    assert choice is not None
    assert max(choice.fleet.weights().values()) <= 2


def test_families_that_a_release_uses_badly_are_left_out():
    old = Sizing(core=2).core_nodes("emr-6.9.0").fleet
    assert not {t.type.partition(".")[0] for t in old.types} & {"m7i", "m7a"}


def test_where_no_floor_is_documented_older_families_stand_in():
    assert [t.type for t in Sizing(core=2).core_nodes("emr-5.0.0").fleet.types] == ["m4.xlarge"]


def test_a_region_leaves_out_what_it_does_not_have():
    here = Sizing(core=2, region="mx-central-1").core_nodes(NEW).fleet
    assert all("mx-central-1" in facts_of(t.type).regions for t in here.types)


def test_every_choice_says_why_with_a_page():
    sizing = Sizing(workload="memory", core=4, task=20)
    for role, choice in sizing.choices(NEW, ["Hue"]).items():
        assert all(reason.startswith(f"{role}: ") for reason in choice.reasons)
        assert "https://docs.aws.amazon.com/" in choice.explain()
    assert len(sizing.explain(NEW).splitlines()) >= 7


# One declaration that breaks a rule, and the nearest one that does not.
@pytest.mark.parametrize(
    ("code", "breaks", "keeps"),
    [
        ("E-SIZE-010", {"core": 0}, {"core": 1}),
        ("E-SIZE-010", {"spot_percent": 101}, {"spot_percent": 100}),
        ("E-SIZE-010", {"types": 31}, {"types": 30}),
        ("E-SIZE-011", {"core": "${Token[Nodes.1]}"}, {"core": 2}),
        ("E-SIZE-012", {"primaries": 2}, {"primaries": 3}),
        ("E-SIZE-003", {"workload": "fast"}, {"workload": "memory"}),
        ("E-SIZE-001", {"cores": 4}, {"core": 4}),
    ],
)
def test_numbers_that_no_fleet_can_have_are_refused(code, breaks, keeps):
    with pytest.raises(InvalidModel) as caught:
        cluster(sizing=breaks)
    assert code in {d.code for d in caught.value.diagnostics}
    assert all(d.path[0] == "sizing" for d in caught.value.diagnostics)
    assert cluster(sizing=keeps)


def test_an_architecture_that_the_release_does_not_run_is_refused():
    with pytest.raises(InvalidModel) as caught:
        cluster(release="emr-5.29.0", idle_timeout=None, sizing={"architecture": "arm64"})
    assert [(d.code, d.path) for d in caught.value.diagnostics] == [("E-SIZE-013", ("sizing", "architecture"))]
    assert cluster(release="emr-5.30.0", sizing={"architecture": "arm64"})


@pytest.mark.parametrize(("retired", "current"), [("m3.xlarge", "m5.xlarge"), ("cc2.8xlarge", "c5.18xlarge")])
def test_retired_types_name_what_follows_them(retired, current):
    told = {d.code: d for d in check(cluster(primary={"on_demand": [retired]}))}
    assert told["W-SIZE-020"].path == ("primary", "types", 0)
    assert "W-SIZE-020" not in {d.code for d in check(cluster(primary={"on_demand": [current]}))}


def test_a_successor_has_as_much_of_everything():
    for name in instance_types.names():
        found = successor(name)
        if found is None:
            continue
        old, new = facts_of(name), facts_of(found[0])
        assert (new.ec2_vcpu or 0) >= (old.ec2_vcpu or 0), name
        assert new.memory_gb >= old.memory_gb, name


def test_a_project_file_sizes_what_it_leaves_out():
    given_core = {"on_demand": ["r5.xlarge"], "capacity": 3}
    sized = cluster(applications=["Spark", "Hue"], sizing={"workload": "memory", "task": 10}, core=given_core)
    assert sized.core == InstanceFleet.on_demand("r5.xlarge", capacity=3)
    assert sized.primary.instance_types()[0].type == "m6i.2xlarge"
    assert sized.task is not None
    assert sized.sizing == Sizing(workload="memory", task=10)
    assert sized.replace(idle_timeout=60) == cluster(
        applications=["Spark", "Hue"], sizing={"workload": "memory", "task": 10}, core=given_core, idle_timeout=60
    )


def test_a_release_that_nobody_can_size_for_needs_fleets():
    for release in ("${Token[Release.1]}", "emr-9.0.0"):
        with pytest.raises(InvalidModel) as caught:
            cluster(release=release, sizing={})
        assert "E-CLUS-002" in {d.code for d in caught.value.diagnostics}


def test_the_schema_asks_for_a_primary_or_a_sizing():
    schema = cluster_schema()
    assert "primary" not in schema["required"]
    assert {"required": ["sizing"]} in schema["anyOf"]
