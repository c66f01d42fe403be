"""Clusters: the rules between release, applications, fleets, settings and security."""

from __future__ import annotations

import copy
import pickle

import pytest

from emrkit_model import (
    Application,
    ApplicationSettings,
    AtRest,
    Cluster,
    Configuration,
    Encryption,
    HueSettings,
    Imds,
    InstanceFleet,
    InTransit,
    InvalidModel,
    Kerberos,
    SecurityConfiguration,
    check,
)
from emrkit_model.settings import HueDatabase

PLAIN = {"name": "etl", "release": "emr-7.10.0", "primary": {"on_demand": ["m5.xlarge"]}}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"

REFERENCE = [
    {
        "Classification": "spark-defaults",
        "Properties": {
            "spark.executor.memory": "4g",
            "spark.executor.cores": 2,
            "spark.executor.instances": 10,
            "spark.driver.memory": "2g",
            "spark.driver.cores": 1,
            "spark.sql.adaptive.enabled": True,
            "spark.sql.adaptive.coalescePartitions.enabled": True,
            "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
            "spark.dynamicAllocation.enabled": True,
            "spark.dynamicAllocation.minExecutors": 1,
            "spark.dynamicAllocation.maxExecutors": 50,
            "spark.dynamicAllocation.initialExecutors": 5,
        },
    },
    {
        "Classification": "core-site",
        "Properties": {
            "fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "fs.s3a.aws.credentials.provider": "com.amazonaws.auth.DefaultAWSCredentialsProviderChain",
            "fs.s3a.block.size": 134217728,
            "fs.s3a.multipart.size": 134217728,
        },
    },
]


def codes(**changes: object) -> set[str]:
    with pytest.raises(InvalidModel) as caught:
        Cluster.parse({**PLAIN, **changes})
    return {d.code for d in caught.value.diagnostics}


def warnings(**changes: object) -> dict[str, tuple[str | int, ...]]:
    return {d.code: d.path for d in check(Cluster.parse({**PLAIN, **changes}))}


def test_a_cluster_needs_a_name_a_release_and_a_primary_fleet():
    with pytest.raises(InvalidModel) as caught:
        Cluster.parse({})
    missing = {d.path for d in caught.value.diagnostics if d.code == "E-CLUS-002"}
    assert missing == {("name",), ("release",), ("primary",)}


def test_reports_broken_parts_and_broken_rules_between_the_others_together():
    assert codes(
        name="a`b",
        applications=["Ganglia"],
        primary={"on_demand": ["m5.xlarge", "m6g.xlarge"]},
        scaling={"minimum": 5, "maximum": 2},
        idle_timeot="1h",
    ) == {"E-CLUS-011", "E-APP-011", "E-FLEET-023", "E-SCALE-011", "E-CLUS-001"}


def test_the_reference_configuration_is_accepted_with_two_warnings():
    found = check(Cluster.parse({**PLAIN, "core": {"on_demand": ["r5.xlarge"]}, "configurations": REFERENCE}))
    assert [(d.code, d.path) for d in found] == [
        (
            "W-CONF-020",
            ("configurations", 1, "properties", "fs.s3a.aws.credentials.provider"),
        ),
        ("W-CONF-021", ("configurations", 0, "properties", "spark.executor.instances")),
    ]
    assert "software.amazon.awssdk" in (found[0].hint or "")
    assert "overrides" in found[1].summary


def test_bare_values_arrive_as_text():
    cluster = Cluster.parse({**PLAIN, "configurations": REFERENCE})
    properties = cluster.configurations[0].properties
    assert properties["spark.sql.adaptive.enabled"] == "true"
    assert properties["spark.executor.instances"] == "10"
    assert cluster.configurations[1].properties["fs.s3a.block.size"] == "134217728"


def test_old_sdk_classes_are_no_concern_of_releases_that_have_them():
    assert "W-CONF-020" not in warnings(release="emr-6.15.0", configurations=REFERENCE)


@pytest.mark.parametrize(
    ("release", "application", "code"),
    [
        ("emr-7.10.0", "Ganglia", "E-APP-011"),
        ("emr-7.5.0", "Sqoop", "E-APP-011"),
        ("emr-6.4.0", "Iceberg", "E-APP-011"),
        ("emr-spark-8.1.0", "Hive", "E-APP-011"),
    ],
)
def test_an_application_must_be_in_the_release(release, application, code):
    assert code in codes(release=release, applications=[application])


