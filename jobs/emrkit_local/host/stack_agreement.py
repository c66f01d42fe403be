"""Do stacks and clusters agree? A stack may only refer to clusters that the core knows."""

from __future__ import annotations

from typing import cast

from emrkit_local.core.errors import ServiceError

from .emr_service import Calls
from .ministack import Emulator

__all__ = ["find_mismatches"]


def find_mismatches(emulator: Emulator, control: Calls) -> list[dict[str, str]]:
    """Stacks' clusters that do not exist: a state folder was partly deleted. The way out is `emrkit local reset`."""
    found: list[dict[str, str]] = []
    for account, region, record in emulator.stacks_if_used():
        if record.get("StackStatus") == "DELETE_COMPLETE":
            continue
        resources = cast("dict[str, dict[str, object]]", record.get("_resources") or {})
        for logical_id, resource in resources.items():
            if resource.get("ResourceType") != "AWS::EMR::Cluster":
                continue
            cluster = str(resource.get("PhysicalResourceId", ""))
            try:
                control.call("DescribeCluster", {"ClusterId": cluster}, account=account, region=region)
            except ServiceError:
                stack = str(record.get("StackName"))
                found.append({"stack": stack, "resource": logical_id, "cluster": cluster})
    return found
