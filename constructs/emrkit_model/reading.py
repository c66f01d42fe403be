"""Reading back: an API request as the value objects that would render to it.

What the model has no field for is not lost on the way to the caller: `unread` names it, so that local EMR can say what
it ignores. A password in a request is never kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from .capacity import InstanceFleet
from .cluster import Cluster
from .configurations import Configuration
from .diagnostics import Diagnostic
from .findings import error
from .steps import ActionOnFailure, CommandStep, JarStep, Step
from .values import InvalidModel

__all__ = ["cluster_from_request", "configurations_from_request", "step_from_request", "steps_from_request", "unread"]

_Map = Mapping[str, object]
_READ = {
    "Name",
    "LogUri",
    "LogEncryptionKmsKeyId",
    "ReleaseLabel",
    "Instances",
    "Steps",
    "BootstrapActions",
    "Applications",
    "Configurations",
    "VisibleToAllUsers",
    "JobFlowRole",
    "ServiceRole",
    "Tags",
    "SecurityConfiguration",
    "KerberosAttributes",
    "StepConcurrencyLevel",
    "ScaleDownBehavior",
    "CustomAmiId",
    "EbsRootVolumeSize",
    "EbsRootVolumeIops",
    "EbsRootVolumeThroughput",
    "OSReleaseLabel",
    "ManagedScalingPolicy",
    "AutoTerminationPolicy",
    "PlacementGroupConfigs",
}
_ROLES = {"MASTER": "primary", "CORE": "core", "TASK": "task"}
_PLAIN = {
    "Name": "name",
    "LogUri": "log_uri",
    "LogEncryptionKmsKeyId": "log_key",
    "ReleaseLabel": "release",
    "JobFlowRole": "instance_profile",
    "ServiceRole": "service_role",
    "SecurityConfiguration": "security_configuration",
    "StepConcurrencyLevel": "step_concurrency",
    "ScaleDownBehavior": "scale_down",
    "CustomAmiId": "custom_ami",
    "EbsRootVolumeSize": "ebs_root_volume_size",
    "EbsRootVolumeIops": "ebs_root_volume_iops",
    "EbsRootVolumeThroughput": "ebs_root_volume_throughput",
    "OSReleaseLabel": "os_release",
}
_INSTANCES = {
    "Ec2SubnetIds": "subnets",
    "Ec2KeyName": "key_pair",
    "EmrManagedMasterSecurityGroup": "primary_security_group",
    "EmrManagedSlaveSecurityGroup": "core_security_group",
    "ServiceAccessSecurityGroup": "service_access_security_group",
    "AdditionalMasterSecurityGroups": "additional_primary_security_groups",
    "AdditionalSlaveSecurityGroups": "additional_core_security_groups",
    "TerminationProtected": "termination_protected",
    "UnhealthyNodeReplacement": "unhealthy_node_replacement",
}


def cluster_from_request(request: _Map) -> Cluster:
    """The cluster that a `RunJobFlow` request describes.

    Rendering it again gives the same request, for requests in the form that `render.request.run_job_flow` writes.
    Raises `InvalidModel` for what the model refuses: instance groups, broken rules, missing parts.
    """
    instances = _map(request.get("Instances"))
    fields: dict[str, object] = {name: request[key] for key, name in _PLAIN.items() if request.get(key) is not None}
    fields |= {name: instances[key] for key, name in _INSTANCES.items() if instances.get(key) is not None}
    fields |= _fleets(instances)
    # The API's default is false where ours is true.
    fields["keep_alive"] = bool(instances.get("KeepJobFlowAliveWhenNoSteps", False))
    policy = _map(request.get("AutoTerminationPolicy"))
    fields["idle_timeout"] = policy.get("IdleTimeout", 3600) if policy else None
    fields["applications"] = [str(_map(a)["Name"]) for a in _list(request.get("Applications"))]
    fields["configurations"] = configurations_from_request(request.get("Configurations"))
    fields["bootstrap_actions"] = [_action(_map(a)) for a in _list(request.get("BootstrapActions"))]
    fields["tags"] = {str(_map(t)["Key"]): str(_map(t).get("Value", "")) for t in _list(request.get("Tags"))}
    if request.get("ManagedScalingPolicy"):
        fields["scaling"] = _scaling(_map(request["ManagedScalingPolicy"]))
    if request.get("KerberosAttributes"):
        fields["kerberos"] = _kerberos(_map(request["KerberosAttributes"]))
    fields["spread_primaries"] = bool(request.get("PlacementGroupConfigs"))
    return Cluster.parse(fields)


def unread(request: _Map) -> tuple[str, ...]:
    """Members of a `RunJobFlow` request that the model has no field for."""
    return tuple(sorted(key for key in request if key not in _READ))


def configurations_from_request(items: object) -> tuple[Configuration, ...]:
    """Configurations of a request, or of a template, as values."""
    return tuple(Configuration.parse(_map(item)) for item in _list(items))


def _fleets(instances: _Map) -> dict[str, object]:
    if _list(instances.get("InstanceGroups")) or instances.get("MasterInstanceType"):
        raise InvalidModel(_groups())
    return {
        _ROLES[str(_map(f).get("InstanceFleetType"))]: _fleet(_map(f)) for f in _list(instances.get("InstanceFleets"))
    }


def _groups() -> Diagnostic:
    return error(
        "CLUS-080",
        "the request uses instance groups, the model knows instance fleets",
        "Instances",
        "InstanceGroups",
        reason="a fleet with one type is the same capacity, and managed scaling and Spot are better with fleets",
        hint="declare the same capacity as InstanceFleets",
    )


def _fleet(row: _Map) -> InstanceFleet:
    launch, resize = _map(row.get("LaunchSpecifications")), _map(row.get("ResizeSpecifications"))
    on_demand, spot = _map(launch.get("OnDemandSpecification")), _map(launch.get("SpotSpecification"))
    reservation = _map(on_demand.get("CapacityReservationOptions"))
    fields: dict[str, object] = {
        "types": [_type(_map(t)) for t in _list(row.get("InstanceTypeConfigs"))],
        "target_on_demand": row.get("TargetOnDemandCapacity") or 0,
        "target_spot": row.get("TargetSpotCapacity") or 0,
        "on_demand_strategy": on_demand.get("AllocationStrategy"),
        "spot_strategy": spot.get("AllocationStrategy"),
        "spot_timeout_action": spot.get("TimeoutAction"),
        "spot_timeout": _seconds(spot.get("TimeoutDurationMinutes")),
        "on_demand_resize_timeout": _seconds(
            _map(resize.get("OnDemandResizeSpecification")).get("TimeoutDurationMinutes")
        ),
        "spot_resize_timeout": _seconds(_map(resize.get("SpotResizeSpecification")).get("TimeoutDurationMinutes")),
    }
    if reservation:
        fields["reservation"] = {
            "first": reservation.get("UsageStrategy") is not None,
            "preference": reservation.get("CapacityReservationPreference"),
            "resource_group": reservation.get("CapacityReservationResourceGroupArn"),
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


def _type(row: _Map) -> dict[str, object]:
    fields: dict[str, object] = {
        "type": row.get("InstanceType"),
        "weight": row.get("WeightedCapacity"),
        "bid_price": row.get("BidPrice"),
        "bid_percentage": row.get("BidPriceAsPercentageOfOnDemandPrice"),
        "priority": row.get("Priority"),
        "custom_ami": row.get("CustomAmiId"),
    }
    ebs = _map(row.get("EbsConfiguration"))
    if devices := _list(ebs.get("EbsBlockDeviceConfigs")):
        fields["ebs"] = [_volume(_map(device)) for device in devices]
    fields["ebs_optimized"] = ebs.get("EbsOptimized")
    if items := row.get("Configurations"):
        fields["configurations"] = configurations_from_request(items)
    return {key: value for key, value in fields.items() if value is not None}


def _volume(device: _Map) -> dict[str, object]:
    row = _map(device.get("VolumeSpecification"))
    fields = {
        "type": row.get("VolumeType"),
        "size_gib": row.get("SizeInGB"),
        "iops": row.get("Iops"),
        "throughput": row.get("Throughput"),
        "count": device.get("VolumesPerInstance"),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _action(row: _Map) -> dict[str, object]:
    script = _map(row.get("ScriptBootstrapAction"))
    return {"name": row.get("Name"), "path": script.get("Path"), "args": _list(script.get("Args"))}


def _scaling(row: _Map) -> dict[str, object]:
    limits = _map(row.get("ComputeLimits"))
    fields = {
        "minimum": limits.get("MinimumCapacityUnits"),
        "maximum": limits.get("MaximumCapacityUnits"),
        "maximum_on_demand": limits.get("MaximumOnDemandCapacityUnits"),
        "maximum_core": limits.get("MaximumCoreCapacityUnits"),
        "unit": limits.get("UnitType"),
        "strategy": row.get("ScalingStrategy"),
        "utilization_index": row.get("UtilizationPerformanceIndex"),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _kerberos(row: _Map) -> dict[str, object]:
    """The realm; of the password only a reference to a secret, never text."""
    password = row.get("KdcAdminPassword")
    kept = password if isinstance(password, str) and password.startswith("{{resolve:") else None
    return {"realm": row.get("Realm"), "kdc_admin_password": kept}


def steps_from_request(items: object) -> tuple[Step, ...]:
    """The `Steps` of a request, in order."""
    return tuple(step_from_request(_map(item)) for item in _list(items))


def step_from_request(row: _Map) -> Step:
    """A step of a request: a command for `command-runner.jar`, a jar with arguments for any other."""
    jar = _map(row.get("HadoopJarStep"))
    args = [str(arg) for arg in _list(jar.get("Args"))]
    action = row.get("ActionOnFailure") or ActionOnFailure.CONTINUE
    shared: dict[str, object] = {"name": row.get("Name"), "on_failure": action}
    if jar.get("Jar") == "command-runner.jar" and args:
        return CommandStep.parse({**shared, "command": args})
    properties = {str(_map(p).get("Key")): str(_map(p).get("Value", "")) for p in _list(jar.get("Properties"))}
    return JarStep.parse(
        {
            **shared,
            "jar": jar.get("Jar"),
            "args": args,
            "main_class": jar.get("MainClass"),
            "properties": properties,
        }
    )


def _map(value: object) -> _Map:
    return cast("_Map", value) if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()


def _seconds(minutes: object) -> int | None:
    return None if minutes is None else int(cast("int", minutes)) * 60
