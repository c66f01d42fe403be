"""JSON inside a property of a resource, where a number may only be known at deployment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import Stack

from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from constructs import Construct

    from emrkit_model.values import Json

__all__ = ["json_text"]

_TRACE = "e+289"


def json_text(scope: Construct, data: Json) -> str:
    """Compact JSON. Text that is a token passes as it is; a number that is one is put in by CDK, which knows how.

    Example:
        ```python
        json_text(self, {"maximum": parameter.value_as_number})
        ```
    """
    text = json.dumps(data, separators=(",", ":"))
    # CDK encodes them as numbers of this size; only then is it worth looking at each.
    if _TRACE in text and _holds_number_token(data):
        return Stack.of(scope).to_json_string(data)
    return text


def _holds_number_token(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_holds_number_token(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_holds_number_token(inner) for inner in value)
    return isinstance(value, (int, float)) and is_token(value)
