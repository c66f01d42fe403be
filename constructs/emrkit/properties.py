"""From CloudFormation properties to the arguments of an L1 constructor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from emrkit_model.render.cloudformation import to_l1
from emrkit_model.values import Json

__all__ = ["l1_arguments"]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def l1_arguments(resource_type: str, properties: Mapping[str, Json]) -> dict[str, Any]:
    """Keyword arguments in Python's spelling, and below them plain camelCase dicts, which cross to Node in one piece.

    Raises KeyError for a property that the type does not have: the CDK would drop it silently.
    """
    return {_HUMP.sub("_", key).lower(): value for key, value in to_l1(resource_type, properties).items()}
