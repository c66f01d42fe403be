"""Random clusters, valid by construction, in the form of a project file; Hypothesis draws, the model must agree."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from emrkit_facts import instance_types, releases, security

__all__ = ["cluster_documents", "usable_types"]

Plain = dict[str, Any]
RELEASES = ("emr-5.36.2", "emr-6.15.0", "emr-7.0.0", "emr-7.7.0", "emr-7.12.0", releases.newest(), "emr-7.99.0")
# The last one is not in the data: a new release must work.
_REGION = "eu-central-1"
_FAMILIES = ("m5", "r5", "c5", "m6i", "r6i", "c6i", "m6g", "r6g", "c6g", "m7g")
_APPLICATIONS = ("Spark", "Hive", "Hadoop", "Tez", "Livy", "Zeppelin", "HBase", "Flink", "Hue", "Oozie", "JupyterHub")
_VOLUME_SIZES = st.integers(32, 512)


@cache
def usable_types(release: str, architecture: str) -> tuple[str, ...]:
    """Instance types of one architecture that a release runs in the region the templates are linted for."""
    known = releases.find(release)
    label = release if isinstance(known, releases.Release) else releases.newest()
    found: list[str] = []
    for name in instance_types.names():
        facts = instance_types.find(name)
        if not isinstance(facts, instance_types.InstanceTypeFacts) or name.split(".")[0] not in _FAMILIES:
            continue
        big_enough = facts.vcpu >= 4 and facts.vcpu <= 64 and facts.memory_gb >= 8
        if facts.arch == architecture and big_enough and _REGION in facts.regions and facts.supported_by(label):
            found.append(name)
    return tuple(found)


def _admits(gate: str, release: str) -> bool:
    found = security.gate(gate)
    return not isinstance(found, security.UnknownGate) and found.admits(release) is not False


def _settings() -> st.SearchStrategy[Plain]:
    names = st.text("abcdefgh.", min_size=1, max_size=12).map(lambda text: f"x.{text}")
    values = st.one_of(st.booleans(), st.integers(0, 10_000), st.text("abc é/:", max_size=8))
    return st.dictionaries(names, values, max_size=3)


@st.composite
def _configurations(draw: st.DrawFn) -> list[Plain]:
    names = draw(st.lists(st.sampled_from(["spark-defaults", "core-site", "yarn-site", "hive-site"]), unique=True))
    return [{"Classification": name, "Properties": draw(_settings())} for name in names]


@st.composite
def _volumes(draw: st.DrawFn) -> list[Plain]:
    kind = draw(st.sampled_from(["gp3", "gp2", "st1"]))
    size = draw(st.integers(125, 1024)) if kind == "st1" else draw(_VOLUME_SIZES)
    return [{"type": kind, "size_gib": size, "count": draw(st.integers(1, 4))}]


@st.composite
def _types(draw: st.DrawFn, release: str, architecture: str, most: int) -> list[Plain]:
    names = draw(st.lists(st.sampled_from(usable_types(release, architecture)), min_size=1, max_size=most, unique=True))
    # One kind of bid for all: EMR counts prices or percentages.
    bid = draw(st.sampled_from(["bid_price", "bid_percentage", None]))
    found: list[Plain] = []
    for name in names:
        item: Plain = {"type": name}
        if draw(st.booleans()):
            item["ebs"] = draw(_volumes())
        if bid == "bid_price":
            item["bid_price"] = f"{draw(st.integers(1, 300)) / 100:.2f}"
        elif bid == "bid_percentage":
            item["bid_percentage"] = draw(st.integers(20, 100))
        found.append(item)
    return found


@st.composite
def _fleet(draw: st.DrawFn, release: str, architecture: str) -> Plain:
    on_demand = draw(st.integers(0, 20))
    spot = draw(st.integers(0 if on_demand else 1, 40))
    fleet: Plain = {
        "types": draw(_types(release, architecture, 8)),
        "target_on_demand": on_demand,
        "target_spot": spot,
        "on_demand_strategy": draw(st.sampled_from(["lowest-price", "prioritized"])),
        "spot_strategy": draw(st.sampled_from(["price-capacity-optimized", "capacity-optimized", "diversified"])),
        "spot_timeout": draw(st.integers(5, 60)) * 60,
        "spot_timeout_action": draw(st.sampled_from(["SWITCH_TO_ON_DEMAND", "TERMINATE_CLUSTER"])),
    }
    if fleet["on_demand_strategy"] == "prioritized":
        for number, item in enumerate(fleet["types"]):
            item["priority"] = number
    if draw(st.booleans()):
        fleet["on_demand_resize_timeout"] = draw(st.integers(5, 100)) * 60
    return fleet


@st.composite
def _fleets(draw: st.DrawFn, release: str, architecture: str) -> Plain:
    nodes: Plain = {"primary": {"on_demand": [draw(st.sampled_from(usable_types(release, architecture)))]}}
    if draw(st.booleans()):
        nodes["core"] = draw(_fleet(release, architecture))
        if draw(st.booleans()):
            nodes["task"] = draw(_fleet(release, architecture))
        if draw(st.booleans()):
            least = draw(st.integers(1, 5))
            nodes["scaling"] = {"minimum": least, "maximum": draw(st.integers(least, 200))}
    return nodes


@st.composite
def _auto_scaling(draw: st.DrawFn) -> Plain:
    least = draw(st.integers(1, 4))
    policy: Plain = {"minimum": least, "maximum": draw(st.integers(least, 30))}
    if draw(st.booleans()):
        policy["rules"] = [
            {
                "name": f"rule {number}",
                "metric": draw(st.sampled_from(["AppsPending", "HDFSUtilization"])),
                "comparison": draw(st.sampled_from(["below", "at_most", "above", "at_least"])),
                "threshold": draw(st.integers(0, 100)),
                "adjustment": draw(st.sampled_from([-2, -1, 1, 5])),
                "periods": draw(st.integers(1, 3)),
                "period": 300,
                "cool_down": draw(st.integers(0, 900)),
            }
            for number in range(draw(st.integers(1, 3)))
        ]
    return policy


@st.composite
def _group(draw: st.DrawFn, release: str, architecture: str, *, scaled: bool) -> Plain:
    group: Plain = {
        "group": draw(st.sampled_from(usable_types(release, architecture))),
        "count": draw(st.integers(1, 20)),
        "market": draw(st.sampled_from(["on-demand", "spot"])),
    }
    if group["market"] == "spot" and draw(st.booleans()):
        group["bid_price"] = f"{draw(st.integers(1, 300)) / 100:.2f}"
    if draw(st.booleans()):
        group["ebs"] = draw(_volumes())
    if scaled and draw(st.booleans()):
        group["scaling"] = draw(_auto_scaling())
    return group


@st.composite
def _groups(draw: st.DrawFn, release: str, architecture: str) -> Plain:
    nodes: Plain = {"primary": {"group": draw(st.sampled_from(usable_types(release, architecture)))}}
    managed = draw(st.booleans())
    if draw(st.booleans()):
        nodes["core"] = draw(_group(release, architecture, scaled=not managed))
        several = draw(st.lists(_group(release, architecture, scaled=not managed), max_size=4))
        if several:
            nodes["task"] = several
        if managed:
            least = draw(st.integers(1, 5))
            unit = draw(st.sampled_from(["Instances", "VCPU"]))
            nodes["scaling"] = {"minimum": least, "maximum": draw(st.integers(least, 200)), "unit": unit}
    return nodes


@st.composite
def cluster_documents(draw: st.DrawFn) -> Plain:
    """One cluster as it stands below `clusters.<name>` in a project file, with a `name`."""
    release = draw(st.sampled_from(RELEASES))
    architecture = draw(st.sampled_from(["x86_64", "arm64"]))
    if not usable_types(release, architecture):
        architecture = "x86_64"
    known = releases.find(release)
    offered = known.applications if isinstance(known, releases.Release) else {"Spark": "", "Hive": ""}
    applications = draw(
        st.lists(st.sampled_from([a for a in _APPLICATIONS if a in offered]), unique=True, min_size=1, max_size=4)
    )
    document: Plain = {
        "name": draw(st.text("abc é-_.", min_size=1, max_size=20)),
        "release": release,
        "applications": applications,
        **draw(st.one_of(_fleets(release, architecture), _groups(release, architecture))),
        "configurations": draw(_configurations()),
        "idle_timeout": draw(st.integers(60, 604_800)),
        "tags": draw(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.text("xyz", max_size=4), max_size=3)),
        "step_concurrency": draw(st.sampled_from([1, 1, 5, 256])),
        "termination_protected": draw(st.booleans()),
    }
    if draw(st.booleans()):
        document["bootstrap_actions"] = [
            {
                "name": f"action {n}",
                "path": f"s3://scripts/{n:064x}/run.sh",
                "args": draw(st.lists(st.text("a -", max_size=4))),
            }
            for n in range(draw(st.integers(1, 16)))
        ]
    if draw(st.booleans()):
        document["ebs_root_volume_size"] = draw(st.integers(15, 100))
        if _admits("root-volume-performance", release):
            document["ebs_root_volume_iops"] = draw(
                st.integers(3000, min(16_000, 500 * document["ebs_root_volume_size"]))
            )
    if draw(st.booleans()):
        document["unhealthy_node_replacement"] = draw(st.booleans())
    return document
