"""How large a cluster should be: presets for primary, core and task nodes that say why they chose what they chose."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar, cast

from emrkit_facts import instance_types, releases
from emrkit_facts import sizing as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Text, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel, Value, build

from .fleets import InstanceFleet, InstanceType

__all__ = ["Choice", "Sizing", "fill_in", "successor"]

_SIZES: tuple[str, ...] = tuple(facts.preset("spot")["sizes"])
_FLEET = 5
"""Types of a primary or core fleet: one size of so many families, which needs no allocation strategy."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A fleet and the reasons for it, one sentence each, with the page that a number comes from."""

    fleet: InstanceFleet
    reasons: tuple[str, ...]

    def explain(self) -> str:
        """The reasons as text."""
        return "\n".join(self.reasons)


class Sizing(Value):
    """The size of a cluster by what it does and how many nodes it has; fleets given beside it win.

    The primary node grows with the number of nodes and is never below m5.xlarge; core nodes are On-Demand, because they
    hold HDFS; task nodes are 70 % Spot and 30 % On-Demand over nine types of one architecture. Every number can be
    changed here, and `explain` says where each comes from. Only types that the release runs are taken. In a file:
    `sizing: {workload: memory, core: 4, task: 20}`.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html

    >>> [t.type for t in Sizing(core=2, architecture="arm64").primary_nodes("emr-7.14.0").fleet.types][:2]
    ['m7g.xlarge', 'm6g.xlarge']
    """

    AREA: ClassVar[str] = "SIZE"

    workload: Annotated[str, words(*facts.workloads())] = "general"
    """What the nodes do most: `general`, `compute`, `memory` or `storage`."""
    architecture: Annotated[str, words("x86_64", "arm64")] = "x86_64"
    """`arm64` is Graviton: cheaper for the same work, if everything that you install exists for it."""
    core: Count = 2
    """Core nodes, counted in nodes of `size`."""
    task: Count = 0
    """Task nodes, counted in nodes of `size`; larger types count for several."""
    size: Annotated[str, words(*_SIZES)] = "xlarge"
    """The smallest node that fits one executor of yours."""
    spot_percent: Count = facts.preset("spot")["task_spot_percent"]
    """How much of the task nodes is Spot, in percent; the rest is On-Demand."""
    types: Count = facts.preset("spot")["types"]
    """Over how many types the task nodes are spread, 1 to 30."""
    primaries: Count = 1
    """Primary nodes, 1 or 3."""
    region: Text | None = None
    """Only types of this Region. Default: any that EMR has."""

    def problems(self) -> Iterator[Diagnostic]:
        """Numbers that a fleet can have."""
        limits = {"core": (1, 2000), "task": (0, 2000), "spot_percent": (0, 100), "types": (1, 30)}
        for name, (low, high) in limits.items():
            value: int = getattr(self, name)
            if not is_token(value) and not low <= value <= high:
                yield error(
                    "SIZE-010",
                    f"{name} {value} is outside the limits",
                    name,
                    got=value,
                    allowed=f"{low} to {high}",
                    reason=facts.PAGES["flexibility"],
                )
        for name in ("workload", "architecture", "size", *limits, "primaries"):
            if is_token(getattr(self, name)):
                yield error(
                    "SIZE-011",
                    f"{name} is only known at deployment",
                    name,
                    reason="a size is chosen when the template is written",
                    hint="write the fleets out: their targets may be tokens",
                )
        if not is_token(self.primaries) and self.primaries not in (1, 3):
            yield error(
                "SIZE-012", f"{self.primaries} primary nodes", "primaries", got=self.primaries, allowed="1 or 3"
            )

    def primary_nodes(self, release: str, applications: Collection[str] = ()) -> Choice:
        """The primary node: general purpose, by the number of core and task nodes.

        Args:
            release: The release label.
            applications: Names of the applications; some work on the primary node itself and get the next size.

        Raises:
            InvalidModel: The release runs nothing of the architecture.

        Example: `Sizing(core=80).primary_nodes("emr-7.14.0", ["Hue"]).explain()`
        """
        nodes = self.core + self.task
        size, floor = facts.primary_size(nodes), facts.preset("production_minimum")
        why = (
            f"primary: {nodes} core and task nodes take {size}; {floor} is the least, for up to 50 nodes, and larger "
            f"clusters take larger ones ({facts.PAGES['guidelines']}); that it doubles at 50, 100, 200 and 400 nodes "
            f"is emrkit's choice"
        )
        reasons = [why]
        heavy = sorted(name for name in applications if facts.wants_larger_primary(name))
        if heavy:
            size = _SIZES[_SIZES.index(size) + 1]
            reasons.append(f"primary: one size more, for {' and '.join(heavy)} on it ({facts.PAGES['guidelines']})")
        found = self._of_size("general", release, size)[:_FLEET]
        reasons.append(f"primary: On-Demand, the cluster ends with it; {_listed(found)}, whichever is cheapest")
        return Choice(InstanceFleet.on_demand(*found, capacity=self.primaries), tuple(reasons))

    def core_nodes(self, release: str) -> Choice:
        """The core nodes: On-Demand, one size of up to five families.

        Raises:
            InvalidModel: The release runs nothing of the workload's families and the architecture.

        Example: `Sizing(workload="memory", core=4).core_nodes("emr-7.14.0").fleet`
        """
        found = self._of_size(self.workload, release, self.size)[:_FLEET]
        reasons = (
            f"core: {facts.what(self.workload)} ({facts.PAGES['flexibility']})",
            f"core: On-Demand, because losing a core node risks HDFS data ({facts.PAGES['guidelines']})",
            f"core: {self.core} nodes of {_listed(found)}, one size, so that a unit is a node",
        )
        types = [InstanceType(type=name, weight=1) for name in found]
        return Choice(InstanceFleet.on_demand(*types, capacity=self.core), reasons)

    def task_nodes(self, release: str) -> Choice | None:
        """The task nodes: Spot and On-Demand over several types of one architecture; None without any.

        Raises:
            InvalidModel: The release runs nothing of the workload's families and the architecture.

        Example: `Sizing(core=2, task=20).task_nodes("emr-7.14.0").explain()`
        """
        if self.task == 0:
            return None
        spot = round(self.task * self.spot_percent / 100)
        on_demand = self.task - spot
        types = self._spread(release, max(spot, on_demand))
        market = (
            f"task: {spot} units of Spot and {on_demand} of On-Demand ({self.spot_percent} % Spot): task nodes hold no "
            f"data, and what is lost is done again ({facts.PAGES['guidelines']}); 70 % is emrkit's choice"
        )
        spread = (
            f"task: {len(types)} types, {_listed([t.type for t in types])}: sizes first, then generations and variants "
            f"({facts.PAGES['flexibility']}); that page counts 15 and more as flexible, so raise `types` when capacity "
            f"is short"
        )
        reasons = [
            market,
            spread,
            f"task: a unit is a node of {self.size}; larger types count for as many of it as they have vCPUs",
        ]
        if len(types) < self.types:
            reasons.append(f"task: {release} has no more than these {len(types)} of {self.types} types that fit")
        strategy = {"spot_strategy": "price-capacity-optimized"} if spot else {}
        fleet = InstanceFleet.parse(
            {
                "types": types,
                "target_spot": spot,
                "target_on_demand": on_demand,
                "on_demand_strategy": "lowest-price" if on_demand or not spot else None,
                **strategy,
            }
        )
        return Choice(fleet, tuple(reasons))

    def fleets(self, release: str, applications: Collection[str] = ()) -> dict[str, InstanceFleet]:
        """All fleets by their roles; no task fleet without task nodes.

        Example: `emr.Cluster(..., **emr.Sizing(workload="memory", core=4).fleets("emr-7.14.0"))`

        >>> sorted(Sizing(core=2, task=10).fleets("emr-7.14.0"))
        ['core', 'primary', 'task']
        """
        return {role: choice.fleet for role, choice in self.choices(release, applications).items()}

    def choices(self, release: str, applications: Collection[str] = ()) -> dict[str, Choice]:
        """All fleets with their reasons, by their roles."""
        task = self.task_nodes(release)
        found = {"primary": self.primary_nodes(release, applications), "core": self.core_nodes(release)}
        return found if task is None else {**found, "task": task}

    def explain(self, release: str, applications: Collection[str] = ()) -> str:
        """Why it chose what it chose, a sentence a line, each with its page.

        >>> Sizing(core=60).explain("emr-7.14.0").splitlines()[0][:51]
        'primary: 60 core and task nodes take 2xlarge; m5.xl'
        """
        return "\n".join(choice.explain() for choice in self.choices(release, applications).values())

    def _of_size(self, workload: str, release: str, size: str) -> list[str]:
        """One type of each family: of the size, or the next that the family has."""
        wanted = _factor(size) * 4
        found: list[str] = []
        for family in self._families(workload, release):
            fitting = [t for t in _types_of(family) if (t.ec2_vcpu or t.vcpu) >= wanted and self._in_region(t)]
            if fitting:
                found.append(min(fitting, key=lambda t: t.ec2_vcpu or t.vcpu).type)
        exact = [name for name in found if _vcpu(name) == min(map(_vcpu, found))]
        return exact or self._nothing(workload, release)

    def _spread(self, release: str, units: int) -> list[InstanceType]:
        """Three sizes of three families, then more families, then larger sizes, up to the number of types."""
        first = _SIZES.index(self.size)
        base = _factor(self.size)
        families = self._families(self.workload, release)
        order: list[tuple[str, str]] = []
        for sizes in (_SIZES[first : first + 3], _SIZES[first + 3 :]):
            for start in range(0, len(families), 3):
                order += [(family, size) for size in sizes for family in families[start : start + 3]]
        types: list[InstanceType] = []
        for family, size in order:
            weight = _factor(size) // base
            found = instance_types.find(f"{family}.{size}")
            fits = isinstance(found, instance_types.InstanceTypeFacts) and self._in_region(found)
            if fits and weight <= max(1, units) and len(types) < self.types:
                types.append(InstanceType(type=f"{family}.{size}", weight=weight))
        return types or [InstanceType(type=name, weight=1) for name in self._of_size(self.workload, release, self.size)]

    def _families(self, workload: str, release: str) -> list[str]:
        """The preset's families that a release runs well; where it documents none, those older than all floors."""
        names = facts.families(workload, self.architecture)
        known = [name for name in names if _runs(name, release) and not facts.under_used(name, release)]
        found = known or [name for name in names if _runs(name, release) is None]
        return found or self._nothing(workload, release)

    def _in_region(self, found: instance_types.InstanceTypeFacts) -> bool:
        return self.region is None or is_token(self.region) or self.region in found.regions

    def _nothing(self, workload: str, release: str) -> list[str]:
        where = f" in {self.region}" if self.region else ""
        raise InvalidModel(
            error(
                "SIZE-013",
                f"{release} runs no {self.architecture} family for {workload} work{where}",
                "architecture",
                got=self.architecture,
                allowed="x86_64" if self.architecture == "arm64" else "a newer release",
                reason=facts.PAGES["types"],
                hint="choose x86_64, a newer release, another workload, or write the fleet out",
            )
        )


