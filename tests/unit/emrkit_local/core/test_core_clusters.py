"""Clusters: their life, their end, their switches and their lists."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from core_doubles import ACCOUNT, REGION, Emr, eventually, fleets, step

from emrkit_local.core.control_plane import Aborted


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


def test_fleets_announce_that_they_run_and_that_they_have_ended(emr: Emr) -> None:
    cluster = emr.start(keep=False)
    emr.until(cluster, "TERMINATED")

    def seen() -> list[str]:
        return emr.events.states("EMR Instance Fleet State Change", clusterId=cluster, instanceFleetType="CORE")

    eventually(lambda: seen() == ["RUNNING", "TERMINATED"], seen)


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
