"""Settings against release, nodes, applications and security: a cluster that keeps each rule, and one that does not."""

from __future__ import annotations

import pytest

from tests.unit.emrkit_model.findings_of import codes, found, one, the


def test_the_plain_cluster_has_nothing_to_say():
    assert found() == []


@pytest.mark.parametrize(
    ("classification", "key"),
    [
        ("core-site", "fs.defaultFS"),
        ("core-site", "fs.default.name"),
        ("mapred-site", "mapreduce.framework.name"),
        ("yarn-site", "yarn.resourcemanager.hostname"),
        ("hdfs-site", "dfs.namenode.rpc-address"),
        ("spark-defaults", "spark.master"),
        ("trino-config", "discovery.uri"),
        ("presto-config", "coordinator"),
    ],
)
def test_a_key_of_the_service_is_refused_with_the_reason(classification, key):
    problem = the("E-CONF-054", configurations=one(classification, key, "x"))
    assert problem.path == ("configurations", 0, "properties", key)
    assert "EMR" in (problem.reason or "")
    assert "E-CONF-054" not in codes(configurations=one(classification, key + ".other", "x"))


def test_a_key_of_the_service_is_refused_on_an_instance_type_too():
    types = [{"type": "m5.xlarge", "configurations": one("core-site", "fs.defaultFS", "hdfs://x")}]
    assert "E-CONF-054" in codes(core={"types": types, "target_on_demand": 1})


@pytest.mark.parametrize(
    ("classification", "old", "new"),
    [
        ("hdfs-site", "dfs.block.size", "dfs.blocksize"),
        ("mapred-site", "io.sort.mb", "mapreduce.task.io.sort.mb"),
        ("mapred-site", "mapred.reduce.tasks", "mapreduce.job.reduces"),
        ("spark-defaults", "spark.yarn.executor.memoryOverhead", "spark.executor.memoryOverhead"),
    ],
)
def test_an_old_name_is_a_warning_with_the_new_one(classification, old, new):
    assert the("W-CONF-058", configurations=one(classification, old, 1048576)).hint == f"use {new}"
    assert "W-CONF-058" not in codes(configurations=one(classification, new, 1048576))


def test_the_new_name_is_given_only_where_the_release_knows_it():
    old = one("spark-defaults", "spark.yarn.executor.memoryOverhead", "512m")
    assert "W-CONF-058" not in codes(release="emr-5.10.0", idle_timeout=None, configurations=old)
    assert "W-CONF-058" in codes(release="emr-5.13.0", idle_timeout=None, configurations=old)


PROVIDER = "fs.s3a.aws.credentials.provider"


@pytest.mark.parametrize(
    ("release", "name", "expected"),
    [
        ("emr-7.3.0", "com.amazonaws.auth.InstanceProfileCredentialsProvider", None),
        ("emr-7.4.0", "com.amazonaws.auth.InstanceProfileCredentialsProvider", "W-CONF-020"),
        ("emr-7.3.0", "software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider", "W-CONF-071"),
        ("emr-7.4.0", "software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider", None),
        ("emr-spark-8.1.0", "com.amazonaws.auth.InstanceProfileCredentialsProvider", "W-CONF-020"),
        ("emr-7.12.0", "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider", None),
    ],
)
def test_a_class_of_the_sdk_that_s3a_is_not_built_on_is_a_warning_with_its_successor(release, name, expected):
    changes = {"release": release, "applications": ["Spark"], "configurations": one("core-site", PROVIDER, name)}
    assert codes(**changes) & {"W-CONF-020", "W-CONF-071"} == ({expected} if expected else set())
    if expected:
        simple = name.rsplit(".", 1)[-1]
        assert simple in (the(expected, **changes).hint or "")


def test_a_class_in_a_typed_field_is_warned_of_at_the_field():
    core = {"s3a": {"credentials_provider": "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"}}
    path = the("W-CONF-020", settings={"core": core}).path
    assert path == ("settings", "core", "s3a", "credentials_provider")


def test_mysqls_driver_gives_the_one_that_emr_ships():
    key = "javax.jdo.option.ConnectionDriverName"
    problem = the("W-CONF-072", applications=["Hive"], configurations=one("hive-site", key, "com.mysql.jdbc.Driver"))
    assert problem.hint == "use org.mariadb.jdbc.Driver"
    assert "W-CONF-072" not in codes(
        applications=["Hive"], configurations=one("hive-site", key, "org.mariadb.jdbc.Driver")
    )


