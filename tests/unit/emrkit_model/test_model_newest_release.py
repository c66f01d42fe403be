"""The newest release of a line: number by number, from the packaged data, without a network."""

from __future__ import annotations

import socket

import pytest

from emrkit_facts import releases
from emrkit_model import Cluster, InstanceFleet, InvalidModel
from emrkit_model.newest_release import match_release, newest_release


def newest_of(prefix: str) -> str:
    return max((label for label in releases.labels() if label.startswith(prefix)), key=_version)


def _version(label: str) -> tuple[int, ...]:
    return tuple(int(number) for number in label.rpartition("-")[2].split("."))


@pytest.mark.parametrize("line", ["7", "7.", "emr-7", "emr-7.", "emr-7.*", " emr-7.* "])
def test_a_line_may_be_written_in_several_ways(line: str) -> None:
    assert newest_release(line) == newest_of("emr-7.")


def test_a_line_ends_between_numbers_and_not_within_one() -> None:
    assert newest_release("7.1") == "emr-7.1.0"
    assert newest_release("emr-5.3") == newest_of("emr-5.3.")


def test_the_trains_are_kept_apart() -> None:
    assert newest_release() == newest_release("emr-") == releases.newest()
    assert newest_release("emr-spark-8") == newest_of("emr-spark-8.")
    assert match_release("8") is None


def test_a_release_of_its_own_is_its_line() -> None:
    for label in releases.labels():
        assert newest_release(label) == label


def test_an_application_may_be_asked_for_and_a_line_of_its_versions() -> None:
    assert newest_release("6", application="ganglia") == "emr-6.15.0"
    found = releases.find(newest_release("7", application="Spark@3.5.0"))
    assert isinstance(found, releases.Release)
    assert found.applications["Spark"].startswith("3.5.0-")
    assert match_release("7", "Spark@3") == newest_of("emr-7.")


@pytest.mark.parametrize("line", ["99", "emr-7.99", "seven", "emr-7.*.1", "emr7", "spark-8", "7.12.0.0"])
def test_a_line_that_nothing_is_of_is_refused(line: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        newest_release(line)
    assert [found.code for found in caught.value.diagnostics] == ["E-CLUS-014"]


def test_an_application_that_no_release_of_the_line_has_is_refused() -> None:
    with pytest.raises(InvalidModel, match="of the line '7' with Ganglia"):
        newest_release("7", application="Ganglia")


def test_it_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a look-up went to the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert newest_release("7")


PRIMARY = InstanceFleet.on_demand("m5.xlarge")


def test_a_cluster_may_have_the_newest_release_of_a_line() -> None:
    assert Cluster(name="c", release="emr-7.*", primary=PRIMARY).release == newest_release("7")
    sized = Cluster.parse({"name": "c", "release": "emr-7.*", "sizing": {"core": 2}})
    assert sized.release == newest_release("7")


def test_a_cluster_of_a_line_that_nothing_is_of_is_refused_as_no_label() -> None:
    with pytest.raises(InvalidModel) as caught:
        Cluster(name="c", release="emr-99.*", primary=PRIMARY)
    assert [found.code for found in caught.value.diagnostics] == ["E-CLUS-012"]
