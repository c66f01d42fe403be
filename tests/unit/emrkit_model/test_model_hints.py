"""What a declaration in Python that has the wrong shape is told to write."""

from __future__ import annotations

import pytest

from emrkit_model import AutoScaling, Cluster, InstanceFleet, InvalidModel

PRIMARY = InstanceFleet.on_demand("m5.xlarge")


def said(make):
    with pytest.raises(InvalidModel) as caught:
        make()
    (found,) = caught.value.diagnostics
    return found


def test_instance_types_in_a_list_are_to_be_named_one_by_one():
    found = said(lambda: InstanceFleet.on_demand(["r5.xlarge", "r5.2xlarge"]))
    assert 'InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge")' in found.hint


@pytest.mark.parametrize("core", ["m5.xlarge", ["m5.xlarge"]])
def test_nodes_by_name_are_to_be_a_fleet_or_a_group(core):
    found = said(lambda: Cluster(name="a", release="emr-7.10.0", primary=PRIMARY, core=core))
    assert found.path == ("core",)
    assert 'InstanceFleet.on_demand("m5.xlarge")' in found.hint


def test_automatic_scaling_of_a_whole_cluster_belongs_to_a_group():
    scaling = AutoScaling(minimum=1, maximum=3)
    found = said(lambda: Cluster(name="a", release="emr-7.10.0", primary=PRIMARY, scaling=scaling))
    assert "scaling=AutoScaling(minimum=1, maximum=10)" in found.hint


@pytest.mark.parametrize("application", [None, 1])
def test_an_application_is_its_name(application):
    found = said(lambda: Cluster(name="a", release="emr-7.10.0", primary=PRIMARY, applications=[application]))
    assert found.hint == "name them: `[Spark, Hive]`"
