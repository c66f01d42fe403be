"""Random nodes of a cluster, valid by construction: fleets, groups, volumes, what resizes them."""

from __future__ import annotations

import itertools
from functools import cache

from hypothesis import strategies as st

from emrkit_facts import sizing as facts
from emrkit_model.capacity.sizing import Sizing
from emrkit_model.values import InvalidModel
from tests.random_ground import ACCOUNT, NAMES, REGION, TEXTS, Ground, Plain, composite, pick, some

__all__ = ["Nodes", "configurations", "nodes"]

Nodes = Plain
"""The fields `primary`, `core`, `task`, `scaling` and `sizing` of a cluster."""
_CLASSIFICATIONS = ("spark-defaults", "core-site", "yarn-site", "hive-site")
_MINUTES = st.integers(5, 100).map(lambda minutes: minutes * 60)
_PRICES = st.integers(1, 300).map(lambda cents: f"{cents / 100:.2f}")
_IMAGES = st.integers(0, 9).map(lambda number: f"ami-0123456789abcdef{number}")
_GROUP = f"arn:aws:resource-groups:{REGION}:{ACCOUNT}:group/reserved"
_RESERVATIONS = st.one_of(
    st.sampled_from([{"preference": "open"}, {"preference": "none"}, {"first": False, "preference": "open"}]),
    st.sampled_from([{"resource_group": _GROUP}, {"first": True, "resource_group": _GROUP}]),
)
_ON_DEMAND = ("lowest-price", "prioritized")
_SPOT = ("price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized", "lowest-price")


@composite
def configurations(draw: st.DrawFn, ground: Ground) -> list[Plain]:
    """A free map: keys that no typed field writes."""
    names = [name for name in _CLASSIFICATIONS if ground.renders(name)]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    found: list[Plain] = [{"Classification": name, "Properties": draw(_SETTINGS)} for name in chosen]
    if draw(st.booleans()):
        export = {"Classification": "export", "Properties": {"PYSPARK_PYTHON": "/usr/bin/python3"}}
        found.append({"Classification": "spark-env", "Configurations": [export]})
    return found


_SETTINGS = st.dictionaries(
    st.text("abcdefgh.", min_size=1, max_size=12).map(lambda text: f"x.{text}"),
    st.one_of(st.booleans(), st.integers(0, 10_000), st.text("abc é/:", max_size=8)),
    max_size=3,
)


