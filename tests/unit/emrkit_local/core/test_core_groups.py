"""Clusters of instance groups as the model renders them: launched, scaled, refused; through a stack's handlers too."""

from __future__ import annotations

from typing import Any, cast

import pytest
from core_doubles import Emr

from emrkit_local.core.errors import ServiceError
from emrkit_local.host.stack_emr import ClusterTypes
from emrkit_model import AutoScaling, Cluster, InstanceGroup, ManagedScaling
from emrkit_model.reading import cluster_from_request
from emrkit_model.render import cloudformation, request

ROLES = {"service_role": "service", "instance_profile": "nodes", "auto_scaling_role": "scaling"}


def cluster(**fields: Any) -> Cluster:
    given = {
        "name": "groups",
        "release": "emr-7.10.0",
        "primary": InstanceGroup.on_demand("m5.xlarge"),
        "core": InstanceGroup.on_demand("m5.xlarge", count=2),
        "task": [InstanceGroup.spot("m5.xlarge", count=3), InstanceGroup.on_demand("r5.xlarge")],
        **ROLES,
    }
    return Cluster.parse({**given, **fields})


def scaled(low: int = 2, high: int = 9, count: int = 2) -> InstanceGroup:
    return InstanceGroup.on_demand("m5.xlarge", count=count, scaling=AutoScaling.reference(low, high))


def launch(emr: Emr, value: Cluster) -> str:
    made = str(emr.call("RunJobFlow", **request.run_job_flow(value))["JobFlowId"])
    emr.until(made, "WAITING")
    return made


def groups(emr: Emr, cluster_id: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", emr.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"])


def test_a_cluster_of_groups_is_launched_as_it_is_rendered(emr: Emr) -> None:
    value = cluster()
    made = launch(emr, value)
    shown = [(g["Name"], g["Market"], g["RunningInstanceCount"]) for g in groups(emr, made)]
    assert shown == [
        ("primary", "ON_DEMAND", 1),
        ("core", "ON_DEMAND", 2),
        ("task-1", "SPOT", 3),
        ("task-2", "ON_DEMAND", 1),
    ]
    described = emr.call("DescribeCluster", ClusterId=made)["Cluster"]
    assert described["InstanceCollectionType"] == "INSTANCE_GROUP"
    assert described["AutoScalingRole"] == "scaling"
    assert cluster_from_request(request.run_job_flow(value)).groups() == value.groups()


def test_a_policy_is_shown_with_the_cluster_s_id_and_its_limits_hold(emr: Emr) -> None:
    made = launch(emr, cluster(core=scaled(low=4, high=9, count=2), task=None))
    core = groups(emr, made)[1]
    assert core["RequestedInstanceCount"] == 4
    policy = core["AutoScalingPolicy"]
    assert policy["Status"] == {"State": "ATTACHED"}
    dimension = policy["Rules"][0]["Trigger"]["CloudWatchAlarmDefinition"]["Dimensions"][0]
    assert dimension == {"Key": "JobFlowId", "Value": made}


def test_a_policy_is_put_in_place_of_another_and_removed(emr: Emr) -> None:
    made = launch(emr, cluster(core=scaled(), task=None))
    core = groups(emr, made)[1]["Id"]
    changed = {"Constraints": {"MinCapacity": 5, "MaxCapacity": 6}, "Rules": []}
    answer = emr.call("PutAutoScalingPolicy", ClusterId=made, InstanceGroupId=core, AutoScalingPolicy=changed)
    assert answer["AutoScalingPolicy"]["Constraints"] == changed["Constraints"]
    assert groups(emr, made)[1]["RequestedInstanceCount"] == 5
    emr.call("RemoveAutoScalingPolicy", ClusterId=made, InstanceGroupId=core)
    assert "AutoScalingPolicy" not in groups(emr, made)[1]
    assert emr.refused("RemoveAutoScalingPolicy", ClusterId=made, InstanceGroupId="ig-NO").code == (
        "InvalidRequestException"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"AutoScalingRole": None}, "AutoScalingRole"),
        ({"ManagedScalingPolicy": {"ComputeLimits": {}}}, "together"),
    ],
)
def test_a_policy_that_emr_would_refuse_is_refused(emr: Emr, change: dict[str, Any], words: str) -> None:
    asked = {**request.run_job_flow(cluster(core=scaled(), task=None)), **change}
    if "ManagedScalingPolicy" in change:
        limits = ManagedScaling(minimum=1, maximum=9)
        asked["ManagedScalingPolicy"] = request.run_job_flow(
            cluster(scaling=limits, core=InstanceGroup.on_demand("m5.xlarge"), task=None)
        )["ManagedScalingPolicy"]
    refused = emr.refused("RunJobFlow", **{key: value for key, value in asked.items() if value is not None})
    assert words in refused.message


