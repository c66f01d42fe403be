"""docs/reference/coverage.md: every property of EMR's CloudFormation types, and the field that sets it.

Found out, not written down: a specimen sets everything at once, then one field after the other is taken away or
changed, and the properties that follow are that field's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from emrkit_facts import surface
from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.cluster import Cluster
from emrkit_model.diagnostics import EmrkitError
from emrkit_model.render import cloudformation
from emrkit_model.security import SecurityConfiguration
from emrkit_model.steps import JarStep

__all__ = ["DERIVED", "ESCAPED", "PAGE", "TYPES", "Property", "page", "properties", "reached"]

PAGE = Path(__file__).parent / "reference/coverage.md"
_SPECIMENS = Path(__file__).parent / "coverage_specimens.yaml"
_CLUSTER = "AWS::EMR::Cluster"
_SECURITY = "AWS::EMR::SecurityConfiguration"
_FLEET = "AWS::EMR::InstanceFleetConfig"
_GROUP = "AWS::EMR::InstanceGroupConfig"
_STEP = "AWS::EMR::Step"
TYPES = (_CLUSTER, _SECURITY, _FLEET, _GROUP, _STEP)
"""The types whose every property must be reachable."""

# Maps whose keys are the user's.
_FREE = ("tags", "Properties", "properties", "dimensions", "additional_info")
Plain = dict[str, Any]
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Property:
    """A settable property: of a resource type, and in it of a nested type (empty: of the resource itself)."""

    resource_type: str
    nested: str
    name: str

    def __str__(self) -> str:
        return f"{self.nested}.{self.name}" if self.nested else self.name


def _render_cluster(data: Plain) -> Plain:
    return cast("Plain", cloudformation.cluster_properties(Cluster.parse(data)))


def _render_security(data: Plain) -> Plain:
    return cast("Plain", cloudformation.security_configuration_properties(SecurityConfiguration.parse(data)))


def _render_fleet(data: Plain) -> Plain:
    rendered = cloudformation.task_fleet_properties(data["cluster"], InstanceFleet.parse(data["fleet"]))
    return cast("Plain", rendered)


def _render_group(data: Plain) -> Plain:
    rendered = cloudformation.task_group_properties(data["cluster"], InstanceGroup.parse(data["group"]))
    return cast("Plain", rendered)


def _render_step(data: Plain) -> Plain:
    given = {name: data.get(name) for name in ("log_uri", "encryption_key")}
    return cast("Plain", cloudformation.step_properties(data["cluster"], JarStep.parse(data["step"]), **given))


_RENDERERS: Mapping[str, Callable[[Plain], Plain]] = {
    _CLUSTER: _render_cluster,
    _SECURITY: _render_security,
    _FLEET: _render_fleet,
    _GROUP: _render_group,
    _STEP: _render_step,
}

DERIVED: Mapping[Property, str] = {
    Property(_CLUSTER, "", "VisibleToAllUsers"): "always true, and without effect by now",
    Property(_FLEET, "", "InstanceFleetType"): "always TASK: no other fleet can be added",
    Property(_GROUP, "", "InstanceRole"): "always TASK: no other group can be added",
}
"""Set by emrkit itself, always to the same; with the reason."""

_NO_INLINE_STEPS = "steps are `AWS::EMR::Step` resources, so that a changed one does not replace the cluster"
_THIRD_PARTY = "for third-party applications of releases before 4.0"
ESCAPED: Mapping[Property, str] = {
    Property(_CLUSTER, "", "Steps"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "StepConfig", "ActionOnFailure"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "StepConfig", "HadoopJarStep"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "StepConfig", "Name"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "HadoopJarStepConfig", "Args"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "HadoopJarStepConfig", "Jar"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "HadoopJarStepConfig", "MainClass"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "HadoopJarStepConfig", "StepProperties"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "KeyValue", "Key"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "KeyValue", "Value"): _NO_INLINE_STEPS,
    Property(_CLUSTER, "Application", "Version"): "must be absent from release 4.0 on",
    Property(_CLUSTER, "Application", "Args"): _THIRD_PARTY,
    Property(_CLUSTER, "Application", "AdditionalInfo"): _THIRD_PARTY,
    Property(_CLUSTER, "JobFlowInstancesConfig", "HadoopVersion"): "chose Hadoop before release 4.0",
    Property(_CLUSTER, "SpotProvisioningSpecification", "BlockDurationMinutes"): "Spot blocks ended in 2022",
    Property(_FLEET, "SpotProvisioningSpecification", "BlockDurationMinutes"): "Spot blocks ended in 2022",
}
"""Reached through CDK's `add_property_override` on the construct's default child; with the reason."""


@cache
def properties() -> tuple[Property, ...]:
    """Every settable property of the types."""
    return tuple(
        Property(kind, nested, name)
        for kind in TYPES
        for nested in _used(kind, "")
        for name in surface.keys(kind, nested)
    )


def _used(kind: str, nested: str, seen: Sequence[str] = ()) -> Sequence[str]:
    """A nested type and those inside it; the schema also lists some that no property holds."""
    seen = (*seen, nested)
    for inner in surface.keys(kind, nested).values():
        if inner is not None and inner not in seen:
            seen = _used(kind, inner, seen)
    return seen


@cache
def reached() -> Mapping[Property, str]:
    """Property -> the field that sets it, as a path in the specimen."""
    specimens: Mapping[str, Sequence[Plain]] = yaml.safe_load(_SPECIMENS.read_text("utf-8"))
    found: dict[Property, str] = {}
    for kind in TYPES:
        for specimen in specimens[kind]:
            for name, field in _explored(kind, specimen).items():
                found.setdefault(name, field)
    return found


def _explored(kind: str, specimen: Plain) -> Mapping[Property, str]:
    whole = _valued(kind, _RENDERERS[kind](specimen))
    by: dict[Property, dict[str, int]] = {}
    for place in _leaves(specimen):
        changed = _changed(kind, specimen, place, whole)
        for name in changed:
            by.setdefault(name, {}).setdefault(_spelt(place), len(changed))
    return {name: _field(name, fields) for name, fields in by.items()}


def _field(name: Property, fields: Mapping[str, int]) -> str:
    """The most specific field; for a property that holds others, what their fields have in common."""
    if surface.keys(name.resource_type, name.nested).get(name.name) is not None:
        return _common(list(fields))
    return min(fields, key=lambda field: (fields[field], len(field)))


def _common(fields: Sequence[str]) -> str:
    """What several paths begin with, step by step; empty when they have nothing in common.

    >>> _common(["core.types[].type", "core.types[].weight"])
    'core.types[]'
    """
    split = [field.split(".") for field in fields]
    shared = [steps[0] for steps in zip(*split, strict=False) if len(set(steps)) == 1]
    return ".".join(shared)


def _changed(kind: str, specimen: Plain, place: Place, whole: Mapping[Property, list[str]]) -> set[Property]:
    for variant in _variants(specimen, place):
        try:
            now = _valued(kind, _RENDERERS[kind](variant))
        except (EmrkitError, KeyError):
            continue  # required: another value will show what it sets
        changed = {name for name in {*whole, *now} if whole.get(name) != now.get(name)}
        if changed:
            return changed
    return set()


def _variants(specimen: Plain, place: Place) -> Iterator[Plain]:
    """The specimen without a leaf, and with others in its place: some fields are required, some are words of a list."""
    for value in (None, *_others(_at(specimen, place))):
        variant = deepcopy(specimen)
        holder: Any = _at(variant, place[:-1])
        if value is None and isinstance(holder, list) and len(cast("list[Any]", holder)) == 1:
            continue
        if value is None:
            del holder[place[-1]]
        else:
            holder[place[-1]] = value
        yield variant


def _others(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value + 60)
    elif isinstance(value, str):
        yield f"{value}x"
        yield from (word for words in _closed_lists() if value in words for word in words if word != value)
        if number := re.search(r"\d+", value):
            yield value.replace(number[0], str(int(number[0]) + 1), 1)


@cache
def _closed_lists() -> tuple[tuple[str, ...], ...]:
    """The API's enums, and the kinds of volumes, which it takes as text."""
    return (*surface.enums(), ("gp3", "gp2", "io1", "io2", "st1"))


