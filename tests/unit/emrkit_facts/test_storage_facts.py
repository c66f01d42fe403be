"""What the package knows of metastores, storage and sizes, release by release."""

from __future__ import annotations

import pytest

from emrkit_facts import instance_types, releases, sizing, storage


@pytest.mark.parametrize(
    ("application", "release", "classification", "properties"),
    [
        ("Spark", "emr-7.14.0", "spark-hive-site", {"hive.metastore.client.factory.class"}),
        ("Zeppelin", "emr-5.8.0", "spark-hive-site", {"hive.metastore.client.factory.class"}),
        ("Hive", "emr-7.14.0", "hive-site", {"hive.metastore.client.factory.class"}),
        ("HCatalog", "emr-5.36.2", "hive-site", {"hive.metastore.client.factory.class"}),
        (
            "Hive",
            "emr-6.15.0",
            "hive-site",
            {"hive.metastore.client.factory.class", "hive.metastore.schema.verification"},
        ),
        (
            "Hive",
            "emr-5.29.0",
            "hive-site",
            {"hive.metastore.client.factory.class", "hive.metastore.schema.verification"},
        ),
        ("Presto", "emr-5.15.0", "presto-connector-hive", {"hive.metastore.glue.datacatalog.enabled"}),
        ("Presto", "emr-5.16.0", "presto-connector-hive", {"hive.metastore"}),
        ("PrestoSQL", "emr-6.3.1", "prestosql-connector-hive", {"hive.metastore"}),
        ("Trino", "emr-6.4.0", "trino-connector-hive", {"hive.metastore"}),
    ],
)
def test_glue_is_set_as_the_release_has_it(application, release, classification, properties):
    found = storage.glue_setting(application, release)
    assert found is not None
    assert (found.classification, set(found.properties)) == (classification, properties)


@pytest.mark.parametrize(
    ("application", "release"),
    [("Spark", "emr-5.7.0"), ("Presto", "emr-5.9.0"), ("Trino", "emr-6.3.1"), ("Flink", "emr-7.14.0"), ("Hive", "x")],
)
def test_what_has_no_setting_for_glue_gets_none(application, release):
    assert storage.glue_setting(application, release) is None


def test_a_catalog_of_another_account_has_a_key_from_5_16():
    old, new = storage.glue_setting("Hive", "emr-5.15.0"), storage.glue_setting("Hive", "emr-5.16.0")
    assert old is not None
    assert new is not None
    assert (old.catalog_key, new.catalog_key) == (None, "hive.metastore.glue.catalogid")


@pytest.mark.parametrize(
    ("release", "scheme", "engine", "connector", "committer"),
    [
        ("emr-7.9.0", "s3", "Spark", "EMRFS", "EMRFS S3-optimized committer"),
        ("emr-7.10.0", "s3", "Spark", "S3A", "MagicCommitProtocol with the MagicV2 committer"),
        ("emr-7.10.0", "s3", "Trino", "EMRFS", None),
        ("emr-6.14.0", "s3a", "Spark", "S3A", None),
        ("emr-5.19.0", "s3", "Spark", "EMRFS", None),
        ("emr-spark-8.1.0", "s3", "Spark", "S3A", "MagicCommitProtocol with the MagicV2 committer"),
    ],
)
def test_the_connector_behind_a_scheme_is_that_of_the_release(release, scheme, engine, connector, committer):
    found = storage.s3_connector(release, scheme=scheme, engine=engine)
    assert found is not None
    assert (found.name, found.committer and found.committer.name) == (connector, committer)
    assert found.name in str(found)


def test_text_that_is_no_release_label_has_no_connector():
    assert storage.s3_connector("latest") is None


def test_the_write_ahead_log_came_to_more_regions_later():
    assert "eu-central-1" in storage.wal_regions("emr-6.15.0")
    assert "eu-west-2" not in storage.wal_regions("emr-6.15.0")
    assert "eu-west-2" in storage.wal_regions("emr-7.3.0")
    assert storage.wal_regions("emr-6.14.0") == ()


def test_an_encrypted_catalog_needs_its_key():
    assert storage.catalog_key_actions() == ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


@pytest.mark.parametrize("workload", sizing.workloads())
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_every_family_of_a_preset_is_in_the_data_and_of_its_architecture(workload, architecture):
    for family in sizing.families(workload, architecture):
        types = [instance_types.find(n) for n in instance_types.names() if n.startswith(f"{family}.")]
        assert types, family
        assert {t.arch for t in types if isinstance(t, instance_types.InstanceTypeFacts)} == {architecture}, family


def test_every_successor_is_in_the_data_and_is_not_retired_itself():
    known = {name.partition(".")[0] for name in instance_types.names()}
    for family, (follows, graviton, reason) in sizing.preset("retired").items():
        assert follows in known, family
        assert graviton is None or graviton in known, family
        assert sizing.successor(follows) is None
        assert reason


def test_families_that_old_releases_use_badly_are_named():
    assert sizing.under_used("m7i", "emr-6.9.0")
    assert not sizing.under_used("m7i", "emr-6.10.0")
    assert not sizing.under_used("m7i", "emr-spark-8.1.0")
    assert not sizing.under_used("m5", "emr-5.20.0")


def test_the_newest_release_is_known_to_every_look_up():
    label = releases.newest()
    assert storage.s3_connector(label) is not None
    assert storage.consistent_view_predates_s3(label) is False
