"""The roles of a cluster: what EMR may do, what the nodes may do, and nothing more."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from aws_cdk import Names
from aws_cdk import aws_iam as iam
from constructs import Construct

from emrkit_facts.iam import SERVICE_POLICY, trust
from emrkit_model.fields import read

from .guardrails import Acknowledgement, Judge, acknowledge
from .pseudo_parameters import Aws

if TYPE_CHECKING:
    from emrkit_model.fields import BucketLike, KeyLike

__all__ = ["DataGrant", "Roles"]

Statement = dict[str, object]
_KEY_USE = ["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


_SERVICE_FINDING = f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{SERVICE_POLICY}]"
_SERVICE_REASON = "AWS's own scoped policy: it acts only on what carries EMR's tag, and AWS keeps it up to date"
_PREFIXES = "objects below a granted prefix, and KMS's ReEncrypt and GenerateDataKey families on one named key"


@dataclass(frozen=True, slots=True)
class DataGrant:
    """What the nodes may do below a prefix of a bucket.

    Args:
        bucket: The bucket, or its name.
        prefix: The part of it that is meant, without a leading slash. Default: all of it.
        access: `read`, `write` (which includes deletion, as an overwrite needs it), or `read-write`.
        key: The KMS key the objects are encrypted with. Default: none of yours.

    Example: `DataGrant(bucket, prefix="raw/", access="read")`
    """

    bucket: BucketLike
    prefix: str = ""
    access: Literal["read", "write", "read-write"] = "read-write"
    key: KeyLike | None = None


class Roles(Construct):
    """The service role and the instance profile of clusters, least privilege from the start.

    The service role has AmazonEMRServicePolicy_v2, which acts only on what carries EMR's tag, and may pass exactly the
    nodes' role to EC2. The instance profile is named as its role (EMR refuses another). Grants are one document.
    Certificates that EMR manages need nothing here: EMR makes and keeps them, and puts its authority's certificate into
    Secrets Manager for clients to trust; tagging that secret needs a permission of who deploys, not of the nodes.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles.html

    Args:
        data: What the nodes may read and write.
        logs: Where the cluster's logs are written.
        key: The KMS key of disks, logs and data.
        secrets: ARNs of secrets that the nodes may read.
        permissions_boundary: ARN of a managed policy that bounds both roles.
        path: The path of the roles. Default: `/`.

    Example:
        ```python
        roles = emr.Roles(self, "Roles", data=[emr.DataGrant(bucket, "raw/", access="read")], key=key)
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        data: Sequence[DataGrant] = (),
        logs: DataGrant | None = None,
        key: KeyLike | None = None,
        secrets: Sequence[str] = (),
        permissions_boundary: str | None = None,
        path: str = "/",
    ) -> None:
        super().__init__(scope, id)
        # Roles are global in an account: the region keeps two deployments of one app apart.
        name = f"{Names.unique_resource_name(self, max_length=40, separator='-')}-{Aws.REGION}"
        statements = [*_data_statements(data, logs), *_key_statement(key), *_secret_statement(secrets)]
        nodes = iam.CfnRole(
            self,
            "Nodes",
            role_name=name,
            path=path,
            permissions_boundary=permissions_boundary,
            assume_role_policy_document=trust("emr_ec2_instance_profile_role"),
            policies=_inline("data", statements),
        )
        self.instance_role_arn: str = nodes.attr_arn
        """ARN of the nodes' role."""
        self.instance_role_name: str = nodes.ref
        """Name of the nodes' role, and of its profile."""
        profile = iam.CfnInstanceProfile(
            self, "Profile", instance_profile_name=name, path=path, roles=[self.instance_role_name]
        )
        self.instance_profile_name: str = profile.ref
        """Name of the instance profile."""
        place = {"ACCOUNT": Aws.ACCOUNT_ID, "REGION": Aws.REGION, "PARTITION": Aws.PARTITION}
        service = iam.CfnRole(
            self,
            "Service",
            path=path,
            permissions_boundary=permissions_boundary,
            assume_role_policy_document=trust("emr_service_role", place),
            managed_policy_arns=[f"arn:{Aws.PARTITION}:iam::aws:policy/service-role/{SERVICE_POLICY}"],
            policies=_inline("cluster", [_pass_role(self.instance_role_arn), *_disk_key_statements(key)]),
        )
        self.service_role_arn: str = service.attr_arn
        """ARN of the service role."""
        self._nodes = nodes
        self._statements = statements
        self._accept([*statements, *_disk_key_statements(key)])
        acknowledge(self, Acknowledgement(Judge.AWS_SOLUTIONS, _SERVICE_FINDING, _SERVICE_REASON))

    @property
    def role_arn(self) -> str:
        """The service role: what a cluster's `service_role` takes."""
        return self.service_role_arn

    def grant_data(self, *grants: DataGrant) -> None:
        """Let the nodes read or write more; the grants stay one document.

        Example: `roles.grant_data(emr.DataGrant(bucket, "reports/", access="write"))`
        """
        self._statements += _data_statements(grants, None)
        self._nodes.policies = cast("Any", _inline("data", self._statements))
        self._accept(self._statements)

    def _accept(self, statements: Sequence[Statement]) -> None:
        """Prefixes below a bucket end in a star, and so do two of KMS's action families."""
        text = json.dumps(statements, default=str)
        wide = sorted(set(re.findall(r'"(kms:[A-Za-z]+\*)"', text)))
        found = [f"AwsSolutions-IAM5[Action::{action}]" for action in wide]
        if "/*" in text:
            found.append("AwsSolutions-IAM5[Resource]")
        acknowledge(self, *(Acknowledgement(Judge.AWS_SOLUTIONS, rule, _PREFIXES) for rule in found))


def _data_statements(grants: Sequence[DataGrant], logs: DataGrant | None) -> list[Statement]:
    statements: list[Statement] = []
    write_only = [DataGrant(logs.bucket, logs.prefix, "write", logs.key)] if logs is not None else []
    for grant in (*grants, *write_only):
        arn = f"arn:{Aws.PARTITION}:s3:::{read(grant.bucket)}"
        actions = ["s3:GetObject", "s3:GetObjectVersion"] if grant.access != "write" else []
        if grant.access != "read":
            actions += ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        statements.append({"Effect": "Allow", "Action": actions, "Resource": f"{arn}/{grant.prefix}*"})
        listing: Statement = {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            "Resource": arn,
        }
        statements.append(listing)
        statements += _key_statement(grant.key)
    return statements


def _key_statement(key: KeyLike | None) -> list[Statement]:
    return [] if key is None else [{"Effect": "Allow", "Action": _KEY_USE, "Resource": read(key)}]


def _secret_statement(secrets: Sequence[str]) -> list[Statement]:
    if not secrets:
        return []
    return [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": list(secrets)}]


def _pass_role(role: str) -> Statement:
    return {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": role,
        "Condition": {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}},
    }


def _disk_key_statements(key: KeyLike | None) -> list[Statement]:
    """Encrypted volumes: the service creates them, and lets EC2 use the key by a grant."""
    if key is None:
        return []
    arn = read(key)
    actions = [*_KEY_USE, "kms:GenerateDataKeyWithoutPlaintext"]
    grant: Statement = {
        "Effect": "Allow",
        "Action": "kms:CreateGrant",
        "Resource": arn,
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    }
    return [{"Effect": "Allow", "Action": actions, "Resource": arn}, grant]


def _inline(name: str, statements: Sequence[Statement]) -> list[dict[str, object]]:
    if not statements:
        return []
    unique = list({repr(s): s for s in statements}.values())
    document = {"Version": "2012-10-17", "Statement": unique}
    return [{"policyName": name, "policyDocument": document}]
