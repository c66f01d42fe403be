"""API requests: RunJobFlow, AddJobFlowSteps, CreateSecurityConfiguration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.capacity.node_names import node_names
from emrkit_model.cluster import Cluster
from emrkit_model.configurations import Configuration
from emrkit_model.fields import SecretLike, listed, read
from emrkit_model.findings import error
from emrkit_model.secret_references import secret_reference
from emrkit_model.steps import ActionOnFailure, Step
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel, Json, Value

from . import parts
from .parts import Part, drop_empty

if TYPE_CHECKING:
    from emrkit_model.security import SecurityConfiguration

__all__ = [
    "REQUEST_ONLY",
    "add_job_flow_steps",
    "create_security_configuration",
    "members",
    "refuse_request_only",
    "run_job_flow",
    "step",
]

ROLES = {"primary": "MASTER", "core": "CORE", "task": "TASK"}


def run_job_flow(
    cluster: Cluster,
    steps: Sequence[Step] = (),
    *,
    default_action: ActionOnFailure = ActionOnFailure.CONTINUE,
    region: str = "us-east-1",
    resolve_secret: Callable[[SecretLike], str] = secret_reference,
) -> Part:
    """The parameters of `RunJobFlow`.

    `resolve_secret` turns the reference to the KDC administrator's password, and a dynamic reference in a
    configuration, into the text that is sent; the default leaves a reference that EMR itself would not resolve. The
    result may then hold a secret: do not print it.
    """
    return members(
        cluster,
        instances=instances(cluster),
        configurations=parts.classifications(opened(cluster.all_configurations(), resolve_secret)),
        steps=[step(s, default_action=default_action, region=region) for s in steps],
        resolve_secret=resolve_secret,
    )


def members(
    cluster: Cluster,
    *,
    instances: Part,
    configurations: Json,
    steps: list[Json] | None = None,
    resolve_secret: Callable[[SecretLike], str] = secret_reference,
) -> Part:
    """A cluster's members with its nodes and settings as given: those the API and CloudFormation spell differently."""
    return drop_empty(
        {
            "Name": cluster.name,
            "LogUri": cluster.log_uri,
            "LogEncryptionKmsKeyId": None if cluster.log_key is None else read(cluster.log_key),
            "ReleaseLabel": cluster.release,
            "Instances": instances,
            "Steps": steps,
            "BootstrapActions": parts.actions(cluster.bootstrap_actions),
            "Applications": parts.each(cluster.applications, lambda application: {"Name": application.name}),
            "Configurations": configurations,
            "VisibleToAllUsers": True,
            "JobFlowRole": None if cluster.instance_profile is None else read(cluster.instance_profile),
            "ServiceRole": None if cluster.service_role is None else read(cluster.service_role),
            "AutoScalingRole": None if cluster.auto_scaling_role is None else read(cluster.auto_scaling_role),
            "StepExecutionRoleArn": None if cluster.step_execution_role is None else read(cluster.step_execution_role),
            "MonitoringConfiguration": None if cluster.monitoring is None else cluster.monitoring.document(),
            "SessionEnabled": cluster.sessions or None,
            "RepoUpgradeOnBoot": cluster.repository_upgrade,
            "ExtendedSupport": cluster.extended_support,
            "AdditionalInfo": cluster.additional_info,
            "Tags": parts.tags(cluster.tags),
            "SecurityConfiguration": security_name(cluster),
            "KerberosAttributes": kerberos(cluster, resolve_secret),
            "StepConcurrencyLevel": cluster.step_concurrency,
            "ScaleDownBehavior": cluster.scale_down,
            "CustomAmiId": cluster.custom_ami,
            "EbsRootVolumeSize": cluster.ebs_root_volume_size,
            "EbsRootVolumeIops": cluster.ebs_root_volume_iops,
            "EbsRootVolumeThroughput": cluster.ebs_root_volume_throughput,
            "OSReleaseLabel": cluster.os_release,
            "ManagedScalingPolicy": None
            if cluster.scaling is None
            else parts.scaling(cluster.scaling, groups=bool(cluster.groups())),
            "AutoTerminationPolicy": auto_termination(cluster),
            "PlacementGroupConfigs": placement(cluster),
        }
    )


REQUEST_ONLY = {
    "step_execution_role": "StepExecutionRoleArn",
    "monitoring": "MonitoringConfiguration",
    "sessions": "SessionEnabled",
    "repository_upgrade": "RepoUpgradeOnBoot",
    "extended_support": "ExtendedSupport",
}
"""Fields that only the API has words for: neither CloudFormation nor Step Functions."""


def refuse_request_only(cluster: Cluster, who: str) -> None:
    """Raise `InvalidModel` with every field that `who` ("CloudFormation", "Step Functions") has no property for."""
    found = [
        error(
            "CLUS-097",
            f"{who} has no property for {name}",
            name,
            reason=f"only RunJobFlow takes {member}",
            hint="leave it out, or run the job on a transient cluster that `emrkit run` launches",
        )
        for name, member in REQUEST_ONLY.items()
        # "No" is something to say as well, where the default is the service's.
        if getattr(cluster, name) != type(cluster).model_fields[name].default
    ]
    if found:
        raise InvalidModel(found)


