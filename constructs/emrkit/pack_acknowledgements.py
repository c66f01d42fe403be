"""What the packs of cdk-nag object to in emrkit's own constructs, and why it stays.

Said only when a pack sits, on the very resources that it objects to. What is the project's to decide (replication of
buckets) is not in the list: a project that asks for a pack answers it, with a reason of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import CfnResource

from .acknowledgements import Acknowledgement, Judge, acknowledge

if TYPE_CHECKING:
    from constructs import IConstruct

__all__ = ["OWN_REASONS", "OwnReason", "acknowledge_own"]

_ALL = (Judge.HIPAA, Judge.NIST_R4, Judge.NIST_R5, Judge.PCI_DSS)
_NEWER = (Judge.HIPAA, Judge.NIST_R5, Judge.PCI_DSS)


@dataclass(frozen=True, slots=True)
class OwnReason:
    """A rule that the packs of these judges hold against a resource type below constructs of emrkit, and the reason."""

    rule: str
    judges: tuple[Judge, ...]
    constructs: tuple[str, ...]
    type: str
    reason: str
    ids: tuple[str, ...] = ()
    """Ids on the way from the construct to the resource, one of which must be there. Default: any resource."""


OWN_REASONS: tuple[OwnReason, ...] = (
    OwnReason(
        "IAMNoInlinePolicy",
        _ALL,
        ("Roles", "Network", "ExistingNetwork", "Pipeline"),
        "AWS::IAM::Role",
        "the policy names the resources of this one role and goes with it; nobody else can have it attached",
    ),
    OwnReason(
        "VPCDefaultSecurityGroupClosed",
        _ALL,
        ("Network",),
        "AWS::EC2::VPC",
        "nothing stands in the default group: nodes and endpoints have groups of their own",
    ),
    OwnReason(
        "VPCNoUnrestrictedRouteToIGW",
        _NEWER,
        ("Network",),
        "AWS::EC2::Route",
        "the public subnet holds the NAT gateway alone, which needs this route; nodes stand in private subnets",
        ("PublicRoute",),
    ),
    OwnReason(
        "S3DefaultEncryptionKMS",
        _NEWER,
        ("Foundation",),
        "AWS::S3::Bucket",
        "S3 delivers access logs only to buckets encrypted with its own key",
        ("AccessLogs",),
    ),
    OwnReason(
        "S3BucketDefaultLockEnabled",
        (Judge.NIST_R4,),
        ("Foundation",),
        "AWS::S3::Bucket",
        "jobs overwrite and delete their outputs; versions keep what was replaced",
    ),
    OwnReason(
        "SecretsManagerRotationEnabled",
        (Judge.HIPAA, Judge.NIST_R5),
        ("SecurityConfiguration",),
        "AWS::SecretsManager::Secret",
        "EMR reads the administrator's password once, when a cluster starts; a new cluster gets what is there then",
    ),
    OwnReason(
        "SecretsManagerUsingKMSKey",
        _NEWER,
        ("SecurityConfiguration",),
        "AWS::SecretsManager::Secret",
        "the password is encrypted with the account's key of Secrets Manager and ends with its cluster",
    ),
)
"""Every finding that emrkit answers for itself."""


def acknowledge_own(root: IConstruct, judges: Iterable[Judge]) -> None:
    """Accept on emrkit's constructs below `root` what these judges are known to object to."""
    sitting = frozenset(judges)
    wanted = [reason for reason in OWN_REASONS if sitting.intersection(reason.judges)]
    for construct in root.node.find_all():
        if not type(construct).__module__.startswith("emrkit."):
            continue
        mine = [reason for reason in wanted if type(construct).__name__ in reason.constructs]
        if mine:
            for resource in construct.node.find_all():
                if isinstance(resource, CfnResource):
                    acknowledge(resource, *_answers(mine, construct, resource, sitting))


def _answers(
    reasons: Iterable[OwnReason], construct: IConstruct, resource: CfnResource, sitting: frozenset[Judge]
) -> Iterator[Acknowledgement]:
    kind = resource.cfn_resource_type
    below = resource.node.path.removeprefix(construct.node.path).split("/")
    for reason in reasons:
        if reason.type == kind and (not reason.ids or any(name in below for name in reason.ids)):
            for judge in reason.judges:
                if judge in sitting:
                    yield Acknowledgement(judge, f"{judge}-{reason.rule}", reason.reason)
