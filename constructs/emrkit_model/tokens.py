"""Values that are not known yet: CDK tokens, recognised by their form, without importing CDK.

A token stands in for a value that CloudFormation fills in at deployment. Rules skip it; renderings pass it on.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import cast

__all__ = ["UNKNOWN_LIST", "UNKNOWN_NUMBER", "UNKNOWN_TEXT", "has_member", "is_token"]

# CDK marks an encoded number by the first two bytes of the double: a huge negative figure nobody writes by hand.
_NUMBER_MARK = b"\xfb\xff"

_LARGEST_ENCODED = -1e200

# Tokens of our own, for "there is something here that no rule can look at".
UNKNOWN_TEXT = "${Token[unknown.0]}"
UNKNOWN_LIST = ("#{Token[unknown.0]}",)
UNKNOWN_NUMBER = struct.unpack(">d", _NUMBER_MARK + bytes(6))[0]


def is_token(value: object) -> bool:
    """Whether a value is an unresolved CDK token: text with `${Token[…]}`, an encoded number or list, a resolvable.

    >>> is_token("${Token[AWS.Region.4]}"), is_token(-1.8881545897087626e289), is_token("eu-west-1")
    (True, True, False)
    """
    if isinstance(value, str):  # asked of every text there is: most are done with after one search
        return "{Token[" in value and ("${Token[" in value or "#{Token[" in value)
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (int, float)):
        return _is_encoded_number(value)
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[object]", value)
        return len(items) == 1 and isinstance(items[0], str) and items[0].startswith("#{Token[")
    return has_member(value, "resolve") and has_member(value, "creation_stack")


def has_member(value: object, name: str) -> bool:
    """Whether the *type* of a value has a member: `hasattr` on a CDK object would call over the bridge to Node.

    What CDK knows by its interfaces alone (`Key.from_key_arn` and its like) comes as a bundle of delegates, one of
    each interface: then the type of a delegate counts.
    """
    if any(name in vars(kind) for kind in type(value).__mro__):
        return True
    fields = cast("dict[str, object]", getattr(value, "__dict__", None) or {})
    delegates = fields.get("_delegates")
    return isinstance(delegates, list) and any(has_member(d, name) for d in cast("list[object]", delegates))


def _is_encoded_number(value: float) -> bool:
    if value > _LARGEST_ENCODED:
        return False  # any number that a person writes
    try:
        return struct.pack(">d", float(value))[:2] == _NUMBER_MARK
    except OverflowError:
        return False
