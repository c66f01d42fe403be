"""Typed Spark settings, and whether a job fits a cluster."""

from __future__ import annotations

import pytest

from emrkit_model import (
    Cluster,
    DynamicAllocation,
    Encryption,
    InvalidModel,
    Job,
    SparkSettings,
    check,
    check_fit,
)
from emrkit_model.render import cloudformation, request

PLAIN = {"name": "etl", "release": "emr-7.10.0", "primary": {"on_demand": ["m5.xlarge"]}}
SETTINGS = {
    "executor_memory": "4g",
    "executor_cores": 2,
    "driver_memory": "2g",
    "driver_cores": 1,
    "adaptive": True,
    "kryo": True,
    "dynamic_allocation": {"minimum": 1, "maximum": 50, "initial": 5},
}


def codes(make) -> set[str]:
    with pytest.raises(InvalidModel) as caught:
        make()
    return {d.code for d in caught.value.diagnostics}


def test_typed_settings_become_spark_defaults_in_every_rendering():
    cluster = Cluster.parse({**PLAIN, "settings": {"spark": SETTINGS}})
    expected = {
        "spark.executor.memory": "4g",
        "spark.executor.cores": "2",
        "spark.driver.memory": "2g",
        "spark.driver.cores": "1",
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.adaptive.coalescePartitions.enabled": "true",
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.minExecutors": "1",
        "spark.dynamicAllocation.maxExecutors": "50",
        "spark.dynamicAllocation.initialExecutors": "5",
    }
    assert request.run_job_flow(cluster)["Configurations"] == [
        {"Classification": "spark-defaults", "Properties": expected}
    ]
    assert cloudformation.cluster_properties(cluster)["Configurations"] == [
        {"Classification": "spark-defaults", "ConfigurationProperties": expected}
    ]


def test_typed_settings_join_the_free_map():
    free = [{"Classification": "spark-defaults", "Properties": {"spark.x": "y", "spark.executor.memory": "4g"}}]
    cluster = Cluster.parse({**PLAIN, "settings": {"spark": {"executor_memory": "4g"}}, "configurations": free})
    assert [dict(c.properties) for c in cluster.all_configurations()] == [
        {"spark.x": "y", "spark.executor.memory": "4g"}
    ]


def test_two_doors_that_differ_are_refused():
    free = [{"Classification": "spark-defaults", "Properties": {"spark.executor.memory": "8g"}}]
    assert codes(lambda: Cluster.parse({**PLAIN, "settings": {"spark": SETTINGS}, "configurations": free})) == {
        "E-CONF-044"
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"executor_memory": "four"}, "E-CONF-042"),
        ({"dynamic_allocation": {"minimum": 5, "maximum": 2}}, "E-CONF-040"),
        ({"dynamic_allocation": {"minimum": 5, "initial": 2}}, "E-CONF-040"),
        ({"dynamic_allocation": {"minimum": -1}}, "E-CONF-041"),
        ({"executor_memry": "4g"}, "E-CONF-001"),
    ],
)
def test_settings_refuse(data, code):
    assert codes(lambda: SparkSettings.parse(data)) == {code}


def test_typed_executors_that_fit_only_some_types_are_warned_of_at_their_field():
    core = {"on_demand": ["m5.xlarge", "r5.xlarge"]}
    cluster = Cluster.parse({**PLAIN, "core": core, "settings": {"spark": {"executor_memory": "14g"}}})
    assert [(d.code, d.path) for d in check(cluster)] == [("W-CONF-031", ("settings", "spark", "executor_memory"))]


def test_maximal_executors_on_mixed_types_are_warned_of():
    cluster = Cluster.parse(
        {
            **PLAIN,
            "core": {"on_demand": ["r5.xlarge", "r5.2xlarge"]},
            "settings": {"spark": {"maximize_resources": True}},
        }
    )
    assert [d.code for d in check(cluster)] == ["W-CONF-045"]
    assert cluster.all_configurations()[0].properties == {"maximizeResourceAllocation": "true"}
    assert DynamicAllocation().properties()["spark.dynamicAllocation.minExecutors"] == "0"


