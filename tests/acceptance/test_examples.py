"""This repository's own project on local EMR, as `make demo` does it: deployed by the CDK CLI, run by real Spark.

Every result is computed a second time by something that is not Spark, and compared exactly.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT, Command, Finished

pytestmark = [pytest.mark.engine, pytest.mark.daemon]

Client = Callable[[str], Any]
PROJECT = "/emrkit/emrkit-demo/dev"


@pytest.fixture(scope="module")
def emrkit(shared_state: Path) -> Command:
    return Command(ROOT, shared_state)


@pytest.fixture(scope="module")
def deployed(emrkit: Command, daemon: object) -> Finished:
    done = emrkit("deploy", "--target", "local")
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module")
def contract(deployed: Finished, aws: Client) -> dict[str, Any]:
    names = ("foundation", "cluster", "pipelines")
    values = {n: aws("ssm").get_parameter(Name=f"{PROJECT}/{n}")["Parameter"]["Value"] for n in names}
    return {name: json.loads(value) for name, value in values.items()}


@pytest.fixture(scope="module")
def sales(emrkit: Command, contract: dict[str, Any]) -> Finished:
    done = emrkit("run", "sales_etl", "--target", "local")
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module")
def flights(emrkit: Command, contract: dict[str, Any]) -> Finished:
    done = emrkit("run", "flights", "--target", "local")
    assert done.code == 0, done.err
    return done


def folder(state: Path, bucket: str) -> Path:
    return state / "buckets" / bucket


def test_deploy_makes_every_stack(deployed: Finished, aws: Client) -> None:
    stacks = {s["StackName"]: s["StackStatus"] for s in aws("cloudformation").describe_stacks()["Stacks"]}
    for name in ("foundation", "network", "cluster", "pipelines"):
        assert stacks[f"emrkit-demo-dev-{name}"] == "CREATE_COMPLETE"


def test_a_second_deploy_changes_nothing_and_starts_no_cdk(deployed: Finished, emrkit: Command) -> None:
    journals = emrkit.state / "deploy" / "local"
    before = len(list(journals.glob("*.jsonl")))
    again = emrkit("deploy", "--target", "local", "--output", "json")
    assert again.code == 0, again.err
    assert again.data["changed"] is False
    assert len(list(journals.glob("*.jsonl"))) == before


def test_sales_are_summed_exactly(sales: Finished, shared_state: Path) -> None:
    expected: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    rows = 0
    for path in sorted((folder(shared_state, "my-bucket") / "raw-data").glob("*.csv")):
        for line in path.read_text().splitlines()[1:]:
            rows += 1
            _, _, _, category, region, status, amount = line.split(",")
            if status == "active":
                expected[category, region].append(Fraction(amount))
    assert rows == 1_000_000

    written = folder(shared_state, "my-bucket") / "processed-data"
    assert {p.name for p in written.iterdir() if p.is_dir()} == {f"region={r}" for _, r in expected}
    found = duckdb.sql(f"from read_parquet('{written}/*/*.parquet', hive_partitioning = true)")
    assert found.columns == ["category", "total_amount", "record_count", "avg_amount", "region"]
    assert {(c, r): (total, count, mean) for c, total, count, mean, r in found.fetchall()} == {
        key: (float(sum(v)), len(v), float(sum(v)) / len(v)) for key, v in expected.items()
    }


def test_the_last_screen_shows_steps_result_logs_and_what_is_next(sales: Finished, shared_state: Path) -> None:
    screen = sales.err + sales.out
    assert re.search(r"summarise +COMPLETED +[\d.]+ s +s-[A-Z0-9]+", screen)
    assert "s3://my-bucket/processed-data/" in screen
    assert str(folder(shared_state, "my-bucket") / "processed-data") in screen
    assert "category     total_amount  record_count  avg_amount  region" in screen
    assert "event log" in screen
    assert "emrkit logs " in screen


def test_the_reference_configuration_arrives_as_text(
    sales: Finished, contract: dict[str, Any], aws: Client, shared_state: Path
) -> None:
    """In the request that made the cluster, and in the environment that Spark says it ran with."""
    cluster_id = contract["cluster"]["clusters"]["etl"]["id"]
    cluster = aws("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]
    given = {c["Classification"]: c["Properties"] for c in cluster["Configurations"]}
    assert given["spark-defaults"]["spark.executor.instances"] == "10"
    assert given["spark-defaults"]["spark.dynamicAllocation.enabled"] == "true"
    assert given["core-site"]["fs.s3a.block.size"] == "134217728"

    [log] = (shared_state / "engines" / "spark-events" / cluster_id).rglob("local-*")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    settings = next(e for e in events if e["Event"] == "SparkListenerEnvironmentUpdate")["Spark Properties"]
    assert settings["spark.executor.memory"] == "4g"
    assert settings["spark.executor.instances"] == "10"
    assert settings["spark.sql.adaptive.enabled"] == "true"
    assert settings["spark.dynamicAllocation.maxExecutors"] == "50"
    assert settings["spark.hadoop.fs.s3a.multipart.size"] == "134217728"
    assert "spark.hadoop.fs.s3a.aws.credentials.provider" not in settings


def test_the_controller_log_says_what_was_changed(
    sales: Finished, contract: dict[str, Any], shared_state: Path
) -> None:
    bucket = folder(shared_state, contract["foundation"]["buckets"]["logs"])
    cluster_id = contract["cluster"]["clusters"]["etl"]["id"]
    controllers = [
        gzip.decompress(p.read_bytes()).decode() for p in bucket.glob(f"logs/{cluster_id}/steps/*/controller.gz")
    ]
    said = next(c for c in controllers if "job.py" in c)
    assert "overridden: spark.hadoop.fs.s3a.aws.credentials.provider, spark.hadoop.fs.s3a.impl" in said
    assert "spark.driver.memory=2g" in said


def test_a_second_run_uploads_nothing_and_tells_the_same_as_data(sales: Finished, emrkit: Command) -> None:
    again = emrkit("run", "sales_etl", "--target", "local", "--output", "json")
    assert again.code == 0, again.err
    assert "is uploaded already" in again.err, again.err
    data: Any = again.data
    assert data["state"] == "COMPLETED"
    assert [step["state"] for step in data["steps"]] == ["COMPLETED"]
    assert [output["uri"] for output in data["outputs"]] == ["s3://my-bucket/processed-data/"]
    assert data["preview"]["total"] == 48
    assert data["eventLogs"]


def test_logs_and_status_know_the_runs(sales: Finished, emrkit: Command) -> None:
    status: Any = emrkit("status", "--output", "json").data
    runs = [run for run in status["runs"] if run["job"] == "sales_etl"]
    assert {run["state"] for run in runs} == {"COMPLETED"}
    logs = emrkit("logs", runs[0]["run"], "--stream", "controller", "--output", "json")
    assert logs.code == 0, logs.err
    assert "spark-submit" in json.dumps(logs.data["logs"])


EXPECTED_FLIGHTS = """
with raw as (select * from read_csv('{raw}/flights/*.csv', nullstr = 'NA')),
     airlines as (select * from read_csv('{raw}/airlines/*.csv')),
     wet as (select origin, time_hour, max(precip) > 0 as wet
             from read_csv('{raw}/weather/*.csv', nullstr = 'NA') group by all),
     delays as (select carrier, name, month, count(*) as flights, count(*) - count(dep_time) as cancelled,
                       avg(dep_delay) as delay, count(*) filter (where wet) as in_wet_weather
                from raw join airlines using (carrier) left join wet using (origin, time_hour) group by all)
