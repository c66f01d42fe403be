"""`deploy` killed, stacks that fail: the same command goes on, and one diagnostic says why."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command

pytestmark = pytest.mark.daemon

APP = """
from aws_cdk import App, CfnResource, Stack
app = App()
stack = Stack(app, "Stack", stack_name="{name}")
{body}
app.synth()
"""
QUEUE = 'CfnResource(stack, "Queue", type="AWS::SQS::Queue")'
BROKEN = 'CfnResource(stack, "Odd", type="AWS::Nowhere::Thing", properties={"Name": "x"})'


@pytest.fixture
def project(tmp_path: Path, shared_state: Path, daemon: object) -> Iterator[Command]:
    """A project with an app of its own, deployed to the shared local EMR."""
    name = f"deploy-{os.urandom(4).hex()}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "emrkit.yaml").write_text(
        f"project: {name}\ntargets:\n  {name}: {{kind: local, default: true, environment: dev, region: us-east-1}}\n"
    )
    (folder / "cdk.json").write_text('{"app": "python app.py"}')
    (folder / "app.py").write_text(APP.format(name=name, body=QUEUE))
    return Command(folder, shared_state)


def write_app(project: Command, body: str) -> None:
    (project.folder / "app.py").write_text(APP.format(name=project.folder.name, body=body))


def test_deploy_then_nothing_to_do_then_destroy(project: Command, aws) -> None:
    first = project("deploy", "--output", "json")
    assert first.code == 0, first.err
    assert first.data["changed"] is True
    second = project("deploy", "--output", "json")
    assert second.data == {**second.data, "changed": False, "synthesized": False}
    gone = project("destroy", "--yes", "--output", "json")
    assert gone.code == 0, gone.err
    assert gone.data["destroyed"] == [project.folder.name]


def test_destroy_without_a_yes_changes_nothing(project: Command) -> None:
    done = project("destroy")
    assert done.code == 2
    assert "E-CLI-011" in done.err


def test_killed_while_it_deploys_the_same_command_goes_on(project: Command) -> None:
    process = project.start("deploy")
    journals = project.state / "deploy" / project.folder.name
    end = time.monotonic() + 300
    # As soon as the CDK process is journaled, it works on its own.
    while not any('"process"' in path.read_text() for path in journals.glob("*.jsonl")):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=300)
    done = project("deploy", "--output", "json")
    assert done.code == 0, done.err
    assert set(done.data["stacks"].values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_a_stack_that_fails_is_one_diagnostic_and_the_next_deployment_goes_on(project: Command) -> None:
    write_app(project, BROKEN)
    done = project("deploy")
    assert done.code == 3, done.err
    assert done.err.count("error[E-DEP-") == 1
    assert "AWS::Nowhere::Thing" in done.err
    assert "    at " not in done.err
    write_app(project, QUEUE)
    again = project("deploy", "--output", "json")
    assert again.code == 0, again.err
    assert set(again.data["stacks"].values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_an_app_that_raises_shows_its_own_last_lines(project: Command) -> None:
    write_app(project, "raise ValueError('no such zone')")
    done = project("deploy")
    assert done.code == 2
    assert "ValueError: no such zone" in done.err
    assert "error[E-PLAN-006]" in done.err


def test_an_endpoint_that_is_down_stops_deploy_with_its_name(project: Command) -> None:
    text = (project.folder / "emrkit.yaml").read_text()
    (project.folder / "emrkit.yaml").write_text(
        text.replace("kind: local,", 'kind: localstack, endpoint: "http://127.0.0.1:9",')
    )
    done = project("deploy")
    assert done.code == 4
    assert "http://127.0.0.1:9" in done.err


def test_a_second_deployment_at_the_same_time_is_turned_away(project: Command) -> None:
    go = project.folder / "go"
    # The first deployment lasts as long as the second one takes: its app waits for a file.
    waiting = f"import time\nfrom pathlib import Path\nwhile not Path({str(go)!r}).exists():\n    time.sleep(0.05)\n"
    write_app(project, waiting + QUEUE)
    process = project.start("deploy")
    lock = project.state / "deploy" / f"{project.folder.name}.lock"
    end = time.monotonic() + 300
    while not (lock.exists() and lock.read_text()):
        assert time.monotonic() < end
        time.sleep(0.02)
    second = project("deploy")
    go.touch()
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert second.code == 4
    assert "error[E-DEP-003]" in second.err