def test_settings_of_s3a_do_nothing_where_s3_is_emrfs():
    s3a = [{"Classification": "core-site", "Properties": {"fs.s3a.block.size": 1, "fs.s3a.threads.max": 2}}]
    problem = the("W-CONF-059", release="emr-7.9.0", configurations=s3a)
    assert problem.path == ("configurations", 0, "properties")
    assert problem.got == "fs.s3a.block.size, fs.s3a.threads.max"
    assert "W-CONF-059" not in codes(release="emr-7.10.0", configurations=s3a)


def test_the_connector_can_be_chosen_and_settings_follow_it():
    s3a = "org.apache.hadoop.fs.s3a.S3AFileSystem"
    both = [{"Classification": "core-site", "Properties": {"fs.s3a.block.size": 1, "fs.s3.impl": s3a}}]
    assert "W-CONF-059" not in codes(release="emr-7.9.0", configurations=both)
    both[0]["Properties"] = {"fs.s3a.block.size": 1, "fs.s3.impl": "com.amazon.ws.emr.hadoop.fs.EmrFileSystem"}
    assert "W-CONF-059" in codes(release="emr-7.12.0", configurations=both)


def test_emrfs_cannot_be_chosen_where_there_is_none():
    emrfs = one("core-site", "fs.s3.impl", "com.amazon.ws.emr.hadoop.fs.EmrFileSystem")
    assert "E-CONF-061" in codes(release="emr-spark-8.1.0", applications=["Spark"], configurations=emrfs)
    assert "E-CONF-061" not in codes(configurations=emrfs)


def test_a_setting_of_emrfs_that_s3a_has_not_is_a_warning_and_one_that_is_translated_is_none():
    assert "W-CONF-060" in codes(configurations=one("emrfs-site", "fs.s3.multipart.clean.enabled", True))
    assert "W-CONF-060" not in codes(configurations=one("emrfs-site", "fs.s3.maxConnections", 100))
    assert "W-CONF-060" not in codes(
        release="emr-7.9.0", configurations=one("emrfs-site", "fs.s3.multipart.clean.enabled", True)
    )


def test_a_classification_that_the_release_has_not_is_a_warning_with_its_name_there():
    problem = the("W-CONF-055", configurations=one("spark-log4j", "a", "b"))
    assert problem.hint == "there it is called spark-log4j2"
    assert "W-CONF-055" not in codes(configurations=one("spark-log4j2", "a", "b"))
    assert "W-CONF-010" in codes(configurations=one("spark-defalts", "a", "b"))


def test_a_typed_field_that_the_release_cannot_render_is_refused():
    hive = {"release": "emr-5.34.0", "applications": ["Hive"], "settings": {"hive": {"llap": {}}}}
    assert the("E-CONF-057", **hive).path == ("settings", "hive", "llap")
    assert "E-CONF-057" not in codes(**{**hive, "release": "emr-6.15.0"})


def test_settings_of_an_application_that_is_not_installed_are_a_warning():
    settings = {"hive": {"parallel": True}}
    assert the("W-CONF-056", settings=settings).path == ("settings", "hive")
    assert "W-CONF-056" not in codes(applications=["Hive"], settings=settings)


def test_trino_alone_has_no_hdfs_from_7_14_on():
    trino = {"applications": ["Trino"], "settings": {"hdfs": {"replication": 2}}}
    assert "W-CONF-056" in codes(release="emr-7.14.0", **trino)
    assert "W-CONF-056" not in codes(release="emr-7.13.0", **trino)
    assert "W-CONF-056" not in codes(release="emr-7.14.0", **{**trino, "applications": ["Trino", "Hadoop"]})


def test_one_door_names_both_places():
    problem = the(
        "E-CONF-044",
        settings={"hdfs": {"block_size": "256m"}},
        configurations=one("hdfs-site", "dfs.blocksize", 134217728),
    )
    assert problem.path == ("configurations", 0, "properties", "dfs.blocksize")
    assert "settings.hdfs.block_size" in problem.summary
    same = one("hdfs-site", "dfs.blocksize", 268435456)
    assert "E-CONF-044" not in codes(settings={"hdfs": {"block_size": "256m"}}, configurations=same)


def test_one_door_holds_inside_nested_classifications():
    nested = [
        {
            "Classification": "hbase-env",
            "Configurations": [{"Classification": "export", "Properties": {"HBASE_HEAPSIZE": 1}}],
        }
    ]
    hbase = {"applications": ["HBase"], "configurations": nested}
    assert "E-CONF-044" in codes(settings={"hbase": {"heap": 2048}}, **hbase)
    assert "E-CONF-044" not in codes(settings={"hbase": {"heap": 1}}, **hbase)


def test_a_token_in_place_of_the_free_map_cannot_be_joined_with_typed_settings():
    token = ("#{Token[TOKEN.12]}",)
    assert "E-CONF-050" in codes(configurations=token, settings={"hdfs": {"replication": 2}})
    assert "E-CONF-050" not in codes(configurations=token)


