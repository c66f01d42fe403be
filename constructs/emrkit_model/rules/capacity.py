"""The rule on what may vanish: core nodes hold HDFS, so they are not on Spot unless somebody decided so."""

from __future__ import annotations

from collections.abc import Iterator

from .catalogue import Problem, Rule
from .template import Found, Template, is_intrinsic

__all__ = ["CORE_NOT_ON_SPOT"]

_HINT = (
    "give the core On-Demand capacity and put Spot into the task fleet, or accept this rule on the cluster with the "
    "reason why its data may be lost"
)


def _core_stays(template: Template) -> Iterator[Problem]:
    for cluster in template.of_type("AWS::EMR::Cluster"):
        yield from _spot_units(
            template, cluster.id, cluster.properties, ("Instances", "CoreInstanceFleet", "TargetSpotCapacity")
        )
        yield from _spot_market(template, cluster.id, cluster.properties, ("Instances", "CoreInstanceGroup", "Market"))
    for fleet in template.of_type("AWS::EMR::InstanceFleetConfig"):
        if fleet.properties.get("InstanceFleetType") == "CORE":
            yield from _spot_units(template, fleet.id, fleet.properties, ("TargetSpotCapacity",))
    for group in template.of_type("AWS::EMR::InstanceGroupConfig"):
        if group.properties.get("InstanceRole") == "CORE":
            yield from _spot_market(template, group.id, group.properties, ("Market",))


def _spot_units(template: Template, owner: str, properties: object, path: tuple[str, ...]) -> Iterator[Problem]:
    for found in template.at(properties, *path):
        if not found.is_absent and not is_intrinsic(found.value) and found.value not in (0, "0"):
            yield _problem(owner, found)


def _spot_market(template: Template, owner: str, properties: object, path: tuple[str, ...]) -> Iterator[Problem]:
    for found in template.at(properties, *path):
        if found.value == "SPOT":
            yield _problem(owner, found)


def _problem(owner: str, found: Found) -> Problem:
    return Problem(owner, found.path, "the core nodes are on Spot", _HINT, got=str(found.value))


CORE_NOT_ON_SPOT = Rule(
    "E-RULE-011",
    "core nodes are not on Spot, unless asked for by name",
    "a Spot core takes blocks of HDFS with it when it is reclaimed, and the steps that need them fail",
    "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html",
    _core_stays,
    "G09",
)
