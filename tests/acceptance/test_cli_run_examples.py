"""Golden runs of this repository's own project: deployed with the real CDK CLI, jobs run in real Spark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT, Command

pytestmark = [pytest.mark.daemon, pytest.mark.engine]


@pytest.fixture(scope="module")
def house(shared_state: Path, daemon: object) -> Command:
    """The repository's project on the shared local EMR, deployed."""
    command = Command(ROOT, shared_state)
    done = command("deploy", "--output", "json", timeout=600)
    assert done.code == 0, done.err
    assert set(done.data["stacks"].values()) == {"CREATE_COMPLETE"} or not done.data["changed"]
    return command


def test_a_second_deployment_changes_nothing_and_starts_no_cdk(house: Command) -> None:
    journals = house.state / "deploy" / "local"
    before = len(list(journals.glob("*.jsonl")))
    done = house("deploy", "--output", "json")
    assert done.code == 0, done.err
    assert done.data["changed"] is False
    assert len(list(journals.glob("*.jsonl"))) == before


def test_sales_are_summed_and_previewed(house: Command) -> None:
    done = house("run", "sales_etl", "--var", "rows=20000", "--output", "json")
    assert done.code == 0, done.err
    data = done.data
    assert data["state"] == "COMPLETED"
    assert [step["state"] for step in data["steps"]] == ["COMPLETED"]
    [output] = data["outputs"]
    assert output["uri"] == "s3://my-bucket/processed-data/"
    assert sorted(p.name.partition("=")[0] for p in Path(output["folder"]).iterdir() if p.is_dir())[0] == "region"
    assert data["preview"]["columns"] == ["category", "total_amount", "record_count", "avg_amount", "region"]
    assert data["preview"]["total"] == 48
    assert data["eventLogs"]


def test_the_last_screen_shows_steps_output_logs_and_what_is_next(house: Command) -> None:
    done = house("run", "sales_etl", "--var", "rows=20000")
    assert done.code == 0, done.err
    for words in ("summarise", "COMPLETED", "s3://my-bucket/processed-data/", "avg_amount", "event log", "next"):
        assert words in done.out
    assert "is uploaded already" in done.err
    assert "are up to date" in done.err


def test_flights_run_through_the_pipeline_on_a_cluster_that_ends(house: Command, aws) -> None:
    done = house("run", "flights", "--via", "pipeline", "--output", "json", timeout=400)
    assert done.code == 0, done.err
    assert done.data["state"] == "SUCCEEDED"
    states = [state["name"] for state in done.data["states"]]
    assert any("Terminate" in name for name in states)
    assert done.data["preview"]["total"] > 0


def test_logs_and_status_know_the_run(house: Command) -> None:
    status = house("status", "--output", "json")
    assert status.code == 0, status.err
    runs = [run for run in status.data["runs"] if run["job"] == "sales_etl"]
    assert runs[0]["state"] == "COMPLETED"
    logs = house("logs", runs[0]["run"], "--stream", "controller", "--output", "json")
    assert logs.code == 0, logs.err
    assert "spark-submit" in json.dumps(logs.data["logs"])
