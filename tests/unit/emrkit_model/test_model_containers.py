"""YARN's arithmetic: executors, drivers and tasks against the nodes that are to run them."""

from __future__ import annotations

import pytest

from tests.unit.emrkit_model.findings_of import codes, one, the

EXECUTOR = {"executor_memory": "9g", "executor_cores": 2}


@pytest.mark.parametrize(
    ("types", "spark", "expected"),
    [
        # 9216 MB and 1728 MB overhead: 10944 of 12288 MB on m5.xlarge.
        (["m5.xlarge"], EXECUTOR, None),
        (["m5.xlarge"], {"executor_memory": "11g"}, "E-CONF-051"),
        (["m5.xlarge"], {"executor_memory": "1g", "executor_cores": 5}, "E-CONF-051"),
        (["m5.xlarge"], {"executor_cores": 4}, None),
        (["m5.xlarge"], {"executor_cores": 5}, "E-CONF-051"),
        (["m5.xlarge", "m5.2xlarge"], {"executor_cores": 5}, "W-CONF-031"),
        (["m5.xlarge"], {"executor_memory": "9g", "executor_memory_overhead": "4g"}, "E-CONF-051"),
        (["m5.xlarge", "r5.xlarge"], {"executor_memory": "11g"}, "W-CONF-031"),
        (["r5.xlarge"], {"executor_memory": "11g"}, None),
    ],
)
def test_an_executor_fits_all_types_or_some_or_none(types, spark, expected):
    changes = {"core": {"on_demand": types, "capacity": 4}, "settings": {"spark": spark}}
    assert codes(**changes) == ({expected} if expected else set())


def test_an_executor_that_fits_nowhere_is_told_with_the_numbers():
    problem = the("E-CONF-051", settings={"spark": {"executor_memory": "11g"}})
    assert problem.path == ("settings", "spark", "executor_memory")
    assert "11264 MB with 2112 MB overhead" in problem.summary
    assert problem.got == "11g: 13376 MB for YARN"
    assert "m5.xlarge 12288 MB, 4 cores" in (problem.allowed or "")


def test_an_executor_is_checked_against_task_nodes_too():
    task = {"spot": ["c5.xlarge"], "capacity": 2}
    assert codes(settings={"spark": EXECUTOR}, task=task) == {"W-CONF-031"}


def test_the_free_map_is_counted_like_the_typed_field():
    big = one("spark-defaults", "spark.executor.memory", "11g")
    assert the("E-CONF-051", configurations=big).path == (
        "configurations",
        0,
        "properties",
        "spark.executor.memory",
    )


def test_hbase_leaves_half_a_node():
    settings = {"spark": {"executor_memory": "9g"}}
    assert "E-CONF-051" in codes(applications=["Spark", "HBase"], settings=settings)
    assert "E-CONF-051" not in codes(applications=["Spark"], settings=settings)


def test_a_node_whose_memory_is_set_by_hand_counts_as_set():
    yarn = {"node_memory": "8g"}
    assert "E-CONF-051" in codes(settings={"spark": EXECUTOR, "yarn": yarn})
    assert "E-CONF-051" not in codes(settings={"spark": EXECUTOR, "yarn": {"node_memory": "12g"}})


@pytest.mark.parametrize(
    ("spark", "expected"),
    [
        ({"driver_memory": "10g", "deploy_mode": "cluster"}, None),
        ({"driver_memory": "12g", "deploy_mode": "cluster"}, "E-CONF-052"),
        ({"driver_memory": "12g"}, "W-CONF-053"),
        ({"driver_memory": "12g", "deploy_mode": "client"}, None),
    ],
)
def test_a_driver_is_a_container_in_cluster_mode(spark, expected):
    assert codes(settings={"spark": spark}) == ({expected} if expected else set())


def test_more_executors_than_scaling_can_hold_are_a_warning_with_the_numbers():
    def changes(maximum: int) -> dict[str, object]:
        dynamic = {"maximum": maximum}
        return {
            "scaling": {"minimum": 4, "maximum": 10},
            "settings": {"spark": {"executor_memory": "4g", "dynamic_allocation": dynamic}},
        }

    # Two executors of 4864 MB on each of ten m5.xlarge.
    assert "W-CONF-067" not in codes(**changes(20))
    problem = the("W-CONF-067", **changes(21))
    assert "up to 21 executors, the cluster never holds more than 20" in problem.summary


