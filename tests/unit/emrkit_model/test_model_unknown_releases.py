"""What is said of a release that the packaged data does not have."""

from __future__ import annotations

import pytest

from emrkit_facts import releases
from emrkit_model import Cluster, InstanceFleet, check

NEWEST = releases.newest()


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("emr-6.99.0", f"it is misspelt: a newer one it cannot be, the packaged data goes up to {NEWEST}"),
        ("emr-6.15.9", "it is a newer patch of emr-6.15 than the packaged data has, or misspelt"),
        ("emr-99.0.0", "it is newer than the packaged data, or misspelt"),
        ("emr-spark-99.0.0", "it is newer than the packaged data, or misspelt"),
        ("emr-spark-7.0.0", "it is misspelt: a newer one it cannot be"),
    ],
)
def test_a_release_that_is_not_known_may_be_newer_only_if_its_number_is(release, words):
    cluster = Cluster(name="a", release=release, primary=InstanceFleet.on_demand("m5.xlarge"))
    (found,) = [d for d in check(cluster) if d.code == "W-CLUS-013"]
    assert found.reason.startswith(words)
