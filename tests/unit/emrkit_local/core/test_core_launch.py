"""RunJobFlow: what is refused, what is made of the rest, and security configurations."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from core_doubles import ACCOUNT, REGION, Emr, action, fleets, request, step

from emrkit_local.core.errors import ServiceError
from emrkit_local.core.store import Store

KERBEROS = {
    "AuthenticationConfiguration": {
        "KerberosConfiguration": {
            "Provider": "ClusterDedicatedKdc",
            "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24},
        }
    }
}


GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2, "Market": "SPOT"},
]


CORE_ONLY = fleets()[1:]


def primary_fleet(**targets: int) -> list[dict[str, Any]]:
    return [{"InstanceFleetType": "MASTER", "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}], **targets}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ReleaseLabel": "7.10"}, "release label"),
        ({"ReleaseLabel": None}, "ReleaseLabel"),
        ({"Instances": {"InstanceGroups": GROUPS}}, "mutually exclusive"),
        ({"Instances": {"MasterInstanceType": "m5.xlarge"}}, "mutually exclusive"),
        ({"Instances": {"InstanceFleets": []}}, "must name"),
        ({"Instances": {"InstanceFleets": CORE_ONLY}}, "MASTER"),
        ({"Instances": {"InstanceFleets": fleets() + CORE_ONLY}}, "only one CORE"),
        ({"Instances": {"InstanceFleets": fleets(core=0, task=1)}}, "needs CORE"),
        ({"Instances": {"InstanceFleets": primary_fleet()}}, "exactly one"),
        (
            {"Instances": {"InstanceFleets": primary_fleet(TargetOnDemandCapacity=1, TargetSpotCapacity=1)}},
            "exactly one",
        ),
        ({"Instances": {"InstanceFleets": primary_fleet(TargetOnDemandCapacity=2)}}, "exactly one"),
        ({"Instances": {"Ec2SubnetId": "subnet-1", "Ec2SubnetIds": ["subnet-2"]}}, "Ec2SubnetId"),
        ({"SecurityConfiguration": "none"}, "'none' does not exist"),
        ({"KerberosAttributes": {"Realm": "R", "KdcAdminPassword": "hush"}}, "Kerberos"),
        ({"StepConcurrencyLevel": 257}, "256"),
        ({"StepConcurrencyLevel": 2, "Steps": [step("a", "TERMINATE_CLUSTER")]}, "TERMINATE_CLUSTER"),
        ({"LogUri": "/tmp/x"}, "S3 location"),
        ({"LogEncryptionKmsKeyId": "k"}, "LogUri"),
        ({"Applications": [{"Name": "Spark", "Version": "3"}]}, "Version"),
        ({"Applications": [{"Name": "Mahout"}]}, "Mahout"),
        ({"Instances": {"InstanceFleets": fleets(core=10**12)}}, "4000"),
        ({"Tags": [{"Key": "a"}, {"Key": "a"}]}, "more than once"),
        ({"AutoTerminationPolicy": {"IdleTimeout": 5}}, "IdleTimeout"),
        (
            {
                "ManagedScalingPolicy": {
                    "ComputeLimits": {"UnitType": "VCPU", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 2}
                }
            },
            "InstanceFleetUnits",
        ),
    ],
)
def test_refuses_what_emr_refuses(emr: Emr, change: dict[str, Any], words: str) -> None:
    asked = {k: v for k, v in request(**change).items() if v is not None}
    error = emr.refused("RunJobFlow", **asked)
    assert error.code == "ValidationException"
    assert words in error.message
    assert "hush" not in error.message
    assert emr.call("ListClusters") == {"Clusters": []}


def test_a_release_without_an_engine_is_refused_in_the_engines_words(emr: Emr) -> None:
    emr.executor.refused_releases["emr-5.36.0"] = "no engine for Spark 2.4 is installed"
    error = emr.refused("RunJobFlow", **request(ReleaseLabel="emr-5.36.0"))
    assert (error.code, error.message) == ("ValidationException", "no engine for Spark 2.4 is installed")


def test_a_cluster_that_cannot_be_written_down_has_never_been(emr: Emr, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", full)
        with pytest.raises(ServiceError) as refused:
            emr.start(step("a"))
    assert (refused.value.code, "disk is full" in refused.value.message) == ("InternalServerException", True)
    assert emr.call("ListClusters") == {"Clusters": []}
    emr.until(emr.start(), "WAITING")
    assert len(emr.call("ListClusters")["Clusters"]) == 1


def test_the_three_forms_of_instances_give_clusters(emr: Emr) -> None:
    simple = {"MasterInstanceType": "m5.xlarge", "SlaveInstanceType": "m5.2xlarge", "InstanceCount": 3}
    base = {"Name": "c", "ReleaseLabel": "emr-7.10.0"}
    keep = {"KeepJobFlowAliveWhenNoSteps": True}
    one = emr.call("RunJobFlow", **base, Instances=simple | keep)["JobFlowId"]
    two = emr.call("RunJobFlow", **base, Instances={"InstanceGroups": GROUPS} | keep)["JobFlowId"]
    three = emr.start()
    for cluster in (one, two, three):
        emr.until(cluster, "WAITING")
    groups = emr.call("ListInstanceGroups", ClusterId=one)["InstanceGroups"]
    assert [(g["InstanceGroupType"], g["InstanceType"], g["RunningInstanceCount"]) for g in groups] == [
        ("MASTER", "m5.xlarge", 1),
        ("CORE", "m5.2xlarge", 2),
    ]
    assert [g["Market"] for g in emr.call("ListInstanceGroups", ClusterId=two)["InstanceGroups"]] == [
        "ON_DEMAND",
        "SPOT",
    ]
    assert emr.cluster(two)["InstanceCollectionType"] == "INSTANCE_GROUP"
    assert emr.cluster(three)["InstanceCollectionType"] == "INSTANCE_FLEET"
    assert emr.refused("ListInstanceFleets", ClusterId=two).code == "InvalidRequestException"
    assert emr.refused("ListInstanceGroups", ClusterId=three).code == "InvalidRequestException"


def test_describe_shows_what_was_asked_for(emr: Emr) -> None:
    configurations = [{"Classification": "spark-defaults", "Properties": {"spark.x": "true"}}]
    cluster = emr.start(
        Applications=[{"Name": "Spark"}],
        Configurations=configurations,
        ServiceRole="r",
        JobFlowRole="p",
        Tags=[{"Key": "a", "Value": "b"}],
        EbsRootVolumeSize=20,
        Instances={"Ec2SubnetIds": ["subnet-1"], "EmrManagedMasterSecurityGroup": "sg-1", "Ec2KeyName": "k"},
    )
    emr.until(cluster, "WAITING")
    shown = emr.cluster(cluster)
    assert shown["Applications"] == [{"Name": "Spark"}]
    assert shown["Configurations"] == configurations
    assert (shown["ServiceRole"], shown["EbsRootVolumeSize"], shown["LogUri"]) == ("r", 20, "s3://logs/emr/")
    attributes = shown["Ec2InstanceAttributes"]
    assert attributes["Ec2SubnetId"] == "subnet-1"
    assert attributes["IamInstanceProfile"] == "p"
    assert attributes["EmrManagedMasterSecurityGroup"] == "sg-1"
    assert shown["MasterPublicDnsName"].endswith(".ec2.internal")
    assert shown["ClusterArn"] == f"arn:aws:elasticmapreduce:{REGION}:{ACCOUNT}:cluster/{cluster}"


def test_more_than_16_bootstrap_actions_are_refused(emr: Emr) -> None:
    error = emr.refused("RunJobFlow", **request(BootstrapActions=[action()] * 17))
    assert (error.code, "16" in error.message) == ("ValidationException", True)


def test_kerberos_needs_both_halves_and_its_passwords_are_never_kept(emr: Emr, tmp_path: Path) -> None:
    emr.call("CreateSecurityConfiguration", Name="krb", SecurityConfiguration=json.dumps(KERBEROS))
    assert "KerberosAttributes" in emr.refused("RunJobFlow", **request(SecurityConfiguration="krb")).message
    cluster = emr.start(
        step("a"),
        SecurityConfiguration="krb",
        KerberosAttributes={"Realm": "EX.COM", "KdcAdminPassword": "hush-1", "ADDomainJoinPassword": "hush-2"},
    )
    assert emr.cluster(cluster)["KerberosAttributes"] == {"Realm": "EX.COM"}
    run = emr.run_of(cluster, "a")
    assert "Kerberos accepted, not enforced" in (run.work.folder / "controller").read_text()
    run.finish(0)
    emr.until(cluster, "WAITING")
    everything = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"EX.COM" in everything
    assert b"hush" not in everything
    error = emr.refused("RunJobFlow", **request(KerberosAttributes={"Realm": "R", "KdcAdminPassword": ["hush"]}))
    assert "hush" not in error.message


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "JSON object"),
        ("{}", "empty"),
        ('{"Encryption": {}}', "unknown block"),
        ('{"EncryptionConfiguration": {"EnableAtRestEncryption": false}}', "EnableInTransitEncryption"),
        (
            '{"EncryptionConfiguration": {"EnableInTransitEncryption": true, "EnableAtRestEncryption": false}}',
            "InTransitEncryptionConfiguration is missing",
        ),
        (
            (
                '{"EncryptionConfiguration": {"EnableInTransitEncryption": false, "EnableAtRestEncryption": true, '
                '"AtRestEncryptionConfiguration": {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS"}}}}'
            ),
            "AwsKmsKey",
        ),
        ('{"AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "Mine"}}}', "Provider"),
        ('{"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 3}}', "one of 1, 2"),
        (
            '{"AuthorizationConfiguration": {"LakeFormationConfiguration": {"AuthorizedSessionTagValue": "x"}}}',
            "LakeFormationConfiguration needs",
        ),
    ],
)
def test_a_security_configuration_must_follow_the_grammar(emr: Emr, document: str, words: str) -> None:
    error = emr.refused("CreateSecurityConfiguration", Name="x", SecurityConfiguration=document)
    assert (error.code, words in error.message) == ("InvalidRequestException", True), error.message


def test_security_configurations_are_made_shown_listed_and_deleted(emr: Emr) -> None:
    text = json.dumps(KERBEROS)
    made = emr.call("CreateSecurityConfiguration", Name="x", SecurityConfiguration=text)
    assert made["Name"] == "x"
    assert emr.call("DescribeSecurityConfiguration", Name="x")["SecurityConfiguration"] == text
    assert "already exists" in emr.refused("CreateSecurityConfiguration", Name="x", SecurityConfiguration=text).message
    assert [s["Name"] for s in emr.call("ListSecurityConfigurations")["SecurityConfigurations"]] == ["x"]
    emr.call("DeleteSecurityConfiguration", Name="x")
    assert emr.refused("DescribeSecurityConfiguration", Name="x").code == "InvalidRequestException"
    assert emr.refused("DeleteSecurityConfiguration", Name="x").code == "InvalidRequestException"


def test_block_public_access_is_on_until_it_is_changed(emr: Emr) -> None:
    shown = emr.call("GetBlockPublicAccessConfiguration")["BlockPublicAccessConfiguration"]
    assert shown["BlockPublicSecurityGroupRules"] is True
    emr.call(
        "PutBlockPublicAccessConfiguration", BlockPublicAccessConfiguration={"BlockPublicSecurityGroupRules": False}
    )
    shown = emr.call("GetBlockPublicAccessConfiguration")["BlockPublicAccessConfiguration"]
    assert shown == {"BlockPublicSecurityGroupRules": False}
