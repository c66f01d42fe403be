"""The rule on the buckets of bundles, logs and data: who gets in, with which key, and what a killed upload leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .catalogue import Problem, Rule
from .template import Found, Resource, Template, is_mapping

__all__ = ["BUCKETS"]

_BUCKET = "AWS::S3::Bucket"
_CLOSED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_KEYED = frozenset({"aws:kms", "aws:kms:dsse"})


def _kept(template: Template) -> Iterator[Problem]:
    for name in sorted(_of_emr(template)):
        bucket = template.resources[name]
        yield from _private(template, bucket)
        yield from _encrypted(template, bucket)
        yield from _versioned(template, bucket)
        yield from _tidied(template, bucket)
        yield from _over_tls(template, bucket)


def _of_emr(template: Template) -> set[str]:
    """The buckets that EMR's resources name, here or in another template, and those of a contract document."""
    used = set(template.used_by_siblings("AWS::EMR"))
    for resource in template.resources.values():
        if resource.type.startswith("AWS::EMR") or _is_contract(resource):
            used |= template.references(resource.properties)
    return {name for name in used if template.resources[name].type == _BUCKET}


def _is_contract(resource: Resource) -> bool:
    name = resource.properties.get("Name")
    return resource.type == "AWS::SSM::Parameter" and isinstance(name, str) and name.startswith("/emrkit/")


def _private(template: Template, bucket: Resource) -> Iterator[Problem]:
    for flag in _CLOSED:
        for found in template.at(bucket.properties, "PublicAccessBlockConfiguration", flag):
            if found.value not in (True, "true"):
                yield Problem(
                    bucket.id,
                    found.path,
                    "the bucket can be made public",
                    f"set PublicAccessBlockConfiguration.{flag} to true, like its three siblings",
                    got=_shown(found),
                    allowed="true",
                )
                return


def _encrypted(template: Template, bucket: Resource) -> Iterator[Problem]:
    rules = list(template.items(bucket.properties, "BucketEncryption", "ServerSideEncryptionConfiguration"))
    algorithms = [
        found for rule in rules for found in template.at(rule.value, "ServerSideEncryptionByDefault", "SSEAlgorithm")
    ]
    wrong = [found for found in algorithms if isinstance(found.value, str) and found.value not in _KEYED]
    if wrong or not algorithms or any(found.is_absent for found in algorithms):
        yield Problem(
            bucket.id,
            ("BucketEncryption",),
            "the bucket's objects are not encrypted with a key of KMS",
            "set the default encryption to aws:kms with KMSMasterKeyID and BucketKeyEnabled",
            got=_shown(wrong[0]) if wrong else None,
            allowed=", ".join(sorted(_KEYED)),
        )


def _versioned(template: Template, bucket: Resource) -> Iterator[Problem]:
    for found in template.at(bucket.properties, "VersioningConfiguration", "Status"):
        if isinstance(found.value, str) and found.value == "Enabled":
            continue
        yield Problem(
            bucket.id,
            found.path,
            "what is overwritten in the bucket is gone",
            "set VersioningConfiguration.Status to Enabled",
            got=_shown(found),
            allowed="Enabled",
        )


def _tidied(template: Template, bucket: Resource) -> Iterator[Problem]:
    rules = template.items(bucket.properties, "LifecycleConfiguration", "Rules")
    if not any(
        is_mapping(rule.value)
        and rule.value.get("Status") == "Enabled"
        and "AbortIncompleteMultipartUpload" in rule.value
        for rule in rules
    ):
        yield Problem(
            bucket.id,
            ("LifecycleConfiguration",),
            "parts of uploads that were killed stay in the bucket and are paid for",
            "add a lifecycle rule with AbortIncompleteMultipartUpload.DaysAfterInitiation 7",
        )


def _over_tls(template: Template, bucket: Resource) -> Iterator[Problem]:
    for policy in template.of_type("AWS::S3::BucketPolicy"):
        if bucket.id not in template.references(policy.properties.get("Bucket")):
            continue
        if any(_refuses_plain(found) for found in template.items(policy.properties, "PolicyDocument", "Statement")):
            return
    yield Problem(
        bucket.id,
        (),
        "the bucket answers without TLS",
        "add a bucket policy that denies s3:* to everybody where aws:SecureTransport is false (`enforce_ssl=True`)",
    )


def _refuses_plain(statement: Found) -> bool:
    body = statement.value
    if not is_mapping(body) or body.get("Effect") != "Deny":
        return False
    condition = body.get("Condition")
    said = condition.get("Bool") if is_mapping(condition) else None
    return is_mapping(said) and said.get("aws:SecureTransport") in (False, "false")


def _shown(found: Found) -> str | None:
    return None if found.is_absent else json.dumps(found.value)


BUCKETS = Rule(
    "E-RULE-013",
    "buckets of bundles, logs and data: TLS only, not public, KMS, versioned, killed uploads are cleared",
    "whoever writes to the bundle bucket runs code on every cluster, and logs hold samples of the data",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
    _kept,
    "G11",
)
