"""Custom automatic scaling of instance groups: recorded and shown, and the count kept within its limits.

Nothing measures a local cluster the way CloudWatch does, so the rules themselves never act.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .errors import ServiceError, validation
from .reading import Document, count, record, records, word
from .records import Capacity, Cluster

_LITERAL = "${emr.clusterId}"


def check_policies(cluster: Cluster) -> ServiceError | None:
    """What EMR has against the automatic scaling policies of a cluster's groups, or None."""
    for group in cluster.capacities:
        if problem := check_policy(cluster, group, record(group.config, "AutoScalingPolicy")):
            return problem
    return None


def check_policy(cluster: Cluster, group: Capacity, policy: Mapping[str, object]) -> ServiceError | None:
    """What EMR has against one policy, or None."""
    if not policy:
        return None
    if group.role == "MASTER":
        return validation("An automatic scaling policy is for CORE and TASK instance groups, not for MASTER.")
    if cluster.managed_scaling is not None:
        return validation("Managed scaling and an automatic scaling policy cannot be used together.")
    if not word(cluster.request, "AutoScalingRole"):
        return validation("An automatic scaling policy needs the AutoScalingRole of the cluster.")
    limits = record(policy, "Constraints")
    low, high = count(limits, "MinCapacity"), count(limits, "MaxCapacity")
    if low < 0 or high < low:
        return validation("MinCapacity must not be negative and not more than MaxCapacity.")
    names = [word(rule, "Name") for rule in records(policy, "Rules")]
    if len(set(names)) < len(names):
        return validation("The rules of an automatic scaling policy need different names.")
    return None


def fit_to_constraints(cluster: Cluster) -> None:
    """Bring the groups that have a policy within its limits."""
    for group in cluster.capacities:
        limits = record(record(group.config, "AutoScalingPolicy"), "Constraints")
        if not limits:
            continue
        number = group.on_demand + group.spot
        wanted = min(max(number, count(limits, "MinCapacity")), count(limits, "MaxCapacity"))
        group.on_demand, group.spot = (0, wanted) if group.spot else (wanted, 0)


def describe_policy(cluster: Cluster, group: Capacity) -> Document | None:
    """The policy as ListInstanceGroups shows it: attached, and with the cluster's id in place of EMR's word for it."""
    policy = record(group.config, "AutoScalingPolicy")
    if not policy:
        return None
    return {"Status": {"State": "ATTACHED"}, **cast("Document", _with_id(policy, cluster.id))}


def _with_id(value: object, cluster_id: str) -> object:
    if isinstance(value, str):
        return value.replace(_LITERAL, cluster_id)
    if isinstance(value, list):
        return [_with_id(item, cluster_id) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _with_id(item, cluster_id) for key, item in cast("Document", value).items()}
    return value
