"""IAM documents for EMR: managed policies, trust policies, what the Step Functions integrations need.

Page: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles.html
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .tables import load

__all__ = [
    "EMR_TAG",
    "EVENTS_RULE_ACTIONS",
    "SERVICE_POLICY",
    "SESSION_MANAGER_ACTIONS",
    "ManagedPolicy",
    "UnknownPolicy",
    "auto_scaling_actions",
    "catalog_actions",
    "managed_policy",
    "read_only_actions",
    "step_functions_rule",
    "trust",
]

SERVICE_POLICY = "AmazonEMRServicePolicy_v2"
# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
SESSION_MANAGER_ACTIONS = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
_NODES_POLICY = "AmazonElasticMapReduceforEC2Role"
# What AmazonEMRServicePolicy_v2 asks of everything it creates or uses: cluster, subnets, security groups.
EMR_TAG = ("for-use-with-amazon-emr-managed-policies", "true")
EVENTS_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A managed policy as AWS published it: ARN in the `aws` partition, version, date of that version, document."""

    name: str
    arn: str
    version: str
    updated: str
    document: Mapping[str, object]

    @property
    def known(self) -> bool:
        """True: the policy is in the data."""
        return True


@dataclass(frozen=True, slots=True)
class UnknownPolicy:
    """A policy name that the data does not have."""

    name: str

    @property
    def known(self) -> bool:
        """False: nothing is known about the policy."""
        return False


def managed_policy(name: str) -> ManagedPolicy | UnknownPolicy:
    """A managed policy by name; total: an unknown name is an `UnknownPolicy`."""
    row = load("iam")["managed_policies"].get(name)
    if row is None:
        return UnknownPolicy(name)
    return ManagedPolicy(name, row["arn"], row["version"], row["updated"], row["document"])


def trust(name: str, values: Mapping[str, str] | None = None) -> Mapping[str, object] | None:
    """A trust policy with its placeholders (`${ACCOUNT}`, `${REGION}`, `${PARTITION}`, …) filled from `values`.

    Names: emr_service_role, emr_ec2_instance_profile_role, emr_auto_scaling_role, emr_runtime_role,
    emr_serverless_job_role, emr_eks_job_role_irsa, …; None for a name that the data does not have.
    """
    document = load("iam")["trust_policies"].get(name)
    return None if document is None else _fill(copy.deepcopy(document), values or {})


def catalog_actions(access: Literal["read", "read-write", "manage"]) -> tuple[str, ...]:
    """The Glue actions by which Spark and Hive use the Data Catalog, from the default role of the nodes.

    `read` only looks, `read-write` also changes tables, partitions and functions, `manage` also databases.

    >>> "glue:GetTable" in catalog_actions("read"), "glue:CreateTable" in catalog_actions("read")
    (True, False)
    >>> "glue:DeleteDatabase" in catalog_actions("read-write")
    False
    """
    found = (action for action in _allowed(_NODES_POLICY) if action.startswith("glue:"))
    reading = ("glue:Get", "glue:BatchGet")
    return tuple(
        action
        for action in found
        if action.startswith(reading) or (access != "read" and not action.endswith("Database")) or access == "manage"
    )


def auto_scaling_actions() -> tuple[str, ...]:
    """What Application Auto Scaling does for custom automatic scaling, from the managed policy for its role.

    >>> auto_scaling_actions()[0]
    'cloudwatch:DescribeAlarms'
    """
    return tuple(_allowed("AmazonElasticMapReduceforAutoScalingRole"))


def read_only_actions() -> tuple[str, ...]:
    """EMR's actions that only look, from the managed policy for readers; notebooks' editors are left out.

    >>> "elasticmapreduce:ListSteps" in read_only_actions()
    True
    """
    return tuple(
        action
        for action in _allowed("AmazonEMRReadOnlyAccessPolicy_v2")
        if action.startswith("elasticmapreduce:") and "Editor" not in action
    )


def _allowed(policy: str) -> Iterator[str]:
    document = load("iam")["managed_policies"][policy]["document"]
    for statement in document["Statement"]:
        actions = statement["Action"]
        yield from [actions] if isinstance(actions, str) else actions


def step_functions_rule(action: str) -> str | None:
    """The managed EventBridge rule behind `<action>.sync`; None for an integration that polls."""
    return load("iam")["step_functions"]["rules"].get(f"{action}.sync")


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_fill(k, values): _fill(v, values) for k, v in value.items()}
    if isinstance(value, list):
        return [_fill(v, values) for v in value]
    if isinstance(value, str):
        for key, replacement in values.items():
            value = value.replace(f"${{{key}}}", replacement)
    return value
