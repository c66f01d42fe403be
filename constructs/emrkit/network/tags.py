"""The tags of what a network is made of."""

from __future__ import annotations

from aws_cdk import CfnTag

from emrkit_facts.iam import EMR_TAG

__all__ = ["tags"]


def tags(name: str) -> list[CfnTag]:
    """The tag that EMR's service policy asks for, and the name that people read.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-iam-policies.html
    """
    return [CfnTag(key=EMR_TAG[0], value=EMR_TAG[1]), CfnTag(key="Name", value=name)]
