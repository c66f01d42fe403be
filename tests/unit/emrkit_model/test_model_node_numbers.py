"""How many instances one fleet may have, and what stands in place of one."""

from __future__ import annotations

import pytest

from emrkit_model import Cluster, EmrkitError, InstanceFleet

_PRIMARY = InstanceFleet.on_demand("m5.xlarge")


def fleets(core: object, release: str = "emr-7.12.0") -> Cluster:
    return Cluster(name="etl", release=release, primary=_PRIMARY, core=core)


def test_a_fleet_has_up_to_four_thousand_instances_of_its_largest_type() -> None:
    fleets(InstanceFleet.on_demand("m5.xlarge", capacity=4000))
    fleets(InstanceFleet.on_demand("m5.xlarge", "m5.2xlarge", capacity=8000))
    with pytest.raises(EmrkitError, match=r"E-FLEET-064.*\n.*core\.target_on_demand\n.*4001 instances"):
        fleets(InstanceFleet.on_demand("m5.xlarge", "m5.2xlarge", capacity=8001))


def test_before_emr_7_7_a_fleet_has_two_thousand() -> None:
    fleets(InstanceFleet.on_demand("m5.xlarge", capacity=2000), "emr-7.6.0")
    with pytest.raises(EmrkitError, match="E-FLEET-064"):
        fleets(InstanceFleet.on_demand("m5.xlarge", capacity=2001), "emr-7.6.0")


@pytest.mark.parametrize(
    ("field", "kinds"),
    [("core", "InstanceFleet or InstanceGroup"), ("settings", "ApplicationSettings"), ("kerberos", "Kerberos")],
)
def test_text_in_place_of_a_value_says_which_value(field: str, kinds: str) -> None:
    with pytest.raises(EmrkitError) as refused:
        Cluster(**{"name": "etl", "release": "emr-7.12.0", "primary": _PRIMARY, field: "m5.xlarge"})
    (found,) = refused.value.diagnostics
    assert (found.code, found.path) == ("E-CLUS-003", (field,))
    assert found.allowed == f"a map of its keys; in Python {kinds}"
