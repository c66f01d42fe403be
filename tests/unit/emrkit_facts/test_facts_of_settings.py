"""Facts of settings, classifications and YARN: by release, and against what AWS prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emrkit_facts import applications, classifications, instance_types, releases, settings, yarn

SOURCES = Path(settings.__file__).parent / "sources"


@pytest.mark.parametrize(
    ("name", "release", "expected"),
    [
        ("core-site", "emr-5.1.0", True),
        ("trino-config", "emr-6.3.1", False),
        ("prestosql-config", "emr-6.1.0", True),
        ("prestosql-config", "emr-6.0.0", False),
        ("prestosql-config", "emr-7.0.0", False),
        ("spark-log4j", "emr-6.7.0", True),
        ("spark-log4j", "emr-6.8.0", False),
        ("sqoop-site", "emr-7.2.0", None),
        ("sqoop-site", "emr-7.6.0", False),
        ("hive", "emr-5.36.2", False),
        ("hive-site", "emr-7.3.0", True),
        ("hive-site", "emr-spark-8.0.0", False),
        ("spark-defaults", "emr-spark-8.0.0", True),
        ("trino-exchange-manager", "emr-6.8.0", False),
        ("trino-exchange-manager", "emr-6.9.0", True),
        ("hbase-log4j", "emr-7.2.0", None),
        ("not-a-classification", "emr-7.2.0", None),
        ("core-site", "not a release", None),
    ],
)
def test_a_release_has_a_classification_or_not_or_nobody_knows(name, release, expected):
    assert classifications.in_release(name, release) is expected


def test_a_list_that_was_read_in_full_answers_for_every_name():
    lists = json.loads((SOURCES / "classifications.json").read_text())["full_lists"]
    for label, names in lists.items():
        assert {n for n in classifications.names() if classifications.in_release(n, label)} == set(names)


def test_every_release_has_the_classifications_of_hadoop():
    labels = [label for label in releases.labels() if label != "emr-spark"]
    for name in ("core-site", "hdfs-site", "yarn-site", "mapred-site", "spark-defaults"):
        assert [label for label in labels if classifications.in_release(name, label) is False] == []


def test_keys_of_the_service_and_old_names_are_known():
    assert settings.owned("core-site", "fs.defaultFS") is not None
    assert settings.owned("core-site", "fs.trash.interval") is None
    old = settings.successor("mapred-site", "mapred.job.map.memory.mb", "emr-5.0.0")
    assert old is not None
    assert old.successor == "mapreduce.map.memory.mb"
    # The old name of HDFS in another file is not Hadoop's business.
    assert settings.successor("hive-site", "dfs.block.size", "emr-7.0.0") is None


def test_no_new_name_is_an_old_one():
    table = json.loads((SOURCES / "settings.json").read_text())["renamed"]
    for rows in table.values():
        assert not set(rows["keys"].values()) & set(rows["keys"])


def test_s3a_came_to_the_new_sdk_with_hadoop_3_4():
    for label in releases.labels():
        release = releases.find(label)
        assert isinstance(release, releases.Release)
        hadoop = release.applications.get("Hadoop")
        expected = 2 if hadoop is None or hadoop.startswith("3.4") else 1
        assert settings.s3a_sdk(label) == expected, label


def test_settings_of_emrfs_that_s3a_has_not_are_known_by_their_beginning():
    found = settings.emrfs_only("fs.s3.consistent.retryCount")
    assert found is not None
    assert "consistent" in found.text
    assert settings.emrfs_only("fs.s3.maxConnections") is None


def test_yarn_beside_hbase_is_what_aws_prints_and_nearly_what_the_rule_gives():
    printed = json.loads((SOURCES / "yarn-memory.json").read_text())["with_hbase"]["documented_2026"]
    for name, memory in printed.items():
        node = instance_types.find(name)
        assert isinstance(node, instance_types.InstanceTypeFacts)
        assert yarn.node_memory_mb(node, with_hbase=True) == (memory if memory > 0 else None)
    unprinted = instance_types.find("m5.xlarge")
    assert isinstance(unprinted, instance_types.InstanceTypeFacts)
    assert yarn.node_memory_mb(unprinted, with_hbase=True) == 6144
    large = instance_types.find("r5.24xlarge")
    assert isinstance(large, instance_types.InstanceTypeFacts)
    assert 28000 < (yarn.node_memory_mb(large, with_hbase=True) or 0) < 32500


@pytest.mark.parametrize(("release", "overhead"), [("emr-5.21.0", 410), ("emr-5.22.0", 768), ("emr-7.12.0", 768)])
def test_the_overhead_of_an_executor_grew_with_a_release(release, overhead):
    assert yarn.executor_overhead_mb(4096, release) == overhead
    assert yarn.executor_overhead_mb(100, release) == 384
    assert yarn.driver_overhead_mb(10000) == 1000


def test_where_to_stay_is_the_newest_earlier_release_of_the_same_train():
    pig = applications.window("Pig")
    assert isinstance(pig, applications.ApplicationWindow)
    assert pig.last_before("emr-6.0.0") == "emr-5.36.2"
    assert pig.last_before("emr-spark-8.1.0") == "emr-7.14.0"
    trino = applications.window("Trino")
    assert isinstance(trino, applications.ApplicationWindow)
    assert trino.last_before("emr-6.0.0") is None
    assert trino.advice
