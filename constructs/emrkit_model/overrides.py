"""Numbers of a pipeline's cluster that an execution may choose, within bounds that are declared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from .capacity.groups import InstanceGroup
from .capacity.node_names import node_names
from .checking import check
from .diagnostics import Diagnostic, Severity
from .fields import Count, Items, Text
from .findings import error
from .tokens import is_token
from .values import InvalidModel, Json, Value

if TYPE_CHECKING:
    from .cluster import Cluster

__all__ = [
    "Override",
    "Place",
    "check_overrides",
    "defaults_of",
    "number_at",
    "overridable",
    "put_expressions",
    "with_numbers",
]

_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
_FLEET = {"target_on_demand": "TargetOnDemandCapacity", "target_spot": "TargetSpotCapacity"}
_SCALING = {
    "minimum": "MinimumCapacityUnits",
    "maximum": "MaximumCapacityUnits",
    "maximum_on_demand": "MaximumOnDemandCapacityUnits",
    "maximum_core": "MaximumCoreCapacityUnits",
}
_RUN_JOB_FLOW = "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html"


class Override(Value):
    """A number of a pipeline's cluster that whoever starts the pipeline may choose, within bounds.

    Paths are names, never positions: `core.target_on_demand`, `core.target_spot` and the same of `task` for fleets;
    `core.count`, `task.count` and `task.<name>.count` for groups; `scaling.minimum`, `.maximum`, `.maximum_on_demand`,
    `.maximum_core`; `idle_timeout` in seconds. Only what costs or saves is there: a release or an application that is
    chosen at run time would be one that nothing has checked, and steps of a pipeline never run side by side.

    >>> Override(path="core.target_on_demand", minimum=0, maximum=20).bounds
    '0 to 20'
    """

    AREA: ClassVar[str] = "JOB"

    path: Text
    """What it changes, for example `core.target_on_demand`."""
    minimum: Count | None = None
    """The least that is taken; 0 is a bound like any other."""
    maximum: Count | None = None
    """The most that is taken."""
    allowed: Items[Count] = ()
    """The only values that are taken, in place of a minimum and a maximum."""
    default: Count | None = None
    """What holds when an execution does not say. Default: what the cluster says."""

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        if self.allowed:
            return ", ".join(str(value) for value in self.allowed)
        return f"{self.minimum} to {self.maximum}"

    def admits(self, value: int) -> bool:
        """Whether a value is within the bounds; a bound that is only known at deployment excludes nothing."""
        if self.allowed:
            return value in self.allowed or any(is_token(item) for item in self.allowed)
        low, high = self.minimum, self.maximum
        return (low is None or is_token(low) or value >= low) and (high is None or is_token(high) or value <= high)

    def edges(self) -> tuple[int, ...]:
        """The values between which everything lies: minimum and maximum, or all that are allowed."""
        edges = self.allowed or tuple(bound for bound in (self.minimum, self.maximum) if bound is not None)
        return tuple(value for value in edges if not is_token(value))

    def problems(self) -> Iterator[Diagnostic]:
        """Both bounds or a list of values; a default within them."""
        if is_token(self.allowed):
            yield error("JOB-040", "the allowed values of an override are a list, not a token")
            return
        given = [name for name in ("minimum", "maximum") if getattr(self, name) is not None]
        if len(given) == 1 or bool(given) == bool(self.allowed):
            yield error(
                "JOB-041",
                "an override has a minimum and a maximum, or the values that are allowed",
                got=", ".join([*given, *(["allowed"] if self.allowed else [])]) or None,
                hint="for example minimum: 0, maximum: 20",
            )
            return
        negative = next((value for value in self.edges() if value < 0), None)
        if negative is not None:
            yield error("JOB-042", "what an override changes is never negative", "path", got=negative)
        edges = self.edges()
        if given and len(edges) == 2 and edges[0] > edges[1]:
            yield error(
                "JOB-043",
                f"maximum {self.maximum} is below minimum {self.minimum}",
                got=self.maximum,
                allowed=f"{self.minimum} or more",
            )
        elif self.default is not None and not is_token(self.default) and not self.admits(self.default):
            yield error(
                "JOB-044", "the default is outside the bounds", "default", got=self.default, allowed=self.bounds
            )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number of a cluster is: its field, and its member of RunJobFlow."""

    field: tuple[str | int, ...]
    member: tuple[str | int, ...]


def overridable(cluster: Cluster) -> dict[str, Place]:
    """Every path of a cluster that an override may name.

    >>> from emrkit_model import Cluster, InstanceFleet
    >>> list(overridable(Cluster(name="c", release="emr-7.12.0", primary=InstanceFleet.on_demand("m5.xlarge"))))
    ['idle_timeout']
    """
    found: dict[str, Place] = {}
    fleets = groups = 0
    for name, (role, path, nodes) in zip(node_names(cluster), cluster.placed_nodes(), strict=True):
        if isinstance(nodes, InstanceGroup):
            if role != "primary" and nodes.scaling is None:
                label = role if len(path) == 1 else f"{role}.{name}"
                member = ("Instances", "InstanceGroups", groups, "InstanceCount")
                found[f"{label}.count"] = Place((*path, "count"), member)
            groups += 1
        else:
            if role != "primary":
                for word, member in _FLEET.items():
                    if word == "target_spot" and nodes.spot_strategy is None and nodes.target_spot == 0:
                        continue  # without a launch specification of Spot, EMR would not know how to wait for it
                    place = Place((*path, word), ("Instances", "InstanceFleets", fleets, member))
                    found[f"{role}.{word}"] = place
            fleets += 1
    if cluster.scaling is not None:
        for word, member in _SCALING.items():
            found[f"scaling.{word}"] = Place(("scaling", word), ("ManagedScalingPolicy", "ComputeLimits", member))
    if cluster.idle_timeout is not None:
        found["idle_timeout"] = Place(("idle_timeout",), ("AutoTerminationPolicy", "IdleTimeout"))
    return found


