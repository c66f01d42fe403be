"""Applications against releases: every one that is known, those that left, those that exclude each other."""

from __future__ import annotations

import pytest

from emrkit_facts import applications as facts
from emrkit_facts import releases
from emrkit_model import Application
from emrkit_model.applications import check_against_release
from emrkit_model.diagnostics import Diagnostic


def found(release: str, *names: str) -> list[Diagnostic]:
    return list(check_against_release([Application.of(name) for name in names], release))


def codes(release: str, *names: str) -> list[str]:
    return [d.code for d in found(release, *names)]


def test_every_application_of_every_release_has_a_constant():
    constants = {value.name for value in vars(Application).values() if isinstance(value, Application)}
    assert set(facts.names()) <= constants


@pytest.mark.parametrize("label", releases.labels())
def test_a_release_takes_each_application_that_it_has(label):
    release = releases.find(label)
    assert isinstance(release, releases.Release)
    assert [codes(label, name) for name in release.applications if codes(label, name)] == []


@pytest.mark.parametrize(
    ("name", "release", "last", "instead"),
    [
        ("Ganglia", "emr-7.12.0", "emr-6.15.0", "AmazonCloudWatchAgent"),
        ("Mahout", "emr-6.5.0", "emr-5.36.2", "Spark's MLlib"),
        ("MXNet", "emr-7.12.0", "emr-7.2.0", "TensorFlow"),
        ("Sqoop", "emr-7.12.0", "emr-7.4.0", "Spark's JDBC data source"),
        ("Pig", "emr-6.0.0", "emr-5.36.2", "Spark or Hive"),
        ("PrestoSQL", "emr-6.4.0", "emr-6.3.1", "Trino"),
        ("Hive", "emr-spark-8.1.0", "emr-7.14.0", "Spark SQL"),
        ("Zeppelin", "emr-spark-8.0.0", "emr-7.14.0", "EMR Studio"),
    ],
)
def test_an_application_that_left_gives_its_last_release_and_what_to_use_instead(name, release, last, instead):
    (problem,) = found(release, name)
    assert problem.code == "E-APP-011"
    assert f"{last} is the last release that has it" in (problem.hint or "")
    assert instead in (problem.hint or "")


def test_an_application_that_is_yet_to_come_gives_its_first_release():
    (problem,) = found("emr-5.13.0", "JupyterHub")
    assert problem.hint == "emr-5.14.0 is the first release that has it"


@pytest.mark.parametrize(
    ("release", "pair"),
    [("emr-7.12.0", ("Presto", "Trino")), ("emr-6.2.0", ("Presto", "PrestoSQL"))],
)
def test_presto_and_trino_exclude_each_other_under_every_name(release, pair):
    assert codes(release, *pair) == ["E-APP-013"]
    assert codes(release, pair[0]) == []
    assert codes(release, pair[1]) == []


def test_another_spelling_is_a_warning_with_the_right_one():
    (problem,) = found("emr-7.12.0", "spark")
    assert (problem.code, problem.hint) == ("W-APP-030", "write Spark")
    assert codes("emr-7.12.0", "Spark") == []


def test_a_name_that_nobody_knows_is_a_warning_with_close_names():
    (problem,) = found("emr-7.12.0", "Sprak")
    assert (problem.code, problem.hint) == ("W-APP-010", "did you mean Spark?")


def test_the_same_application_in_two_spellings_is_refused():
    assert "E-APP-012" in codes("emr-7.12.0", "Hive", "hive")
