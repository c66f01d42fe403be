"""The instances that a cluster's capacities stand for. Nothing is launched: ids, addresses and counts are derived.

The model: an On-Demand or Spot target of a fleet is filled with the first of its instance types (the one with the
lowest `Priority` when the strategy is a prioritized one), as many instances as reach the target with that type's
weight. A group has as many instances as it asks for. Ids and addresses depend on the cluster and the position alone,
so they are the same at each look and after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from .group_scaling import describe_policy
from .identifiers import derived_id, ec2_instance_id, private_address, private_dns_name
from .reading import Document, count, present, record, records, word
from .records import CLUSTER_ENDED, Capacity, Cluster

ROLES = ("MASTER", "CORE", "TASK")


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a cluster."""

    id: str
    ec2_id: str
    capacity: Capacity
    market: str
    type: str
    address: str
    dns_name: str


def weight(type_config: Document) -> int:
    """Units that one instance of this type counts for."""
    return max(1, count(type_config, "WeightedCapacity", 1))


def provisioned(capacity: Capacity, market: str) -> int:
    """Units (of a fleet) or instances (of a group) that are there when the cluster runs."""
    target = capacity.spot if market == "SPOT" else capacity.on_demand
    if capacity.kind == "group" or target == 0:
        return target
    each = weight(_chosen_type(capacity, market))
    return -(-target // each) * each


def instances(cluster: Cluster) -> list[Instance]:
    """Every instance, primary first."""
    found: list[Instance] = []
    for capacity in sorted(cluster.capacities, key=lambda c: (ROLES.index(c.role), c.created)):
        for market in ("ON_DEMAND", "SPOT"):
            units = provisioned(capacity, market)
            if capacity.kind == "fleet":
                chosen = _chosen_type(capacity, market)
                number, instance_type = units // weight(chosen), word(chosen, "InstanceType")
            else:
                number, instance_type = units, word(capacity.config, "InstanceType")
            for i in range(number):
                seed = (cluster.id, capacity.id, market, i)
                address = private_address(*seed)
                found.append(
                    Instance(
                        id=derived_id("ci", *seed),
                        ec2_id=ec2_instance_id(*seed),
                        capacity=capacity,
                        market=market,
                        type=instance_type,
                        address=address,
                        dns_name=private_dns_name(address, cluster.region),
                    )
                )
    return found


def primary(cluster: Cluster) -> Instance | None:
    """The (first) primary instance."""
    return next((i for i in instances(cluster) if i.capacity.role == "MASTER"), None)


def node_state(cluster: Cluster) -> str:
    """The state that an instance, fleet or group shows while the cluster is in its own."""
    if cluster.state in CLUSTER_ENDED:
        return "TERMINATED"
    return {"STARTING": "PROVISIONING", "BOOTSTRAPPING": "BOOTSTRAPPING"}.get(cluster.state, "RUNNING")


def instance_view(cluster: Cluster, instance: Instance) -> Document:
    """The instance as ListInstances shows it."""
    capacity = instance.capacity
    started = cluster.ready if cluster.ready is None or capacity.created <= cluster.created else capacity.created
    where = {"InstanceFleetId": capacity.id} if capacity.kind == "fleet" else {"InstanceGroupId": capacity.id}
    timeline = present(CreationDateTime=capacity.created, ReadyDateTime=started, EndDateTime=cluster.ended)
    return {
        "Id": instance.id,
        "Ec2InstanceId": instance.ec2_id,
        "PublicDnsName": "",
        "PrivateDnsName": instance.dns_name,
        "PrivateIpAddress": instance.address,
        "Status": {"State": node_state(cluster), "StateChangeReason": _reason(cluster), "Timeline": timeline},
        "Market": instance.market,
        "InstanceType": instance.type,
        "EbsVolumes": [],
        **where,
    }


def fleet_view(cluster: Cluster, fleet: Capacity) -> Document:
    """The fleet as ListInstanceFleets shows it."""
    running = cluster.state not in ("STARTING", *CLUSTER_ENDED)
    return present(
        Id=fleet.id,
        Name=fleet.config.get("Name"),
        Status=_status(cluster, fleet),
        InstanceFleetType=fleet.role,
        TargetOnDemandCapacity=fleet.on_demand,
        TargetSpotCapacity=fleet.spot,
        ProvisionedOnDemandCapacity=provisioned(fleet, "ON_DEMAND") if running else 0,
        ProvisionedSpotCapacity=provisioned(fleet, "SPOT") if running else 0,
        InstanceTypeSpecifications=[_specification(t) for t in records(fleet.config, "InstanceTypeConfigs")],
        LaunchSpecifications=fleet.config.get("LaunchSpecifications"),
        ResizeSpecifications=fleet.config.get("ResizeSpecifications"),
        Context=fleet.config.get("Context"),
    )


def group_view(cluster: Cluster, group: Capacity) -> Document:
    """The group as ListInstanceGroups shows it."""
    running = cluster.state not in ("STARTING", *CLUSTER_ENDED)
    asked = group.on_demand + group.spot
    configurations = records(group.config, "Configurations")
    return present(
        Id=group.id,
        Name=group.config.get("Name"),
        Market=word(group.config, "Market", "ON_DEMAND"),
        InstanceGroupType=group.role,
        BidPrice=group.config.get("BidPrice"),
        InstanceType=word(group.config, "InstanceType"),
        RequestedInstanceCount=asked,
        RunningInstanceCount=asked if running else 0,
        Status=_status(cluster, group),
        Configurations=configurations,
        ConfigurationsVersion=1 if configurations else 0,
        LastSuccessfullyAppliedConfigurations=configurations,
        LastSuccessfullyAppliedConfigurationsVersion=1 if configurations else 0,
        EbsBlockDevices=_block_devices(group.config),
        EbsOptimized=record(group.config, "EbsConfiguration").get("EbsOptimized"),
        ShrinkPolicy=record(group.config, "ShrinkPolicy"),
        CustomAmiId=group.config.get("CustomAmiId"),
        AutoScalingPolicy=describe_policy(cluster, group),
    )


def _status(cluster: Cluster, capacity: Capacity) -> Document:
    timeline = present(CreationDateTime=capacity.created, ReadyDateTime=cluster.ready, EndDateTime=cluster.ended)
    return {"State": node_state(cluster), "StateChangeReason": _reason(cluster), "Timeline": timeline}


def _reason(cluster: Cluster) -> Document:
    if cluster.state in CLUSTER_ENDED:
        return {"Code": "CLUSTER_TERMINATED", "Message": "Job flow terminated"}
    return {}


def _chosen_type(capacity: Capacity, market: str) -> Document:
    types = records(capacity.config, "InstanceTypeConfigs")
    if not types:
        return {}
    launch = record(record(capacity.config, "LaunchSpecifications"), f"{_MARKET_KEY[market]}Specification")
    if word(launch, "AllocationStrategy").endswith("prioritized"):
        return min(types, key=lambda t: cast("float", t.get("Priority", 1e9)))
    return types[0]


_MARKET_KEY = {"ON_DEMAND": "OnDemand", "SPOT": "Spot"}


def _specification(type_config: Document) -> Document:
    ebs = record(type_config, "EbsConfiguration")
    return present(
        InstanceType=type_config.get("InstanceType"),
        WeightedCapacity=weight(type_config),
        BidPrice=type_config.get("BidPrice"),
        BidPriceAsPercentageOfOnDemandPrice=type_config.get("BidPriceAsPercentageOfOnDemandPrice"),
        Configurations=type_config.get("Configurations"),
        EbsBlockDevices=_block_devices(type_config),
        EbsOptimized=ebs.get("EbsOptimized"),
        CustomAmiId=type_config.get("CustomAmiId"),
        Priority=type_config.get("Priority"),
    )


def _block_devices(config: Document) -> list[Document]:
    devices: list[Document] = []
    for entry in cast("Sequence[Document]", record(config, "EbsConfiguration").get("EbsBlockDeviceConfigs") or ()):
        for _ in range(count(entry, "VolumesPerInstance", 1)):
            device = f"/dev/sd{chr(ord('b') + len(devices))}"
            devices.append({"VolumeSpecification": record(entry, "VolumeSpecification"), "Device": device})
    return devices