def successor(name: str) -> tuple[str, str] | None:
    """What stands in for an instance type that is retired, and why it is; None for one that is not.

    The smallest type of the family that follows with as many vCPUs and as much memory; where nothing is known of the
    retired type any more, the one of its size.

    >>> successor("m3.xlarge")
    ('m5.xlarge', 'EC2 calls it previous generation')
    >>> successor("m5.xlarge") is None
    True
    """
    row = facts.successor(name)
    if row is None:
        return None
    types = sorted(_types_of(row.family), key=lambda t: (_vcpu(t.type), t.memory_gb))
    old = instance_types.find(name)
    if isinstance(old, instance_types.InstanceTypeFacts):
        need = (old.ec2_vcpu or old.vcpu, old.memory_gb)
        fits = [t for t in types if _vcpu(t.type) >= need[0] and t.memory_gb >= need[1]]
    else:
        fits = [t for t in types if t.type.endswith(f".{name.partition('.')[2]}")]
    return (fits[0] if fits else types[-1]).type, row.reason


@cache
def _runs(family: str, release: str) -> bool | None:
    """Whether a release runs a family; the 8.x train, for which no floor is documented, runs what 7.x runs.

    Sizes with a floor of their own do not count: a family is taken whole or not at all.
    """
    label = releases.newest() if release.startswith("emr-spark-") else release
    answers = {found.supported_by(label) for found in _types_of(family)}
    return answers.pop() if len(answers) == 1 else False