select carrier, name, month, flights, cancelled, round(delay, 2), in_wet_weather from delays
qualify row_number() over (partition by carrier order by round(delay, 2) desc, month) = 1
order by round(delay, 2) desc, carrier
"""


def report(state: Path, bucket: str) -> list[tuple[Any, ...]]:
    files = folder(state, bucket) / "flights" / "report" / "*.csv"
    return duckdb.sql(f"from read_csv('{files}', header = true)").fetchall()


def test_flights_agree_with_another_engine(flights: Finished, contract: dict[str, Any], shared_state: Path) -> None:
    bucket = contract["foundation"]["buckets"]["data"]
    raw = folder(shared_state, bucket) / "flights" / "raw"
    assert duckdb.sql(f"select count(*) from read_csv('{raw}/flights/*.csv', nullstr = 'NA')").fetchall() == [
        (336_776,)
    ]
    expected = duckdb.sql(EXPECTED_FLIGHTS.format(raw=raw)).fetchall()
    assert len(expected) == 16
    assert report(shared_state, bucket) == expected


def test_the_pipeline_gives_the_same_and_leaves_no_cluster(
    flights: Finished, emrkit: Command, contract: dict[str, Any], aws: Client, shared_state: Path
) -> None:
    bucket = contract["foundation"]["buckets"]["data"]
    before = report(shared_state, bucket)
    for path in (folder(shared_state, bucket) / "flights" / "report").iterdir():
        path.unlink()
    done = emrkit("run", "flights", "--via", "pipeline", "--target", "local")
    assert done.code == 0, done.err
    assert re.search(r"Step report +SUCCEEDED", done.err + done.out)
    assert report(shared_state, bucket) == before
    assert alive(aws, "nightly") == []


def test_a_failing_step_fails_the_pipeline_with_its_cause_and_leaves_no_cluster(
    contract: dict[str, Any], aws: Client
) -> None:
    arn = contract["pipelines"]["pipelines"]["flights"]["stateMachineArn"]
    nowhere = f"s3://{contract['foundation']['buckets']['artifacts']}/bundles/none"
    given = json.dumps({"run": "broken", "bundle": nowhere})
    execution = aws("stepfunctions").start_execution(stateMachineArn=arn, input=given)["executionArn"]
    deadline = time.monotonic() + 600
    while (seen := aws("stepfunctions").describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert seen["status"] == "FAILED"
    assert seen["cause"].startswith("stage: ")
    assert "FAILED" in seen["cause"]
    assert alive(aws, "nightly") == []


def test_an_ended_cluster_is_refused_and_deploy_makes_another(
    sales: Finished, emrkit: Command, contract: dict[str, Any], aws: Client
) -> None:
    old = contract["cluster"]["clusters"]["etl"]["id"]
    aws("emr").terminate_job_flows(JobFlowIds=[old])
    aws("emr").get_waiter("cluster_terminated").wait(ClusterId=old, WaiterConfig={"Delay": 1})
    refused = emrkit("run", "sales_etl", "--target", "local", "--var", "rows=1000")
    assert refused.code == 3
    assert "emrkit deploy" in refused.err
    replaced = emrkit("deploy", "--target", "local")
    assert replaced.code == 0, replaced.err
    [new] = alive(aws, "etl")
    assert new != old
    done = emrkit("run", "sales_etl", "--target", "local", "--var", "rows=1000")
    assert done.code == 0, done.err


def alive(aws: Client, name: str) -> list[str]:
    """Clusters whose name begins so and that have not ended."""
    states = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]
    clusters = aws("emr").list_clusters(ClusterStates=states)["Clusters"]
    return [c["Id"] for c in clusters if c["Name"].startswith(name)]
