"""Objects in S3 that EMR fetches: jars and zips, by address or ARN."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import LocationLike, read
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

__all__ = ["check_location", "object_arn"]

_ADDRESS = re.compile(r"^(?:s3://|arn:[\w-]+:s3:::)(?P<place>[^/]+/.+)$")


def check_location(location: LocationLike | None, *path: str | int) -> Iterator[Diagnostic]:
    """An error for text that is neither `s3://bucket/key` nor the ARN of an object."""
    if not isinstance(location, str) or is_token(location) or _ADDRESS.match(location):
        return
    yield error(
        "ENC-021",
        "an object in S3 is named by its address",
        *path,
        got=location,
        allowed="s3://bucket/key, or arn:aws:s3:::bucket/key",
    )


def object_arn(location: LocationLike, partition: str = "aws") -> str:
    """The ARN of an object, for a policy.

    >>> object_arn("s3://bucket/keys.jar")
    'arn:aws:s3:::bucket/keys.jar'
    """
    text = read(location)
    return text if text.startswith("arn:") else f"arn:{partition}:s3:::{text.removeprefix('s3://')}"