@composite
def _volumes(draw: st.DrawFn) -> list[Plain]:
    kinds = draw(st.lists(st.sampled_from(["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"]), max_size=3))
    found: list[Plain] = []
    for kind in kinds or ["gp3"]:
        volume: Plain = {"size_gib": draw(st.integers(125, 1024)), "count": draw(st.integers(1, 8))}
        if kind != "gp3" or draw(st.booleans()):
            volume["type"] = kind
        if kind.startswith("io") or (kind == "gp3" and draw(st.booleans())):
            volume["iops"] = draw(st.integers(3000, 16_000))
            if kind == "gp3":
                volume["throughput"] = draw(st.integers(125, min(1000, volume["iops"] // 4)))
        found.append(volume)
    return found


def _of_each(ground: Ground, *, images: bool) -> dict[str, st.SearchStrategy[object]]:
    """What a fleet's type and a group may say alike."""
    fields: dict[str, st.SearchStrategy[object]] = {
        "ebs": _volumes(),
        "ebs_optimized": st.booleans(),
        "configurations": configurations(ground),
    }
    return {**fields, "custom_ami": _IMAGES} if images else fields


@composite
def _types(draw: st.DrawFn, ground: Ground, most: int, *, images: bool, primary: bool) -> list[Plain]:
    names = draw(st.lists(st.sampled_from(ground.types), min_size=1, max_size=most, unique=True))
    # One kind of bid for all: EMR counts prices or percentages.
    bid = draw(st.sampled_from(["bid_price", "bid_percentage", None]))
    weighted = draw(st.booleans())
    found: list[Plain] = []
    for number, name in enumerate(names):
        # The first few have more to say: thirty types that do would be a cluster of nothing else.
        more = some(_of_each(ground, images=images)) if number < 3 else st.just({})
        item: Plain = {"type": name, **draw(more)}
        if weighted:
            item["weight"] = 1 if primary else draw(st.integers(1, 16))
        if bid == "bid_price":
            item["bid_price"] = draw(_PRICES)
        elif bid == "bid_percentage":
            item["bid_percentage"] = draw(st.integers(20, 100))
        found.append(item)
    return found


@composite
def _fleet(draw: st.DrawFn, ground: Ground, *, images: bool, targets: tuple[int, int] | None = None) -> Plain:
    """A fleet by its fields; `targets` are those of a primary fleet."""
    fleet: Plain = pick(
        draw,
        {
            "on_demand_strategy": st.sampled_from(_ON_DEMAND),
            "spot_strategy": st.sampled_from([*_SPOT, "diversified"]),
            "on_demand_resize_timeout": _MINUTES,
            "spot_resize_timeout": _MINUTES,
            "on_demand_resize_strategy": st.sampled_from(_ON_DEMAND),
            "spot_resize_strategy": st.sampled_from([*_SPOT, "diversified"]),
            "name": NAMES.map(lambda text: f"fleet {text} {targets}"),
        },
    )
    strategies = (fleet.get("on_demand_strategy"), fleet.get("spot_strategy"))
    on_demand, spot = targets or draw(st.sampled_from([(4, 0), (20, 0), (0, 7), (3, 9), (1, 40)]))
    fleet["target_on_demand"], fleet["target_spot"] = on_demand, spot
    if spot or strategies[1]:
        fleet["spot_timeout"] = draw(_MINUTES)
        fleet["spot_timeout_action"] = draw(st.sampled_from(["SWITCH_TO_ON_DEMAND", "TERMINATE_CLUSTER"]))
    most = 12 if any(strategies) else 5
    fleet["types"] = draw(_types(ground, most, images=images, primary=targets is not None))
    if strategies[0] == "prioritized" or strategies[1] == "capacity-optimized-prioritized":
        for number, item in enumerate(fleet["types"]):
            item["priority"] = number
    if strategies[0] == "lowest-price" and draw(st.booleans()):
        fleet["reservation"] = draw(_RESERVATIONS)
    if (fleet.get("on_demand_resize_strategy") or strategies[0]) == "lowest-price" and draw(st.booleans()):
        fleet["resize_reservation"] = draw(_RESERVATIONS)
    return fleet


@composite
def _in_words(draw: st.DrawFn, ground: Ground) -> Plain:
    """A fleet in a file's words: types under their market, and capacities."""
    types = draw(st.lists(st.sampled_from(ground.types), min_size=1, max_size=4, unique=True))
    if draw(st.booleans()):
        return {"on_demand": types, "capacity": draw(st.integers(1, 20))}
    return {"spot": types, "capacity": draw(st.integers(1, 20)), "on_demand_capacity": draw(st.integers(0, 5))}


@composite
def _scaling(draw: st.DrawFn, ground: Ground) -> Plain:
    least = draw(st.integers(1, 5))
    most = draw(st.integers(least, 200))
    limits: Plain = {"minimum": least, "maximum": most}
    units = ["Instances", "VCPU"] if ground.grouped else ["InstanceFleetUnits"]
    limits |= pick(
        draw,
        {
            "maximum_on_demand": st.integers(0, most),
            "maximum_core": st.integers(1, most),
            "unit": st.sampled_from(units),
        },
    )
    if ground.admits("advanced-scaling") and draw(st.booleans()):
        limits["strategy"] = draw(st.sampled_from(["DEFAULT", "ADVANCED"]))
        if limits["strategy"] == "ADVANCED":
            limits["utilization_index"] = draw(st.sampled_from([1, 25, 50, 75, 100]))
    return limits


@composite
def _rule(draw: st.DrawFn, number: int) -> Plain:
    kind = draw(st.sampled_from(["CHANGE_IN_CAPACITY", "PERCENT_CHANGE_IN_CAPACITY", "EXACT_CAPACITY"]))
    rule: Plain = {
        "name": f"rule {number}",
        "metric": draw(st.sampled_from(["AppsPending", "HDFSUtilization"])),
        "comparison": draw(st.sampled_from(["below", "at_most", "above", "at_least"])),
        "threshold": draw(st.one_of(st.integers(0, 100), st.sampled_from([0.15, 2.5]))),
        "adjustment": draw(st.sampled_from([1, 5] if kind == "EXACT_CAPACITY" else [-2, -1, 1, 5])),
        "adjustment_type": kind,
    }
    return rule | pick(
        draw,
        {
            "periods": st.integers(1, 3),
            "period": st.sampled_from([300, 600]),
            "cool_down": st.integers(0, 900),
            "statistic": st.sampled_from(["AVERAGE", "SAMPLE_COUNT", "SUM", "MINIMUM", "MAXIMUM"]),
            "unit": st.sampled_from(["PERCENT", "COUNT"]),
            "namespace": st.just("Ours/Metrics"),
            "dimensions": st.just({"JobFlowId": "${emr.clusterId}", "Team": "data"}),
            "market": st.sampled_from(["ON_DEMAND", "SPOT"]),
            "description": TEXTS,
        },
    )


@composite
def _auto_scaling(draw: st.DrawFn) -> Plain:
    least = draw(st.integers(1, 4))
    policy: Plain = {"minimum": least, "maximum": draw(st.integers(least, 30))}
    if draw(st.booleans()):
        policy["rules"] = [draw(_rule(number)) for number in range(draw(st.integers(1, 3)))]
    return policy


@composite
def _group(draw: st.DrawFn, ground: Ground, name: str, *, images: bool, scaled: bool) -> Plain:
    """A group of core or task nodes."""
    group: Plain = {"group": draw(st.sampled_from(ground.types)), **pick(draw, _of_each(ground, images=images))}
    group |= pick(draw, {"count": st.integers(1, 20), "name": st.just(name)})
    if draw(st.booleans()):
        group["market"] = draw(st.sampled_from(["on-demand", "spot"]))
    if group.get("market") == "spot" and draw(st.booleans()):
        group["bid_price"] = draw(st.one_of(_PRICES, st.just("OnDemandPrice")))
    if scaled and draw(st.booleans()):
        group["scaling"] = draw(_auto_scaling())
    return group


@cache
def _sizable(release: str, architecture: str) -> tuple[tuple[str, str], ...]:
    """The kinds of work and the sizes that a release has families for."""
    found: list[tuple[str, str]] = []
    for workload, size in itertools.product(facts.workloads(), facts.preset("spot")["sizes"]):
        try:
            Sizing(workload=workload, architecture=architecture, size=size, region=REGION, task=1).fleets(release)
        except InvalidModel:
            continue
        found.append((workload, size))
    return tuple(found)


@composite
def _sizing(draw: st.DrawFn, ground: Ground) -> Plain:
    workload, size = draw(st.sampled_from(_sizable(ground.release, ground.architecture)))
    found: Plain = {"workload": workload, "size": size, "architecture": ground.architecture, "region": REGION}
    return (
        found
        | ({"primaries": 3} if ground.three else {})
        | pick(
            draw,
            {
                "core": st.integers(1, 20),
                "task": st.integers(0, 40),
                "spot_percent": st.integers(0, 100),
                "types": st.integers(1, 30),
            },
        )
    )


@composite
def nodes(draw: st.DrawFn, ground: Ground, *, images: bool) -> Nodes:
    """Primary, core and task nodes and what resizes them; `images` lets each type have one of its own."""
    if ground.grouped:
        return draw(_groups(ground, images=images))
    # Nobody sizes for a release that is not known.
    known = ground.release != "emr-7.99.0" and _sizable(ground.release, ground.architecture)
    if known and draw(st.sampled_from([False, False, True])):
        return {"sizing": draw(_sizing(ground))}
    targets = (3, 0) if ground.three else draw(st.sampled_from([(1, 0), (1, 0), (0, 1)]))
    fields: Nodes = {"primary": draw(_fleet(ground, images=images, targets=targets))}
    if draw(_MOSTLY):
        choice = st.one_of(_fleet(ground, images=images), _in_words(ground))
        fields["core"] = draw(choice)
        if draw(st.booleans()):
            fields["task"] = draw(choice)
            for role in ("core", "task"):
                if "name" in fields[role]:
                    fields[role]["name"] += f" {role}"
        if ground.admits("managed-scaling") and draw(st.booleans()):
            fields["scaling"] = draw(_scaling(ground))
    return fields


@composite
def _groups(draw: st.DrawFn, ground: Ground, *, images: bool) -> Nodes:
    primary: Plain = {"group": draw(st.sampled_from(ground.types)), **pick(draw, _of_each(ground, images=images))}
    primary |= {"count": 3} if ground.three else pick(draw, {"market": st.sampled_from(["on-demand", "spot"])})
    fields: Nodes = {"primary": primary | pick(draw, {"name": st.just("the primary")})}
    managed = ground.admits("managed-scaling") and draw(st.booleans())
    if draw(_MOSTLY):
        fields["core"] = draw(_group(ground, "the core", images=images, scaled=not managed))
        several = [
            draw(_group(ground, f"task group {number}", images=images, scaled=not managed))
            for number in range(draw(st.integers(0, 4)))
        ]
        if several:
            fields["task"] = several[0] if len(several) == 1 and draw(st.booleans()) else several
        if managed:
            fields["scaling"] = draw(_scaling(ground))
    return fields


_MOSTLY = st.sampled_from([True, True, True, False])
