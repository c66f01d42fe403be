"""The role of custom automatic scaling, which instance groups may have."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from constructs import Construct

from emrkit.acknowledgements import Acknowledgement, Judge, acknowledge
from emrkit.pseudo_parameters import Aws
from emrkit_facts.iam import auto_scaling_actions, trust

from .grants import Statement, inline_policy

__all__ = ["make_auto_scaling_role", "place"]

_WIDE = "alarms are named by EMR, and instance groups belong to clusters whose ids nobody knows beforehand"


def make_auto_scaling_role(scope: Construct, path: str, permissions_boundary: str | None) -> iam.CfnRole:
    """The role by which Application Auto Scaling changes the instance groups of this account's clusters here.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role-automatic-scaling.html
    """
    here = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
    clusters = f"arn:{Aws.PARTITION}:elasticmapreduce:{here}:cluster/*"
    every_alarm = f"arn:{Aws.PARTITION}:cloudwatch:{here}:alarm:*"
    alarms = [a for a in auto_scaling_actions() if a.startswith("cloudwatch:")]
    groups = [a for a in auto_scaling_actions() if not a.startswith("cloudwatch:")]
    statements: list[Statement] = [
        {"Effect": "Allow", "Action": alarms, "Resource": every_alarm},
        {"Effect": "Allow", "Action": groups, "Resource": clusters},
    ]
    role = iam.CfnRole(
        scope,
        "AutoScaling",
        path=path,
        permissions_boundary=permissions_boundary,
        assume_role_policy_document=trust("emr_auto_scaling_role", place()),
        policies=inline_policy("scaling", statements),
    )
    acknowledge(role, Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-IAM5[Resource]", _WIDE))
    return role


def place() -> Mapping[str, str]:
    """Account, region and partition of the stack, for the placeholders of a trust policy."""
    return {"ACCOUNT": Aws.ACCOUNT_ID, "REGION": Aws.REGION, "PARTITION": Aws.PARTITION}
