"""The request grammar of the EMR API: which operations exist, and the types, required members and enums of each.

`requests.json` is a compact table of the 65 operations of the service model (a test holds it against the model).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TypedDict, cast

from .errors import ServiceError, serialization, validation

Json = Mapping[str, object]


class _Shape(TypedDict, total=False):
    """One shape: a structure has members, a list or map the name of what is in it, an enum its words."""

    members: dict[str, str]
    required: Sequence[str]
    list: str
    map: str
    enum: Sequence[str]


class _Grammar(TypedDict):
    operations: dict[str, str | None]
    shapes: dict[str, _Shape]


@cache
def _grammar() -> _Grammar:
    text = files("emrkit_local.core").joinpath("requests.json").read_text(encoding="utf-8")
    return cast("_Grammar", json.loads(text))


def operation_names() -> tuple[str, ...]:
    """Every operation of the EMR API, supported or not."""
    return tuple(_grammar()["operations"])


def check_request(operation: str, request: object) -> dict[str, object]:
    """The request, without its nulls, once it has the types the service model asks for.

    Raises `ServiceError`: `UnknownOperationException` for an operation that EMR does not have,
    `SerializationException` for a wrong JSON type, `ValidationException` naming every missing member and bad enum.
    Members that the model does not know are kept and ignored, as the service does.
    """
    grammar = _grammar()
    if operation not in grammar["operations"]:
        raise ServiceError("UnknownOperationException", f"The operation {operation} does not exist in the EMR API.")
    shape = grammar["operations"][operation]
    problems: list[str] = []
    _check(shape or "", request, "", problems)
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise validation(count + "; ".join(problems))
    return cast("dict[str, object]", _without_nulls(request))


def _without_nulls(value: object) -> object:
    """JSON 1.1 takes a null member for one that is not there."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return {k: _without_nulls(v) for k, v in members.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(v) for v in cast("list[object]", value)]
    return value


def _check(name: str, value: object, path: str, problems: list[str]) -> None:
    shape = _grammar()["shapes"].get(name)
    if shape is None:
        _check_scalar(name, value, path)
    elif "enum" in shape:
        _check_enum(shape["enum"], value, path, problems)
    elif "list" in shape:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise serialization(f"Expected list at '{path}'.")
        for i, member in enumerate(cast("Sequence[object]", value)):
            _check(shape["list"], member, f"{path}.{i + 1}.member", problems)
    elif "map" in shape:
        for key, member in _mapping(value, path).items():
            _check(shape["map"], member, f"{path}.{key}", problems)
    else:
        _check_structure(shape, _mapping(value, path), path, problems)


def _mapping(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise serialization(f"Expected a JSON object at '{path or 'the request'}'.")
    return cast("Mapping[str, object]", value)


def _check_structure(shape: _Shape, value: Mapping[str, object], path: str, problems: list[str]) -> None:
    for key in shape.get("required", []):
        if value.get(key) is None:
            at = f"{path}.{key}" if path else key
            problems.append(f"Value null at '{at}' failed to satisfy constraint: Member must not be null")
    for key, member in shape.get("members", {}).items():
        if value.get(key) is not None:
            _check(member, value[key], f"{path}.{key}" if path else key, problems)


def _check_enum(allowed: Sequence[str], value: object, path: str, problems: list[str]) -> None:
    if not isinstance(value, str):
        raise serialization(f"Expected string at '{path}'.")
    if value not in allowed:
        problems.append(
            f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )


_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "double": (int, float),
    "timestamp": (int, float, str),
}


def _check_scalar(name: str, value: object, path: str) -> None:
    if value is None:
        raise serialization(f"Expected {name} at '{path}', not null.")
    if not isinstance(value, _SCALARS[name]) or (isinstance(value, bool) and name != "boolean"):
        # The value itself stays out of the message: it may be a password.
        raise serialization(f"Expected {name} at '{path}'.")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise serialization(f"The string at '{path}' is not valid Unicode.") from None
