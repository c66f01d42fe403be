"""What the policies of people and programs are given, looked at before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import cast

from emrkit.arguments import check_buckets, listed
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import BucketLike
from emrkit_model.findings import error
from emrkit_model.tokens import has_member, is_token

__all__ = ["check_each_bucket", "check_members", "check_names"]

# As the project file has them: they stand in the names of stacks, of parameters and in tags.
_NAMES = {
    "project": (
        re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]"),
        "2 to 32 small letters, digits, dashes; a letter first",
    ),
    "environment": (re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}"), "letters, digits, `-` and `_`, a letter first"),
}
_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"


def check_names(**given: object) -> Iterator[Diagnostic]:
    """Names of project and environment, which decide what a policy reaches: none, or with characters of no name."""
    for field, name in given.items():
        form, allowed = _NAMES[field]
        if not isinstance(name, str) or not (is_token(name) or form.fullmatch(name)):
            yield error(
                "ROLE-027",
                f"this is not a name for {'an' if field[0] in 'aeiou' else 'a'} {field}",
                field,
                got=name if isinstance(name, str) else repr(name),
                allowed=allowed,
                reason=f"stacks, parameters and tags are found by it ({_PAGE})",
            )


def check_members(field: str, given: object, member: str, *, allowed: str) -> Iterator[Diagnostic]:
    """A list of constructs, each known by a member of its class; names and ids are none."""
    items = listed(given)
    if not isinstance(items, tuple):
        yield error("ROLE-028", f"{field} must be a list", field, got=_shown(given), allowed=f"[{allowed}]")
        return
    for number, item in enumerate(cast("tuple[object, ...]", items)):
        if not has_member(item, member):
            summary = f"{field} must be a list of constructs"
            yield error("ROLE-029", summary, field, number, got=_shown(item), allowed=allowed, reason=_PAGE)


def check_each_bucket(field: str, given: Sequence[BucketLike]) -> Iterator[Diagnostic]:
    """A list of buckets, none of them an address."""
    items = listed(given)
    if not isinstance(items, tuple):
        yield error("ROLE-028", f"{field} must be a list", field, got=_shown(given), allowed="[bucket, ...]")
        return
    for number, bucket in enumerate(cast("tuple[BucketLike, ...]", items)):
        yield from check_buckets(**{f"{field}.{number}": bucket})


def _shown(value: object) -> str:
    return repr(value) if value is None or isinstance(value, (str, int, float)) else type(value).__name__
