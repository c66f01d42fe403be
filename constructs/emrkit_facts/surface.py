"""The CloudFormation surface of EMR: which property a type has, which nested type it holds, and the API's enums.

Page: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EMR.html
"""

from __future__ import annotations

from collections.abc import Mapping

from .tables import load

__all__ = ["enum", "enums", "keys", "replacing"]


def keys(resource_type: str, nested: str = "") -> Mapping[str, str | None]:
    """Property -> name of the nested type that it holds (None: a leaf or a free map); empty for an unknown type.

    >>> keys("AWS::EMR::Cluster", "ManagedScalingPolicy")["ComputeLimits"]
    'ComputeLimits'
    """
    return load("surface")["types"].get(resource_type, {}).get(nested, {})


def enum(name: str) -> tuple[str, ...]:
    """The values of an enum of the EMR API ("ActionOnFailure", "MarketType", …); empty for an unknown name."""
    return tuple(load("surface")["enums"].get(name, ()))


def enums() -> tuple[tuple[str, ...], ...]:
    """The values of every enum of the EMR API."""
    return tuple(tuple(values) for values in load("surface")["enums"].values())


def replacing(resource_type: str) -> tuple[str, ...] | None:
    """The properties whose change makes CloudFormation replace the resource; None for a type not in the data.

    >>> "ReleaseLabel" in (replacing("AWS::EMR::Cluster") or ())
    True
    """
    found = load("surface")["replacement"].get(resource_type)
    return None if found is None else tuple(found)
