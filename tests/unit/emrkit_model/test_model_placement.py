"""What a cluster is asked once holds wherever a stack places it: machine-checked, rule by rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from emrkit_model import Cluster, InstanceFleet
from emrkit_model.checking import check
from emrkit_model.cluster_rules import PLACE, check_itself
from emrkit_model.contributions import Contributor
from emrkit_model.values import InvalidModel
from tests.random_clusters import cluster_documents, cluster_of

_REMEMBERED: dict[str, Callable[[Cluster], object]] = {
    "_own_findings": lambda cluster: tuple(check_itself(cluster)),
    "_contributions": lambda cluster: cluster.contributions(),
    "_effective": lambda cluster: cluster.effective_settings(),
    "_nodes": lambda cluster: cluster.nodes(),
    "_placed_nodes": lambda cluster: cluster.placed_nodes(),
}


def test_every_remembered_thing_is_looked_at_here():
    assert set(_REMEMBERED) == set(Cluster.REMEMBERED)
    assert set(Cluster.REMEMBERED.values()) == {PLACE}
    assert set(Cluster.model_fields) >= PLACE


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(cluster_documents())
def test_what_placing_keeps_never_looks_at_the_place(document):
    cluster = cluster_of(document)
    seen: set[str] = set()

    def watched(self: Cluster, name: str) -> object:
        seen.add(name)
        return object.__getattribute__(self, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cluster, "__getattribute__", watched)
        for name, ask in _REMEMBERED.items():
            for known in Cluster.REMEMBERED:
                vars(cluster).pop(known, None)
            seen.clear()
            ask(cluster)
            assert not any(isinstance(object.__getattribute__(cluster, field), Contributor) for field in PLACE)
            assert not seen & PLACE, f"{name} is kept by `filled`, and is made of {sorted(seen & PLACE)}"


def test_placing_asks_the_rules_of_the_place_again_and_keeps_what_the_others_said():
    fleet = InstanceFleet.on_demand("m5.xlarge")
    cluster = Cluster(name="etl", release="emr-7.99.0", primary=fleet, core=fleet)
    assert [d.code for d in check(cluster)] == ["W-CLUS-013"]
    assert [d.code for d in check(cluster.filled(subnets=("subnet-1",)))] == ["W-CLUS-013"]
    with pytest.raises(InvalidModel, match="E-CLUS-052"):
        cluster.filled(subnets=("subnet-1", "subnet-1"))


def test_filling_in_what_is_not_the_place_asks_everything_again():
    fleet = InstanceFleet.on_demand("m5.xlarge")
    cluster = Cluster(name="etl", release="emr-7.99.0", primary=fleet, core=fleet)
    assert check(cluster.filled(release="emr-7.10.0")) == ()
    assert len(cluster.filled(core=None).nodes()) == 1
