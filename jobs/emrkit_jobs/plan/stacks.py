"""Templates compared: what a deployment of the synthesized one would do to the deployed one.

For EMR's types the facts say which property replaces the resource. For others CloudFormation decides. Assets are
compared as the template names them, by hash; metadata is not compared, because it deploys nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from emrkit_facts import surface
from emrkit_jobs.plan.actions import Action, Effect
from emrkit_model.render.cloudformation import service_owned

__all__ = ["StackPair", "compare_stacks"]

Json = Mapping[str, object]
Plain = Mapping[str, Any]

_SKIPPED_TYPES = frozenset({"AWS::CDK::Metadata"})
_IN_PLACE_INSTANCES = frozenset(
    {
        "TargetOnDemandCapacity",
        "TargetSpotCapacity",
        "InstanceCount",
        "AutoScalingPolicy",
        "TerminationProtected",
        "UnhealthyNodeReplacement",
    }
)
"""What `Instances` of a cluster may change without a new cluster."""
_CLUSTER = "AWS::EMR::Cluster"


@dataclass(frozen=True, slots=True)
class StackPair:
    """A stack by name: the template to deploy (None: the app has it no longer) and the deployed one (None: new)."""

    name: str
    wanted: Json | None
    deployed: Json | None


def compare_stacks(pairs: Sequence[StackPair]) -> Iterator[Action]:
    """The actions for each stack, in the order given: the stack first, then its resources by logical id."""
    for pair in pairs:
        wanted, deployed = _resources(pair.wanted), _resources(pair.deployed)
        actions = list(_compare(pair.name, wanted, deployed))
        if pair.deployed is None and pair.wanted is not None:
            yield Action(Effect.CREATE, "stack", pair.name, pair.name)
        elif pair.wanted is None and pair.deployed is not None:
            yield Action(Effect.DELETE, "stack", pair.name, pair.name)
        elif other := _other_sections(pair.wanted or {}, pair.deployed or {}):
            yield Action(Effect.UPDATE, "stack", pair.name, pair.name, other)
        elif all(action.effect is Effect.UNCHANGED for action in actions):
            yield Action(Effect.UNCHANGED, "stack", pair.name, pair.name)
        yield from actions


def _compare(stack: str, wanted: Mapping[str, Json], deployed: Mapping[str, Json]) -> Iterator[Action]:
    for name in sorted({*wanted, *deployed}):
        new, old = wanted.get(name), deployed.get(name)
        if new is None:
            kind = str((old or {}).get("Type"))
            kept = (old or {}).get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
            yield Action(Effect.DELETE, kind, name, stack, ("the resource itself is kept",) if kept else ())
        elif old is None:
            yield Action(Effect.CREATE, str(new.get("Type")), name, stack)
        elif new.get("Type") != old.get("Type"):
            yield Action(Effect.REPLACE, str(new.get("Type")), name, stack, (f"was {old.get('Type')}",))
        else:
            yield _compare_resource(stack, name, new, old)


def _compare_resource(stack: str, name: str, new: Json, old: Json) -> Action:
    kind = str(new.get("Type"))
    wanted, deployed = _mapping(new.get("Properties")), _mapping(old.get("Properties"))
    changed = [key for key in sorted({*wanted, *deployed}) if not _same(wanted.get(key), deployed.get(key))]
    attributes = [
        key
        for key in ("DeletionPolicy", "UpdateReplacePolicy", "Condition", "DependsOn", "CreationPolicy", "UpdatePolicy")
        if not _same(new.get(key), old.get(key))
    ]
    if not changed:
        return Action(Effect.UPDATE if attributes else Effect.UNCHANGED, kind, name, stack, tuple(attributes))
    replacing = surface.replacing(kind)
    if replacing is None:
        return Action(Effect.CHANGE, kind, name, stack, (*changed, *attributes))
    causes = [key for key in changed if key in replacing]
    if kind == _CLUSTER and "Instances" in changed:
        causes += _instances(wanted.get("Instances"), deployed.get("Instances"), "Instances")
    if causes:
        return Action(Effect.REPLACE, kind, name, stack, tuple(causes))
    if kind == _CLUSTER:
        changed += [
            f"{path} (EMR scales it by itself: the change is only a start)" for path in _owned(wanted, deployed)
        ]
    return Action(Effect.UPDATE, kind, name, stack, (*changed, *attributes))


def _owned(wanted: Json, deployed: Json) -> Iterator[str]:
    """Changed numbers that the service changes too: in both templates they belong to scaling."""
    before = set(service_owned(cast("Plain", deployed)))
    for path in service_owned(cast("Plain", wanted)):
        if path in before and not _same(_at(wanted, path), _at(deployed, path)):
            yield ".".join(path)


def _at(value: object, path: Sequence[str]) -> object:
    for step in path:
        if isinstance(value, list):
            items = cast("list[object]", value)
            value = items[int(step)] if int(step) < len(items) else None
        else:
            value = _mapping(value).get(step)
    return value


def _instances(wanted: object, deployed: object, path: str) -> list[str]:
    """The parts of a cluster's `Instances` whose change needs a new cluster."""
    if _same(wanted, deployed) or path.rpartition(".")[2] in _IN_PLACE_INSTANCES:
        return []
    if isinstance(wanted, Mapping) and isinstance(deployed, Mapping):
        new, old = cast("Json", wanted), cast("Json", deployed)
        keys = sorted({*new, *old})
        return [cause for key in keys for cause in _instances(new.get(key), old.get(key), f"{path}.{key}")]
    if isinstance(wanted, list) and isinstance(deployed, list):
        rows, former = cast("list[object]", wanted), cast("list[object]", deployed)
        # Task groups and fleets are lists; one more or less is a new cluster, as is any other list that differs.
        if len(rows) == len(former) and path.rpartition(".")[2] in ("TaskInstanceGroups", "TaskInstanceFleets"):
            pairs = enumerate(zip(rows, former, strict=True))
            return [cause for i, (one, other) in pairs for cause in _instances(one, other, f"{path}.{i}")]
    return [path]