def opened(items: Sequence[Configuration], resolve_secret: Callable[[SecretLike], str]) -> tuple[Configuration, ...]:
    """Configurations with CloudFormation's references to secrets resolved: EMR would take them for the value itself."""

    def one(item: Configuration) -> Configuration:
        # A number that is only known at deployment is no text.
        texts = ((key, value) for key, value in item.properties.items() if value.__class__ is str)
        found = {key: resolve_secret(value) for key, value in texts if value.startswith("{{resolve:")}
        inner = opened(item.configurations, resolve_secret)
        if not found and (inner is item.configurations or inner == tuple(item.configurations)):
            return item
        return item.replace(properties={**item.properties, **found}, configurations=inner)

    if is_token(items):
        return cast("tuple[Configuration, ...]", items)
    return tuple(one(item) for item in items)


def instances(cluster: Cluster) -> Part:
    """`Instances` with its fleets or groups."""
    fleets: list[Json] = []
    groups: list[Json] = []
    for name, (role, nodes) in zip(node_names(cluster), cluster.nodes(), strict=True):
        if isinstance(nodes, InstanceGroup):
            groups.append({"InstanceRole": ROLES[role], **parts.group(nodes, name)})
        else:
            fleets.append({"InstanceFleetType": ROLES[role], **parts.fleet(nodes, role)})
    return drop_empty(
        {
            "InstanceFleets": fleets,
            "InstanceGroups": groups,
            "KeepJobFlowAliveWhenNoSteps": cluster.keep_alive,
            **placement_of_nodes(cluster),
        }
    )


def placement_of_nodes(cluster: Cluster) -> Part:
    """What `Instances` says besides its fleets or groups, the same in all renderings."""
    groups = {
        "EmrManagedMasterSecurityGroup": cluster.primary_security_group,
        "EmrManagedSlaveSecurityGroup": cluster.core_security_group,
        "ServiceAccessSecurityGroup": cluster.service_access_security_group,
    }
    return drop_empty(
        {
            **_subnets(cluster),
            "Ec2KeyName": cluster.key_pair,
            **{key: None if group is None else read(group) for key, group in groups.items()},
            "AdditionalMasterSecurityGroups": parts.each(cluster.additional_primary_security_groups, read),
            "AdditionalSlaveSecurityGroups": parts.each(cluster.additional_core_security_groups, read),
            "TerminationProtected": cluster.termination_protected,
            "UnhealthyNodeReplacement": cluster.unhealthy_node_replacement,
        }
    )


def _subnets(cluster: Cluster) -> Part:
    if cluster.availability_zone is not None:
        return {"Placement": {"AvailabilityZone": cluster.availability_zone}}
    if not cluster.groups():
        return {"Ec2SubnetIds": listed(cluster.subnets)}
    if not isinstance(cluster.subnets, (list, tuple)):
        return {"Ec2SubnetId": cast("Json", cluster.subnets)}
    return {"Ec2SubnetId": cluster.subnets[0] if cluster.subnets else None}


def auto_termination(cluster: Cluster) -> Json:
    """Idle termination; a cluster that ends with its last step needs none."""
    if cluster.idle_timeout is None or not cluster.keep_alive:
        return None
    return {"IdleTimeout": cluster.idle_timeout}


def placement(cluster: Cluster) -> Json:
    """Three primary nodes on different hardware."""
    return [{"InstanceRole": "MASTER", "PlacementStrategy": "SPREAD"}] if cluster.spread_primaries else None


def security_name(cluster: Cluster) -> str | None:
    """The name by which a cluster refers to its security configuration."""
    inner = cluster.security_configuration
    return inner.name if isinstance(inner, Value) else inner


def kerberos(cluster: Cluster, resolve_secret: Callable[[SecretLike], str] = secret_reference) -> Json:
    """`KerberosAttributes`; nothing until the administrator's password has a reference."""
    return None if cluster.realm is None else cluster.realm.attributes(resolve_secret)


def step(
    value: Step,
    *,
    name: str | None = None,
    default_action: ActionOnFailure = ActionOnFailure.CONTINUE,
    region: str = "us-east-1",
) -> Part:
    """One entry of `Steps`; `name` stands in for the step's own (a run adds its tag to it)."""
    return {
        "Name": name or value.name,
        "ActionOnFailure": str(value.action_on_failure(default_action)),
        "HadoopJarStep": parts.jar(value.hadoop_jar(region)),
    }


def add_job_flow_steps(
    cluster_id: str,
    steps: Sequence[Step],
    *,
    names: Sequence[str] | None = None,
    default_action: ActionOnFailure = ActionOnFailure.CONTINUE,
    region: str = "us-east-1",
) -> Part:
    """The parameters of `AddJobFlowSteps`. One request has one runtime role: that of the first step that names one."""
    labels = names or [s.name for s in steps]
    role = next((s.execution_role for s in steps if s.execution_role is not None), None)
    rendered: list[Json] = [
        step(s, name=label, default_action=default_action, region=region)
        for s, label in zip(steps, labels, strict=True)
    ]
    return drop_empty(
        {"JobFlowId": cluster_id, "Steps": rendered, "ExecutionRoleArn": None if role is None else read(role)}
    )


def create_security_configuration(value: SecurityConfiguration, name: str | None = None) -> Part:
    """The parameters of `CreateSecurityConfiguration`; `name` when the value has none of its own."""
    import json

    label = name or value.name
    if label is None:
        raise ValueError("a security configuration needs a name to be created through the API")
    return {"Name": label, "SecurityConfiguration": json.dumps(value.document())}
