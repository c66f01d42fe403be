"""The wrong-account guard: a project's first change on AWS needs a yes, once for each account."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from emrkit_jobs.run import deployment
from emrkit_jobs.run.workspace import Workspace
from emrkit_jobs.targets.protocol import Identity
from emrkit_model.diagnostics import EmrkitError, ExitCode


class Listener:
    def __init__(self, answer: bool) -> None:
        self.answer, self.said, self.asked = answer, [], 0

    def say(self, words: str) -> None:
        self.said.append(words)

    def confirm(self, question: str) -> bool:
        self.asked += 1
        return self.answer


def workspace(state: Path, account: str = "123456789012", kind: str = "aws") -> Workspace:
    who = Identity(account, f"arn:aws:iam::{account}:user/me", "eu-west-1")
    target = SimpleNamespace(name="prod", kind=kind, identity=lambda: who)
    return Workspace(SimpleNamespace(name="shop"), target, state)  # type: ignore[arg-type]


def test_without_a_yes_the_account_is_shown_and_nothing_goes_on(tmp_path: Path) -> None:
    listener = Listener(False)
    with pytest.raises(EmrkitError, match=r"E-RUN-007[\s\S]*--yes") as caught:
        workspace(tmp_path).guard(listener, yes=False, verb="deploy")  # type: ignore[arg-type]
    assert caught.value.exit_code == ExitCode.TARGET_REFUSED
    assert "123456789012" in listener.said[0]
    assert "eu-west-1" in listener.said[0]
    assert "user/me" in listener.said[0]


def test_a_yes_is_remembered_for_that_account_only(tmp_path: Path) -> None:
    workspace(tmp_path).guard(Listener(False), yes=True, verb="deploy")  # type: ignore[arg-type]
    listener = Listener(False)
    workspace(tmp_path).guard(listener, yes=False, verb="run x")  # type: ignore[arg-type]
    assert listener.asked == 0
    with pytest.raises(EmrkitError):
        workspace(tmp_path, "999999999999").guard(listener, yes=False, verb="run x")  # type: ignore[arg-type]


def test_a_local_target_needs_no_yes(tmp_path: Path) -> None:
    listener = Listener(False)
    workspace(tmp_path, "000000000000", "local").guard(listener, yes=False, verb="deploy")  # type: ignore[arg-type]
    assert listener.asked == 0


@pytest.mark.parametrize(("kind", "judged"), [("aws", True), ("localstack", False), ("local", False)])
def test_what_goes_to_aws_is_judged_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, judged: bool
) -> None:
    asked: list[bool] = []

    class EnoughError(Exception):
        pass

    def synthesize(*_: object, judged: bool = False) -> None:
        asked.append(judged)
        raise EnoughError

    monkeypatch.setattr(deployment, "synthesize", synthesize)
    who = Identity("123456789012", "me", "eu-west-1")
    target = SimpleNamespace(name="prod", kind=kind, identity=lambda: who)
    project = SimpleNamespace(root=tmp_path, name="shop", given={})
    (tmp_path / "emrkit.yaml").write_text("project: shop\n")
    made = Workspace(project, target, tmp_path / "state")  # type: ignore[arg-type]
    monkeypatch.setattr(Workspace, "guard", lambda *_, **__: None)
    with pytest.raises(EnoughError):
        deployment.deploy(made, Listener(False))  # type: ignore[arg-type]
    assert asked == [judged]