def test_the_successor_of_an_application_is_the_hint():
    with pytest.raises(InvalidModel) as caught:
        Cluster.parse({**PLAIN, "applications": ["Ganglia"]})
    assert "AmazonCloudWatchAgent" in (caught.value.diagnostics[0].hint or "")


def test_an_unknown_application_or_release_is_a_warning():
    assert "W-APP-010" in warnings(applications=["Spark", "Sparkle"])
    assert "W-CLUS-013" in warnings(release="emr-7.99.0")
    assert Application.of("Sparkle").name == "Sparkle"


def test_a_label_that_is_none_is_an_error():
    assert codes(release="7.10") == {"E-CLUS-012"}


def test_presto_beside_trino_and_an_application_twice_are_refused():
    assert codes(applications=["Presto", "Trino"]) == {"E-APP-013"}
    assert codes(applications=["Spark", "spark"]) == {"E-APP-012"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"primary": {"on_demand": ["m5.xlarge"], "capacity": 2}}, "E-FLEET-030"),
        ({"primary": {"on_demand": [{"type": "m5.xlarge", "weight": 2}]}}, "E-FLEET-031"),
        ({"task": {"spot": ["m5.xlarge"]}}, "E-CLUS-020"),
        ({"release": "emr-6.8.0", "primary": {"on_demand": ["m5.xlarge"], "capacity": 3}}, "E-CLUS-021"),
        (
            {"custom_ami": "ami-1", "primary": {"on_demand": [{"type": "m5.xlarge", "custom_ami": "ami-2"}]}},
            "E-CLUS-022",
        ),
        ({"release": "emr-6.0.0", "primary": {"on_demand": ["m6g.xlarge"]}, "idle_timeout": None}, "E-CLUS-023"),
        ({"core": {"on_demand": ["m5.xlarge"], "name": "primary"}}, "E-CLUS-024"),
        ({"release": "emr-5.29.0", "primary": {"on_demand": ["m5.xlarge"]}}, "E-CLUS-030"),
        ({"idle_timeout": 30}, "E-SCALE-020"),
        ({"scaling": {"minimum": 1, "maximum": 2}}, "E-CLUS-033"),
        (
            {"core": {"on_demand": ["m5.xlarge"]}, "scaling": {"minimum": 1, "maximum": 2, "unit": "VCPU"}},
            "E-CLUS-034",
        ),
        ({"primary_security_group": "sg-1"}, "E-CLUS-050"),
        ({"service_access_security_group": "sg-1"}, "E-CLUS-051"),
        ({"subnets": ["subnet-1", "subnet-1"]}, "E-CLUS-052"),
        ({"log_uri": "/var/log"}, "E-CLUS-053"),
        ({"step_concurrency": 300}, "E-CLUS-060"),
        ({"bootstrap_actions": [{"name": str(i), "path": "s3://b/x"} for i in range(17)]}, "E-CLUS-062"),
        ({"custom_ami": "ami-1", "os_release": "2023"}, "E-CLUS-064"),
        ({"tags": {"aws:x": "y"}}, "E-CLUS-066"),
        ({"ebs_root_volume_size": 200}, "E-CLUS-070"),
        ({"release": "emr-6.14.0", "ebs_root_volume_iops": 4000}, "E-CLUS-071"),
        ({"ebs_root_volume_size": 10, "ebs_root_volume_iops": 6000}, "E-CLUS-072"),
        ({"configurations": [{"Classification": "spark"}, {"Classification": "spark"}]}, "E-CONF-012"),
        ({"configurations": [{"Classification": "spark", "Properties": {"a": [1]}}]}, "E-CONF-003"),
        ({"configurations": [{"Classification": "spark", "Properies": {}}]}, "E-CONF-001"),
        ({"name": ""}, "E-CLUS-010"),
    ],
)
def test_refuses(changes, code):
    assert code in codes(**changes)


def test_a_release_without_managed_scaling_or_log_encryption_is_refused():
    old = {"release": "emr-6.0.0", "idle_timeout": None, "core": {"on_demand": ["m5.xlarge"]}}
    assert codes(**old, scaling={"minimum": 1, "maximum": 2}, log_key=KEY) == {"E-CLUS-031", "E-CLUS-042"}


@pytest.mark.parametrize(
    ("release", "security", "code"),
    [
        ("emr-7.10.0", {"encryption": {"in_transit": {"kind": "emr-managed"}}}, "E-ENC-030"),
        ("emr-5.23.1", {"encryption": {"at_rest": {"disk_key": KEY}}}, "E-ENC-031"),
        ("emr-6.1.0", {"imds": {"version": 2}}, "E-SEC-020"),
        ("emr-5.9.0", {"kerberos": {"realm": "EXAMPLE.COM"}, "imds": None}, "E-KRB-020"),
    ],
)
def test_security_features_have_releases(release, security, code):
    found = codes(release=release, security_configuration=security, idle_timeout=None, applications=["Spark"])
    assert code in found


