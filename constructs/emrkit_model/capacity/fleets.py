"""Instance fleets: which instance types a cluster may take, how much of them, and by which strategy."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from emrkit_facts import instance_types as facts
from emrkit_model.configurations import Configuration
from emrkit_model.diagnostics import Diagnostic, FieldPath
from emrkit_model.fields import Count, Flag, Items, Number, Seconds, Text, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Value, carry, translate

from .fleet_rules import check_fleet, check_instance_type
from .volume_rules import check_volume

__all__ = ["CapacityReservation", "EbsVolume", "InstanceFleet", "InstanceType", "written_word"]

_RESERVATIONS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/on-demand-capacity-reservations.html"
_ON_DEMAND = ("lowest-price", "prioritized")
_SPOT = (
    "price-capacity-optimized",
    "capacity-optimized",
    "capacity-optimized-prioritized",
    "lowest-price",
    "diversified",
)


class EbsVolume(Value):
    """Volumes attached to each instance of a type.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-storage.html
    """

    AREA: ClassVar[str] = "FLEET"

    size_gib: Count
    """Size of one volume in GiB."""
    count: Count = 1
    """How many volumes of this kind each instance gets; at most 25 in all."""
    type: Annotated[str, words("gp3", "gp2", "io1", "io2", "st1", "sc1", "standard")] = "gp3"
    """The kind of volume."""
    iops: Count | None = None
    """Provisioned IOPS, for gp3, io1 and io2."""
    throughput: Count | None = None
    """MiB/s, 125 to 1000 and at most a quarter of the IOPS, gp3 only."""

    def problems(self) -> Iterator[Diagnostic]:
        """A kind that EMR documents, a size, and IOPS and throughput that fit both."""
        yield from check_volume(self)


class CapacityReservation(Value):
    """How On-Demand capacity reservations are used; needs the On-Demand strategy lowest-price.

    `CapacityReservation.open()` takes matching open reservations first, `targeted(group)` those of a resource group,
    `none()` keeps away from all. Without any of them EMR uses open reservations where they happen to match. The service
    role needs more permissions, which the construct gives.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/on-demand-capacity-reservations.html
    """

    AREA: ClassVar[str] = "FLEET"

    first: Flag = True
    """Use reservations before anything else. Default: yes, but with `preference: none`."""
    preference: Annotated[str | None, words("open", "none")] = None
    """`open` uses every matching reservation, `none` none."""
    resource_group: Text | None = None
    """The ARN of the resource group that holds targeted reservations."""

    @classmethod
    def open(cls) -> CapacityReservation:
        """Open reservations that match come first; the rest is bought as without them."""
        return cls(preference="open")

    @classmethod
    def targeted(cls, resource_group: str) -> CapacityReservation:
        """The reservations of a resource group come first; the rest is bought as without them."""
        return cls(resource_group=resource_group)

    @classmethod
    def none(cls) -> CapacityReservation:
        """No reservation is used, not even one that matches."""
        return cls(preference="none")

    @model_validator(mode="before")
    @classmethod
    def _not_first(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        given = cast("dict[str, object]", data)
        return {"first": False, **given} if given.get("preference") == "none" else given

    def problems(self) -> Iterator[Diagnostic]:
        """Reservations are used, or not: no both at once."""
        if self.preference == "none" and (self.first is True or self.resource_group is not None):
            yield error(
                "FLEET-062",
                "preference none excludes reservations, and they are named",
                "preference",
                got="none",
                reason=_RESERVATIONS,
                hint="leave preference out, or `first` and `resource_group`",
            )


class InstanceType(Value):
    """One instance type of a fleet. In a list its name alone is enough: `m5.xlarge`.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html

    >>> InstanceType.of("r6g.xlarge", weight=2).weight
    2
    """

    AREA: ClassVar[str] = "FLEET"

    type: Text
    """The name of the type."""
    weight: Count | None = None
    """Units it counts towards the fleet's target. Default: its EMR vCPU divided by that of the fleet's smallest."""
    bid_price: Text | None = None
    """Highest Spot price in USD an hour; not together with `bid_percentage`. Default: the On-Demand price."""
    bid_percentage: Number | None = None
    """Highest Spot price as a percentage of the On-Demand price."""
    priority: Number | None = None
    """0 is the highest; counts only with a prioritized strategy."""
    ebs: Items[EbsVolume] | None = None
    """Volumes. Default: EMR's own for the size."""
    ebs_optimized: Flag | None = None
    """Whether the instance is EBS-optimized. Default: as the type has it."""
    custom_ami: Text | None = None
    """An AMI for this type alone; not together with the cluster's."""
    configurations: Items[Configuration] = ()
    """Classifications for instances of this type; they win over the cluster's."""

    @classmethod
    def of(cls, type: str, **fields: object) -> InstanceType:  # noqa: A002 - the word of the domain
        """An instance type by name."""
        return cls.parse({"type": type, **fields})

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: object) -> object:
        return {"type": data} if isinstance(data, str) else data

    @classmethod
    def read_part(cls, value: object) -> Self:
        """In a fleet: one as it is, or made of plain data; those that are a name alone are made once."""
        return cast("Self", _named(value)) if isinstance(value, str) else super().read_part(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return {
            "anyOf": [
                {"type": "string", "examples": ["m5.xlarge"]},
                super().__get_pydantic_json_schema__(core, handler),
            ]
        }

    def problems(self) -> Iterator[Diagnostic]:
        """One bid, a weight of at least 1, sensible volumes; an unknown type is a warning."""
        yield from check_instance_type(self)


@lru_cache(maxsize=1024)
def _named(name: str) -> InstanceType:
    return cast("InstanceType", super(InstanceType, InstanceType).read_part(name))


class InstanceFleet(Value):
    """A fleet: capacity of one role of the cluster, from several instance types of one architecture.

    `InstanceFleet.on_demand("m5.xlarge", capacity=2)` and `InstanceFleet.spot("m5.xlarge", "m5.2xlarge", capacity=12,
    on_demand=5)` are the usual ways; in a file `{on_demand: [m5.xlarge], capacity: 2}` and
    `{spot: [m5.xlarge, m5.2xlarge], capacity: 12, on_demand_capacity: 5}`.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html

    >>> InstanceFleet.spot("m5.xlarge", "m5.2xlarge", capacity=12, on_demand=5).weights()
    {'m5.xlarge': 1, 'm5.2xlarge': 2}
    """

    AREA: ClassVar[str] = "FLEET"
    WORDS: ClassVar[tuple[str, ...]] = ("on_demand", "spot", "capacity", "on_demand_capacity")
    HINTS: ClassVar[Mapping[str, str]] = {
        "types": "name the instance types one by one: `on_demand: [r5.xlarge, r5.2xlarge]`, "
        'in Python `InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge")`',
        "count": "a fleet has `capacity`, in units; `group: m5.xlarge` with a `count` makes a group",
    }

    types: Items[InstanceType]
    """The instance types: at most 5, or 30 with an allocation strategy."""
    target_on_demand: Count = 0
    """On-Demand units wanted."""
    target_spot: Count = 0
    """Spot units wanted."""
    on_demand_strategy: Annotated[str | None, words(*_ON_DEMAND)] = None
    """How On-Demand types are chosen. Default of the factories: lowest-price."""
    spot_strategy: Annotated[str | None, words(*_SPOT)] = None
    """How Spot types are chosen. Default of the factories: price-capacity-optimized."""
    spot_timeout: Seconds = 1800
    """How long the launch waits for Spot capacity, 5 minutes to 24 hours."""
    spot_timeout_action: Annotated[str, words("SWITCH_TO_ON_DEMAND", "TERMINATE_CLUSTER")] = "SWITCH_TO_ON_DEMAND"
    """What happens when Spot capacity did not come in time."""
    on_demand_resize_timeout: Seconds | None = None
    """How long a resize waits for On-Demand capacity, 5 minutes to 7 days."""
    spot_resize_timeout: Seconds | None = None
    """How long a resize waits for Spot capacity, 5 minutes to 7 days."""
    on_demand_resize_strategy: Annotated[str | None, words(*_ON_DEMAND)] = None
    """How a resize chooses On-Demand types. Default: as at the launch."""
    spot_resize_strategy: Annotated[str | None, words(*_SPOT)] = None
    """How a resize chooses Spot types. Default: as at the launch."""
    resize_reservation: CapacityReservation | None = None
    """Use of On-Demand capacity reservations by a resize. Default: as at the launch."""
    reservation: CapacityReservation | None = None
    """Use of On-Demand capacity reservations."""
    name: Text | None = None
    """The fleet's name. Default: primary, core or task."""

    @classmethod
    def on_demand(cls, *types: str | InstanceType, capacity: int = 1, **fields: object) -> InstanceFleet:
        """A fleet of On-Demand instances, cheapest type first."""
        fields.setdefault("on_demand_strategy", "lowest-price")
        return cls.parse({"types": types, "target_on_demand": capacity, **fields})

    @classmethod
    def spot(cls, *types: str | InstanceType, capacity: int, on_demand: int = 0, **fields: object) -> InstanceFleet:
        """A fleet of Spot instances, with `on_demand` units of On-Demand beside them."""
        fields.setdefault("spot_strategy", "price-capacity-optimized")
        if on_demand:
            fields.setdefault("on_demand_strategy", "lowest-price")
        return cls.parse({"types": types, "target_spot": capacity, "target_on_demand": on_demand, **fields})

    def problems(self) -> Iterator[Diagnostic]:
        """One architecture, no type twice, the limits on types and targets, strategies that fit."""
        yield from check_fleet(self)

    def instance_types(self) -> tuple[InstanceType, ...]:
        """The instance types; none while they are only known at deployment."""
        return () if is_token(self.types) else tuple(self.types)

    def weights(self) -> dict[str, int]:
        """Units of each type: as given, else its EMR vCPU divided by that of the fleet's smallest, rounded."""
        return dict(self._weights)

    @cached_property
    def _weights(self) -> dict[str, int]:
        vcpus = {t.type: _vcpu(t.type) for t in self.types}
        smallest = min((v for v in vcpus.values() if v), default=1)
        return {
            t.type: t.weight if t.weight is not None else max(1, round((vcpus[t.type] or smallest) / smallest))
            for t in self.types
        }

    @model_validator(mode="wrap")
    @classmethod
    def _read_words(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        given, renames = _from_words(cast("Mapping[str, object]", data))
        try:
            return handler(given)
        except ValidationError as error:
            carry(translate(cls, error), lambda path: _rename(path, renames))
            raise

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        schema = super().__get_pydantic_json_schema__(core, handler)
        properties = schema["properties"]
        types = properties.pop("types")
        for name in ("target_on_demand", "target_spot"):
            properties.pop(name)
        properties["on_demand"] = types | {"description": "On-Demand: the instance types of the fleet."}
        properties["spot"] = types | {"description": "Spot: the instance types of the fleet."}
        properties["capacity"] = {"type": "integer", "minimum": 0, "default": 1, "description": "Units wanted."}
        properties["on_demand_capacity"] = {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Beside Spot: On-Demand units wanted.",
        }
        schema["required"] = []
        schema["oneOf"] = [{"required": ["on_demand"]}, {"required": ["spot"]}]
        return schema


def _from_words(data: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """The file's words as fields, and the way back from fields to words for the paths of problems."""
    given = dict(data)
    market = _market(given)
    if market is None or "types" in given:
        return given, {}
    other = "spot" if market == "on_demand" else "on_demand"
    if other in given:
        carry([_two_markets()])
    if market in given:
        types = given.pop(market)
        given["types"] = [types] if isinstance(types, str) and not is_token(types) else types
    renames = {field: word for word, field in _fields(market).items()}
    target = _fields(market)["capacity"]
    given[target] = given.pop("capacity", 1)
    given.setdefault(f"{market}_strategy", "lowest-price" if market == "on_demand" else "price-capacity-optimized")
    if market == "spot" and "on_demand_capacity" in given:
        given["target_on_demand"] = given.pop("on_demand_capacity")
        given.setdefault("on_demand_strategy", "lowest-price")
    return given, renames


def _market(written: Collection[str]) -> str | None:
    """The word under which a fleet lists its types; where it lists none, the one that its capacity belongs to."""
    if "on_demand" in written or "spot" in written:
        return "on_demand" if "on_demand" in written else "spot"
    if "on_demand_capacity" in written:
        return "spot"
    return "on_demand" if "capacity" in written else None


def _fields(market: str) -> Mapping[str, str]:
    if market == "spot":
        return {"spot": "types", "capacity": "target_spot", "on_demand_capacity": "target_on_demand"}
    return {"on_demand": "types", "capacity": "target_on_demand"}


def written_word(field: str, written: Collection[str]) -> str:
    """The word that stands for a field of a fleet or a group, in a map with these keys; else the field itself.

    >>> written_word("types", ["spot", "capacity"])
    'spot'
    """
    if field in written:
        return field
    if field == "type" and "group" in written:
        return "group"
    market = _market(written)
    words = {name: word for word, name in _fields(market).items()} if market else {}
    return words.get(field, field)


def _two_markets() -> Diagnostic:
    return error(
        "FLEET-032",
        "a fleet lists its types once, under `on_demand` or under `spot`",
        "on_demand",
        hint="for both markets: spot: [types], capacity: <spot units>, on_demand_capacity: <On-Demand units>",
    )


def _rename(path: FieldPath, renames: Mapping[str, str]) -> FieldPath:
    return (renames.get(path[0], path[0]), *path[1:]) if path and isinstance(path[0], str) else path


def _vcpu(name: str) -> int | None:
    if is_token(name):
        return None
    found = facts.find(name)
    return found.vcpu if isinstance(found, facts.InstanceTypeFacts) else None
