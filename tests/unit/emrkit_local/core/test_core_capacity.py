"""Fleets, groups, instances, and the limits of managed scaling."""

from __future__ import annotations

from typing import Any

from core_doubles import Emr, fleets

GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2, "Market": "SPOT"},
]


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
