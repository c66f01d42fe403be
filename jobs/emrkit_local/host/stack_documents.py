"""From a template's properties to a request: CloudFormation's own names, and types that a template may blur."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import cast

__all__ = ["changed", "from_template", "instances_request"]

Json = dict[str, object]
_RENAMED = {"ConfigurationProperties": "Properties", "StepProperties": "Properties"}
_WHOLE = frozenset({"integer", "long"})
_FRACTIONS = frozenset({"double", "float"})


@cache
def _grammar() -> Mapping[str, Mapping[str, object]]:
    text = files("emrkit_local.core").joinpath("requests.json").read_text(encoding="utf-8")
    return cast("Mapping[str, Mapping[str, object]]", json.loads(text))


def changed(old: Mapping[str, object], new: Mapping[str, object]) -> set[str]:
    """Names of the properties that differ."""
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def from_template(operation: str, properties: object) -> object:
    """The request for an operation from properties named after its members.

    `ConfigurationProperties` and `StepProperties` become `Properties`, and scalars get the type that the operation
    asks for: a template's `"10"`, `10` and `true` may stand for a number, a text or a flag alike.
    """
    shape = cast("Mapping[str, str]", _grammar()["operations"]).get(operation) or ""
    return _convert(shape, properties)


def _convert(shape: str, value: object) -> object:
    described = cast("Mapping[str, object]", _grammar()["shapes"].get(shape, {}))
    if isinstance(value, dict):
        members = cast("Mapping[str, str]", described.get("members") or {})
        inside = str(described.get("map") or "")
        renamed = _RENAMED if members else {}
        given = {renamed.get(k, k): v for k, v in cast("Json", value).items() if v is not None}
        return {k: _convert(members.get(k, inside), v) for k, v in given.items()}
    if isinstance(value, list):
        inside = str(described.get("list") or "")
        return [_convert(inside, v) for v in cast("list[object]", value)]
    return _scalar(shape, value)


def _scalar(shape: str, value: object) -> object:
    if shape == "string" and isinstance(value, bool):
        return str(value).lower()
    if shape == "string" and isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        try:
            if shape in _WHOLE:
                return int(value)
            if shape in _FRACTIONS:
                return float(value)
        except ValueError:
            return value  # refused by the core, with the member's name
        if shape == "boolean" and value.lower() in ("true", "false"):
            return value.lower() == "true"
    return value


def instances_request(instances: Mapping[str, object]) -> Json:
    """`Instances` of RunJobFlow from a template's, which names each fleet and group by its role.

    Without `KeepJobFlowAliveWhenNoSteps` a stack's cluster stays, unlike one that RunJobFlow makes.
    """
    rest = dict(instances)
    fleets: list[Json] = []
    groups: list[Json] = []
    for name, role in (("MasterInstance", "MASTER"), ("CoreInstance", "CORE"), ("TaskInstance", "TASK")):
        fleet, group = rest.pop(f"{name}Fleet", None), rest.pop(f"{name}Group", None)
        more_fleets, more_groups = rest.pop(f"{name}Fleets", None), rest.pop(f"{name}Groups", None)
        for found in [fleet, *cast("list[object]", more_fleets or [])]:
            if found:
                fleets.append({**cast("Json", found), "InstanceFleetType": role})
        for found in [group, *cast("list[object]", more_groups or [])]:
            if found:
                groups.append({**cast("Json", found), "InstanceRole": role})
    if fleets:
        rest["InstanceFleets"] = fleets
    if groups:
        rest["InstanceGroups"] = groups
    rest.setdefault("KeepJobFlowAliveWhenNoSteps", True)
    request = cast("Json", from_template("RunJobFlow", {"Instances": rest}))
    return cast("Json", request["Instances"])
