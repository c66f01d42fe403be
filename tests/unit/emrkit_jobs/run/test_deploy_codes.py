"""Why a deployment does not begin, or does not end well: each with a code of its own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from emrkit_jobs.run import cdk, deployment, synthesis
from emrkit_jobs.targets.protocol import Identity, StackView
from emrkit_local import environments
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

QUIET: Any = SimpleNamespace(say=lambda *_: None, show=lambda *_: None, detail=lambda *_: None)
STACK: Any = SimpleNamespace(name="shop-dev-cluster", template={"Parameters": {"EtlGeneration": {}}})


def code_of(raised: pytest.ExceptionInfo[EmrkitError]) -> str:
    return raised.value.diagnostics[0].code


def workspace(tmp_path: Path, kind: str = "aws", **parts: object) -> Any:
    target = SimpleNamespace(name="prod", kind=kind, environment="prod", poll_seconds=0.0, **parts)
    return SimpleNamespace(
        target=target, state=tmp_path, is_local=kind != "aws", identity=Identity("111122223333", "me", "eu-west-1"),
        project=SimpleNamespace(name="shop", root=tmp_path, given={}),
        resolved=SimpleNamespace(standing_clusters={"etl": object()}),
    )  # fmt: skip


def stacks(view: StackView | None, **more: object) -> Any:
    return SimpleNamespace(describe=lambda _: view, **more)


def test_a_cdk_that_cannot_be_had_says_what_fetches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "find", lambda _: None)
    monkeypatch.setattr(environments, "prepare", lambda _: None)
    with pytest.raises(EmrkitError, match="emrkit local prepare") as raised:
        cdk.find_cdk(QUIET)
    assert (code_of(raised), raised.value.exit_code) == ("E-DEP-001", ExitCode.TARGET_UNREACHABLE)


def test_a_cdk_that_fails_is_told_in_its_own_words_and_with_its_log(tmp_path: Path) -> None:
    target: Any = SimpleNamespace(name="prod")
    found = cdk._explain(target, "deploy", 1, ["fine", "Error: no such asset"], tmp_path / "cdk.log").diagnostics[0]
    assert (found.code, found.got) == ("E-DEP-002", "Error: no such asset")
    assert str(tmp_path / "cdk.log") in str(found.hint)


def test_an_account_that_is_not_bootstrapped_is_told_the_command(tmp_path: Path) -> None:
    made = workspace(tmp_path, stacks=stacks(None))
    with pytest.raises(EmrkitError, match="cdk bootstrap aws://111122223333/eu-west-1") as raised:
        deployment._require_bootstrap(made, cast("Any", SimpleNamespace(command=("cdk",))), QUIET)
    assert code_of(raised) == "E-DEP-004"


def test_a_stack_that_never_comes_to_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "WAIT_SECONDS", -1.0)
    made = workspace(tmp_path, stacks=stacks(StackView("s", "UPDATE_IN_PROGRESS")))
    with pytest.raises(EmrkitError, match="still UPDATE_IN_PROGRESS") as raised:
        deployment._await_quiet(made, "s", QUIET)
    assert code_of(raised) == "E-DEP-005"


def test_stacks_that_stay_after_a_destroy_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = StackView(STACK.name, "CREATE_COMPLETE")
    made = workspace(tmp_path, stacks=stacks(view, buckets=lambda _: (), failures=lambda _: ()))
    made.records = SimpleNamespace(lineage="here")
    monkeypatch.setattr(deployment, "_synthesize", lambda *_: (tmp_path, (STACK,), True))
    journal = SimpleNamespace(write=lambda *_, **__: None)
    monkeypatch.setattr(deployment, "_open_cdk", lambda *_: SimpleNamespace(destroy=lambda _: None, journal=journal))
    with pytest.raises(EmrkitError, match=STACK.name) as raised:
        deployment.destroy(made, QUIET)
    assert code_of(raised) == "E-DEP-006"


def test_a_cluster_that_is_not_deployed_is_not_replaced(tmp_path: Path) -> None:
    made = workspace(tmp_path, contracts=lambda _: ())
    with pytest.raises(EmrkitError, match="'etl'") as raised:
        deployment._ended_clusters(made, {"s": StackView("s", "CREATE_COMPLETE")}, ["etl"], QUIET)
    assert code_of(raised) == "E-DEP-007"


@pytest.mark.parametrize("kind", ["aws", "local"])
def test_a_name_that_no_cluster_has_is_refused_before_a_first_deployment_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def begin(*_: object, **__: object) -> Any:
        raise AssertionError("the deployment began")

    made = workspace(tmp_path, kind, contracts=lambda _: ())
    made.guard = lambda *_, **__: None
    made.records = SimpleNamespace(lineage="here")
    made.declared = SimpleNamespace(standing_clusters={"main": object(), "etl": object()})
    monkeypatch.setattr(deployment, "_synthesize", begin)
    with pytest.raises(EmrkitError, match="did you mean `main`") as raised:
        deployment.deploy(made, QUIET, replace=["etl", "mian"])
    assert (code_of(raised), raised.value.diagnostics[0].allowed) == ("E-DEP-007", "main, etl")
    with pytest.raises(AssertionError, match="the deployment began"):
        deployment.deploy(made, QUIET, replace=["main"])


@pytest.mark.parametrize(("kind", "chosen"), [("aws", []), ("local", ["etl"])])
def test_a_cluster_that_has_ended_is_made_anew_locally_and_told_on_aws(
    tmp_path: Path, kind: str, chosen: list[str]
) -> None:
    document = {
        "schema": 2, "project": "shop", "environment": "prod", "stack": "cluster",
        "clusters": {"etl": {"name": "etl", "release": "emr-7.12.0", "id": "j-1"}},
    }  # fmt: skip
    gone = SimpleNamespace(describe=lambda _: None)
    warned: list[Diagnostic] = []
    made = workspace(tmp_path, kind, contracts=lambda _: (document,), clusters=gone)
    report: Any = SimpleNamespace(warn=warned.append)
    views = {"s": StackView("s", "CREATE_COMPLETE")}
    assert deployment._ended_clusters(made, views, [], report) == chosen
    assert [found.code for found in warned] == ([] if chosen else ["W-DEP-001"])


def test_a_cluster_is_replaced_by_its_generation_or_not_at_all() -> None:
    assert list(deployment._generations([STACK], ["etl"])) == ["shop-dev-cluster:EtlGeneration"]
    with pytest.raises(EmrkitError, match="'other'") as raised:
        deployment._generations([STACK], ["other"])
    assert code_of(raised) == "E-DEP-008"


def test_a_resource_that_failed_is_told_in_the_place_of_what_the_cdk_said(tmp_path: Path) -> None:
    reason = "Etl (AWS::EMR::Cluster): the subnet has no addresses"
    made = workspace(tmp_path, stacks=stacks(StackView("s", "ROLLBACK_COMPLETE"), failures=lambda _: (reason,)))
    said = EmrkitError(Diagnostic("E-DEP-002", "cdk failed"), ExitCode.TARGET_REFUSED)
    found = deployment._with_causes(made, [STACK], said).diagnostics[0]
    assert (found.code, reason in str(found)) == ("E-DEP-009", True)


def test_an_app_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdk.json").write_text('{"app": "sleep 600"}')
    monkeypatch.setattr(synthesis, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(EmrkitError, match="sleep 600") as raised:
        synthesis.synthesize(tmp_path, "dev", tmp_path / "out")
    assert code_of(raised) == "E-PLAN-005"
