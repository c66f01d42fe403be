"""Questions about S3: does a bucket exist, in the cluster's Region, and is what nodes read at boot there."""

from __future__ import annotations

from collections.abc import Iterator

from emrkit_jobs.preflight.needs import ClusterNeeds
from emrkit_jobs.targets.account import Account
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning

__all__ = ["check_buckets", "check_objects"]

_LOGS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-debugging.html"
_BOOTSTRAP = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html"
_ACCESS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html"


def check_buckets(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Every bucket exists, in the Region of the cluster."""
    purposes: dict[str, list[str]] = {}
    for place in needs.places:
        purposes.setdefault(place.bucket, []).append(place.purpose)
    for name, uses in purposes.items():
        what = ", ".join(dict.fromkeys(uses))
        bucket = account.bucket(name)
        if bucket is None:
            yield error(
                "PRE-001",
                f"bucket '{name}' does not exist",
                got=f"s3://{name}/ for {what}",
                reason=f"a cluster without its bucket fails while it starts ({_LOGS})",
                hint=f"create it (`aws s3 mb s3://{name} --region {needs.region}`), or name another one",
            )
        elif bucket.region != needs.region:
            yield error(
                "PRE-002",
                f"bucket '{name}' is in another Region than the cluster",
                got=f"{bucket.region}, for {what}",
                allowed=needs.region,
                reason=f"EMR writes logs and reads scripts in its own Region alone ({_LOGS})",
                hint=f"use a bucket in {needs.region}, or start the cluster in {bucket.region}",
            )
        elif not bucket.reachable:
            yield warning(
                "PRE-003",
                f"bucket '{name}' does not let you look into it",
                got=f"s3:ListBucket is denied, for {what}",
                reason=f"the nodes' own role may be allowed; nobody can tell from here ({_ACCESS})",
                hint="check that the nodes' role may use the bucket",
            )


def check_objects(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Every script, jar and archive that nodes read before the first step is there."""
    for place in needs.places:
        if not place.key or place.key.endswith("/"):
            continue
        bucket = account.bucket(place.bucket)
        if bucket is not None and bucket.reachable and not account.has_object(place.bucket, place.key):
            yield error(
                "PRE-004",
                f"{place.purpose} is not there",
                got=place.uri,
                reason=f"nodes read it while they start, and the cluster ends when they cannot ({_BOOTSTRAP})",
                hint=f"upload it: `aws s3 cp FILE {place.uri}`",
            )
