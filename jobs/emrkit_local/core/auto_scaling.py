"""The operations on automatic scaling policies."""

from __future__ import annotations

from .context import Core, Scope
from .errors import invalid_request
from .group_scaling import check_policy, describe_policy, fit_to_constraints
from .reading import Document, record, word
from .records import Capacity, Cluster


def put_auto_scaling_policy(core: Core, scope: Scope, request: Document) -> Document:
    """PutAutoScalingPolicy: of one group, in place of the one it had."""
    with core.state.changing():
        cluster, group = _group(core, scope, request)
        policy = record(request, "AutoScalingPolicy")
        if problem := check_policy(cluster, group, policy):
            raise problem
        group.config = {**group.config, "AutoScalingPolicy": policy}
        fit_to_constraints(cluster)
        core.state.touch(cluster)
        return {
            "ClusterId": cluster.id,
            "InstanceGroupId": group.id,
            "AutoScalingPolicy": describe_policy(cluster, group),
            "ClusterArn": cluster.arn,
        }


def remove_auto_scaling_policy(core: Core, scope: Scope, request: Document) -> Document:
    """RemoveAutoScalingPolicy: the group keeps the count that it has."""
    with core.state.changing():
        cluster, group = _group(core, scope, request)
        group.config = {key: value for key, value in group.config.items() if key != "AutoScalingPolicy"}
        core.state.touch(cluster)
    return {}


def _group(core: Core, scope: Scope, request: Document) -> tuple[Cluster, Capacity]:
    cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
    core.state.must_be_modifiable(cluster)
    wanted = word(request, "InstanceGroupId")
    for group in cluster.capacities:
        if group.id == wanted and group.kind == "group":
            return cluster, group
    raise invalid_request(f"Instance group id '{wanted}' is not valid.")