def _valued(kind: str, rendered: Plain) -> dict[Property, list[str]]:
    found: dict[Property, list[str]] = {}

    def walk(nested: str, part: Plain) -> None:
        table = surface.keys(kind, nested)
        for key, value in part.items():
            found.setdefault(Property(kind, nested, key), []).append(json.dumps(value, sort_keys=True))
            inner = table.get(key)
            for item in cast("list[Any]", value if isinstance(value, list) else [value]):
                if inner is not None and isinstance(item, dict):
                    walk(inner, cast("Plain", item))

    walk("", rendered)
    return found


def _leaves(value: object, place: Place = ()) -> Iterator[Place]:
    children: Iterator[tuple[str | int, object]]
    if isinstance(value, dict) and (not place or place[-1] not in _FREE):
        children = iter(cast("Plain", value).items())
    elif isinstance(value, list):
        children = enumerate(cast("list[object]", value))
    else:
        yield place
        return
    for key, inner in children:
        yield from _leaves(inner, (*place, key))


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def _spelt(place: Place) -> str:
    return "".join("[]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def page() -> str:
    """The page's text."""
    fields = reached()
    lines = [
        "# Coverage of CloudFormation",
        "",
        "Generated by `python -m docs`; do not edit. Every settable property of EMR's types on EC2, and the field that",
        "sets it: a keyword of the construct (`Cluster`, `SecurityConfiguration`, `TaskFleet`, `TaskGroup`, `Step`) or",
        "a key below `clusters.<name>` in the project file; `[]` stands for an element of a list. A test fails while a",
        "property has neither a field nor a reason to have none.",
        "",
        "| type | properties | by a field | by emrkit | by the escape hatch |",
        "|---|---:|---:|---:|---:|",
    ]
    for kind in TYPES:
        mine = [p for p in properties() if p.resource_type == kind]
        counts = [sum(p in table for p in mine) for table in (fields, DERIVED, ESCAPED)]
        lines.append(f"| `{kind}` | {len(mine)} | {counts[0]} | {counts[1]} | {counts[2]} |")
    for kind in TYPES:
        lines += ["", f"## `{kind}`", "", "| property | set by |", "|---|---|"]
        for found in (p for p in properties() if p.resource_type == kind):
            lines.append(f"| `{found}` | {_said(found, fields)} |")
    return "\n".join(lines) + "\n"


def _said(found: Property, fields: Mapping[Property, str]) -> str:
    if found in fields:
        return f"`{fields[found]}`" if fields[found] else "several"
    if found in DERIVED:
        return f"emrkit: {DERIVED[found]}"
    return f"`add_property_override`: {ESCAPED[found]}" if found in ESCAPED else "**nothing**"
