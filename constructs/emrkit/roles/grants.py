"""What a role may touch: prefixes of buckets, databases of the Glue catalog, keys, secrets; as statements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from emrkit.acknowledgements import Acknowledgement, Judge, acknowledge
from emrkit.arguments import check_buckets, check_items
from emrkit.pseudo_parameters import Aws
from emrkit_facts.iam import catalog_actions
from emrkit_model.fields import read
from emrkit_model.findings import error
from emrkit_model.security.key_arns import check_key
from emrkit_model.tokens import is_token
from emrkit_model.values import refuse

if TYPE_CHECKING:
    from constructs import Construct

    from emrkit_model.diagnostics import Diagnostic
    from emrkit_model.fields import BucketLike, KeyLike, SecretLike

__all__ = [
    "KEY_USE",
    "CatalogGrant",
    "DataGrant",
    "Statement",
    "accept_prefixes",
    "assume_runtime_roles",
    "catalog_statements",
    "check_grants",
    "data_statements",
    "disk_key_statements",
    "inline_policy",
    "key_statement",
    "pass_role",
    "secret_statement",
]

Statement = Mapping[str, object]
"""One statement of an IAM policy, as JSON has it; tokens are welcome."""

KEY_USE = ("kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
"""What S3's and EBS's encryption ask of a key, on behalf of who reads and writes."""


@dataclass(frozen=True, slots=True)
class DataGrant:
    """What the nodes may do below a prefix of a bucket.

    The bucket may belong to another account: then its own policy must admit the role too, and so must the key's.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html

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

    def __post_init__(self) -> None:
        found = [*check_buckets(bucket=self.bucket), *_check_access(self.access, "read", "write", "read-write")]
        prefix = cast("object", self.prefix)
        if not is_token(prefix) and (not isinstance(prefix, str) or prefix.startswith("/")):
            found.append(
                error(
                    "ROLE-023",
                    "a prefix is text that begins without a slash",
                    "prefix",
                    got=repr(prefix),
                    allowed="a prefix as keys have it, such as raw/",
                    reason="S3 has no root: keys that begin with a slash are others, and nothing would be granted",
                    hint=prefix.lstrip("/") if isinstance(prefix, str) else 'leave it out, or "" for the whole bucket',
                )
            )
        refuse([*found, *check_key(self.key, "key")])


@dataclass(frozen=True, slots=True)
class CatalogGrant:
    """What the nodes may do in a database of the account's Glue Data Catalog.

    Spark and Hive also ask for the databases `default` and `global_temp` whenever a session starts; they may look at
    these two. What Lake Formation governs needs its grants beside this.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hive-metastore-glue.html

    Args:
        database: The database, or a pattern of names. Default: all.
        tables: Patterns of tables in it. Default: all.
        access: `read`; `read-write`, which makes, changes and drops tables, partitions and functions; `manage`, which
            does the same to databases.

    Example: `CatalogGrant("sales", tables=["orders_*"], access="read")`
    """

    database: str = "*"
    tables: Sequence[str] = ("*",)
    access: Literal["read", "read-write", "manage"] = "read"

    def __post_init__(self) -> None:
        tables = check_items(
            "ROLE-024",
            "tables must be a list of patterns",
            "tables",
            self.tables,
            str,
            allowed="such as orders_*",
        )
        refuse([*tables, *_check_access(self.access, "read", "read-write", "manage")])


def check_grants(data: object) -> Iterator[Diagnostic]:
    """What is no list of `DataGrant`, such as a bucket alone."""
    allowed = 'emr.DataGrant(bucket, "prefix/", "read")'
    return check_items("ROLE-021", "data must be a list of grants", "data", data, DataGrant, allowed=allowed)


def _check_access(access: object, *words: str) -> Iterator[Diagnostic]:
    if access not in words:
        yield error("ROLE-022", "no such access", "access", got=repr(access), allowed=", ".join(words))


