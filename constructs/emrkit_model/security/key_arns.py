"""KMS keys as a security configuration names them: by their full ARN."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import KeyLike
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

__all__ = ["check_key"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html"
_ARN = re.compile(r"^arn:[\w-]+:kms:[\w-]+:\d{12}:(key|alias)/\S+$")


def check_key(key: KeyLike | None, *path: str | int) -> Iterator[Diagnostic]:
    """An error for text that is not the ARN of a KMS key."""
    if not isinstance(key, str) or is_token(key) or _ARN.match(key):
        return
    yield error(
        "ENC-040",
        "a KMS key is named by its full ARN",
        *path,
        got=key,
        allowed="arn:aws:kms:<region>:<account>:key/<id>; symmetric, in the cluster's region",
        reason=_PAGE,
        hint="aws kms describe-key --key-id <id> --query KeyMetadata.Arn",
    )
