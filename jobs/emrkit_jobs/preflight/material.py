"""Questions about what nodes are made of: the keys that encrypt disks and logs, the images that they start from."""

from __future__ import annotations

from collections.abc import Iterator

from emrkit_jobs.preflight.needs import ClusterNeeds
from emrkit_jobs.targets.account import Account
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error

__all__ = ["check_images", "check_keys"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_KEYS = _GUIDE + "emr-encryption-enable.html"
_IMAGES = _GUIDE + "emr-custom-ami.html"


def check_keys(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Every KMS key exists in the Region, is enabled, and encrypts and decrypts."""
    purposes: dict[str, list[str]] = {}
    for purpose, key in needs.keys.items():
        purposes.setdefault(key, []).append(purpose)
    for key, uses in purposes.items():
        what = ", ".join(uses)
        region = key.split(":")[3] if key.startswith("arn:") and key.count(":") >= 5 else needs.region
        if region and region != needs.region:
            yield error(
                "PRE-043",
                f"the key for {what} is in another Region than the cluster",
                got=key,
                allowed=needs.region,
                reason=f"disks and logs are encrypted in the cluster's Region ({_KEYS})",
                hint="name a key of that Region, or a replica of a multi-Region key",
            )
            continue
        found = account.key(key)
        if found is None:
            yield error(
                "PRE-040",
                f"the key for {what} does not exist",
                got=key,
                reason=f"nodes cannot open their disks without it ({_KEYS})",
                hint="name a key of this account and Region",
            )
        elif found.state != "Enabled":
            yield error(
                "PRE-041",
                f"the key for {what} is not enabled",
                got=f"{key} is {found.state}",
                allowed="Enabled",
                reason=f"nodes cannot open their disks with it ({_KEYS})",
                hint="`aws kms enable-key`, or `aws kms cancel-key-deletion` first",
            )
        elif not found.symmetric:
            yield error(
                "PRE-042",
                f"the key for {what} does not encrypt",
                got=key,
                allowed="a symmetric key for ENCRYPT_DECRYPT",
                reason=f"EBS and S3 take symmetric keys alone ({_KEYS})",
                hint="name a symmetric key",
            )


def check_images(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Every AMI is there, is available, has an EBS root, and the architecture of its instance types."""
    for image, kinds in needs.images.items():
        found = account.image(image)
        if found is None or found.state != "available":
            what = "does not exist" if found is None else f"is {found.state}"
            yield error(
                "PRE-050",
                f"AMI {image} {what} in {needs.region}",
                "custom_ami",
                got=image,
                reason=f"nodes cannot start from it ({_IMAGES})",
                hint=f"copy it: `aws ec2 copy-image --region {needs.region}`, or have it shared with this account",
            )
            continue
        if kinds - {found.architecture}:
            yield error(
                "PRE-051",
                f"AMI {image} has another architecture than the instance types",
                "custom_ami",
                got=found.architecture,
                allowed=", ".join(sorted(kinds)),
                reason=f"a node starts only from an image of its own architecture ({_IMAGES})",
                hint="name an AMI of that architecture, or other instance types",
            )
        if found.root != "ebs":
            yield error(
                "PRE-052",
                f"AMI {image} has no EBS root volume",
                "custom_ami",
                got=found.root,
                allowed="ebs",
                reason=f"EMR starts nodes from EBS-backed images alone ({_IMAGES})",
                hint="name an AMI with an EBS root volume",
            )
