"""Clusters: their life, their end, their switches and their capacity."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core_doubles import ACCOUNT, REGION, Emr, FakeClock, eventually, fleets, step

from emrkit_local.core.control_plane import Aborted
from emrkit_local.core.ports import StepWork
from emrkit_local.core.settings import Settings

KERBEROS = {
    "AuthenticationConfiguration": {
        "KerberosConfiguration": {
            "Provider": "ClusterDedicatedKdc",
            "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24},
        }
    }
}


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Emr]:
    """A control plane whose time stands still until it is moved, with delays of ten seconds."""
    settings = Settings(starting_delay=10, bootstrapping_delay=10, terminating_delay=10)
    made = Emr(tmp_path / "state", clock=FakeClock(), settings=settings)
    yield made
    made.control.close()


def action(name: str = "one", path: str = "s3://b/x.sh", *args: str) -> dict[str, Any]:
    return {"Name": name, "ScriptBootstrapAction": {"Path": path, "Args": list(args)}}


def test_a_cluster_goes_through_its_states_as_time_passes(slow: Emr) -> None:
    cluster = slow.start()
    assert slow.state(cluster) == "STARTING"
    slow.clock.advance(10)
    slow.until(cluster, "BOOTSTRAPPING")
    assert "ReadyDateTime" not in slow.cluster(cluster)["Status"]["Timeline"]
    slow.clock.advance(10)
    slow.until(cluster, "WAITING")
    slow.call("TerminateJobFlows", JobFlowIds=[cluster])
    assert slow.state(cluster) == "TERMINATING"
    slow.clock.advance(10)
    slow.until(cluster, "TERMINATED")
    status = slow.cluster(cluster)["Status"]
    assert status["StateChangeReason"] == {"Code": "USER_REQUEST", "Message": "Terminated by user request"}
    timeline = status["Timeline"]
    assert timeline["ReadyDateTime"] - timeline["CreationDateTime"] == 20
    assert timeline["EndDateTime"] - timeline["CreationDateTime"] == 30


def test_cluster_events_have_the_shape_emr_gives_them(emr: Emr) -> None:
    cluster = emr.start(step("a"), keep=False)
    emr.run_of(cluster, "a").finish(0)
    emr.until(cluster, "TERMINATED")

    def seen() -> list[str]:
        return emr.events.states("EMR Cluster State Change", clusterId=cluster)

    eventually(lambda: seen() == ["STARTING", "TERMINATED"], seen)
    detail = [d for t, d in emr.events.seen if t == "EMR Cluster State Change"][-1]
    assert set(detail) == {"severity", "stateChangeReason", "name", "clusterId", "state", "message"}
    assert json.loads(detail["stateChangeReason"]) == {"code": "ALL_STEPS_COMPLETED", "message": "Steps completed"}


def test_a_transient_cluster_ends_when_its_steps_have_even_if_it_is_protected(emr: Emr) -> None:
    cluster = emr.start(step("a"), keep=False, Instances={"TerminationProtected": True})
    emr.run_of(cluster, "a").finish(1)
    emr.until(cluster, "TERMINATED")
    assert emr.cluster(cluster)["Status"]["StateChangeReason"]["Code"] == "ALL_STEPS_COMPLETED"


def test_a_transient_cluster_without_steps_ends_at_once(emr: Emr) -> None:
    assert emr.until(emr.start(keep=False), "TERMINATED") == "TERMINATED"


def test_a_waiting_cluster_ends_when_it_is_no_longer_kept_alive(emr: Emr) -> None:
    cluster = emr.start()
    emr.until(cluster, "WAITING")
    emr.call("SetKeepJobFlowAliveWhenNoSteps", JobFlowIds=[cluster], KeepJobFlowAliveWhenNoSteps=False)
    emr.until(cluster, "TERMINATED")


def test_termination_cancels_the_steps(emr: Emr) -> None:
    emr.executor.heeds_interrupt = False
    cluster = emr.start(step("a"), step("b"))
    run = emr.run_of(cluster, "a")
    emr.call("TerminateJobFlows", JobFlowIds=[cluster])
    emr.until(cluster, "TERMINATED")
    assert emr.steps(cluster) == {"a": "CANCELLED", "b": "CANCELLED"}
    assert run.signals == [False, True], "asked first, killed after the grace"


def test_termination_while_starting_needs_no_waiting(slow: Emr) -> None:
    cluster = slow.start(step("a"))
    slow.call("TerminateJobFlows", JobFlowIds=[cluster])
    slow.clock.advance(10)
    slow.until(cluster, "TERMINATED")
    assert slow.steps(cluster) == {"a": "CANCELLED"}
    assert slow.executor.runs == {}


def test_a_protected_cluster_is_not_terminated_and_neither_are_its_companions(emr: Emr) -> None:
    safe, other = emr.start(), emr.start()
    emr.call("SetTerminationProtection", JobFlowIds=[safe], TerminationProtected=True)
    error = emr.refused("TerminateJobFlows", JobFlowIds=[other, safe])
    assert (error.code, "termination protected" in error.message) == ("ValidationException", True)
    assert {emr.state(other), emr.state(safe)} <= {"STARTING", "BOOTSTRAPPING", "WAITING"}
    emr.call("SetTerminationProtection", JobFlowIds=[safe], TerminationProtected=False)
    emr.call("TerminateJobFlows", JobFlowIds=[other, safe])
    emr.until(safe, "TERMINATED")
    emr.call("TerminateJobFlows", JobFlowIds=[safe])


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("AddJobFlowSteps", {"JobFlowId": "?", "Steps": [step()]}),
        ("ModifyCluster", {"ClusterId": "?", "StepConcurrencyLevel": 2}),
        ("SetTerminationProtection", {"JobFlowIds": ["?"], "TerminationProtected": True}),
        ("PutAutoTerminationPolicy", {"ClusterId": "?", "AutoTerminationPolicy": {"IdleTimeout": 60}}),
        ("RemoveManagedScalingPolicy", {"ClusterId": "?"}),
        ("AddInstanceFleet", {"ClusterId": "?", "InstanceFleet": fleets(task=1)[-1]}),
    ],
)
def test_a_cluster_that_has_ended_may_not_be_modified(emr: Emr, operation: str, request_: dict[str, Any]) -> None:
    cluster = emr.start(keep=False)
    emr.until(cluster, "TERMINATED")
    filled = {k: cluster if v == "?" else [cluster] if v == ["?"] else v for k, v in request_.items()}
    error = emr.refused(operation, **filled)
    assert error.code == "ValidationException"
    assert error.message == "A job flow that is shutting down, terminated, or finished may not be modified."


def test_an_idle_cluster_ends_when_its_policy_says_so(slow: Emr) -> None:
    cluster = slow.start(step("a"), AutoTerminationPolicy={"IdleTimeout": 600})
    slow.clock.advance(10)
    slow.until(cluster, "BOOTSTRAPPING")
    slow.clock.advance(10)
    run = slow.run_of(cluster, "a")
    slow.clock.advance(10_000)
    assert slow.state(cluster) == "RUNNING", "a cluster with a step is not idle"
    run.finish(0)
    slow.until(cluster, "WAITING")
    slow.clock.advance(599)
    assert slow.state(cluster) == "WAITING"
    slow.clock.advance(2)
    slow.until(cluster, "TERMINATING")
    assert "idle" in slow.cluster(cluster)["Status"]["StateChangeReason"]["Message"]


def test_an_auto_termination_policy_can_be_changed_and_removed(slow: Emr) -> None:
    cluster = slow.start()
    slow.clock.advance(10)
    slow.until(cluster, "BOOTSTRAPPING")
    slow.clock.advance(10)
    slow.until(cluster, "WAITING")
    assert slow.call("GetAutoTerminationPolicy", ClusterId=cluster) == {}
    slow.call("PutAutoTerminationPolicy", ClusterId=cluster, AutoTerminationPolicy={"IdleTimeout": 60})
    shown = slow.call("GetAutoTerminationPolicy", ClusterId=cluster)
    assert shown == {"AutoTerminationPolicy": {"IdleTimeout": 60}}
    slow.call("RemoveAutoTerminationPolicy", ClusterId=cluster)
    slow.clock.advance(3600)
    assert slow.state(cluster) == "WAITING"
    slow.call("PutAutoTerminationPolicy", ClusterId=cluster, AutoTerminationPolicy={"IdleTimeout": 60})
    slow.until(cluster, "TERMINATING")
    for seconds in (59, 604_801):
        error = slow.refused(
            "PutAutoTerminationPolicy", ClusterId=cluster, AutoTerminationPolicy={"IdleTimeout": seconds}
        )
        assert error.code == "ValidationException"


# Bootstrap actions --------------------------------------------------------------------------------------------------


def test_bootstrap_actions_run_in_order_once_for_each_node_role(emr: Emr) -> None:
    emr.executor.script = lambda work: 0
    cluster = emr.start(
        Instances={"InstanceFleets": fleets(task=2)},
        BootstrapActions=[action("one", "s3://b/1.sh", "x"), action("two")],
    )
    emr.until(cluster, "WAITING")
    assert emr.executor.order == ["one", "two"] * 3
    roles = [r.work.environment["EMRKIT_NODE_ROLE"] for r in emr.executor.runs.values()]
    assert roles == ["primary", "primary", "core", "core", "task", "task"]
    first = next(iter(emr.executor.runs.values())).work
    assert (first.jar, first.args) == ("script-runner.jar", ("s3://b/1.sh", "x"))
    primary = emr.call("ListInstances", ClusterId=cluster, InstanceGroupTypes=["MASTER"])["Instances"][0]
    prefix = f"emr/{cluster}/node/{primary['Ec2InstanceId']}/bootstrap-actions/1/"
    names = {k.removeprefix(prefix) for _, k in emr.objects.stored if k.startswith(prefix)}
    assert names == {"stdout.gz", "stderr.gz", "controller.gz"}
    listed = emr.call("ListBootstrapActions", ClusterId=cluster)["BootstrapActions"]
    assert listed[0] == {"Name": "one", "ScriptPath": "s3://b/1.sh", "Args": ["x"]}
    assert emr.executor.held == 0


def test_a_failing_bootstrap_action_ends_the_cluster_as_on_emr(emr: Emr) -> None:
    emr.executor.script = lambda work: 7
    cluster = emr.start(step("a"), BootstrapActions=[action()])
    emr.until(cluster, "TERMINATED_WITH_ERRORS")
    status = emr.cluster(cluster)["Status"]
    primary = emr.call("ListInstances", ClusterId=cluster, InstanceGroupTypes=["MASTER"])["Instances"][0]
    node = primary["Ec2InstanceId"]
    assert status["StateChangeReason"] == {
        "Code": "BOOTSTRAP_FAILURE",
        "Message": f"On the master instance ({node}), bootstrap action 1 returned a non-zero return code",
    }
    detail = status["ErrorDetails"][0]
    assert detail["ErrorCode"] == "BOOTSTRAP_FAILURE_PRIMARY_WITH_NON_ZERO_CODE"
    assert detail["ErrorData"][0]["return-code"] == "7"
    assert emr.steps(cluster) == {"a": "CANCELLED"}
    controller = emr.objects.stored["logs", f"emr/{cluster}/node/{node}/bootstrap-actions/1/controller.gz"]
    assert "exit code 7" in gzip.decompress(controller).decode()


def test_a_bootstrap_action_that_fails_on_workers_names_them(emr: Emr) -> None:
    def fail_on_core(work: StepWork) -> int:
        return 1 if work.environment["EMRKIT_NODE_ROLE"] == "core" else 0

    emr.executor.script = fail_on_core
    cluster = emr.start(BootstrapActions=[action()])
    emr.until(cluster, "TERMINATED_WITH_ERRORS")
    assert "On 2 slave instances (including i-" in emr.cluster(cluster)["Status"]["StateChangeReason"]["Message"]


def test_a_bootstrap_script_that_is_not_there_fails_the_download(emr: Emr) -> None:
    cluster = emr.start(BootstrapActions=[action("one", "s3://nowhere/x.sh")])
    emr.until(cluster, "TERMINATED_WITH_ERRORS")
    status = emr.cluster(cluster)["Status"]
    assert "failed attempting to download bootstrap action 1 file from S3" in status["StateChangeReason"]["Message"]
    assert status["ErrorDetails"][0]["ErrorCode"] == "BOOTSTRAP_FAILURE_FILE_NOT_FOUND_PRIMARY"
    assert emr.executor.runs == {}


def test_termination_kills_a_bootstrap_action_that_runs(emr: Emr) -> None:
    emr.executor.heeds_interrupt = False
    cluster = emr.start(BootstrapActions=[action()])
    eventually(lambda: emr.executor.runs)
    assert emr.state(cluster) == "BOOTSTRAPPING"
    emr.call("TerminateJobFlows", JobFlowIds=[cluster])
    emr.until(cluster, "TERMINATED")
    assert emr.cluster(cluster)["Status"]["StateChangeReason"]["Code"] == "USER_REQUEST"


def test_more_than_16_bootstrap_actions_are_refused(emr: Emr) -> None:
    error = emr.refused("RunJobFlow", **request(BootstrapActions=[action()] * 17))
    assert (error.code, "16" in error.message) == ("ValidationException", True)


# RunJobFlow ---------------------------------------------------------------------------------------------------------


def request(**more: Any) -> dict[str, Any]:
    instances = {"InstanceFleets": fleets(), **more.pop("Instances", {})}
    return {"Name": "c", "ReleaseLabel": "emr-7.10.0", "Instances": instances, **more}


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


# Security -----------------------------------------------------------------------------------------------------------


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
            "CertificateProviderType",
        ),
        (
            (
                '{"EncryptionConfiguration": {"EnableInTransitEncryption": false, "EnableAtRestEncryption": true, '
                '"AtRestEncryptionConfiguration": {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS"}}}}'
            ),
            "AwsKmsKey",
        ),
        ('{"AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "Mine"}}}', "Provider"),
        ('{"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 3}}', "1 or 2"),
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


# Capacity -----------------------------------------------------------------------------------------------------------


def test_fleets_are_filled_by_weight_and_stay_the_same_at_each_look(emr: Emr) -> None:
    cluster = emr.start(Instances={"InstanceFleets": fleets(core=5, task=3)})
    emr.until(cluster, "WAITING")
    shown = {f["InstanceFleetType"]: f for f in emr.call("ListInstanceFleets", ClusterId=cluster)["InstanceFleets"]}
    assert shown["CORE"]["TargetOnDemandCapacity"] == 5
    assert shown["CORE"]["ProvisionedOnDemandCapacity"] == 6, "three instances of weight two"
    assert shown["TASK"]["ProvisionedSpotCapacity"] == 3
    nodes = emr.call("ListInstances", ClusterId=cluster)["Instances"]
    assert len(nodes) == 1 + 3 + 3
    assert len({n["Ec2InstanceId"] for n in nodes}) == len({n["PrivateIpAddress"] for n in nodes}) == 7
    assert nodes == emr.call("ListInstances", ClusterId=cluster)["Instances"]
    spot = emr.call("ListInstances", ClusterId=cluster, InstanceFleetType="TASK")["Instances"]
    assert [n["Market"] for n in spot] == ["SPOT"] * 3
    by_id = emr.call("ListInstances", ClusterId=cluster, InstanceFleetId=shown["CORE"]["Id"])["Instances"]
    assert len(by_id) == 3
    assert emr.call("ListInstances", ClusterId=cluster, InstanceStates=["TERMINATED"])["Instances"] == []


def test_a_fleet_can_be_resized_and_a_task_fleet_added_once(emr: Emr) -> None:
    cluster = emr.start()
    emr.until(cluster, "WAITING")
    core = emr.call("ListInstanceFleets", ClusterId=cluster)["InstanceFleets"][1]
    change = {"InstanceFleetId": core["Id"], "TargetOnDemandCapacity": 8}
    emr.call("ModifyInstanceFleet", ClusterId=cluster, InstanceFleet=change)
    assert emr.call("ListInstanceFleets", ClusterId=cluster)["InstanceFleets"][1]["ProvisionedOnDemandCapacity"] == 8
    added = emr.call("AddInstanceFleet", ClusterId=cluster, InstanceFleet=fleets(task=2)[-1])
    assert added["ClusterId"] == cluster
    again = emr.refused("AddInstanceFleet", ClusterId=cluster, InstanceFleet=fleets(task=2)[-1])
    assert again.code == "InvalidRequestException"
    unknown = emr.refused("ModifyInstanceFleet", ClusterId=cluster, InstanceFleet={"InstanceFleetId": "if-NO"})
    assert unknown.code == "InvalidRequestException"


def test_groups_can_be_resized_and_task_groups_added(emr: Emr) -> None:
    keep = {"InstanceGroups": GROUPS, "KeepJobFlowAliveWhenNoSteps": True}
    cluster = emr.call("RunJobFlow", Name="c", ReleaseLabel="emr-7.10.0", Instances=keep)["JobFlowId"]
    emr.until(cluster, "WAITING")
    group = {"InstanceRole": "TASK", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    added = emr.call("AddInstanceGroups", JobFlowId=cluster, InstanceGroups=[group])["InstanceGroupIds"]
    emr.call(
        "ModifyInstanceGroups", ClusterId=cluster, InstanceGroups=[{"InstanceGroupId": added[0], "InstanceCount": 4}]
    )
    emr.call("ModifyInstanceGroups", InstanceGroups=[{"InstanceGroupId": added[0], "InstanceCount": 5}])
    shown = emr.call("ListInstanceGroups", ClusterId=cluster)["InstanceGroups"]
    assert [g["RequestedInstanceCount"] for g in shown] == [1, 2, 5]
    bad = {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    assert emr.refused("AddInstanceGroups", JobFlowId=cluster, InstanceGroups=[bad]).code == "ValidationException"


def limits(low: int, high: int, **more: int) -> dict[str, Any]:
    units = {"UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": low, "MaximumCapacityUnits": high, **more}
    return {"ComputeLimits": units}


def test_managed_scaling_keeps_the_capacity_within_its_limits(emr: Emr) -> None:
    cluster = emr.start(Instances={"InstanceFleets": fleets(core=4, task=6)})

    def targets() -> list[tuple[int, int]]:
        found = emr.call("ListInstanceFleets", ClusterId=cluster)["InstanceFleets"][1:]
        return [(f["TargetOnDemandCapacity"], f["TargetSpotCapacity"]) for f in found]

    emr.call("PutManagedScalingPolicy", ClusterId=cluster, ManagedScalingPolicy=limits(2, 8))
    assert targets() == [(4, 0), (0, 4)], "the task fleet gives way first"
    emr.call("PutManagedScalingPolicy", ClusterId=cluster, ManagedScalingPolicy=limits(2, 3))
    assert targets() == [(3, 0), (0, 0)]
    emr.call(
        "PutManagedScalingPolicy", ClusterId=cluster, ManagedScalingPolicy=limits(9, 20, MaximumCoreCapacityUnits=5)
    )
    assert sum(a + b for a, b in targets()) == 9
    assert sum(targets()[0]) == 5, "the core fleet grows first, up to its own limit"
    assert emr.call("GetManagedScalingPolicy", ClusterId=cluster)["ManagedScalingPolicy"]
    emr.call("RemoveManagedScalingPolicy", ClusterId=cluster)
    assert emr.call("GetManagedScalingPolicy", ClusterId=cluster) == {}
    error = emr.refused("PutManagedScalingPolicy", ClusterId=cluster, ManagedScalingPolicy=limits(5, 3))
    assert error.code == "ValidationException"


# Lists, tags, scopes ------------------------------------------------------------------------------------------------


def test_clusters_are_listed_newest_first_in_pages_by_state_and_by_time(slow: Emr) -> None:
    made = []
    for _ in range(52):
        made.append(slow.start())
        slow.clock.advance(0.001)
    page = slow.call("ListClusters")
    rest = slow.call("ListClusters", Marker=page["Marker"])
    assert [c["Id"] for c in page["Clusters"] + rest["Clusters"]] == made[::-1]
    slow.call("TerminateJobFlows", JobFlowIds=[made[3]])
    ending = slow.call("ListClusters", ClusterStates=["TERMINATING"])["Clusters"]
    assert [c["Id"] for c in ending] == [made[3]]
    later = slow.clock.now() + 100
    assert slow.call("ListClusters", CreatedAfter=later) == {"Clusters": []}
    assert len(slow.call("ListClusters", CreatedBefore=later)["Clusters"]) == 50


def test_tags_are_added_replaced_and_removed(emr: Emr) -> None:
    cluster = emr.start(Tags=[{"Key": "a", "Value": "1"}])
    emr.call("AddTags", ResourceId=cluster, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b"}])
    assert emr.cluster(cluster)["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
    emr.call("RemoveTags", ResourceId=emr.cluster(cluster)["ClusterArn"], TagKeys=["a", "none"])
    assert emr.cluster(cluster)["Tags"] == [{"Key": "b", "Value": ""}]


def test_switches_show(emr: Emr) -> None:
    cluster = emr.start()
    emr.call("SetVisibleToAllUsers", JobFlowIds=[cluster], VisibleToAllUsers=False)
    emr.call("SetUnhealthyNodeReplacement", JobFlowIds=[cluster], UnhealthyNodeReplacement=False)
    shown = emr.cluster(cluster)
    assert (shown["VisibleToAllUsers"], shown["UnhealthyNodeReplacement"]) == (False, False)


def test_another_account_or_region_sees_nothing(emr: Emr) -> None:
    cluster = emr.start()
    for account, region in (("111111111111", REGION), (ACCOUNT, "eu-west-1")):
        assert emr.control.call("ListClusters", {}, account=account, region=region) == {"Clusters": []}
        with pytest.raises(Exception, match="is not valid"):
            emr.control.call("DescribeCluster", {"ClusterId": cluster}, account=account, region=region)


def test_a_wait_can_run_out_of_time_or_be_given_up(slow: Emr) -> None:
    cluster = slow.start()
    with pytest.raises(TimeoutError):
        slow.control.wait_cluster(cluster, {"WAITING"}, deadline=slow.clock.now() - 1)
    with pytest.raises(Aborted):
        slow.control.wait_cluster(cluster, {"WAITING"}, abort=lambda: True)


def test_every_transition_is_on_disk_before_it_is_seen(emr: Emr, tmp_path: Path) -> None:
    cluster = emr.start(step("a"))
    emr.run_of(cluster, "a")
    with sqlite3.connect(f"file:{tmp_path / 'state' / 'emr.sqlite'}?mode=ro", uri=True) as reader:
        (body,) = reader.execute("select body from steps").fetchone()
    assert json.loads(body)["state"] == "RUNNING"
