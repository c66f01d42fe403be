"""Reading back the nodes of an API request: fleets, groups in both of their forms, scaling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from .capacity import InstanceFleet
from .capacity.auto_scaling import AutoScaling
from .capacity.groups import InstanceGroup
from .configurations import Configuration

__all__ = [
    "as_list",
    "as_map",
    "auto_scaling_from_request",
    "configurations_from_request",
    "nodes_from_request",
    "scaling_from_request",
]

_Map = Mapping[str, object]
_ROLES = {"MASTER": "primary", "CORE": "core", "TASK": "task"}


def as_map(value: object) -> _Map:
    """A map of a request; empty for anything else."""
    return cast("_Map", value) if isinstance(value, Mapping) else {}


def as_list(value: object) -> Sequence[object]:
    """A list of a request; empty for anything else."""
    return cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()


def configurations_from_request(items: object) -> tuple[Configuration, ...]:
    """Configurations of a request, or of a template, as values."""
    return tuple(Configuration.parse(as_map(item)) for item in as_list(items))


def nodes_from_request(instances: _Map) -> dict[str, object]:
    """The fields `primary`, `core` and `task` of a cluster from a request's `Instances`."""
    if groups := as_list(instances.get("InstanceGroups")) or _in_short(instances):
        return _groups([as_map(group) for group in groups])
    fleets = [as_map(fleet) for fleet in as_list(instances.get("InstanceFleets"))]
    return {_ROLES[str(fleet.get("InstanceFleetType"))]: _fleet(fleet) for fleet in fleets}


def _in_short(instances: _Map) -> list[object]:
    """The oldest form, two types and a count, as the groups that it stands for."""
    primary = instances.get("MasterInstanceType") or instances.get("SlaveInstanceType")
    if not primary:
        return []
    number = int(str(instances.get("InstanceCount") or 1))
    groups: list[object] = [{"InstanceRole": "MASTER", "InstanceType": primary, "InstanceCount": 1}]
    if number > 1:
        core = instances.get("SlaveInstanceType") or primary
        groups.append({"InstanceRole": "CORE", "InstanceType": core, "InstanceCount": number - 1})
    return groups


def _groups(rows: Sequence[_Map]) -> dict[str, object]:
    several = sum(row.get("InstanceRole") == "TASK" for row in rows) > 1
    fields: dict[str, object] = {}
    task: list[InstanceGroup] = []
    for row in rows:
        role = _ROLES[str(row.get("InstanceRole"))]
        if role == "task":
            task.append(_group(row, f"task-{len(task) + 1}" if several else "task"))
        else:
            fields[role] = _group(row, role)
    if task:
        fields["task"] = tuple(task) if several else task[0]
    return fields


def _group(row: _Map, default_name: str) -> InstanceGroup:
    fields: dict[str, object] = {
        "type": row.get("InstanceType"),
        "count": row.get("InstanceCount"),
        # The API takes a bid for the choice of the Spot market.
        "market": row.get("Market") or ("SPOT" if row.get("BidPrice") else "ON_DEMAND"),
        "bid_price": row.get("BidPrice"),
        "name": None if row.get("Name") == default_name else row.get("Name"),
        **_volumes_and_image(row),
    }
    if policy := row.get("AutoScalingPolicy"):
        fields["scaling"] = auto_scaling_from_request(as_map(policy))
    return InstanceGroup.parse({key: value for key, value in fields.items() if value is not None})


def auto_scaling_from_request(row: _Map) -> AutoScaling:
    """An `AutoScalingPolicy` as a value."""
    constraints = as_map(row.get("Constraints"))
    return AutoScaling.parse(
        {
            "minimum": constraints.get("MinCapacity"),
            "maximum": constraints.get("MaxCapacity"),
            "rules": [_rule(as_map(rule)) for rule in as_list(row.get("Rules"))],
        }
    )


def _rule(row: _Map) -> dict[str, object]:
    action = as_map(row.get("Action"))
    change = as_map(action.get("SimpleScalingPolicyConfiguration"))
    alarm = as_map(as_map(row.get("Trigger")).get("CloudWatchAlarmDefinition"))
    dimensions = {str(as_map(d).get("Key")): str(as_map(d).get("Value")) for d in as_list(alarm.get("Dimensions"))}
    fields: dict[str, object] = {
        "name": row.get("Name"),
        "description": row.get("Description"),
        "metric": alarm.get("MetricName"),
        "comparison": alarm.get("ComparisonOperator"),
        "threshold": alarm.get("Threshold"),
        "adjustment": change.get("ScalingAdjustment"),
        "adjustment_type": change.get("AdjustmentType"),
        "period": alarm.get("Period"),
        "periods": alarm.get("EvaluationPeriods"),
        # The API rests for no time where ours is five minutes.
        "cool_down": change.get("CoolDown", 0),
        "statistic": alarm.get("Statistic"),
        "unit": alarm.get("Unit"),
        "namespace": alarm.get("Namespace"),
        "dimensions": dimensions,
        "market": action.get("Market"),
    }
    return {key: value for key, value in fields.items() if value is not None}