def data_statements(grants: Iterable[DataGrant]) -> list[Statement]:
    """Objects below each prefix, listing of their buckets, and use of their keys."""
    statements: list[Statement] = []
    for grant in grants:
        arn = f"arn:{Aws.PARTITION}:s3:::{read(grant.bucket)}"
        actions = ["s3:GetObject", "s3:GetObjectVersion"] if grant.access != "write" else []
        if grant.access != "read":
            actions += ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        statements.append({"Effect": "Allow", "Action": actions, "Resource": f"{arn}/{grant.prefix}*"})
        statements.append(
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
                "Resource": arn,
            }
        )
        statements += key_statement(grant.key)
    return statements


def catalog_statements(grants: Iterable[CatalogGrant]) -> list[Statement]:
    """Glue's actions on the catalog, the databases, their tables and functions; nothing for no grants."""
    place = f"arn:{Aws.PARTITION}:glue:{Aws.REGION}:{Aws.ACCOUNT_ID}"
    statements: list[Statement] = []
    for grant in grants:
        tables = [f"{place}:table/{grant.database}/{pattern}" for pattern in grant.tables]
        inside = [f"{place}:database/{grant.database}", *tables, f"{place}:userDefinedFunction/{grant.database}/*"]
        actions = list(catalog_actions(grant.access))
        statements.append({"Effect": "Allow", "Action": actions, "Resource": [f"{place}:catalog", *inside]})
    if statements:
        always = [f"{place}:{name}" for name in ("catalog", "database/default", "database/global_temp")]
        statements.append({"Effect": "Allow", "Action": ["glue:GetDatabase"], "Resource": always})
    return statements


def key_statement(key: KeyLike | None) -> list[Statement]:
    """Use of one key for data; nothing for no key."""
    return [] if key is None else [{"Effect": "Allow", "Action": list(KEY_USE), "Resource": read(key)}]


def secret_statement(secrets: Sequence[SecretLike]) -> list[Statement]:
    """Reading these secrets and no others."""
    if not secrets:
        return []
    arns = [read(secret) for secret in secrets]
    return [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arns}]


def pass_role(role_arn: str, service: str) -> Statement:
    """Passing exactly one role to exactly one service, however a partition spells that service's name.

    The star at the end is AWS's own way (AmazonEMRServicePolicy_v2): in China some are ….amazonaws.com.cn.
    """
    return {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": role_arn,
        "Condition": {"StringLike": {"iam:PassedToService": f"{service}.amazonaws.com*"}},
    }


def disk_key_statements(key: KeyLike | None) -> list[Statement]:
    """Encrypted volumes: the service creates them, and lets EC2 use the key by a grant."""
    if key is None:
        return []
    arn = read(key)
    actions = [*KEY_USE, "kms:GenerateDataKeyWithoutPlaintext"]
    grant: Statement = {
        "Effect": "Allow",
        "Action": "kms:CreateGrant",
        "Resource": arn,
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    }
    return [{"Effect": "Allow", "Action": actions, "Resource": arn}, grant]


def assume_runtime_roles(role_arns: Sequence[str], *, source_identity: bool) -> Statement:
    """Taking on exactly these runtime roles, with session tags."""
    actions = ["sts:AssumeRole", "sts:TagSession", *(["sts:SetSourceIdentity"] if source_identity else [])]
    return {"Effect": "Allow", "Action": actions, "Resource": list(role_arns)}


def inline_policy(name: str, statements: Sequence[Statement]) -> list[dict[str, object]]:
    """The statements as the one inline policy of a role, each of them once; nothing for no statements."""
    if not statements:
        return []
    unique = list({repr(s): s for s in statements}.values())
    return [{"policyName": name, "policyDocument": {"Version": "2012-10-17", "Statement": unique}}]


def accept_prefixes(scope: Construct, statements: Sequence[Statement], reason: str) -> None:
    """Prefixes below a bucket end in a star, and so do two of KMS's action families: acknowledged with the reason."""
    text = json.dumps(statements, default=str)
    found = [f"AwsSolutions-IAM5[Action::{a}]" for a in sorted(set(re.findall(r'"(kms:[A-Za-z]+\*)"', text)))]
    resources = json.dumps([s["Resource"] for s in statements], default=str)
    if "*" in resources:
        found.append("AwsSolutions-IAM5[Resource]")
    acknowledge(scope, *(Acknowledgement(Judge.AWS_SOLUTIONS, rule, reason) for rule in found))