@cache
def _types_of(family: str) -> tuple[instance_types.InstanceTypeFacts, ...]:
    start = f"{family}."
    found = [instance_types.find(name) for name in instance_types.names() if name.startswith(start)]
    return tuple(t for t in found if isinstance(t, instance_types.InstanceTypeFacts))


def _vcpu(name: str) -> int:
    found = instance_types.find(name)
    return (found.ec2_vcpu or found.vcpu) if isinstance(found, instance_types.InstanceTypeFacts) else 0


def _factor(size: str) -> int:
    """How many `xlarge` a size is."""
    return int(size.removesuffix("xlarge") or 1)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def fill_in(data: object) -> object:
    """A cluster's data with the fleets that its `sizing` chooses, where it gives none itself."""
    if not isinstance(data, Mapping):
        return data
    given = cast("Mapping[str, object]", data)
    sizing = given.get("sizing")
    if sizing is None or not isinstance(sizing, (Sizing, Mapping)):
        return given
    if all(given.get(role) is not None for role in ("primary", "core", "task")):
        return given
    release = given.get("release")
    if not isinstance(release, str) or is_token(release) or isinstance(releases.find(release), releases.UnknownRelease):
        return given
    listed = given.get("applications")
    names = [_name(item) for item in cast("Sequence[object]", listed)] if isinstance(listed, (list, tuple)) else []
    chosen = build(lambda: _chosen(sizing, release, names), lambda path: ("sizing", *path))
    missing = {role: fleet for role, fleet in chosen.items() if given.get(role) is None}
    return {**given, **missing}


def _chosen(sizing: Sizing | Mapping[str, object], release: str, names: Sequence[str]) -> dict[str, InstanceFleet]:
    value = sizing if isinstance(sizing, Sizing) else Sizing.parse(sizing)
    return value.fleets(release, [name for name in names if name])


def _name(item: object) -> str:
    if isinstance(item, Mapping):
        return str(cast("Mapping[str, object]", item).get("name", ""))
    return item if isinstance(item, str) else str(getattr(item, "name", ""))