def job(**step: object) -> Job:
    return Job.parse({"name": "job", "steps": [{"name": "a", "spark": {"entry_point": "s3://b/x.py"}, **step}]})


def test_a_spark_step_needs_spark():
    found = check_fit(job(), Cluster.parse({**PLAIN, "applications": ["Hive"]}))
    assert [(d.code, d.path) for d in found] == [("E-JOB-030", ("steps", 0))]
    assert check_fit(job(), Cluster.parse(PLAIN)) == ()


def test_steps_side_by_side_must_let_the_cluster_go_on():
    busy = Cluster.parse({**PLAIN, "step_concurrency": 5})
    assert [d.code for d in check_fit(job(), busy)] == ["E-JOB-031"]
    assert check_fit(job(on_failure="continue"), busy) == ()


def test_a_runtime_role_needs_its_release():
    step = job(execution_role="arn:aws:iam::111122223333:role/r")
    assert [d.code for d in check_fit(step, Cluster.parse({**PLAIN, "release": "emr-6.6.0"}))] == ["E-JOB-032"]
    assert check_fit(step, Cluster.parse(PLAIN)) == ()


def test_safe_encryption_uses_what_the_release_has():
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    assert Encryption.safe(key, "emr-7.10.0").in_transit is None
    newer = Encryption.safe(key, "emr-7.11.0").in_transit
    assert newer is not None
    assert newer.kind == "emr-managed"


MIXED = {**PLAIN, "core": {"on_demand": ["m5.xlarge", "r5.xlarge"], "capacity": 4}}


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ({"spark.executor.memory": "9g"}, []),
        ({"spark.executor.memory": "11g"}, ["W-JOB-034"]),
        ({"spark.executor.memory": "30g"}, ["E-JOB-033"]),
        ({"spark.executor.cores": 5, "spark.executor.memory": "1g"}, ["E-JOB-033"]),
        ({"spark.driver.memory": "20g"}, []),
        ({"spark.driver.memory": "30g"}, ["E-JOB-035"]),
        ({"spark.sql.shuffle.partitions": 10}, []),
    ],
)
def test_what_a_step_asks_for_fits_the_nodes_of_its_cluster(conf, expected):
    step = {"name": "job", "steps": [{"name": "a", "spark": {"entry_point": "s3://b/x.py", "conf": conf}}]}
    found = check_fit(Job.parse(step), Cluster.parse(MIXED))
    assert [d.code for d in found] == expected
    assert all(d.path == ("steps", 0, "spark", "conf") for d in found)


def test_a_step_in_client_mode_keeps_its_driver_on_the_primary_node():
    spark = {"entry_point": "s3://b/x.py", "conf": {"spark.driver.memory": "30g"}, "deploy_mode": "client"}
    assert check_fit(Job.parse({"name": "j", "steps": [{"name": "a", "spark": spark}]}), Cluster.parse(MIXED)) == ()


def test_a_step_inherits_the_overhead_of_its_cluster():
    cluster = Cluster.parse({**PLAIN, "settings": {"spark": {"executor_memory_overhead": "4g"}}})
    conf = {"spark.executor.memory": "9g"}
    step = {"name": "j", "steps": [{"name": "a", "spark": {"entry_point": "s3://b/x.py", "conf": conf}}]}
    assert [d.code for d in check_fit(Job.parse(step), cluster)] == ["E-JOB-033"]


def test_a_step_that_names_an_old_class_is_warned_with_the_successor():
    conf = {"spark.hadoop.fs.s3a.aws.credentials.provider": "com.amazonaws.auth.InstanceProfileCredentialsProvider"}
    step = {"name": "j", "steps": [{"name": "a", "spark": {"entry_point": "s3://b/x.py", "conf": conf}}]}
    (found,) = check_fit(Job.parse(step), Cluster.parse(PLAIN))
    assert found.code == "W-CONF-020"
    assert check_fit(Job.parse(step), Cluster.parse({**PLAIN, "release": "emr-7.3.0"})) == ()