def test_the_security_document_is_nested_and_always_has_both_switches():
    configuration = SecurityConfiguration(
        encryption=Encryption(at_rest=AtRest.kms(KEY), in_transit=InTransit.pem("s3://certificates/bundle.zip")),
        kerberos=Kerberos.cluster_dedicated(realm="EXAMPLE.COM", ticket_lifetime=36_000),
        imds=Imds.v2_only(),
    )
    assert configuration.document() == {
        "EncryptionConfiguration": {
            "EnableInTransitEncryption": True,
            "EnableAtRestEncryption": True,
            "InTransitEncryptionConfiguration": {
                "TLSCertificateConfiguration": {
                    "CertificateProviderType": "PEM",
                    "S3Object": "s3://certificates/bundle.zip",
                }
            },
            "AtRestEncryptionConfiguration": {
                "S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS", "AwsKmsKey": KEY},
                "LocalDiskEncryptionConfiguration": {
                    "EncryptionKeyProviderType": "AwsKms",
                    "AwsKmsKey": KEY,
                    "EnableEbsEncryption": True,
                },
            },
        },
        "AuthenticationConfiguration": {
            "KerberosConfiguration": {
                "Provider": "ClusterDedicatedKdc",
                "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 10},
            }
        },
        "InstanceMetadataServiceConfiguration": {
            "MinimumInstanceMetadataServiceVersion": 2,
            "HttpPutResponseHopLimit": 1,
        },
    }
    off = SecurityConfiguration(encryption=Encryption()).document()["EncryptionConfiguration"]
    assert off == {"EnableInTransitEncryption": False, "EnableAtRestEncryption": False}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: AtRest(s3_mode="SSE-KMS"), "E-ENC-010"),
        (lambda: AtRest(s3_mode="SSE-S3", s3_key=KEY), "E-ENC-011"),
        (lambda: AtRest(s3_mode=None), "E-ENC-012"),
        (lambda: InTransit(kind="pem"), "E-ENC-020"),
        (lambda: InTransit.pem("certificates.zip"), "E-ENC-021"),
        (lambda: InTransit(kind="emr-managed", location="s3://b/x"), "E-ENC-023"),
        (lambda: Imds(version=3), "E-SEC-010"),
        (lambda: Imds(hop_limit=65), "E-SEC-011"),
        (lambda: Kerberos(realm="R", kdc_admin_password="hunter2"), "E-KRB-010"),
        (lambda: Kerberos(realm="R", ticket_lifetime=1800), "E-KRB-011"),
        (lambda: Kerberos(kind="external", realm="R"), "E-KRB-012"),
        (lambda: Kerberos(realm="R", admin_server="host:1"), "E-KRB-013"),
    ],
)
def test_security_parts_refuse(make, code):
    with pytest.raises(InvalidModel) as caught:
        make()
    assert code in {d.code for d in caught.value.diagnostics}


def test_a_refused_password_is_not_repeated_in_the_message():
    with pytest.raises(InvalidModel) as caught:
        Cluster.parse({**PLAIN, "kerberos": {"realm": "R", "kdc_admin_password": "hunter2"}})
    assert "hunter2" not in str(caught.value)


def test_kerberos_of_the_cluster_enters_its_security_document():
    cluster = Cluster.parse(
        {**PLAIN, "security_configuration": {}, "kerberos": {"kind": "cluster-dedicated", "realm": "EXAMPLE.COM"}}
    )
    document = cluster.security_document()
    assert document is not None
    assert "AuthenticationConfiguration" in document
    assert codes(kerberos={"realm": "A"}, security_configuration={"kerberos": {"realm": "B"}}) == {"E-CLUS-040"}


def test_settings_that_the_security_configuration_makes_have_no_second_door():
    emrfs = [{"Classification": "emrfs-site", "Properties": {"fs.s3.enableServerSideEncryption": True}}]
    security = {"encryption": {"at_rest": {"s3_mode": "SSE-S3"}}}
    assert codes(configurations=emrfs, security_configuration=security) == {"E-CONF-030"}


