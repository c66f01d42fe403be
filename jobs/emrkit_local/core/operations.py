"""Which operation is done by whom. What is not in this table is refused by name."""

from __future__ import annotations

from . import catalogue, clusters, fleets, launch, policies, security_configurations, steps
from .context import Operation

OPERATIONS: dict[str, Operation] = {
    "AddInstanceFleet": fleets.add_instance_fleet,
    "AddInstanceGroups": fleets.add_instance_groups,
    "AddJobFlowSteps": steps.add_job_flow_steps,
    "AddTags": clusters.add_tags,
    "CancelSteps": steps.cancel_steps,
    "CreateSecurityConfiguration": security_configurations.create,
    "DeleteSecurityConfiguration": security_configurations.delete,
    "DescribeCluster": clusters.describe_cluster,
    "DescribeJobFlows": clusters.describe_job_flows,
    "DescribeReleaseLabel": catalogue.describe_release_label,
    "DescribeSecurityConfiguration": security_configurations.describe,
    "DescribeStep": steps.describe_step,
    "GetAutoTerminationPolicy": policies.get_auto_termination_policy,
    "GetBlockPublicAccessConfiguration": policies.get_block_public_access,
    "GetManagedScalingPolicy": policies.get_managed_scaling_policy,
    "ListBootstrapActions": clusters.list_bootstrap_actions,
    "ListClusters": clusters.list_clusters,
    "ListInstanceFleets": fleets.list_instance_fleets,
    "ListInstanceGroups": fleets.list_instance_groups,
    "ListInstances": fleets.list_instances,
    "ListReleaseLabels": catalogue.list_release_labels,
    "ListSecurityConfigurations": security_configurations.list_all,
    "ListSteps": steps.list_steps,
    "ListSupportedInstanceTypes": catalogue.list_supported_instance_types,
    "ModifyCluster": clusters.modify_cluster,
    "ModifyInstanceFleet": fleets.modify_instance_fleet,
    "ModifyInstanceGroups": fleets.modify_instance_groups,
    "PutAutoTerminationPolicy": policies.put_auto_termination_policy,
    "PutBlockPublicAccessConfiguration": policies.put_block_public_access,
    "PutManagedScalingPolicy": policies.put_managed_scaling_policy,
    "RemoveAutoTerminationPolicy": policies.remove_auto_termination_policy,
    "RemoveManagedScalingPolicy": policies.remove_managed_scaling_policy,
    "RemoveTags": clusters.remove_tags,
    "RunJobFlow": launch.run_job_flow,
    "SetKeepJobFlowAliveWhenNoSteps": clusters.set_keep_alive,
    "SetTerminationProtection": clusters.set_termination_protection,
    "SetUnhealthyNodeReplacement": clusters.set_unhealthy_node_replacement,
    "SetVisibleToAllUsers": clusters.set_visible_to_all_users,
    "TerminateJobFlows": clusters.terminate_job_flows,
}
