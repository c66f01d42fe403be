"""Fleets or groups: which of the two a declaration of nodes means, told by its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import PlainValidator, WithJsonSchema

from emrkit_model.findings import error
from emrkit_model.tokens import UNKNOWN_LIST, UNKNOWN_NUMBER, UNKNOWN_TEXT
from emrkit_model.values import InvalidModel, build, carry

from .fleets import InstanceFleet
from .groups import InstanceGroup

__all__ = ["NODES", "PRIMARY_NODES", "TASK_NODES", "unknown_nodes"]

_GROUP_KEYS = ("group", "type")
_FLEET_KEYS = ("on_demand", "spot", "types")


def unknown_nodes(written: Iterable[object]) -> Mapping[str, object]:
    """Nodes of which nothing is known but the kind: groups where any that are written say so, else a fleet."""
    several = [item for value in written for item in (value if isinstance(value, (list, tuple)) else (value,))]
    if any(isinstance(item, InstanceGroup) or _is_group(item) for item in cast("list[object]", several)):
        return {"type": UNKNOWN_TEXT, "count": UNKNOWN_NUMBER}
    return {"types": UNKNOWN_LIST, "target_on_demand": UNKNOWN_NUMBER}


def _is_group(value: object) -> bool:
    return isinstance(value, Mapping) and any(key in value for key in _GROUP_KEYS)


def _nodes(value: object) -> object:
    if value is None or isinstance(value, (InstanceFleet, InstanceGroup)):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("must be a map")
    data = cast("Mapping[str, object]", value)
    if any(key in data for key in _GROUP_KEYS):
        return build(lambda: _group(data))
    return build(lambda: InstanceFleet.parse(data))


def _group(data: Mapping[str, object]) -> InstanceGroup:
    listed = [key for key in _FLEET_KEYS if key in data]
    if not listed:
        return InstanceGroup.parse(data)
    found = [
        error(
            "GROUP-027",
            "a fleet and a group exclude each other",
            listed[0],
            reason="a group has one instance type, a fleet chooses among several",
            hint="leave out `group`, or `on_demand` and `spot`; a group bought as Spot has `market: spot`",
        )
    ]
    try:
        InstanceGroup.parse(
            {key: value for key, value in data.items() if key not in (*_FLEET_KEYS, *InstanceFleet.WORDS)}
        )
    except InvalidModel as invalid:
        found += invalid.diagnostics
    raise InvalidModel(found)


def _needed(value: object) -> object:
    if value is None:
        raise ValueError("must be a map")
    return _nodes(value)


def _task_nodes(value: object) -> object:
    if not isinstance(value, (list, tuple)):
        return _nodes(value)
    groups: list[object] = []
    found: list[Any] = []
    for i, item in enumerate(cast("Sequence[object]", value)):
        if isinstance(item, InstanceGroup):
            groups.append(item)
        elif isinstance(item, Mapping) and any(key in item for key in _GROUP_KEYS):
            group = _attempt(cast("Mapping[str, object]", item), i, found)
            groups.append(group)
        else:
            found.append(
                error(
                    "GROUP-020",
                    "a list of task nodes is a list of groups",
                    i,
                    reason="a cluster has at most one task fleet, and up to 48 task groups",
                    hint="one fleet stands without a list; a group begins with `group:`",
                )
            )
    carry(found)
    return tuple(groups) or None


def _attempt(data: Mapping[str, object], i: int, found: list[Any]) -> InstanceGroup | None:
    try:
        return _group(data)
    except InvalidModel as invalid:
        found += [d.within(i) for d in invalid.diagnostics]
        return None


class _NodesSchema(WithJsonSchema):
    """A fleet's schema or a group's."""

    def __init__(self, *, several: bool) -> None:
        super().__init__({})
        self.several = several

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        from emrkit_model.schema import value_schema

        choices: list[Any] = [value_schema(InstanceFleet), value_schema(InstanceGroup)]
        if self.several:
            choices.append({"type": "array", "items": value_schema(InstanceGroup), "maxItems": 48})
        return {"anyOf": choices}


PRIMARY_NODES: tuple[Any, ...] = (PlainValidator(_needed), _NodesSchema(several=False))
"""Annotations of a field that holds a fleet or a group."""
NODES: tuple[Any, ...] = (PlainValidator(_nodes), _NodesSchema(several=False))
"""The same for a field that may be left empty."""
TASK_NODES: tuple[Any, ...] = (PlainValidator(_task_nodes), _NodesSchema(several=True))
"""The same for task nodes, which may also be a list of groups."""
