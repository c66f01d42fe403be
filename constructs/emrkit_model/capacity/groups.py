"""Instance groups: one instance type, one market and a count for a role, or for each of many groups of task nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from emrkit_model.configurations import Configuration
from emrkit_model.diagnostics import Diagnostic, FieldPath
from emrkit_model.fields import Count, Flag, Items, Text, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import Value, carry, translate

from .auto_scaling import AutoScaling
from .fleet_rules import check_type_name, check_volumes
from .fleets import EbsVolume, InstanceType

__all__ = ["InstanceGroup"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-uniform-instance-group.html"
_LIMIT = 2_000


class InstanceGroup(Value):
    """A group: nodes of one instance type, bought On-Demand or as Spot.

    `InstanceGroup.on_demand("m5.xlarge", count=3)` and `InstanceGroup.spot("m5.xlarge", count=6)` are the usual ways;
    in a file `{group: m5.xlarge, count: 3}` and `{group: m5.xlarge, count: 6, market: spot}`. A cluster has groups for
    all its nodes or fleets for all of them. Groups take one subnet, and up to 48 of them may be task groups.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-uniform-instance-group.html

    >>> InstanceGroup.spot("m5.xlarge", count=6, bid_price="0.10").market
    'SPOT'
    """

    AREA: ClassVar[str] = "GROUP"
    WORDS: ClassVar[tuple[str, ...]] = ("group",)
    HINTS: ClassVar[Mapping[str, str]] = {
        "capacity": "a group has `count`; `on_demand: [m5.xlarge]` with a `capacity` makes a fleet"
    }

    type: Text
    """The instance type; in a file the key is `group`."""
    count: Count = 1
    """How many instances; of primary nodes 1 or 3. Under scaling only the start: EMR changes it by itself."""
    market: Annotated[str, words("ON_DEMAND", "SPOT")] = "ON_DEMAND"
    """`on-demand` or `spot`."""
    bid_price: Text | None = None
    """Highest Spot price in USD an hour, or `OnDemandPrice`; Spot only. Default: the On-Demand price."""
    ebs: Items[EbsVolume] | None = None
    """Volumes. Default: EMR's own for the size."""
    ebs_optimized: Flag | None = None
    """Whether the instances are EBS-optimized. Default: as the type has it."""
    custom_ami: Text | None = None
    """An AMI for this group alone; not together with the cluster's."""
    configurations: Items[Configuration] = ()
    """Classifications for the nodes of this group; they win over the cluster's."""
    scaling: AutoScaling | None = None
    """Custom automatic scaling, for core and task groups; not beside the cluster's managed scaling."""
    name: Text | None = None
    """The group's name. Default: primary, core or task; of several task groups task-1, task-2, …"""

    @classmethod
    def on_demand(cls, type: str, *, count: int = 1, **fields: object) -> InstanceGroup:  # noqa: A002
        """A group of On-Demand instances."""
        return cls.parse({"type": type, "count": count, **fields})

    @classmethod
    def spot(cls, type: str, *, count: int, **fields: object) -> InstanceGroup:  # noqa: A002
        """A group of Spot instances; without `bid_price` up to the On-Demand price."""
        return cls.parse({"type": type, "count": count, "market": "SPOT", **fields})

    @property
    def is_spot(self) -> bool:
        """Whether the group is bought on the Spot market."""
        return self.market == "SPOT"

    def instance_types(self) -> tuple[InstanceType, ...]:
        """The one instance type, in the form that fleets list theirs."""
        shared = ("type", "ebs", "ebs_optimized", "custom_ami", "configurations")
        return (InstanceType(**{name: getattr(self, name) for name in shared if name in self.model_fields_set}),)

    def problems(self) -> Iterator[Diagnostic]:
        """A type that EMR runs, a count within its limit, a bid only for Spot, sensible volumes."""
        if not is_token(self.type):
            yield from check_type_name(self.type)
        if self.ebs is not None:
            yield from check_volumes(self.ebs)
        if not is_token(self.count) and not 0 <= self.count <= _LIMIT:
            yield error(
                "GROUP-010",
                "a group's count is outside the limits",
                "count",
                got=self.count,
                allowed=f"0 to {_LIMIT}",
                reason=_PAGE,
            )
        if self.bid_price is not None and self.market == "ON_DEMAND":
            yield error(
                "GROUP-011",
                "bid_price is for Spot instances",
                "bid_price",
                got=self.bid_price,
                reason=_PAGE,
                hint="set market: spot, or leave bid_price out",
            )

    @model_validator(mode="wrap")
    @classmethod
    def _read_words(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping) or "group" not in data or "type" in data:
            return handler(data)
        given = dict(cast("Mapping[str, object]", data))
        given["type"] = given.pop("group")
        try:
            return handler(given)
        except ValidationError as error:
            carry(translate(cls, error), _in_the_files_words)
            raise

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        schema = super().__get_pydantic_json_schema__(core, handler)
        properties = schema["properties"]
        kind = properties.pop("type") | {"description": "The instance type of the group.", "examples": ["m5.xlarge"]}
        properties["market"] = {"enum": ["on-demand", "spot"], "default": "on-demand"} | {
            "description": properties["market"]["description"]
        }
        schema["properties"] = {"group": kind, **properties}
        schema["required"] = ["group"]
        return schema


def _in_the_files_words(path: FieldPath) -> FieldPath:
    return ("group", *path[1:]) if path[:1] == ("type",) else path
