"""Tags of EC2's resources that a stack makes, changed without touching the resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .ministack import Json
from .query_protocol import QueryClient

__all__ = ["change_tags"]


def change_tags(ec2: QueryClient, identity: str, old: Mapping[str, object], new: Mapping[str, object]) -> None:
    """From the `Tags` of the former properties (`{}`: it is new) to those of the present ones; other tags stay."""
    before, after = _tags(old), _tags(new)
    if gone := sorted(before.keys() - after.keys()):
        ec2.call("DeleteTags", {"ResourceId": [identity], "Tag": [{"Key": key} for key in gone]})
    if after and after != before:
        tags = [{"Key": key, "Value": value} for key, value in after.items()]
        ec2.call("CreateTags", {"ResourceId": [identity], "Tag": tags})


def _tags(properties: Mapping[str, object]) -> dict[str, str]:
    return {str(t["Key"]): str(t["Value"]) for t in cast("list[Json]", properties.get("Tags") or [])}