def test_fleets_that_start_outside_the_limits_of_scaling_are_warned_of():
    core = {"on_demand": ["m5.xlarge"], "capacity": 10}
    assert warnings(core=core, scaling={"minimum": 3, "maximum": 5}) == {"W-CLUS-036": ("scaling", "maximum")}
    assert warnings(core=core, scaling={"minimum": 11, "maximum": 20}) == {"W-CLUS-036": ("scaling", "minimum")}
    assert warnings(core=core, scaling={"minimum": 3, "maximum": 10}) == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": 5}, "'name' must be text"),
        ({"primary": "m5.xlarge"}, "'primary' must be a map"),
        ({"subnets": "subnet-1"}, "'subnets' must be a list, not one text"),
        ({"step_concurrency": "many"}, "'step_concurrency' must be a whole number"),
        ({"step_concurrency": 1.5}, "'step_concurrency' must be a whole number"),
        ({"termination_protected": "yes"}, "'termination_protected' must be true or false"),
        ({"tags": ["a"]}, "'tags' must be a map of names to values"),
        ({"applications": {"a": 1}}, "'applications' must be a list"),
        ({"subnets": [5]}, "'subnets[0]' must be text"),
    ],
)
def test_a_wrong_kind_of_value_is_told_in_the_words_of_a_file(changes, words):
    with pytest.raises(InvalidModel) as caught:
        Cluster.parse({**PLAIN, **changes})
    assert [d.summary for d in caught.value.diagnostics] == [words]


def test_properties_directly_in_an_env_classification_are_a_warning():
    assert "W-CONF-011" in warnings(configurations=[{"Classification": "spark-env", "Properties": {"A": "b"}}])
    nested = {"Classification": "spark-env", "Configurations": [{"Classification": "export", "Properties": {"A": 1}}]}
    assert warnings(configurations=[nested]) == {}


def test_every_spelling_of_a_configuration_is_read():
    forms = [
        {"Classification": "spark", "Properties": {"a": 1}},
        {"classification": "spark", "properties": {"a": 1}},
        {"Classification": "spark", "ConfigurationProperties": {"a": "1"}},
    ]
    assert {Configuration.parse(form).properties["a"] for form in forms} == {"1"}


def test_placement_is_filled_in_by_a_checked_copy():
    cluster = Cluster.parse(PLAIN)
    placed = cluster.with_placement(subnets=["subnet-1"], service_role="role", instance_profile="profile")
    assert placed.subnets == ("subnet-1",)
    assert cluster.subnets == ()
    with pytest.raises(InvalidModel):
        cluster.with_placement(subnets=["subnet-1", "subnet-1"])


def test_a_cluster_does_not_change_down_to_its_settings_and_has_a_hash():
    cluster = Cluster.parse({**PLAIN, "configurations": REFERENCE, "tags": {"a": "b"}})
    for change in (
        lambda: cluster.tags.update(a="c"),
        lambda: cluster.tags.__setitem__("a", "c"),
        lambda: cluster.configurations[0].properties.pop("spark.driver.cores"),
        lambda: cluster.configurations[0].properties.clear(),
    ):
        with pytest.raises(TypeError, match="replace"):
            change()
    twin = Cluster.parse({**PLAIN, "configurations": REFERENCE, "tags": {"a": "b"}})
    assert (hash(cluster), cluster) == (hash(twin), twin)
    assert copy.deepcopy(cluster) == cluster
    assert pickle.loads(pickle.dumps(cluster)) == cluster


def test_defaults_are_the_documented_ones():
    cluster = Cluster.parse(PLAIN)
    assert (cluster.idle_timeout, cluster.keep_alive, cluster.termination_protected) == (3600, True, False)
    assert cluster.applications == (Application.SPARK,)
    assert SecurityConfiguration().imds == Imds.v2_only()
    assert cluster.primary == InstanceFleet.on_demand("m5.xlarge")


def test_hue_on_three_primaries_is_led_to_its_typed_database_and_satisfied_by_it():
    shape = {
        "name": "etl", "release": "emr-7.10.0", "applications": ["Hue"], "termination_protected": True,
        "primary": {"group": "m5.xlarge", "count": 3}, "core": {"group": "r5.xlarge", "count": 4},
    }  # fmt: skip
    with pytest.raises(InvalidModel) as refused:
        Cluster.parse(shape)
    [found] = refused.value.diagnostics
    assert (found.code, found.path) == ("E-CLUS-095", ("applications", 0))
    assert "HueSettings(database=HueDatabase(" in str(found.hint)
    assert "hue-ini" in str(found.hint)
    secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hue"
    settings = ApplicationSettings(hue=HueSettings(database=HueDatabase(host="db", password=secret)))
    assert "E-CLUS-095" not in {d.code for d in check(Cluster.parse(shape, settings=settings))}
