"""The operations that look at clusters and change their switches."""

from __future__ import annotations

from .context import Core, Scope
from .errors import invalid_request, validation
from .inventory import primary
from .paging import page
from .reading import Document, count, flag, instant, number, present, record, records, text, word, words
from .records import CLUSTER_ENDING, Cluster


def status_view(cluster: Cluster) -> Document:
    """The cluster's `Status`."""
    reason = present(Code=cluster.reason_code or None, Message=cluster.reason_message or None)
    return present(
        State=cluster.state,
        StateChangeReason=reason,
        Timeline=present(CreationDateTime=cluster.created, ReadyDateTime=cluster.ready, EndDateTime=cluster.ended),
        ErrorDetails=cluster.error_details or None,
    )


def cluster_view(cluster: Cluster) -> Document:
    """The cluster as DescribeCluster shows it. Passwords were never kept, so none can be shown."""
    request = cluster.request
    node = primary(cluster) if cluster.state != "STARTING" else None
    copied = (
        "ReleaseLabel", "LogEncryptionKmsKeyId", "ServiceRole", "SecurityConfiguration", "AutoScalingRole",
        "CustomAmiId", "EbsRootVolumeSize", "EbsRootVolumeIops", "EbsRootVolumeThroughput", "RepoUpgradeOnBoot",
        "KerberosAttributes", "OSReleaseLabel", "MonitoringConfiguration", "SessionEnabled",
    )  # fmt: skip
    return present(
        Id=cluster.id,
        Name=cluster.name,
        Status=status_view(cluster),
        Ec2InstanceAttributes=_ec2_attributes(cluster),
        InstanceCollectionType="INSTANCE_FLEET" if cluster.uses_fleets else "INSTANCE_GROUP",
        LogUri=cluster.log_uri or None,
        AutoTerminate=not cluster.keep_alive,
        TerminationProtected=cluster.termination_protected,
        UnhealthyNodeReplacement=cluster.unhealthy_replacement,
        VisibleToAllUsers=cluster.visible,
        Applications=records(request, "Applications"),
        Tags=[{"Key": k, "Value": v} for k, v in cluster.tags.items()],
        NormalizedInstanceHours=0,
        MasterPublicDnsName=node.dns_name if node else None,
        Configurations=records(request, "Configurations"),
        ScaleDownBehavior=word(request, "ScaleDownBehavior", "TERMINATE_AT_TASK_COMPLETION"),
        ClusterArn=cluster.arn,
        StepConcurrencyLevel=cluster.step_concurrency,
        PlacementGroups=records(request, "PlacementGroupConfigs"),
        ExtendedSupport=cluster.extended_support,
        **{key: request.get(key) for key in copied},
    )


def _ec2_attributes(cluster: Cluster) -> Document:
    asked = record(cluster.request, "Instances")
    subnets = words(asked, "Ec2SubnetIds") or [s for s in (text(asked, "Ec2SubnetId"),) if s]
    placement = record(asked, "Placement")
    zones = words(placement, "AvailabilityZones") or [z for z in (text(placement, "AvailabilityZone"),) if z]
    copied = (
        "Ec2KeyName", "EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup", "ServiceAccessSecurityGroup",
    )  # fmt: skip
    return present(
        Ec2SubnetId=subnets[0] if subnets else None,
        RequestedEc2SubnetIds=subnets,
        Ec2AvailabilityZone=zones[0] if zones else f"{cluster.region}a",
        RequestedEc2AvailabilityZones=zones,
        IamInstanceProfile=cluster.request.get("JobFlowRole"),
        AdditionalMasterSecurityGroups=words(asked, "AdditionalMasterSecurityGroups"),
        AdditionalSlaveSecurityGroups=words(asked, "AdditionalSlaveSecurityGroups"),
        **{key: asked.get(key) for key in copied},
    )


def describe_cluster(core: Core, scope: Scope, request: Document) -> Document:
    """DescribeCluster."""
    with core.state.lock:
        return {"Cluster": cluster_view(core.state.cluster(word(request, "ClusterId"), scope.account, scope.region))}


def list_clusters(core: Core, scope: Scope, request: Document) -> Document:
    """ListClusters: newest first, 50 a page."""
    states = words(request, "ClusterStates")
    after, before = instant(request, "CreatedAfter"), instant(request, "CreatedBefore")

    def wanted(cluster: Cluster) -> bool:
        return (
            (not states or cluster.state in states)
            and (after is None or cluster.created >= after)
            and (before is None or cluster.created <= before)
        )

    with core.state.lock:
        mine = [c for c in core.state.clusters() if (c.account, c.region) == (scope.account, scope.region)]
        size = core.state.settings.page_size
        found, marker = page(mine[::-1], lambda c: c.id, text(request, "Marker"), size, wanted)
        summaries = [
            {"Id": c.id, "Name": c.name, "Status": status_view(c), "NormalizedInstanceHours": 0, "ClusterArn": c.arn}
            for c in found
        ]
        return present(Clusters=summaries, Marker=marker)


