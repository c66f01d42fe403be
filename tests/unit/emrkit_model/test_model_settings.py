"""Typed settings of the applications: what each field becomes, and what values refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import emrkit_model as model
from emrkit_model import ApplicationSettings, Cluster, InvalidModel, SparkSettings
from emrkit_model.contributions import entries
from emrkit_model.settings.amounts import KeyedSettings
from emrkit_model.settings.query_engines import PrestoSettings, TrinoSettings
from emrkit_model.tokens import UNKNOWN_NUMBER

RELEASE = "emr-7.12.0"
PARTS: dict[str, type[KeyedSettings]] = {
    "spark": model.SparkSettings,
    "core": model.CoreSettings,
    "hdfs": model.HdfsSettings,
    "mapreduce": model.MapReduceSettings,
    "yarn": model.YarnSettings,
    "hive": model.HiveSettings,
    "tez": model.TezSettings,
    "hbase": model.HBaseSettings,
    "presto": model.PrestoSettings,
    "trino": model.TrinoSettings,
    "flink": model.FlinkSettings,
    "hue": model.HueSettings,
    "zeppelin": model.ZeppelinSettings,
    "jupyterhub": model.JupyterHubSettings,
    "livy": model.LivySettings,
    "oozie": model.OozieSettings,
    "table_formats": model.TableFormats,
}


def rendered(part: str, release: str = RELEASE, **fields: object) -> dict[str, dict[str, str]]:
    """Classification (nested ones after a slash) -> properties."""
    value = ApplicationSettings.parse({part: fields})
    found: dict[str, dict[str, str]] = {}
    for _, configuration in value.configurations(release, None):
        found.setdefault(configuration.classification, {})
        for (names, key), text, _ in entries(configuration):
            found.setdefault("/".join(names), {})[key] = text
    return {name: properties for name, properties in found.items() if properties or name.startswith("trino-exchange")}


def codes(make) -> set[str]:
    with pytest.raises(InvalidModel) as caught:
        make()
    return {d.code for d in caught.value.diagnostics}


def test_the_parts_are_all_of_the_typed_settings():
    assert set(PARTS) == set(ApplicationSettings.model_fields) - {"wire_encryption"}


@pytest.mark.parametrize(
    ("part", "fields", "expected"),
    [
        ("core", {"trash_minutes": 60}, {"core-site": {"fs.trash.interval": "60"}}),
        (
            "core",
            {"s3a": {"block_size": "128m", "connections": 200}},
            {"core-site": {"fs.s3a.block.size": "134217728", "fs.s3a.connection.maximum": "200"}},
        ),
        (
            "hdfs",
            {"replication": 3, "block_size": "256m", "encryption_zones": {"/secret": "path1_key"}},
            {
                "hdfs-site": {"dfs.replication": "3", "dfs.blocksize": "268435456"},
                "hdfs-encryption-zones": {"/secret": "path1_key"},
            },
        ),
        (
            "mapreduce",
            {"map_memory": "2g", "reduce_memory": 4096, "java_options": "-XX:+UseG1GC", "speculative": False},
            {
                "mapred-site": {
                    "mapreduce.map.memory.mb": "2048",
                    "mapreduce.reduce.memory.mb": "4096",
                    "mapreduce.map.java.opts": "-Xmx1638m -XX:+UseG1GC",
                    "mapreduce.reduce.java.opts": "-Xmx3276m -XX:+UseG1GC",
                    "mapreduce.map.speculative": "false",
                    "mapreduce.reduce.speculative": "false",
                }
            },
        ),
        (
            "yarn",
            {"scheduler": "fair", "decommission_timeout": "10m", "masters_on_core_only": True},
            {
                "yarn-site": {
                    "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs": "600",
                    "yarn.resourcemanager.scheduler.class": (
                        "org.apache.hadoop.yarn.server.resourcemanager.scheduler.fair.FairScheduler"
                    ),
                    "yarn.node-labels.enabled": "true",
                    "yarn.node-labels.am.default-node-label-expression": "CORE",
                }
            },
        ),
        (
            "hive",
            {"container_memory": "4g", "server_heap": "2g", "llap": {"instances": 3, "share": 0.4}},
            {
                "hive-site": {"hive.tez.container.size": "4096", "hive.tez.java.opts": "-Xmx3276m"},
                "hive-env/export": {"HADOOP_HEAPSIZE": "2048"},
                "hive": {
                    "hive.llap.enabled": "true",
                    "hive.llap.num-instances": "3",
                    "hive.llap.percent-allocation": "0.4",
                },
            },
        ),
        ("tez", {"task_memory": "3g"}, {"tez-site": {"tez.task.resource.memory.mb": "3072"}}),
        (
            "hbase",
            {"heap": "8g", "block_cache": 0.5, "memory_stores": 0.3},
            {
                "hbase-site": {"hfile.block.cache.size": "0.5", "hbase.regionserver.global.memstore.size": "0.3"},
                "hbase-env/export": {"HBASE_HEAPSIZE": "8192"},
            },
        ),
        ("hbase", {"session_timeout": "30s"}, {"hbase-site": {"zookeeper.session.timeout": "30000"}}),
        (
            "presto",
            {"query_memory": "50GB", "hive": {"hive.s3-file-system-type": "PRESTO"}, "connectors": {"tpch": {"a": 1}}},
            {
                "presto-config": {"query.max-memory": "50GB"},
                "presto-connector-hive": {"hive.s3-file-system-type": "PRESTO"},
                "presto-connector-tpch": {"a": "1"},
            },
        ),
        (
            "trino",
            {"retry": "task", "exchange": "s3://bucket/exchange/"},
            {
                "trino-config": {"retry-policy": "TASK"},
                "trino-exchange-manager": {"exchange.base-directories": "s3://bucket/exchange/"},
            },
        ),
        ("trino", {"retry": "QUERY"}, {"trino-config": {"retry-policy": "QUERY"}, "trino-exchange-manager": {}}),
        (
            "trino",
            {"exchange": "/exchange"},
            {
                "trino-exchange-manager": {
                    "exchange.base-directories": "/exchange",
                    "exchange.use-local-hdfs": "true",
                }
            },
        ),
        (
            "flink",
            {"task_manager_memory": "4g", "java_home": "/usr/lib/jvm/jre-11"},
            {
                "flink-conf": {
                    "taskmanager.memory.process.size": "4096m",
                    "containerized.taskmanager.env.JAVA_HOME": "/usr/lib/jvm/jre-11",
                    "containerized.master.env.JAVA_HOME": "/usr/lib/jvm/jre-11",
                    "env.java.home": "/usr/lib/jvm/jre-11",
                }
            },
        ),
        (
            "hue",
            {
                "time_zone": "UTC",
                "idle_timeout": "1h",
                "database": {"host": "db", "password": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hue"},
            },
            {
                "hue-ini/desktop": {"time_zone": "UTC"},
                "hue-ini/desktop/auth": {"idle_session_timeout": "3600"},
                "hue-ini/desktop/database": {
                    "engine": "mysql",
                    "host": "db",
                    "port": "3306",
                    "name": "hue",
                    "user": "hue",
                    "EMR.secret@password": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hue",
                },
            },
        ),
        (
            "zeppelin",
            {"bucket": "notes", "folder": "team", "anonymous": False},
            {
                "zeppelin-env/export": {
                    "ZEPPELIN_NOTEBOOK_STORAGE": "org.apache.zeppelin.notebook.repo.S3NotebookRepo",
                    "ZEPPELIN_NOTEBOOK_S3_BUCKET": "notes",
                    "ZEPPELIN_NOTEBOOK_S3_USER": "team",
                    "ZEPPELIN_ANONYMOUS_ALLOWED": "false",
                }
            },
        ),
        (
            "jupyterhub",
            {"bucket": "notes"},
            {"jupyter-s3-conf": {"s3.persistence.enabled": "true", "s3.persistence.bucket": "notes"}},
        ),
        (
            "livy",
            {"session_timeout": "2h", "deploy_mode": "cluster"},
            {"livy-conf": {"livy.server.session.timeout": "7200s", "livy.spark.deploy-mode": "cluster"}},
        ),
        (
            "table_formats",
            {"iceberg": True, "delta": False},
            {"iceberg-defaults": {"iceberg.enabled": "true"}, "delta-defaults": {"delta.enabled": "false"}},
        ),
        ("oozie", {"purge_after_days": 14}, {"oozie-site": {"oozie.service.PurgeService.older.than": "14"}}),
    ],
)
def test_fields_become_the_keys_of_their_application(part, fields, expected):
    assert rendered(part, **fields) == expected


def test_the_reference_values_are_exactly_those_of_the_repositorys_own_project():
    project = yaml.safe_load((Path(__file__).parents[3] / "emrkit.yaml").read_text(encoding="utf-8"))
    etl = project["clusters"]["etl"]
    cluster = Cluster.parse({**etl, "name": "etl", "configurations": etl.get("configurations", ())})
    written = {c.classification: dict(c.properties) for c in cluster.all_configurations()}
    assert written["spark-defaults"] == SparkSettings.reference().properties(cluster.release)
    assert written["core-site"] == rendered("core", s3a=model.S3aSettings.reference())["core-site"]


def test_one_switch_encrypts_both_halves_of_the_wire():
    value = ApplicationSettings(wire_encryption=True)
    assert [(c.classification, dict(c.properties)) for _, c in value.configurations(RELEASE, None)] == [
        ("core-site", {"hadoop.rpc.protection": "privacy"}),
        ("hdfs-site", {"dfs.encrypt.data.transfer": "true"}),
    ]
    assert list(ApplicationSettings(wire_encryption=False).configurations(RELEASE, None)) == []


@pytest.mark.parametrize(
    ("release", "name"),
    [("emr-6.2.0", "prestosql-config"), ("emr-6.4.0", "trino-config"), ("emr-7.14.0", "trino-config")],
)
def test_trino_has_the_name_of_its_release(release, name):
    assert rendered("trino", release, query_memory="1GB") == {name: {"query.max-memory": "1GB"}}


@pytest.mark.parametrize(
    ("release", "key"),
    [
        ("emr-6.15.0", "spark.sql.parquet.fs.optimized.committer.optimization-enabled"),
        ("emr-7.12.0", "spark.sql.execution.datasources.SQLEmrOptimizedCommitProtocol.leverageMagicCommitProtocol"),
    ],
)
def test_the_committer_is_that_of_the_connector_of_the_release(release, key):
    assert rendered("spark", release, s3_committer=True) == {"spark-defaults": {key: "true"}}


@pytest.mark.parametrize(
    ("release", "key"),
    [
        ("emr-5.11.0", "yarn.resourcemanager.decommissioning.timeout"),
        ("emr-5.12.0", "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"),
    ],
)
def test_the_time_to_leave_has_the_name_of_its_release(release, key):
    assert rendered("yarn", release, decommission_timeout="10m") == {"yarn-site": {key: "600"}}


@pytest.mark.parametrize(
    ("part", "good", "bad", "code"),
    [
        ("hbase", {"block_cache": 0.6, "memory_stores": 0.2}, {"block_cache": 0.6}, "E-CONF-070"),
        ("hbase", {"block_cache": 0.1}, {"block_cache": -0.1}, "E-CONF-075"),
        ("hive", {"llap": {"share": 1}}, {"llap": {"share": 40}}, "E-CONF-075"),
        ("tez", {"task_memory": 1}, {"task_memory": 0}, "E-CONF-076"),
        ("hdfs", {"encryption_zones": {"/a": "key"}}, {"encryption_zones": {"/a": "Key"}}, "E-CONF-069"),
        (
            "mapreduce",
            {"java_options": "-ea", "map_memory": "1g", "reduce_memory": "1g"},
            {"java_options": "-ea"},
            "E-CONF-077",
        ),
        (
            "mapreduce",
            {"map_memory": 1000, "sort_memory": 799},
            {"map_memory": 1000, "sort_memory": 800},
            "E-CONF-078",
        ),
        (
            "yarn",
            {"minimum_container": "1g", "maximum_container": "8g", "node_memory": "8g"},
            {"minimum_container": "1g", "maximum_container": "9g", "node_memory": "8g"},
            "E-CONF-079",
        ),
        ("trino", {"spill": True, "spill_path": "/mnt/spill"}, {"spill": True}, "E-CONF-080"),
        ("spark", {"executor_memory": "4g"}, {"executor_memory": "four"}, "E-CONF-042"),
        ("spark", {"dynamic_allocation": {"minimum": 1}}, {"dynamic_allocation": {"minimum": -1}}, "E-CONF-041"),
        (
            "spark",
            {"dynamic_allocation": {"minimum": 1, "maximum": 1}},
            {"dynamic_allocation": {"minimum": 2, "maximum": 1}},
            "E-CONF-040",
        ),
        ("core", {"s3a": {"block_size": "1g"}}, {"s3a": {"block_size": "large"}}, "E-CONF-003"),
        ("hbase", {"session_timeout": "30s"}, {"session_timeout": "soon"}, "E-CONF-003"),
        ("livy", {"deploy_mode": "client"}, {"deploy_mode": "local"}, "E-CONF-003"),
        ("hue", {"time_zone": "UTC"}, {"timezone": "UTC"}, "E-CONF-001"),
    ],
)
def test_a_part_takes_what_is_right_and_refuses_what_is_not(part, good, bad, code):
    assert PARTS[part].parse(good) is not None
    assert codes(lambda: PARTS[part].parse(bad)) == {code}


def test_unknown_numbers_pass_without_anything_derived_from_them():
    value = ApplicationSettings.parse({"mapreduce": {"map_memory": UNKNOWN_NUMBER}})
    ((_, configuration),) = value.configurations(RELEASE, None)
    assert list(configuration.properties) == ["mapreduce.map.memory.mb"]


def test_trino_and_presto_are_told_apart():
    assert issubclass(TrinoSettings, PrestoSettings)
    assert TrinoSettings.APPLICATIONS == ("Trino", "PrestoSQL")


def test_settings_are_values_with_a_hash_that_do_not_change():
    one, other = (TrinoSettings.parse({"connectors": {"tpch": {"a": 1}}}) for _ in range(2))
    assert (hash(one), one) == (hash(other), other)
    assert hash(ApplicationSettings(trino=one)) != hash(ApplicationSettings())
    with pytest.raises(TypeError):
        one.connectors["mysql"] = {}


def test_the_service_role_may_read_what_hue_names_and_no_more():
    secret, key = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hue", "arn:aws:kms:eu-west-1:111122223333:key/1"
    hue = {"database": {"host": "db", "password": secret, "password_kms_key": key}}
    statements = ApplicationSettings.parse({"hue": hue}).service_statements()
    assert [s["Resource"] for s in statements] == [secret, key]
    assert ApplicationSettings.parse({"hue": {"time_zone": "UTC"}}).service_statements() == []
