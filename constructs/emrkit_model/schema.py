"""JSON Schema of the pieces that stand in a project file."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter

__all__ = ["cluster_schema", "describe", "job_schema", "security_schema", "step_schema", "value_schema"]

Schema = dict[str, Any]


@cache
def cluster_schema() -> Schema:
    """The schema of one entry of `clusters:`; the name is the entry's key."""
    from .cluster import Cluster

    schema = _named_by_key(_schema_of(Cluster))
    required = [name for name in schema["required"] if name != "primary"]
    return {**schema, "required": required, "anyOf": [{"required": ["primary"]}, {"required": ["sizing"]}]}


@cache
def job_schema() -> Schema:
    """The schema of one entry of `jobs:`; the name is the entry's key."""
    from .job import Job

    return _named_by_key(_schema_of(Job))


@cache
def security_schema() -> Schema:
    """The schema of a security configuration."""
    from .security import SecurityConfiguration

    return _schema_of(SecurityConfiguration)


def value_schema(cls: type[BaseModel]) -> Schema:
    """The schema of a value object, for a field that takes one of several kinds."""
    return _schema_of(cls)


@cache
def step_schema() -> Schema:
    """The schema of a step: what all share, and one kind with its own fields under the kind's word."""
    from .job import STEP_KINDS
    from .steps import Step

    shared = _schema_of(Step)
    properties: Schema = dict(shared["properties"])
    for word, cls in STEP_KINDS.items():
        own = _schema_of(cls)
        fields = {name: body for name, body in own["properties"].items() if name not in shared["properties"]}
        kind: Schema = {
            "type": "object",
            "description": own.get("description", "").split("\n")[0],
            "properties": fields,
            "required": [name for name in own.get("required", []) if name in fields],
            "additionalProperties": False,
        }
        properties[word] = (
            {"anyOf": [{"type": "array", "items": {"type": "string"}}, kind]} if word == "command" else kind
        )
    return {
        "type": "object",
        "description": "A step: its name, and one of " + ", ".join(STEP_KINDS) + ".",
        "properties": properties,
        "required": ["name"],
        "oneOf": [{"required": [word]} for word in STEP_KINDS],
        "additionalProperties": False,
    }


_above: list[type[BaseModel]] = []
"""The value objects whose schema is being written, from the outermost."""


def inner_schema(cls: type[BaseModel], core: Any, handler: Any) -> Schema:
    """pydantic's own schema of a value object, which inside another one is known to it only by its validator."""
    if cls in _above:
        return {"type": "object"}
    _above.append(cls)
    try:
        if core["type"] == "function-plain":
            core = _undescribed(cast("Schema", cls.__pydantic_core_schema__))
        return handler.resolve_ref_schema(handler(core))
    finally:
        _above.pop()


def _undescribed(core: Schema) -> Schema:
    """A value object's core schema as it is before our descriptions, which whoever asks adds by himself."""
    plain = {key: value for key, value in core.items() if key not in ("metadata", "ref")}
    if plain["type"] != "model" and "schema" in plain:
        plain["schema"] = _undescribed(plain["schema"])
    return plain


def describe(cls: type[BaseModel], schema: Schema) -> Schema:
    """The schema of a value object with its fields described by the text that stands under them in the source.

    Done here and not by pydantic's option for it, which reads the sources at every import.
    """
    schema["description"] = (cls.__doc__ or "").split("\n\n")[0].strip()
    texts: dict[str, str] = {}
    for kind in reversed(cls.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            texts.update(_field_texts(kind))
    for name, body in schema.get("properties", {}).items():
        body.pop("title", None)
        if name in texts:
            body["description"] = texts[name]
    schema.pop("title", None)
    return schema


@cache
def _field_texts(cls: type[Any]) -> dict[str, str]:
    body = cast("ast.ClassDef", ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]).body
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _named_by_key(schema: Schema) -> Schema:
    properties = {name: body for name, body in schema["properties"].items() if name != "name"}
    required = [name for name in schema.get("required", []) if name != "name"]
    return {**schema, "properties": properties, "required": required}


def _schema_of(cls: type[Any]) -> Schema:
    return _inline(TypeAdapter(cls).json_schema(mode="validation"))


def _inline(schema: Schema) -> Schema:
    """Definitions put where they are used: the pieces are embedded in a larger schema that has its own."""
    definitions: Schema = schema.pop("$defs", {})

    def walk(node: Any, above: tuple[str, ...] = ()) -> Any:
        if isinstance(node, list):
            return [walk(item, above) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if reference is None:
            return {key: walk(value, above) for key, value in node.items()}
        name = str(reference).rsplit("/", 1)[-1]
        if name in above:
            return {"type": "object"}
        rest = {key: walk(value, above) for key, value in node.items() if key != "$ref"}
        return {**walk(definitions[name], (*above, name)), **rest}

    return walk(schema)