def scaling_from_request(row: _Map, *, groups: bool) -> dict[str, object]:
    """A `ManagedScalingPolicy` as the fields of its value; a unit that is the nodes' default was not chosen."""
    limits = as_map(row.get("ComputeLimits"))
    unit = limits.get("UnitType")
    if unit == ("Instances" if groups else "InstanceFleetUnits"):
        unit = None
    fields = {
        "minimum": limits.get("MinimumCapacityUnits"),
        "maximum": limits.get("MaximumCapacityUnits"),
        "maximum_on_demand": limits.get("MaximumOnDemandCapacityUnits"),
        "maximum_core": limits.get("MaximumCoreCapacityUnits"),
        "unit": unit,
        "strategy": row.get("ScalingStrategy"),
        "utilization_index": row.get("UtilizationPerformanceIndex"),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _fleet(row: _Map) -> InstanceFleet:
    launch, resize = as_map(row.get("LaunchSpecifications")), as_map(row.get("ResizeSpecifications"))
    on_demand, spot = as_map(launch.get("OnDemandSpecification")), as_map(launch.get("SpotSpecification"))
    again, again_spot = as_map(resize.get("OnDemandResizeSpecification")), as_map(resize.get("SpotResizeSpecification"))
    fields: dict[str, object] = {
        "types": [_type(as_map(t)) for t in as_list(row.get("InstanceTypeConfigs"))],
        "target_on_demand": row.get("TargetOnDemandCapacity") or 0,
        "target_spot": row.get("TargetSpotCapacity") or 0,
        "on_demand_strategy": on_demand.get("AllocationStrategy"),
        "spot_strategy": spot.get("AllocationStrategy"),
        "spot_timeout_action": spot.get("TimeoutAction"),
        "spot_timeout": _seconds(spot.get("TimeoutDurationMinutes")),
        "on_demand_resize_timeout": _seconds(again.get("TimeoutDurationMinutes")),
        "spot_resize_timeout": _seconds(again_spot.get("TimeoutDurationMinutes")),
        "on_demand_resize_strategy": again.get("AllocationStrategy"),
        "spot_resize_strategy": again_spot.get("AllocationStrategy"),
        "reservation": _reservation(as_map(on_demand.get("CapacityReservationOptions"))),
        "resize_reservation": _reservation(as_map(again.get("CapacityReservationOptions"))),
    }
    role = _ROLES.get(str(row.get("InstanceFleetType")), "")
    if row.get("Name") not in (None, role):
        fields["name"] = row["Name"]
    fleet = InstanceFleet.parse({key: value for key, value in fields.items() if value is not None})
    return _without_default_weights(fleet, primary=role == "primary")


def _without_default_weights(fleet: InstanceFleet, *, primary: bool) -> InstanceFleet:
    """A weight that is the default is not one that somebody chose."""
    bare = fleet.replace(types=[t.replace(weight=None) for t in fleet.types])
    defaults = {t.type: 1 for t in fleet.types} if primary else bare.weights()
    return fleet.replace(
        types=[t.replace(weight=None) if t.weight in (None, defaults[t.type]) else t for t in fleet.types]
    )


def _reservation(row: _Map) -> dict[str, object] | None:
    if not row:
        return None
    return {
        "first": row.get("UsageStrategy") is not None,
        "preference": row.get("CapacityReservationPreference"),
        "resource_group": row.get("CapacityReservationResourceGroupArn"),
    }


def _type(row: _Map) -> dict[str, object]:
    fields: dict[str, object] = {
        "type": row.get("InstanceType"),
        "weight": row.get("WeightedCapacity"),
        "bid_price": row.get("BidPrice"),
        "bid_percentage": row.get("BidPriceAsPercentageOfOnDemandPrice"),
        "priority": row.get("Priority"),
        **_volumes_and_image(row),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _volumes_and_image(row: _Map) -> dict[str, object]:
    """What a fleet's type and a group say in the same words."""
    fields: dict[str, object] = {"custom_ami": row.get("CustomAmiId")}
    ebs = as_map(row.get("EbsConfiguration"))
    if devices := as_list(ebs.get("EbsBlockDeviceConfigs")):
        fields["ebs"] = [_volume(as_map(device)) for device in devices]
    fields["ebs_optimized"] = ebs.get("EbsOptimized")
    if items := row.get("Configurations"):
        fields["configurations"] = configurations_from_request(items)
    return {key: value for key, value in fields.items() if value is not None}


def _volume(device: _Map) -> dict[str, object]:
    row = as_map(device.get("VolumeSpecification"))
    fields = {
        "type": row.get("VolumeType"),
        "size_gib": row.get("SizeInGB"),
        "iops": row.get("Iops"),
        "throughput": row.get("Throughput"),
        "count": device.get("VolumesPerInstance"),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _seconds(minutes: object) -> int | None:
    return None if minutes is None else int(cast("int", minutes)) * 60
