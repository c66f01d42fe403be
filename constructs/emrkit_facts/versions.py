"""Release labels as things that can be compared."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

__all__ = ["ReleaseVersion", "parse"]

_LABEL = re.compile(r"^(emr|emr-spark)-(\d+)\.(\d+)\.(\d+)$")
_BARE = re.compile(r"^(\d+)\.(\d+)\.(\d+)$")


class ReleaseVersion(NamedTuple):
    """The number in a release label; compares as numbers do: 7.10.0 is later than 7.9.0."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@cache
def parse(label: str) -> ReleaseVersion | None:
    """The version in `emr-7.10.0`, `emr-spark-8.1.0` or `7.10.0`; None when the text is not a release label.

    >>> parse("emr-7.10.0") > parse("emr-7.9.0")
    True
    """
    if label.__class__ is not str:
        return None  # what only deployment knows is no text
    if match := _LABEL.match(label):
        return ReleaseVersion(*(int(part) for part in match.groups()[1:]))
    if match := _BARE.match(label):
        return ReleaseVersion(*(int(part) for part in match.groups()))
    return None
