"""Reading back: an API request as the value objects that would render to it.

What the model has no field for is not lost on the way to the caller: `unread` names it, so that local EMR can say what
it ignores. A password in a request is never kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from .cluster import Cluster
from .reading_nodes import as_list, as_map, configurations_from_request, nodes_from_request, scaling_from_request
from .steps import ActionOnFailure, CommandStep, JarStep, Step

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
    "AutoScalingRole",
    "StepExecutionRoleArn",
    "AdditionalInfo",
    "MonitoringConfiguration",
    "SessionEnabled",
    "RepoUpgradeOnBoot",
    "ExtendedSupport",
}
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
    "AutoScalingRole": "auto_scaling_role",
    "StepExecutionRoleArn": "step_execution_role",
    "SessionEnabled": "sessions",
    "RepoUpgradeOnBoot": "repository_upgrade",
    "ExtendedSupport": "extended_support",
    "AdditionalInfo": "additional_info",
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
    Raises `InvalidModel` for what the model refuses: broken rules, missing parts.
    """
    instances = as_map(request.get("Instances"))
    fields: dict[str, object] = {name: request[key] for key, name in _PLAIN.items() if request.get(key) is not None}
    fields |= {name: instances[key] for key, name in _INSTANCES.items() if instances.get(key) is not None}
    fields |= nodes_from_request(instances)
    if subnet := instances.get("Ec2SubnetId"):
        fields["subnets"] = [subnet]
    if zone := as_map(instances.get("Placement")).get("AvailabilityZone"):
        fields["availability_zone"] = zone
    # The API's default is false where ours is true.
    fields["keep_alive"] = bool(instances.get("KeepJobFlowAliveWhenNoSteps", False))
    policy = as_map(request.get("AutoTerminationPolicy"))
    fields["idle_timeout"] = policy.get("IdleTimeout", 3600) if policy else None
    fields["applications"] = [str(as_map(a)["Name"]) for a in as_list(request.get("Applications"))]
    fields["configurations"] = configurations_from_request(request.get("Configurations"))
    fields["bootstrap_actions"] = [_action(as_map(a)) for a in as_list(request.get("BootstrapActions"))]
    fields["tags"] = {str(as_map(t)["Key"]): str(as_map(t).get("Value", "")) for t in as_list(request.get("Tags"))}
    if request.get("ManagedScalingPolicy"):
        fields["scaling"] = scaling_from_request(
            as_map(request["ManagedScalingPolicy"]), groups=bool(as_list(instances.get("InstanceGroups")))
        )
    if request.get("KerberosAttributes"):
        fields["kerberos"] = _kerberos(as_map(request["KerberosAttributes"]))
    if request.get("MonitoringConfiguration"):
        from .monitoring import read_monitoring

        fields["monitoring"] = read_monitoring(as_map(request["MonitoringConfiguration"]))
    fields["spread_primaries"] = bool(request.get("PlacementGroupConfigs"))
    return Cluster.parse(fields)


def unread(request: _Map) -> tuple[str, ...]:
    """Members of a `RunJobFlow` request that the model has no field for."""
    return tuple(sorted(key for key in request if key not in _READ))


def _action(row: _Map) -> dict[str, object]:
    script = as_map(row.get("ScriptBootstrapAction"))
    return {"name": row.get("Name"), "path": script.get("Path"), "args": as_list(script.get("Args"))}


def _kerberos(row: _Map) -> dict[str, object]:
    """The realm; of passwords only references to secrets, never text."""

    def reference(key: str) -> object:
        value = row.get(key)
        return value if isinstance(value, str) and value.startswith("{{resolve:") else None

    fields = {
        "realm": row.get("Realm"),
        "kdc_admin_password": reference("KdcAdminPassword"),
        "trust_password": reference("CrossRealmTrustPrincipalPassword"),
        "join_password": reference("ADDomainJoinPassword"),
    }
    if fields["join_password"] is not None:
        fields["join_user"] = row.get("ADDomainJoinUser")
    return {name: value for name, value in fields.items() if value is not None}


def steps_from_request(items: object) -> tuple[Step, ...]:
    """The `Steps` of a request, in order."""
    return tuple(step_from_request(as_map(item)) for item in as_list(items))


def step_from_request(row: _Map) -> Step:
    """A step of a request: a command for `command-runner.jar`, a jar with arguments for any other."""
    jar = as_map(row.get("HadoopJarStep"))
    args = [str(arg) for arg in as_list(jar.get("Args"))]
    action = row.get("ActionOnFailure") or ActionOnFailure.CONTINUE
    shared: dict[str, object] = {"name": row.get("Name"), "on_failure": action}
    if jar.get("Jar") == "command-runner.jar" and args:
        return CommandStep.parse({**shared, "command": args})
    properties = {str(as_map(p).get("Key")): str(as_map(p).get("Value", "")) for p in as_list(jar.get("Properties"))}
    return JarStep.parse(
        {
            **shared,
            "jar": jar.get("Jar"),
            "args": args,
            "main_class": jar.get("MainClass"),
            "properties": properties,
        }
    )