KERBEROS = {"realm": "EXAMPLE.COM", "kdc_admin_password": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc"}


def test_half_a_wire_is_a_warning_that_names_the_switch():
    problem = the("W-CONF-073", configurations=one("core-site", "hadoop.rpc.protection", "privacy"))
    assert "wire_encryption" in (problem.hint or "")
    assert "W-CONF-073" in codes(configurations=one("hdfs-site", "dfs.encrypt.data.transfer", True))
    assert "W-CONF-073" not in codes(settings={"wire_encryption": True})


def test_calls_are_encrypted_only_with_kerberos():
    assert "W-CONF-066" in codes(settings={"wire_encryption": True})
    secure = {"kerberos": {"kind": "cluster-dedicated", **KERBEROS}, "security_configuration": {"kerberos": KERBEROS}}
    assert "W-CONF-066" not in codes(settings={"wire_encryption": True}, **secure)


def test_maximal_executors_do_not_know_of_hbase():
    maximal = {"spark": {"maximize_resources": True}}
    assert "W-CONF-068" in codes(applications=["Spark", "HBase"], settings=maximal)
    assert "W-CONF-068" not in codes(applications=["Spark"], settings=maximal)


def test_settings_that_overrule_each_other_are_told_where_they_are_said():
    spark = {"executor_instances": 10, "dynamic_allocation": {"initial": 5}}
    assert the("W-CONF-021", settings={"spark": spark}).path == ("settings", "spark", "executor_instances")
    assert "W-CONF-021" not in codes(settings={"spark": {**spark, "executor_instances": 5}})
    low = one("spark-defaults", "spark.dynamicAllocation.maxExecutors", 1)
    minimum = {"spark": {"dynamic_allocation": {"minimum": 2}}}
    assert "W-CONF-022" in codes(settings=minimum, configurations=low)
    enough = one("spark-defaults", "spark.dynamicAllocation.maxExecutors", 2)
    assert "W-CONF-022" not in codes(settings=minimum, configurations=enough)


def test_unknown_types_and_tokens_are_not_counted():
    big = {"spark": {"executor_memory": "4000g"}}
    assert "E-CONF-051" not in codes(core={"on_demand": ["${Token[T.1]}"], "capacity": 1}, settings=big)
    assert "E-CONF-051" not in codes(settings={"spark": {"executor_memory": "${Token[T.1]}"}})


def test_minus_one_is_told_to_mean_at_once():
    key = "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"
    assert "W-CONF-081" in codes(configurations=one("yarn-site", key, -1))
    assert "W-CONF-081" not in codes(configurations=one("yarn-site", key, 86400))


def test_a_table_format_that_nothing_switches_on_is_a_warning():
    lake = {"applications": ["Spark", "Iceberg"]}
    assert "table_formats.iceberg" in (the("W-CONF-082", **lake).hint or "")
    assert "W-CONF-082" not in codes(**lake, settings={"table_formats": {"iceberg": True}})
    assert "W-CONF-082" not in codes(**lake, configurations=one("iceberg-defaults", "iceberg.enabled", False))
    assert "E-CONF-057" in codes(
        release="emr-6.4.0", applications=["Spark"], settings={"table_formats": {"delta": True}}
    )


def test_maximal_executors_want_one_type_of_node():
    maximal = {"spark": {"maximize_resources": True}}
    mixed = {"on_demand": ["m5.xlarge", "r5.xlarge"], "capacity": 4}
    assert "W-CONF-045" in codes(core=mixed, settings=maximal)
    assert "W-CONF-045" not in codes(settings=maximal)


def test_a_setting_of_emrfs_encryption_has_its_door_in_the_security_configuration():
    emrfs = one("emrfs-site", "fs.s3.enableServerSideEncryption", True)
    security = {"encryption": {"at_rest": {"s3_mode": "SSE-S3"}}}
    assert "E-CONF-030" in codes(configurations=emrfs, security_configuration=security)
    assert "E-CONF-030" not in codes(configurations=emrfs)


def test_a_classification_stands_once_at_each_level():
    assert "E-CONF-012" in codes(configurations=[*one("spark", "a", 1), *one("spark", "b", 1)])
    assert "E-CONF-012" not in codes(configurations=[*one("spark", "a", 1), *one("spark-defaults", "b", 1)])
    export = {"Classification": "export", "Properties": {"A": "b"}}
    twice = [{"Classification": "spark-env", "Configurations": [export, export]}]
    assert "E-CONF-012" in codes(configurations=twice)
    assert "E-CONF-012" not in codes(configurations=[{"Classification": "spark-env", "Configurations": [export]}])