def test_the_primary_group_has_no_policy_and_managed_scaling_none_beside_one(emr: Emr) -> None:
    made = launch(emr, cluster(core=scaled(), task=None))
    primary = groups(emr, made)[0]["Id"]
    policy = {"Constraints": {"MinCapacity": 1, "MaxCapacity": 1}, "Rules": []}
    assert "MASTER" in (
        emr.refused("PutAutoScalingPolicy", ClusterId=made, InstanceGroupId=primary, AutoScalingPolicy=policy).message
    )
    limits = {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 9}
    managed = {"ComputeLimits": limits}
    assert "together" in (emr.refused("PutManagedScalingPolicy", ClusterId=made, ManagedScalingPolicy=managed).message)


class Stack:
    """The part of the emulator that a stack's handlers use; it remembers what was replaced."""

    def __init__(self) -> None:
        self.replaced: list[str] = []

    def account(self) -> str:
        return "111122223333"

    def region(self) -> str:
        return "eu-west-1"

    def replace_resource(self, kind: str, physical_id: str, *_: object) -> tuple[str, dict[str, object]]:
        self.replaced.append(kind)
        return physical_id, {}


@pytest.fixture
def stack(emr: Emr) -> tuple[ClusterTypes, Stack, Emr]:
    double = Stack()
    return ClusterTypes(cast("Any", double), emr.control), double, emr


def properties(value: Cluster) -> dict[str, Any]:
    return cast("dict[str, Any]", cloudformation.cluster_properties(value))


def test_a_stack_makes_a_cluster_of_groups_and_changes_it_in_place(stack: tuple[ClusterTypes, Stack, Emr]) -> None:
    types, double, emr = stack
    first = properties(cluster(core=scaled()))
    made, _ = types.create_cluster("Etl", first, "stack")

    def look() -> list[dict[str, Any]]:
        answer = types.call("ListInstanceGroups", {"ClusterId": made})
        return cast("list[dict[str, Any]]", answer["InstanceGroups"])

    assert [g["RequestedInstanceCount"] for g in look()] == [1, 2, 3, 1]
    task = [InstanceGroup.spot("m5.xlarge", count=5), InstanceGroup.on_demand("r5.xlarge", count=2)]
    second = properties(cluster(core=scaled(low=3, high=20, count=3), task=task))
    types.update_cluster(made, first, second, "stack", "Etl")
    assert double.replaced == []
    assert [g["RequestedInstanceCount"] for g in look()] == [1, 3, 5, 2]
    assert look()[1]["AutoScalingPolicy"]["Constraints"] == {"MinCapacity": 3, "MaxCapacity": 20}
    third = properties(cluster(core=InstanceGroup.on_demand("m5.xlarge", count=3), task=task))
    types.update_cluster(made, second, third, "stack", "Etl")
    assert "AutoScalingPolicy" not in look()[1]
    fewer = properties(cluster(core=InstanceGroup.on_demand("m5.xlarge", count=3), task=task[:1]))
    types.update_cluster(made, third, fewer, "stack", "Etl")
    assert double.replaced == ["AWS::EMR::Cluster"]
    del emr


def test_a_stack_adds_a_task_group_with_a_policy_and_changes_it(stack: tuple[ClusterTypes, Stack, Emr]) -> None:
    types, double, _ = stack
    made, _ = types.create_cluster("Etl", properties(cluster(task=None)), "stack")
    group = InstanceGroup.spot("m5.xlarge", count=1, scaling=AutoScaling.reference(1, 5))
    first = cast("dict[str, Any]", cloudformation.task_group_properties(made, group, "burst"))
    added, _ = types.create_group("Burst", first, "stack")
    wider = group.replace(count=4, scaling=AutoScaling.reference(2, 8))
    second = cast("dict[str, Any]", cloudformation.task_group_properties(made, wider, "burst"))
    types.update_group(added, first, second, "stack")
    assert double.replaced == []
    shown = cast("list[dict[str, Any]]", types.call("ListInstanceGroups", {"ClusterId": made})["InstanceGroups"])
    assert (shown[-1]["Name"], shown[-1]["RequestedInstanceCount"]) == ("burst", 4)
    assert shown[-1]["AutoScalingPolicy"]["Constraints"] == {"MinCapacity": 2, "MaxCapacity": 8}
    types.delete_group(added, second)


def test_a_refused_group_is_the_stack_s_reason(stack: tuple[ClusterTypes, Stack, Emr]) -> None:
    types, _, _ = stack
    asked = properties(cluster())
    asked["Instances"]["Ec2SubnetIds"] = ["subnet-1"]
    with pytest.raises(ValueError, match="Ec2SubnetId") as refused:
        types.create_cluster("Etl", asked, "stack")
    assert isinstance(refused.value.__cause__, ServiceError)
