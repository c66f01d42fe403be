"""The CloudFormation types of EMR, on the core.

A cluster is created when it is WAITING or RUNNING; an end before that fails the resource with EMR's own reason. What
EMR can change in a living cluster is changed in place, anything else replaces it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from emrkit_local.core.control_plane import ControlPlane
from emrkit_local.core.errors import ServiceError

from .ministack import Emulator, Json, TypeHandlers
from .stack_documents import changed, from_template, instances_request

__all__ = ["STACK_TAG", "cluster_types"]

STACK_TAG = "aws:cloudformation:stack-name"
"""CloudFormation's own tag on what a stack makes; finds a cluster whose creation a crash interrupted."""
_RUNNING = frozenset({"WAITING", "RUNNING"})
_IN_PLACE = frozenset({"AutoTerminationPolicy", "ManagedScalingPolicy", "StepConcurrencyLevel", "Tags"}) | {
    "VisibleToAllUsers"
}
_INSTANCES_IN_PLACE = frozenset({"TerminationProtected", "UnhealthyNodeReplacement", "KeepJobFlowAliveWhenNoSteps"})
_FLEETS = {"MasterInstanceFleet": "MASTER", "CoreInstanceFleet": "CORE"}
_GROUPS = {"MasterInstanceGroup": "MASTER", "CoreInstanceGroup": "CORE"}
_TARGETS = frozenset({"TargetOnDemandCapacity", "TargetSpotCapacity"})
_GROUP_IN_PLACE = frozenset({"InstanceCount", "AutoScalingPolicy"})
Created = tuple[str, dict[str, object]]