def test_groups_are_counted_in_instances_and_in_cores():
    def changes(executors: int, **scaling: object) -> dict[str, object]:
        return {
            "primary": {"group": "m5.xlarge"},
            "core": {"group": "m5.xlarge", "count": 4},
            "task": [{"group": "c5.xlarge", "count": 2}, {"group": "m5.2xlarge", "count": 2}],
            "subnets": ["subnet-1"],
            "scaling": {"minimum": 4, **scaling},
            "settings": {"spark": {"executor_memory": "4g", "dynamic_allocation": {"maximum": executors}}},
        }

    # Five executors of 4864 MB on an m5.2xlarge; ten nodes, or eighty cores of them.
    assert "W-CONF-067" not in codes(**changes(50, maximum=10))
    assert "W-CONF-067" in codes(**changes(51, maximum=10))
    assert "W-CONF-067" not in codes(**changes(50, maximum=80, unit="VCPU"))
    assert "W-CONF-067" in codes(**changes(51, maximum=80, unit="VCPU"))


def test_every_task_group_is_asked_whether_an_executor_fits():
    groups = {"primary": {"group": "m5.xlarge"}, "core": {"group": "m5.xlarge", "count": 4}, "subnets": ["subnet-1"]}
    small = [{"group": "m5.xlarge", "count": 2}, {"group": "c5.xlarge", "count": 2}]
    assert codes(**groups, task=small, settings={"spark": EXECUTOR}) == {"W-CONF-031"}
    assert codes(**groups, task=small[:1], settings={"spark": EXECUTOR}) == set()


@pytest.mark.parametrize(
    ("part", "fields", "small", "large"),
    [
        ("mapreduce", "map_memory", "12g", "13g"),
        ("mapreduce", "master_memory", "12g", "13g"),
        ("tez", "task_memory", "12g", "13g"),
        ("hive", "container_memory", "12g", "13g"),
        ("flink", "task_manager_memory", "12g", "13g"),
    ],
)
def test_other_containers_fit_the_nodes_too(part, fields, small, large):
    applications = ["Hadoop", "Hive", "Tez", "Flink"]
    assert codes(applications=applications, settings={part: {fields: small}}) == set()
    assert codes(applications=applications, settings={part: {fields: large}}) == {"E-CONF-064"}
    mixed = {"on_demand": ["m5.xlarge", "r5.xlarge"], "capacity": 4}
    assert codes(applications=applications, core=mixed, settings={part: {fields: large}}) == {"W-CONF-065"}


@pytest.mark.parametrize(
    ("heap", "expected"),
    [("-Xmx800m", None), ("-Xmx900m", "W-CONF-063"), ("-Xmx1g", "E-CONF-062"), ("-Xmx1048576k", "E-CONF-062")],
)
def test_a_heap_is_four_fifths_of_its_container(heap, expected):
    properties = {"mapreduce.map.memory.mb": 1024, "mapreduce.map.java.opts": heap}
    written = [{"Classification": "mapred-site", "Properties": properties}]
    assert codes(configurations=written) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("key", "heap", "expected"),
    [
        ("mapreduce.map.java.opts", "-Xmx2400m", None),
        ("mapreduce.map.java.opts", "-Xmx90000m", "E-CONF-062"),
        ("mapreduce.reduce.java.opts", "-Xmx4800m", None),
        ("mapreduce.reduce.java.opts", "-Xmx7g", "E-CONF-062"),
    ],
)
def test_a_heap_alone_is_held_against_emrs_own_container(key, heap, expected):
    """m5.xlarge gives YARN 12288 MB for 4 cores: 3072 MB for a map task, twice that for a reduce task."""
    cores = {"on_demand": ["m5.xlarge"], "capacity": 2}
    assert codes(configurations=one("mapred-site", key, heap), core=cores) == ({expected} if expected else set())


def test_a_heap_in_the_free_map_is_held_against_the_typed_container():
    written = one("mapred-site", "mapreduce.map.java.opts", "-Xmx4g")
    assert codes(configurations=written, settings={"mapreduce": {"map_memory": "2g"}}) >= {"E-CONF-044"}


def test_more_cores_than_a_node_has_are_told_at_the_cores():
    for spark in ({"executor_cores": 8}, {"executor_cores": 8, "executor_memory": "1g"}):
        problem = the("E-CONF-051", settings={"spark": spark})
        assert (problem.path, problem.got) == (("settings", "spark", "executor_cores"), "8")


def test_flink_takes_bare_numbers_as_bytes():
    key = "taskmanager.memory.process.size"
    assert "E-CONF-064" not in codes(applications=["Flink"], configurations=one("flink-conf", key, 4 * 1024**3))
    assert "E-CONF-064" in codes(applications=["Flink"], configurations=one("flink-conf", key, 40 * 1024**3))