def _other_sections(wanted: Json, deployed: Json) -> tuple[str, ...]:
    sections = ("Outputs", "Parameters", "Conditions", "Mappings")
    return tuple(key for key in sections if not _same(_section(wanted, key), _section(deployed, key)))


def _section(template: Json, key: str) -> Json:
    """A section without what the CDK CLI adds for its own statistics."""
    return {name: body for name, body in _mapping(template.get(key)).items() if name != "CDKMetadataAvailable"}


def _resources(template: Json | None) -> dict[str, Json]:
    found = _mapping((template or {}).get("Resources"))
    resources = {name: _mapping(body) for name, body in found.items()}
    return {name: body for name, body in resources.items() if body.get("Type") not in _SKIPPED_TYPES}


def _mapping(value: object) -> Json:
    return cast("Json", value) if isinstance(value, Mapping) else {}


def _same(one: object, other: object) -> bool:
    """Equality as CloudFormation sees it: `true` and `"true"`, `1` and `"1"` are the same; tags have no order."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        first, second = cast("Json", one), cast("Json", other)
        return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)
    if isinstance(one, list) and isinstance(other, list):
        left, right = _sorted_tags(cast("list[object]", one)), _sorted_tags(cast("list[object]", other))
        return len(left) == len(right) and all(_same(a, b) for a, b in zip(left, right, strict=True))
    return _text(one) == _text(other)


def _sorted_tags(items: list[object]) -> list[object]:
    if items and all(isinstance(item, Mapping) and set(cast("Json", item)) == {"Key", "Value"} for item in items):
        return sorted(items, key=lambda item: str(cast("Json", item)["Key"]))
    return items


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value
