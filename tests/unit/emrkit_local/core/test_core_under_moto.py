"""The core is portable: the same control plane serves boto3 from inside moto, and its logs land in moto's S3."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import boto3
import moto.emr.responses
import pytest
from botocore.exceptions import ClientError
from core_doubles import FAST, FakeEvents, eventually, fleets, step
from core_processes import SubprocessExecutor
from moto import mock_aws

from emrkit_local.core.control_plane import ControlPlane
from emrkit_local.core.errors import ServiceError


class MotoObjects:
    """The emulator's own S3."""

    def __init__(self) -> None:
        self._s3 = boto3.client("s3", region_name="us-east-1")

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, bucket: str, key: str) -> bytes:
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            raise KeyError(bucket, key) from None

    def bucket_exists(self, bucket: str) -> bool:
        return any(b["Name"] == bucket for b in self._s3.list_buckets()["Buckets"])


@pytest.fixture(scope="module")  # moto keeps the first dispatch that it sees
def emr_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    monkeypatch = pytest.MonkeyPatch()
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="cluster-logs")
        control = ControlPlane(
            tmp_path_factory.mktemp("state"), SubprocessExecutor(), MotoObjects(), FakeEvents(), settings=FAST
        )

        def dispatch(cls: Any, request: Any, full_url: str, headers: Any) -> tuple[int, dict[str, str], str]:
            response = cls()
            response.setup_class(request, full_url, headers)
            operation = request.headers["X-Amz-Target"].split(".")[-1]
            body = json.loads(request.data or b"{}")
            kind = {"Content-Type": "application/x-amz-json-1.1"}
            try:
                answer = control.call(operation, body, account=response.current_account, region=response.region)
            except ServiceError as error:
                return error.http_status, kind, json.dumps({"__type": error.code, "message": error.message})
            return 200, kind, json.dumps(answer)

        monkeypatch.setattr(moto.emr.responses.ElasticMapReduceResponse, "dispatch", classmethod(dispatch))
        yield boto3.client("emr", region_name="us-east-1")
        control.close()
    monkeypatch.undo()


def test_a_step_submitted_with_boto3_really_runs_under_another_host(emr_client: Any) -> None:
    cluster = emr_client.run_job_flow(
        Name="c",
        ReleaseLabel="emr-7.10.0",
        LogUri="s3://cluster-logs/emr/",
        Instances={"InstanceFleets": fleets(), "KeepJobFlowAliveWhenNoSteps": True},
    )["JobFlowId"]
    steps = [step("good", args=("bash", "-c", "echo $EMR_CLUSTER_ID")), step("bad", args=("bash", "-c", "exit 3"))]
    good, bad = emr_client.add_job_flow_steps(JobFlowId=cluster, Steps=steps)["StepIds"]

    def state(step_id: str) -> str:
        return str(emr_client.describe_step(ClusterId=cluster, StepId=step_id)["Step"]["Status"]["State"])

    eventually(lambda: state(bad) == "FAILED", lambda: state(bad))
    assert state(good) == "COMPLETED"
    emr_client.get_waiter("step_complete").wait(ClusterId=cluster, StepId=good)
    body = boto3.client("s3", region_name="us-east-1").get_object(
        Bucket="cluster-logs", Key=f"emr/{cluster}/steps/{good}/stdout.gz"
    )["Body"]
    assert gzip.decompress(body.read()).decode().strip() == cluster
    shown = emr_client.describe_cluster(ClusterId=cluster)["Cluster"]
    assert shown["Status"]["Timeline"]["CreationDateTime"].year >= 2020
    emr_client.terminate_job_flows(JobFlowIds=[cluster])
    emr_client.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig={"Delay": 1})


def test_refusals_arrive_as_boto3_errors_of_another_host(emr_client: Any) -> None:
    with pytest.raises(emr_client.exceptions.InvalidRequestException, match="is not valid"):
        emr_client.describe_cluster(ClusterId="j-NONE")
    with pytest.raises(ClientError) as refused:
        emr_client.list_studios()
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
