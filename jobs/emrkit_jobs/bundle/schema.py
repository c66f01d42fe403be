"""The project file's JSON Schema, made from the types that read it: an editor knows what the loader knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emrkit_jobs.bundle.declarations import Head, Target
from emrkit_jobs.bundle.resolution import OVERRIDABLE
from emrkit_model.schema import cluster_schema, describe, job_schema

__all__ = ["project_schema"]

_NAME = "^[A-Za-z][A-Za-z0-9_-]{0,62}$"
_VARIABLE: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}


def project_schema() -> Mapping[str, object]:
    """JSON Schema (draft 2020-12) of `emrkit.yaml` and of the files it includes.

    Example: `emrkit schema > emrkit.schema.json`, and `# yaml-language-server: $schema=emrkit.schema.json` at the top
    of the project file.
    """
    head = describe(Head, Head.model_json_schema())
    properties: dict[str, Any] = {"project": head["properties"]["project"], **head["properties"]}
    properties["variables"] = {**_described(properties, "variables"), **_named(_VARIABLE)}
    properties["targets"] = {**_described(properties, "targets"), **_named(_target_schema())}
    properties["clusters"] = {**_described(properties, "clusters"), **_named(_cluster_entry())}
    properties["jobs"] = {**_described(properties, "jobs"), **_named(job_schema())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "emrkit project file",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        # An included file has no head of its own.
        "anyOf": [{"required": [key]} for key in ("project", "jobs", "clusters", "variables")],
    }


def _described(properties: dict[str, Any], key: str) -> dict[str, Any]:
    return {"description": properties[key].get("description", "")}


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": entry}


def _target_schema() -> dict[str, Any]:
    schema = describe(Target, Target.model_json_schema())
    properties = {name: body for name, body in schema["properties"].items() if name != "name"}
    partial = {"type": "object", "description": "Merged key by key over the file's own; null removes."}
    properties["overrides"] = {
        "type": "object",
        "description": "What is different on this target: mappings merge, lists and values replace, null removes.",
        "properties": dict.fromkeys(OVERRIDABLE, partial),
        "additionalProperties": False,
    }
    required = [name for name in schema.get("required", []) if name != "name"]
    return {
        "type": "object",
        "description": schema["description"],
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _cluster_entry() -> dict[str, Any]:
    schema = dict(cluster_schema())
    schema["properties"] = {
        "extends": {"type": "string", "description": "Another cluster whose fields this one starts from."},
        "transient": {"type": "boolean", "default": False, "description": "Launched by runs and pipelines alone."},
        **schema["properties"],
    }
    # A cluster that extends another inherits what is required.
    required = schema.pop("required", [])
    schema["anyOf"] = [{"required": ["extends"]}, {"required": required}]
    return schema