class ClusterTypes:
    """Handlers of `AWS::EMR::*`; they run on worker threads, in the stack's account and Region."""

    def __init__(self, emulator: Emulator, control: ControlPlane) -> None:
        self._emulator = emulator
        self._control = control

    def call(self, operation: str, request: Json) -> Json:
        """One operation as this stack's account; EMR's refusal becomes the resource's reason."""
        account, region = self._emulator.account(), self._emulator.region()
        try:
            return dict(self._control.call(operation, request, account=account, region=region))
        except ServiceError as error:
            raise ValueError(
                f"{error.message} (Service: Emr, Status Code: {error.http_status}, {error.code})"
            ) from error

    # Cluster --------------------------------------------------------------------------------------------------------

    def create_cluster(self, _logical_id: str, properties: Json, stack: str) -> Created:
        request = cast("Json", from_template("RunJobFlow", {**properties, "Instances": {}}))
        if "AdditionalInfo" in properties:  # a document in a template, its text in a request
            given = properties["AdditionalInfo"]
            request["AdditionalInfo"] = given if isinstance(given, str) else json.dumps(given)
        request["Instances"] = instances_request(cast("Json", properties.get("Instances") or {}))
        tags = [t for t in cast("list[Json]", request.get("Tags") or []) if t.get("Key") != STACK_TAG]
        request["Tags"] = [*tags, {"Key": STACK_TAG, "Value": stack}]
        cluster = str(self.call("RunJobFlow", request)["JobFlowId"])
        state = self._control.wait_cluster(cluster, _RUNNING)
        status = cast("Json", state["Status"])
        reason = cast("Json", status.get("StateChangeReason") or {})
        if status["State"] not in _RUNNING and reason.get("Code") != "ALL_STEPS_COMPLETED":
            raise ValueError(f"cluster {cluster} ended as {status['State']}: {reason.get('Message') or reason}")
        return cluster, _cluster_attributes(cluster, state)

    def update_cluster(
        self, cluster: str, old: Json, new: Json, stack: str, logical_id: str | None = None
    ) -> tuple[str, Mapping[str, object]]:
        if _must_replace(old, new):
            return self._emulator.replace_resource("AWS::EMR::Cluster", cluster, old, new, stack, logical_id)
        for name in sorted(changed(old, new)):
            if name != "Instances":
                self._change(cluster, name, old.get(name), new.get(name))
        self._change_instances(
            cluster, cast("Json", old.get("Instances") or {}), cast("Json", new.get("Instances") or {})
        )
        described = cast("Json", self.call("DescribeCluster", {"ClusterId": cluster})["Cluster"])
        return cluster, _cluster_attributes(cluster, described)

    def _change(self, cluster: str, name: str, old: object, new: object) -> None:
        value = new
        if name in ("AutoTerminationPolicy", "ManagedScalingPolicy"):
            self._policy(cluster, name, value)
        elif name == "StepConcurrencyLevel":
            self.call("ModifyCluster", {"ClusterId": cluster, "StepConcurrencyLevel": int(str(value or 1))})
        elif name == "VisibleToAllUsers":
            self.call(
                "SetVisibleToAllUsers", {"JobFlowIds": [cluster], "VisibleToAllUsers": _flag(value, default=True)}
            )
        elif name == "Tags":
            before = {str(t["Key"]): t for t in cast("list[Json]", old or [])}
            after = {str(t["Key"]): t for t in cast("list[Json]", value or [])}
            if gone := sorted(before.keys() - after.keys()):
                self.call("RemoveTags", {"ResourceId": cluster, "TagKeys": gone})
            if after:
                self.call("AddTags", {"ResourceId": cluster, "Tags": list(after.values())})

    def _policy(self, cluster: str, name: str, value: object) -> None:
        if value:
            request = from_template(f"Put{name}", {"ClusterId": cluster, name: value})
            self.call(f"Put{name}", cast("Json", request))
        else:
            self.call(f"Remove{name}", {"ClusterId": cluster})

    def _change_instances(self, cluster: str, old: Json, new: Json) -> None:
        names = changed(old, new)
        if "TerminationProtected" in names:
            flag = _flag(new.get("TerminationProtected"), default=False)
            self.call("SetTerminationProtection", {"JobFlowIds": [cluster], "TerminationProtected": flag})
        if "UnhealthyNodeReplacement" in names:
            flag = _flag(new.get("UnhealthyNodeReplacement"), default=False)
            self.call("SetUnhealthyNodeReplacement", {"JobFlowIds": [cluster], "UnhealthyNodeReplacement": flag})
        if "KeepJobFlowAliveWhenNoSteps" in names:
            flag = _flag(new.get("KeepJobFlowAliveWhenNoSteps"), default=True)
            request = {"JobFlowIds": [cluster], "KeepJobFlowAliveWhenNoSteps": flag}
            self.call("SetKeepJobFlowAliveWhenNoSteps", cast("Json", request))
        for name, kind in _FLEETS.items():
            if name in names:
                self._resize_fleet(cluster, kind, cast("Json", new[name]))
        for name, kind in _GROUPS.items():
            if name in names:
                listed = self._groups(cluster)
                found = next(g for g in listed if g["InstanceGroupType"] == kind)
                self._change_group(cluster, str(found["Id"]), cast("Json", old[name]), cast("Json", new[name]))
        if "TaskInstanceFleets" in names:
            self._resize_fleet(cluster, "TASK", cast("list[Json]", new["TaskInstanceFleets"])[0])
        if "TaskInstanceGroups" in names:
            self._change_task_groups(cluster, old, new)

    def _groups(self, cluster: str) -> list[Json]:
        return cast("list[Json]", self.call("ListInstanceGroups", {"ClusterId": cluster})["InstanceGroups"])

    def _change_task_groups(self, cluster: str, old: Json, new: Json) -> None:
        before = cast("list[Json]", old["TaskInstanceGroups"])
        after = cast("list[Json]", new["TaskInstanceGroups"])
        by_name = {g.get("Name"): str(g["Id"]) for g in self._groups(cluster) if g["InstanceGroupType"] == "TASK"}
        for one, other in zip(before, after, strict=True):
            if one != other:
                self._change_group(cluster, by_name[other.get("Name")], one, other)

    def _resize_fleet(self, cluster: str, kind: str, fleet: Json) -> None:
        listed = cast("list[Json]", self.call("ListInstanceFleets", {"ClusterId": cluster})["InstanceFleets"])
        found = next(f for f in listed if f["InstanceFleetType"] == kind)
        targets = {k: int(str(fleet.get(k) or 0)) for k in _TARGETS}
        request: Json = {"ClusterId": cluster, "InstanceFleet": {"InstanceFleetId": found["Id"], **targets}}
        self.call("ModifyInstanceFleet", request)

    def _change_group(self, cluster: str, group: str, old: Json, new: Json) -> None:
        """The count and the scaling policy, each only when it changed."""
        names = changed(old, new)
        if "AutoScalingPolicy" in names:
            policy, where = new.get("AutoScalingPolicy"), {"ClusterId": cluster, "InstanceGroupId": group}
            if policy:
                request = from_template("PutAutoScalingPolicy", {**where, "AutoScalingPolicy": policy})
                self.call("PutAutoScalingPolicy", cast("Json", request))
            else:
                self.call("RemoveAutoScalingPolicy", cast("Json", where))
        if "InstanceCount" in names:
            resized: Json = {"InstanceGroupId": group, "InstanceCount": int(str(new["InstanceCount"]))}
            self.call("ModifyInstanceGroups", {"ClusterId": cluster, "InstanceGroups": [resized]})

    def delete_cluster(self, cluster: str, _properties: Json) -> None:
        try:
            self.call("DescribeCluster", {"ClusterId": cluster})
        except ValueError:
            return  # not a cluster of ours (any more): there is nothing to delete
        self.call("TerminateJobFlows", {"JobFlowIds": [cluster]})
        self._control.wait_cluster(cluster, ())

    # Security configuration -----------------------------------------------------------------------------------------

    def create_security_configuration(self, logical_id: str, properties: Json, stack: str) -> Created:
        document = properties.get("SecurityConfiguration")
        text = document if isinstance(document, str) else json.dumps(document)
        name = str(properties.get("Name") or self._emulator.generated_name(stack, logical_id))
        self.call("CreateSecurityConfiguration", {"Name": name, "SecurityConfiguration": text})
        return name, {}

    def delete_security_configuration(self, name: str, _properties: Json) -> None:
        try:
            self.call("DescribeSecurityConfiguration", {"Name": name})
        except ValueError:
            return
        self.call("DeleteSecurityConfiguration", {"Name": name})

    # Steps, fleets, groups ------------------------------------------------------------------------------------------

    def create_step(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        step = {k: v for k, v in properties.items() if k != "JobFlowId"}
        cluster = str(properties["JobFlowId"])
        request = cast("Json", from_template("AddJobFlowSteps", {"JobFlowId": cluster, "Steps": [step]}))
        identity = str(cast("list[str]", self.call("AddJobFlowSteps", request)["StepIds"])[0])
        status = cast("Json", self._control.wait_step(cluster, identity)["Status"])
        if status["State"] != "COMPLETED":
            reason = cast("Json", status.get("FailureDetails") or status.get("StateChangeReason") or {})
            raise ValueError(f"step {identity} is {status['State']}: {reason.get('Message') or reason}")
        return identity, {"Id": identity}

    def create_fleet(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        fleet = {k: v for k, v in properties.items() if k != "ClusterId"}
        request = {"ClusterId": properties["ClusterId"], "InstanceFleet": fleet}
        made = self.call("AddInstanceFleet", cast("Json", from_template("AddInstanceFleet", request)))
        return str(made["InstanceFleetId"]), {"Id": made["InstanceFleetId"]}

    def update_fleet(
        self, fleet: str, old: Json, new: Json, stack: str, logical_id: str | None = None
    ) -> tuple[str, Mapping[str, object]]:
        if changed(old, new) - _TARGETS:
            return self._emulator.replace_resource("AWS::EMR::InstanceFleetConfig", fleet, old, new, stack, logical_id)
        targets = {k: int(str(new.get(k) or 0)) for k in _TARGETS}
        request: Json = {"ClusterId": new["ClusterId"], "InstanceFleet": {"InstanceFleetId": fleet, **targets}}
        self.call("ModifyInstanceFleet", request)
        return fleet, {"Id": fleet}

    def delete_fleet(self, fleet: str, properties: Json) -> None:
        targets = dict.fromkeys(_TARGETS, 0)
        request: Json = {
            "ClusterId": properties["ClusterId"],
            "InstanceFleet": {"InstanceFleetId": fleet, **targets},
        }
        self._unless_ended(str(properties["ClusterId"]), "ModifyInstanceFleet", request)

    def create_group(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        group = {k: v for k, v in properties.items() if k != "JobFlowId"}
        request = {"JobFlowId": properties["JobFlowId"], "InstanceGroups": [group]}
        made = self.call("AddInstanceGroups", cast("Json", from_template("AddInstanceGroups", request)))
        identity = cast("list[str]", made["InstanceGroupIds"])[0]
        return identity, {"Id": identity}

    def update_group(
        self, group: str, old: Json, new: Json, stack: str, logical_id: str | None = None
    ) -> tuple[str, Mapping[str, object]]:
        if changed(old, new) - _GROUP_IN_PLACE:
            return self._emulator.replace_resource("AWS::EMR::InstanceGroupConfig", group, old, new, stack, logical_id)
        self._change_group(str(new["JobFlowId"]), group, old, new)
        return group, {"Id": group}

    def delete_group(self, group: str, properties: Json) -> None:
        request: Json = {"InstanceGroups": [{"InstanceGroupId": group, "InstanceCount": 0}]}
        self._unless_ended(str(properties["JobFlowId"]), "ModifyInstanceGroups", request)

    def _unless_ended(self, cluster: str, operation: str, request: Json) -> None:
        try:
            described = cast("Json", self.call("DescribeCluster", {"ClusterId": cluster})["Cluster"])
        except ValueError:
            return
        if cast("Json", described["Status"])["State"] in _RUNNING:
            self.call(operation, request)


def cluster_types(emulator: Emulator, control: ControlPlane) -> dict[str, TypeHandlers]:
    """`AWS::EMR::*` by type name."""
    types = ClusterTypes(emulator, control)
    keep: Callable[..., None] = lambda *_: None  # noqa: E731 - a step cannot be taken back
    return {
        "AWS::EMR::Cluster": {
            "create": types.create_cluster,
            "update": types.update_cluster,
            "delete": types.delete_cluster,
        },
        "AWS::EMR::SecurityConfiguration": {
            "create": types.create_security_configuration,
            "delete": types.delete_security_configuration,
        },
        "AWS::EMR::Step": {"create": types.create_step, "delete": keep},
        "AWS::EMR::InstanceFleetConfig": {
            "create": types.create_fleet,
            "update": types.update_fleet,
            "delete": types.delete_fleet,
        },
        "AWS::EMR::InstanceGroupConfig": {
            "create": types.create_group,
            "update": types.update_group,
            "delete": types.delete_group,
        },
    }


def _must_replace(old: Json, new: Json) -> bool:
    names = changed(old, new)
    if names - _IN_PLACE - {"Instances"}:
        return True
    before, after = cast("Json", old.get("Instances") or {}), cast("Json", new.get("Instances") or {})
    for name in changed(before, after):
        if name in _INSTANCES_IN_PLACE:
            continue
        one, other = _listed(before.get(name)), _listed(after.get(name))
        in_place = _TARGETS if "Fleet" in name else _GROUP_IN_PLACE
        # One task group more or less is a new cluster, as is any other part of `Instances`.
        if not one or len(one) != len(other) or any(changed(a, b) - in_place for a, b in zip(one, other, strict=True)):
            return True
    return False


def _listed(value: object) -> list[Json]:
    """A fleet or group, or a list of them, as a list; empty for anything else."""
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return [cast("Json", item) for item in items] if all(isinstance(item, dict) for item in items) else []


def _flag(value: object, *, default: bool) -> bool:
    return default if value is None else str(value).lower() == "true"


def _cluster_attributes(cluster: str, described: Mapping[str, object]) -> dict[str, object]:
    return {"Id": cluster, "MasterPublicDNS": str(described.get("MasterPublicDnsName") or "127.0.0.1")}
