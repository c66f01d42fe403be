"""A value with parts that a program made: cheaper than one that is read again, and held to the same rules."""

from __future__ import annotations

import pytest

from emrkit_model import Cluster, Configuration, InstanceFleet, InvalidModel
from emrkit_model.fields import FrozenMap
from emrkit_model.settings import ApplicationSettings, SparkSettings


def cluster(**more: object) -> Cluster:
    return Cluster.parse(
        {"name": "etl", "release": "emr-7.10.0", "primary": InstanceFleet.on_demand("m5.xlarge"), **more}
    )


def test_parts_are_put_in_and_the_first_value_stays_as_it_was() -> None:
    first = cluster()
    other = first.filled(subnets=("subnet-1",), tags=FrozenMap({"a": "b"}))
    assert (other.subnets, other.tags, other.name) == (("subnet-1",), {"a": "b"}, "etl")
    assert (first.subnets, first.tags) == ((), {})
    assert other == first.replace(subnets=["subnet-1"], tags={"a": "b"})


def test_a_part_that_breaks_a_rule_is_refused_as_replace_refuses_it() -> None:
    first = cluster()
    with pytest.raises(InvalidModel) as filled:
        first.filled(step_concurrency=1000)
    with pytest.raises(InvalidModel) as replaced:
        first.replace(step_concurrency=1000)
    assert filled.value.diagnostics == replaced.value.diagnostics


def test_nothing_that_the_first_value_remembered_of_itself_is_kept() -> None:
    first = cluster(settings=ApplicationSettings(spark=SparkSettings(maximize_resources=True)))
    assert first.all_configurations()
    other = first.filled(settings=None, configurations=(Configuration.of("core-site", {"a": "b"}),))
    assert [c.classification for c in other.all_configurations()] == ["core-site"]