def number_at(cluster: Cluster, place: Place) -> int | None:
    """The cluster's own number."""
    value: object = cluster
    for part in place.field:
        value = cast("tuple[object, ...]", value)[part] if isinstance(part, int) else getattr(value, part)
    return cast("int | None", value)


def defaults_of(overrides: Mapping[str, Override], cluster: Cluster) -> dict[str, int]:
    """What holds for each override when an execution does not say; those that have nothing are left out."""
    found: dict[str, int] = {}
    places = overridable(cluster)
    for name, override in overrides.items():
        place = places.get(override.path)
        number = override.default if override.default is not None or place is None else number_at(cluster, place)
        if number is not None:
            found[name] = number
    return found


def with_numbers(cluster: Cluster, overrides: Mapping[str, Override], chosen: Mapping[str, int]) -> Cluster:
    """The cluster as an execution with these numbers launches it; what is not chosen has its default.

    Raises `InvalidModel` when the numbers do not fit together, as EMR would say.
    """
    places = overridable(cluster)
    for name, number in {**defaults_of(overrides, cluster), **chosen}.items():
        field = places[overrides[name].path].field
        cluster = cast("Cluster", _changed(cluster, field, number))
    if wrong := [found for found in check(cluster) if found.severity is Severity.ERROR]:
        raise InvalidModel(wrong)
    return cluster


def _changed(value: object, path: tuple[str | int, ...], number: int) -> object:
    """The same value with one number changed, its rules not asked: they hold for the whole, when all is changed."""
    if not path:
        return number
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        items = list(cast("tuple[object, ...]", value))
        items[first] = _changed(items[first], rest, number)
        return tuple(items)
    inner = _changed(getattr(value, first), rest, number)
    kept = cast("Value", value).model_copy(update={first: inner})
    for name in set(vars(kept)) - type(kept).model_fields.keys():
        object.__delattr__(kept, name)  # what the other one remembered of itself
    return kept


def check_overrides(overrides: Mapping[str, Override], cluster: Cluster) -> Iterator[Diagnostic]:
    """What is wrong with the overrides of a pipeline on its cluster; each value alone keeps the cluster valid."""
    places = overridable(cluster)
    seen: dict[str, str] = {}
    sound: dict[str, Override] = {}
    for name, override in overrides.items():
        found = list(_check_one(name, override, cluster, places, seen))
        seen.setdefault(override.path, name)
        if not found:
            sound[name] = override
        yield from found
    if len(sound) < len(overrides):
        return
    for name, override in overrides.items():
        tried = {"its default": None} | {str(value): value for value in override.edges()}
        for words, value in tried.items():
            try:
                with_numbers(cluster, overrides, {} if value is None else {name: value})
            except InvalidModel as problem:
                first = problem.diagnostics[0]
                yield error(
                    "JOB-048",
                    f"with override '{name}' at {words} the cluster is invalid: {first.summary}",
                    name,
                    got=first.got,
                    allowed=first.allowed,
                    reason=first.reason,
                    hint=first.hint or "narrow the bounds",
                )
                break


def _check_one(
    name: str, override: Override, cluster: Cluster, places: Mapping[str, Place], seen: Mapping[str, str]
) -> Iterator[Diagnostic]:
    if not _NAME.match(name):
        yield error(
            "JOB-045",
            f"'{name}' cannot be the name of an override",
            name,
            got=name,
            allowed="a letter, then up to 63 letters, digits and _",
        )
    place = places.get(override.path)
    if place is None:
        spot = override.path.endswith(".target_spot") and override.path.partition(".")[0] in ("core", "task")
        yield error(
            "JOB-046",
            f"override '{name}' names '{override.path}', which no execution may change on cluster '{cluster.name}'",
            name,
            "path",
            got=override.path,
            allowed=", ".join(places) or "nothing of this cluster",
            reason=_RUN_JOB_FLOW,
            hint="give the fleet a spot_strategy: InstanceFleet.spot(...)" if spot else None,
        )
        return
    if override.path in seen:
        yield error(
            "JOB-047",
            f"overrides '{seen[override.path]}' and '{name}' change the same number",
            name,
            "path",
            got=override.path,
        )
    number = override.default if override.default is not None else number_at(cluster, place)
    if number is None or not (is_token(number) or override.admits(number)):
        yield error(
            "JOB-049",
            f"override '{name}' has no default within its bounds",
            name,
            "default",
            got="nothing" if number is None else number,
            allowed=override.bounds,
            reason="an execution that does not say launches the cluster as it is declared",
            hint="give the override a default, or widen its bounds",
        )


def put_expressions(request: dict[str, Json], cluster: Cluster, expressions: Mapping[str, str]) -> None:
    """Put an expression in place of each number, by path, into a cluster's request."""
    places = overridable(cluster)
    for path, expression in expressions.items():
        inner: Json = request
        *way, last = places[path].member
        for part in way:
            inner = cast("list[Json]", inner)[part] if isinstance(part, int) else cast("dict[str, Json]", inner)[part]
        cast("dict[str | int, Json]", inner)[last] = expression
