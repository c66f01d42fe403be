"""Faults that the daemon is told to make."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from emrkit_local import client
from emrkit_model.diagnostics import EmrkitError
from tests.acceptance.daemon.calls import aws, run_cluster, until

pytestmark = pytest.mark.daemon


# Faults ---------------------------------------------------------------------------------------------------------------


def test_an_error_strikes_the_nth_call_only(local: client.Endpoint) -> None:
    emr = aws(local, "emr")
    error = {"status": 400, "code": "ThrottlingException", "message": "slow down"}
    client.add_fault(local, {"match": "elasticmapreduce:ListClusters", "let_pass": 1, "then": {"error": error}})
    emr.list_clusters()
    with pytest.raises(ClientError, match="ThrottlingException"):
        emr.list_clusters()
    emr.list_clusters()


def test_a_lost_answer_means_the_work_was_done(local: client.Endpoint) -> None:
    client.add_fault(local, {"match": "elasticmapreduce:RunJobFlow", "when": "after", "then": {"drop": True}})
    with pytest.raises(ConnectionClosedError):
        run_cluster(local, "lost")
    assert [c["Name"] for c in aws(local, "emr").list_clusters()["Clusters"]].count("lost") == 1


def test_a_dropped_request_was_never_done(local: client.Endpoint) -> None:
    client.add_fault(local, {"match": "elasticmapreduce:RunJobFlow", "when": "before", "then": {"drop": True}})
    with pytest.raises(ConnectionClosedError):
        run_cluster(local, "never")
    assert "never" not in [c["Name"] for c in aws(local, "emr").list_clusters()["Clusters"]]


def test_a_stale_read_answers_as_before(local: client.Endpoint) -> None:
    emr = aws(local, "emr")
    cluster = run_cluster(local, "stale")
    before = emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"]
    emr.terminate_job_flows(JobFlowIds=[cluster])
    until(lambda: emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "TERMINATED")
    client.add_fault(local, {"match": "elasticmapreduce:DescribeCluster", "then": {"stale": True}})
    assert emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == before
    assert emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "TERMINATED"


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_kills_the_caller_before_or_after_the_work(local: client.Endpoint, when: str, made: int) -> None:
    bucket = f"killed-{when}"
    client.add_fault(local, {"match": "s3:CreateBucket", "when": when, "then": {"kill_caller": True}})
    code = (
        "import boto3; boto3.client('s3', endpoint_url={!r}, region_name='us-east-1', aws_access_key_id='000000000000',"
        " aws_secret_access_key='x').create_bucket(Bucket={!r})"
    )
    done = subprocess.run([sys.executable, "-c", code.format(local.url, bucket)], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert len([b for b in aws(local, "s3").list_buckets()["Buckets"] if b["Name"] == bucket]) == made


def test_the_journal_counts_calls(local: client.Endpoint) -> None:
    client.forget_requests(local)
    emr = aws(local, "emr")
    for _ in range(3):
        emr.list_clusters()
    assert client.requests(local) == {"elasticmapreduce:ListClusters": 3}


def test_a_wrong_rule_is_refused(local: client.Endpoint) -> None:
    with pytest.raises(EmrkitError, match="E-LOC-002"):
        client.add_fault(local, {"match": "*", "then": {"explode": True}})
