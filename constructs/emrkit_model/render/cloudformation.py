"""CloudFormation properties, and the same with the camelCase keys that CDK's L1 constructors take.

A misspelt key in a dict given to an L1 constructor vanishes without a word, so every key passes the table of the
CloudFormation surface on its way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from emrkit_facts import surface
from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.capacity.node_names import node_names
from emrkit_model.cluster import Cluster
from emrkit_model.findings import error
from emrkit_model.steps import ActionOnFailure, Step
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel, Json

from . import parts, request
from .parts import Part, drop_empty

if TYPE_CHECKING:
    from emrkit_model.security import SecurityConfiguration

__all__ = [
    "CLUSTER",
    "SECURITY_CONFIGURATION",
    "STEP",
    "TASK_FLEET",
    "TASK_GROUP",
    "camel_case",
    "cluster_properties",
    "security_configuration_properties",
    "service_owned",
    "step_properties",
    "task_fleet_properties",
    "task_group_properties",
    "to_l1",
]

CLUSTER = "AWS::EMR::Cluster"
SECURITY_CONFIGURATION = "AWS::EMR::SecurityConfiguration"
STEP = "AWS::EMR::Step"
TASK_FLEET = "AWS::EMR::InstanceFleetConfig"
TASK_GROUP = "AWS::EMR::InstanceGroupConfig"

# Where CDK's spelling is not the property's own with its first letter lowered.
_EXCEPTIONS = {
    "OSReleaseLabel": "osReleaseLabel",
    "ADDomainJoinPassword": "adDomainJoinPassword",
    "ADDomainJoinUser": "adDomainJoinUser",
    "SizeInGB": "sizeInGb",
}
_ADDED_TYPES = 5
_TARGETS = ("TargetOnDemandCapacity", "TargetSpotCapacity")
_FLEETS = {"primary": "MasterInstanceFleet", "core": "CoreInstanceFleet"}
_GROUPS = {"primary": "MasterInstanceGroup", "core": "CoreInstanceGroup"}


def cluster_properties(cluster: Cluster) -> Part:
    """The properties of `AWS::EMR::Cluster`, in CloudFormation's names and nesting.

    The cluster's steps are not among them: steps belong to runs. Raises `InvalidModel` for fields that CloudFormation
    has no property for.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-emr-cluster.html
    """
    request.refuse_request_only(cluster, "CloudFormation")
    instances: Part = {"KeepJobFlowAliveWhenNoSteps": cluster.keep_alive, **request.placement_of_nodes(cluster)}
    task_groups: list[Json] = []
    for name, (role, nodes) in zip(node_names(cluster), cluster.nodes(), strict=True):
        if isinstance(nodes, InstanceGroup):
            rendered = parts.group(nodes, name, "ConfigurationProperties")
            if role == "task":
                task_groups.append(rendered)
            else:
                instances[_GROUPS[role]] = rendered
        elif role == "task":
            instances["TaskInstanceFleets"] = [parts.fleet(nodes, role, "ConfigurationProperties")]
        else:
            instances[_FLEETS[role]] = parts.fleet(nodes, role, "ConfigurationProperties")
    if task_groups:
        instances["TaskInstanceGroups"] = task_groups
    configurations = parts.classifications(cluster.all_configurations(), "ConfigurationProperties")
    properties = request.members(cluster, instances=instances, configurations=configurations)
    if cluster.additional_info is not None and not is_token(cluster.additional_info):
        properties["AdditionalInfo"] = json.loads(cluster.additional_info)
    return properties


def security_configuration_properties(value: SecurityConfiguration) -> Part:
    """The properties of `AWS::EMR::SecurityConfiguration`."""
    return drop_empty({"Name": value.name, "SecurityConfiguration": cast("Json", value.document())})


def step_properties(
    cluster_id: str,
    value: Step,
    *,
    default_action: ActionOnFailure = ActionOnFailure.CONTINUE,
    region: str = "us-east-1",
    log_uri: str | None = None,
    encryption_key: str | None = None,
) -> Part:
    """The properties of `AWS::EMR::Step`.

    Raises `InvalidModel` for a step that would end the cluster (CloudFormation would lose what it owns), and for one
    with a runtime role, for which CloudFormation has no property.
    """
    if value.execution_role is not None:
        raise InvalidModel(
            error(
                "STEP-051",
                f"step '{value.name}' of a stack cannot have a runtime role",
                "execution_role",
                reason="AWS::EMR::Step has no such property",
                hint="run it as a job: `emrkit run` and pipelines give each step its role",
            )
        )
    action = value.action_on_failure(default_action)
    if action is ActionOnFailure.TERMINATE_CLUSTER:
        raise InvalidModel(
            error(
                "STEP-050",
                f"step '{value.name}' of a stack cannot end its cluster",
                "on_failure",
                got=str(action),
                allowed="CONTINUE, CANCEL_AND_WAIT",
                hint="set on_failure: stop or continue, or run it on a transient cluster",
            )
        )
    return {
        "JobFlowId": cluster_id,
        "Name": value.name,
        "ActionOnFailure": str(action),
        "HadoopJarStep": parts.jar(value.hadoop_jar(region), "StepProperties"),
        **drop_empty({"LogUri": log_uri, "EncryptionKeyArn": encryption_key}),
    }


def task_fleet_properties(cluster_id: str, value: InstanceFleet) -> Part:
    """The properties of `AWS::EMR::InstanceFleetConfig`: a task fleet of a cluster that exists.

    Raises `InvalidModel` for more than five types: thirty are for a fleet that stands in the cluster itself.
    """
    if not is_token(value.types) and len(value.types) > _ADDED_TYPES:
        raise InvalidModel(
            error(
                "FLEET-063",
                f"{len(value.types)} instance types in an added task fleet",
                "types",
                got=len(value.types),
                allowed=f"{_ADDED_TYPES}; 30 in the cluster's own `task`",
                reason="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-emr-instancefleetconfig.html",
                hint="make it the cluster's `task`",
            )
        )
    return {
        "ClusterId": cluster_id,
        "InstanceFleetType": "TASK",
        **parts.fleet(value, "task", "ConfigurationProperties"),
    }


def task_group_properties(cluster_id: str, value: InstanceGroup, name: str = "task") -> Part:
    """The properties of `AWS::EMR::InstanceGroupConfig`: a task group of a cluster that exists."""
    return {
        "JobFlowId": cluster_id,
        "InstanceRole": "TASK",
        **parts.group(value, value.name or name, "ConfigurationProperties"),
    }


def service_owned(properties: Mapping[str, Json]) -> tuple[tuple[str, ...], ...]:
    """The paths in a cluster's properties that EMR changes by itself, and that a comparison must leave alone.

    Under managed scaling these are the targets of core and task fleets and the counts of core and task groups; without
    it the counts of the groups that have an automatic scaling policy. A number in a path is a place in a list.
    """
    instances = properties.get("Instances")
    if not isinstance(instances, dict):
        return ()
    managed = bool(properties.get("ManagedScalingPolicy"))
    found: list[tuple[str, ...]] = []
    for path, nodes in _core_and_task(instances):
        if "Fleet" in path[0]:
            found += [("Instances", *path, target) for target in _TARGETS if managed]
        elif managed or nodes.get("AutoScalingPolicy"):
            found.append(("Instances", *path, "InstanceCount"))
    return tuple(found)


def _core_and_task(instances: Part) -> Iterator[tuple[tuple[str, ...], Part]]:
    for key in ("CoreInstanceFleet", "CoreInstanceGroup", "TaskInstanceFleets", "TaskInstanceGroups"):
        nodes = instances.get(key)
        if isinstance(nodes, dict):
            yield (key,), nodes
        elif isinstance(nodes, list):
            yield from (((key, str(i)), item) for i, item in enumerate(nodes) if isinstance(item, dict))


def camel_case(name: str) -> str:
    """A CloudFormation property's name as CDK's L1 constructors spell it.

    >>> camel_case("MaximumCoreCapacityUnits"), camel_case("SizeInGB")
    ('maximumCoreCapacityUnits', 'sizeInGb')
    """
    return _EXCEPTIONS.get(name) or name[0].lower() + name[1:]


def to_l1(resource_type: str, properties: Mapping[str, Json], nested: str = "") -> Part:
    """Properties with camelCase keys, for `CfnCluster` and its like; free maps and documents stay as they are.

    Raises KeyError for a key that the type does not have: CDK would drop it silently.

    >>> to_l1("AWS::EMR::Cluster", {"ManagedScalingPolicy": {"ComputeLimits": {"UnitType": "Instances"}}})
    {'managedScalingPolicy': {'computeLimits': {'unitType': 'Instances'}}}
    """
    table = surface.keys(resource_type, nested)
    result: Part = {}
    for key, value in properties.items():
        if key not in table:
            raise KeyError(f"{resource_type} {nested} has no property {key}")
        inner = table[key]
        result[camel_case(key)] = value if inner is None else _nested(resource_type, inner, value)
    return result


def _nested(resource_type: str, nested: str, value: Json) -> Json:
    if isinstance(value, dict):
        return to_l1(resource_type, value, nested)
    if isinstance(value, list):
        return [_nested(resource_type, nested, item) for item in value]
    return value
