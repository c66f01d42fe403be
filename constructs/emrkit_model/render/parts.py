"""What the renderings share: fleets, configurations and steps in the API's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from emrkit_model.capacity import CapacityReservation, EbsVolume, InstanceFleet, InstanceType
from emrkit_model.capacity.auto_scaling import AutoScaling, ScalingRule
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.capacity.managed_scaling import ManagedScaling
from emrkit_model.cluster import BootstrapAction
from emrkit_model.configurations import Configuration
from emrkit_model.fields import listed, read
from emrkit_model.steps import HadoopJar
from emrkit_model.tokens import is_token
from emrkit_model.values import Json

__all__ = [
    "Part",
    "actions",
    "auto_scaling",
    "classifications",
    "drop_empty",
    "each",
    "fleet",
    "group",
    "jar",
    "scaling",
    "tags",
]

T = TypeVar("T")
Part = dict[str, Json]


def drop_empty(part: Mapping[str, Json]) -> Part:
    """The same without what is not set: None, and empty lists and maps."""
    return {key: value for key, value in part.items() if value is not None and value != [] and value != {}}


def each(items: Sequence[T], render: Callable[[T], Json]) -> Json:
    """The parts of a list, each rendered; a list that is only known at deployment stays as it is."""
    return cast("Json", items) if is_token(items) else [render(item) for item in items]


def classifications(items: Sequence[Configuration], properties: str = "Properties") -> Json:
    """Configurations; CloudFormation calls the properties `ConfigurationProperties`."""

    def one(item: Configuration) -> Part:
        return drop_empty(
            {
                "Classification": item.classification,
                properties: dict(item.properties),
                "Configurations": classifications(item.configurations, properties),
            }
        )

    return each(items, one)


def fleet(value: InstanceFleet, role: str, properties: str = "Properties") -> Part:
    """One fleet without its type: `role` gives the default name, and weight 1 to primary nodes."""
    types = value.instance_types()
    weights = {t.type: 1 for t in types} if role == "primary" or not types else value.weights()
    return drop_empty(
        {
            "Name": value.name or role,
            "TargetOnDemandCapacity": value.target_on_demand or None,
            "TargetSpotCapacity": value.target_spot or None,
            "InstanceTypeConfigs": each(value.types, lambda t: _instance_type(t, weights[t.type], properties)),
            "LaunchSpecifications": _launch(value),
            "ResizeSpecifications": _resize(value),
        }
    )


def group(value: InstanceGroup, name: str, properties: str = "Properties") -> Part:
    """One group without its role."""
    return drop_empty(
        {
            "Name": name,
            "Market": value.market,
            "InstanceType": value.type,
            "InstanceCount": value.count,
            "BidPrice": value.bid_price,
            "EbsConfiguration": _ebs(value.ebs, value.ebs_optimized),
            "CustomAmiId": value.custom_ami,
            "Configurations": classifications(value.configurations, properties),
            "AutoScalingPolicy": None if value.scaling is None else auto_scaling(value.scaling),
        }
    )


def auto_scaling(value: AutoScaling) -> Part:
    """`AutoScalingPolicy`, the same in all renderings."""
    return {
        "Constraints": {"MinCapacity": value.minimum, "MaxCapacity": value.maximum},
        "Rules": each(value.rules, _rule),
    }


def _rule(rule: ScalingRule) -> Part:
    change: Part = {
        "AdjustmentType": rule.adjustment_type,
        "ScalingAdjustment": rule.adjustment,
        "CoolDown": rule.cool_down,
    }
    alarm = drop_empty(
        {
            "ComparisonOperator": rule.comparison,
            "EvaluationPeriods": rule.periods,
            "MetricName": rule.metric,
            "Namespace": rule.namespace,
            "Period": rule.period,
            "Statistic": rule.statistic,
            "Threshold": rule.threshold,
            "Unit": rule.unit,
            "Dimensions": tags(rule.dimensions),
        }
    )
    return drop_empty(
        {
            "Name": rule.name,
            "Description": rule.description,
            "Action": drop_empty({"Market": rule.market, "SimpleScalingPolicyConfiguration": change}),
            "Trigger": {"CloudWatchAlarmDefinition": alarm},
        }
    )


def _instance_type(item: InstanceType, weight: int, properties: str) -> Part:
    return drop_empty(
        {
            "InstanceType": item.type,
            "WeightedCapacity": weight,
            "BidPrice": item.bid_price,
            "BidPriceAsPercentageOfOnDemandPrice": item.bid_percentage,
            "Priority": item.priority,
            "EbsConfiguration": _ebs(item.ebs, item.ebs_optimized),
            "CustomAmiId": item.custom_ami,
            "Configurations": classifications(item.configurations, properties),
        }
    )


def _ebs(volumes: Sequence[EbsVolume] | None, optimized: bool | None) -> Json:
    return drop_empty({"EbsBlockDeviceConfigs": each(volumes or (), _volumes), "EbsOptimized": optimized})


def _volumes(value: EbsVolume) -> Part:
    kind = {"VolumeType": value.type, "SizeInGB": value.size_gib, "Iops": value.iops, "Throughput": value.throughput}
    return {"VolumeSpecification": drop_empty(kind), "VolumesPerInstance": value.count}


def _launch(value: InstanceFleet) -> Json:
    on_demand: Json = None
    if value.on_demand_strategy is not None:
        on_demand = drop_empty(
            {
                "AllocationStrategy": value.on_demand_strategy,
                "CapacityReservationOptions": _reservation(value.reservation),
            }
        )
    spot: Json = None
    if value.spot_strategy is not None or value.target_spot:
        spot = drop_empty(
            {
                "TimeoutDurationMinutes": _minutes(value.spot_timeout),
                "TimeoutAction": value.spot_timeout_action,
                "AllocationStrategy": value.spot_strategy,
            }
        )
    return drop_empty({"OnDemandSpecification": on_demand, "SpotSpecification": spot})


def _reservation(value: CapacityReservation | None) -> Json:
    if value is None:
        return None
    return drop_empty(
        {
            "UsageStrategy": "use-capacity-reservations-first" if value.first else None,
            "CapacityReservationPreference": value.preference,
            "CapacityReservationResourceGroupArn": value.resource_group,
        }
    )


def _resize(value: InstanceFleet) -> Json:
    on_demand = drop_empty(
        {
            "TimeoutDurationMinutes": _minutes(value.on_demand_resize_timeout),
            "AllocationStrategy": value.on_demand_resize_strategy,
            "CapacityReservationOptions": _reservation(value.resize_reservation),
        }
    )
    spot = drop_empty(
        {
            "TimeoutDurationMinutes": _minutes(value.spot_resize_timeout),
            "AllocationStrategy": value.spot_resize_strategy,
        }
    )
    return drop_empty({"OnDemandResizeSpecification": on_demand, "SpotResizeSpecification": spot})


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else seconds if is_token(seconds) else seconds // 60


def scaling(value: ManagedScaling, *, groups: bool = False) -> Part:
    """`ManagedScalingPolicy`, the same in all renderings; the default of its unit follows the nodes."""
    limits = drop_empty(
        {
            "UnitType": value.unit or ("Instances" if groups else "InstanceFleetUnits"),
            "MinimumCapacityUnits": value.minimum,
            "MaximumCapacityUnits": value.maximum,
            "MaximumOnDemandCapacityUnits": value.maximum_on_demand,
            "MaximumCoreCapacityUnits": value.maximum_core,
        }
    )
    return drop_empty(
        {
            "ComputeLimits": limits,
            "ScalingStrategy": value.strategy,
            "UtilizationPerformanceIndex": value.utilization_index,
        }
    )


def actions(items: Sequence[BootstrapAction]) -> Json:
    """`BootstrapActions`, the same in all renderings."""

    def one(item: BootstrapAction) -> Part:
        return {
            "Name": item.name,
            "ScriptBootstrapAction": drop_empty({"Path": read(item.path), "Args": listed(item.args)}),
        }

    return each(items, one)


def tags(value: Mapping[str, str]) -> list[Json]:
    """Tags as a list, in their order."""
    return [{"Key": key, "Value": item} for key, item in value.items()]


def jar(value: HadoopJar, properties: str = "Properties") -> Part:
    """`HadoopJarStep`; CloudFormation calls the properties `StepProperties`."""
    pairs = cast("list[Json]", [{"Key": key, "Value": item} for key, item in value.properties.items()])
    return drop_empty({"Jar": value.jar, "Args": listed(value.args), "MainClass": value.main_class, properties: pairs})
