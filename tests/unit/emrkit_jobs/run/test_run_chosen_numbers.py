"""`run --via pipeline --set NAME=NUMBER`: what the state machine would refuse is refused before it is started."""

from __future__ import annotations

from typing import Any

import pytest

from emrkit_jobs.cli import main as shell
from emrkit_jobs.run.chosen_numbers import choose_numbers, read_numbers
from emrkit_model import Cluster, ContractPipeline, EmrkitError, InstanceFleet, Job, ManagedScaling
from emrkit_model.diagnostics import ExitCode

DECLARED: dict[str, Any] = {
    "core": {"path": "core.target_on_demand", "minimum": 0, "maximum": 20},
    "least": {"path": "scaling.minimum", "minimum": 1, "maximum": 10},
    "most": {"path": "scaling.maximum", "allowed": [5, 20, 40]},
}
BOUNDS = {
    "core": {"default": 4, "minimum": 0, "maximum": 20},
    "least": {"default": 2, "minimum": 1, "maximum": 10},
    "most": {"default": 20, "allowed": [5, 20, 40]},
}
CLUSTER = Cluster(
    name="nightly",
    release="emr-7.12.0",
    primary=InstanceFleet.on_demand("m5.xlarge"),
    core=InstanceFleet.spot("r5.xlarge", capacity=4, on_demand=4),
    scaling=ManagedScaling(minimum=2, maximum=20),
)


def job(declared: dict[str, Any]) -> Job:
    steps = [{"name": "only", "command": ["true"]}]
    return Job.parse({"name": "daily", "steps": steps, "pipeline": {"cluster": "nightly", "overrides": declared}})


def choose(
    *given: str, declared: dict[str, Any] = DECLARED, bounds: dict[str, Any] = BOUNDS, cluster: Cluster = CLUSTER
) -> dict[str, int]:
    deployed = ContractPipeline.parse({"stateMachineArn": "arn:x", "name": "x", "overrides": bounds})
    return choose_numbers(given, job(declared), deployed, {"nightly": cluster})


def refused(*given: str, **more: Any) -> list[Any]:
    with pytest.raises(EmrkitError) as caught:
        choose(*given, **more)
    return list(caught.value.diagnostics)


def test_numbers_are_read_and_the_last_of_a_name_holds() -> None:
    assert read_numbers(["core=3", "most = 20", "core=0"]) == {"core": 0, "most": 20}


@pytest.mark.parametrize("text", ["core", "=3", "core=", "core=many", "core=1.5", "core=1e3", "core=99999999999"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(EmrkitError) as caught:
        read_numbers([text])
    assert [found.code for found in caught.value.diagnostics] == ["E-RUN-032"]


@pytest.mark.parametrize("text", ["core=0", "core=20", "most=40"])
def test_the_bounds_themselves_are_taken(text: str) -> None:
    name, _, number = text.partition("=")
    assert choose(text) == {name: int(number)}


def test_without_numbers_nothing_is_chosen() -> None:
    assert choose() == {}


@pytest.mark.parametrize(
    ("text", "allowed"),
    [("core=-1", "0 to 20"), ("core=21", "0 to 20"), ("most=6", "5, 20, 40"), ("least=0", "1 to 10")],
)
def test_a_number_out_of_bounds_is_refused_with_its_name_and_bounds(text: str, allowed: str) -> None:
    (found,) = refused(text)
    assert (found.code, found.got, found.allowed) == ("E-RUN-034", text.partition("=")[2], allowed)
    assert f"'{text.partition('=')[0]}'" in found.summary


def test_every_number_that_is_wrong_is_named() -> None:
    assert [found.code for found in refused("core=99", "cores=1", "most=20")] == ["E-RUN-034", "E-RUN-033"]


def test_an_unknown_name_says_what_it_may_have_been() -> None:
    (found,) = refused("cores=3")
    assert (found.code, found.allowed, found.hint) == ("E-RUN-033", "core, least, most", "did you mean `core`?")


def test_what_is_declared_and_not_deployed_would_be_ignored_and_is_refused() -> None:
    (found,) = refused("core=3", bounds={})
    assert (found.code, found.allowed) == ("E-RUN-033", "none is declared")
    assert "emrkit deploy" in (found.hint or "")


def test_what_is_deployed_counts_and_not_what_the_file_says_by_now() -> None:
    wider = {**DECLARED, "core": {**DECLARED["core"], "maximum": 30}}
    (found,) = refused("core=25", declared=wider)
    assert found.allowed == "0 to 20"


def test_numbers_that_do_not_fit_together_are_refused_with_the_cluster_they_are_of() -> None:
    found = refused("least=9", "most=5")
    assert [(d.code, d.path[:3]) for d in found] == [("E-SCALE-011", ("clusters", "nightly", "scaling"))]


def test_numbers_are_for_pipelines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["run", "daily", "--set", "core=3"]) == ExitCode.INVALID_INPUT
    text = capsys.readouterr().err
    assert "error[E-CLI-025]" in text
    assert "--via pipeline" in text