def describe_job_flows(core: Core, scope: Scope, request: Document) -> Document:  # noqa: ARG001
    """DescribeJobFlows: deprecated by AWS since 2013; the answer names its successors."""
    raise invalid_request("DescribeJobFlows is deprecated; use ListClusters, DescribeCluster and ListSteps.")


def list_bootstrap_actions(core: Core, scope: Scope, request: Document) -> Document:
    """ListBootstrapActions."""
    with core.state.lock:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        actions = records(cluster.request, "BootstrapActions")
    scripts = [(word(a, "Name"), record(a, "ScriptBootstrapAction")) for a in actions]
    return {
        "BootstrapActions": [
            {"Name": name, "ScriptPath": word(script, "Path"), "Args": words(script, "Args")}
            for name, script in scripts
        ]
    }


def terminate_job_flows(core: Core, scope: Scope, request: Document) -> Document:
    """TerminateJobFlows: all of them or, when one is protected, none."""
    with core.state.changing():
        clusters = [core.state.job_flow(i, scope.account, scope.region) for i in words(request, "JobFlowIds")]
        if any(c.termination_protected and c.state not in CLUSTER_ENDING for c in clusters):
            raise validation("Could not shut down one or more job flows since they are termination protected.")
        ended = [c for c in clusters if c.state not in CLUSTER_ENDING]
        for cluster in ended:
            core.state.terminate(cluster, "USER_REQUEST", "Terminated by user request")
    for cluster in ended:
        core.bootstrap.stop(cluster.id)
    return {}


def set_termination_protection(core: Core, scope: Scope, request: Document) -> Document:
    """SetTerminationProtection."""
    return _switch(core, scope, request, "TerminationProtected", "termination_protected")


def set_keep_alive(core: Core, scope: Scope, request: Document) -> Document:
    """SetKeepJobFlowAliveWhenNoSteps."""
    return _switch(core, scope, request, "KeepJobFlowAliveWhenNoSteps", "keep_alive")


def set_visible_to_all_users(core: Core, scope: Scope, request: Document) -> Document:
    """SetVisibleToAllUsers."""
    return _switch(core, scope, request, "VisibleToAllUsers", "visible")


def set_unhealthy_node_replacement(core: Core, scope: Scope, request: Document) -> Document:
    """SetUnhealthyNodeReplacement."""
    return _switch(core, scope, request, "UnhealthyNodeReplacement", "unhealthy_replacement")


def _switch(core: Core, scope: Scope, request: Document, key: str, attribute: str) -> Document:
    with core.state.changing():
        clusters = [core.state.job_flow(i, scope.account, scope.region) for i in words(request, "JobFlowIds")]
        for cluster in clusters:
            core.state.must_be_modifiable(cluster)
        for cluster in clusters:
            setattr(cluster, attribute, flag(request, key))
            core.state.touch(cluster)
    return {}


def modify_cluster(core: Core, scope: Scope, request: Document) -> Document:
    """ModifyCluster: the number of steps that may run side by side."""
    level = number(request, "StepConcurrencyLevel")
    if level is not None and level not in range(1, 257):
        raise invalid_request("StepConcurrencyLevel must lie between 1 and 256.")
    with core.state.changing():
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        cluster.step_concurrency = count(request, "StepConcurrencyLevel", cluster.step_concurrency)
        if "ExtendedSupport" in request:
            cluster.extended_support = flag(request, "ExtendedSupport")
        core.state.touch(cluster)
        return present(StepConcurrencyLevel=cluster.step_concurrency, ExtendedSupport=cluster.extended_support)


def _tagged(core: Core, scope: Scope, request: Document) -> Cluster:
    resource = word(request, "ResourceId")
    return core.state.cluster(resource.rpartition("/")[2], scope.account, scope.region)


def add_tags(core: Core, scope: Scope, request: Document) -> Document:
    """AddTags to a cluster."""
    with core.state.changing():
        cluster = _tagged(core, scope, request)
        cluster.tags.update({word(t, "Key"): word(t, "Value") for t in records(request, "Tags")})
        core.state.touch(cluster)
    return {}


def remove_tags(core: Core, scope: Scope, request: Document) -> Document:
    """RemoveTags from a cluster."""
    with core.state.changing():
        cluster = _tagged(core, scope, request)
        for key in words(request, "TagKeys"):
            cluster.tags.pop(key, None)
        core.state.touch(cluster)
    return {}
