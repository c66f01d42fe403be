"""The daemon as its clients see it: life, S3 folders, EMR's errors, events, simulated policies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emrkit_local import client, environments
from emrkit_local.folders import cache_folder
from emrkit_model.diagnostics import EmrkitError
from tests.acceptance.daemon.calls import Start, aws, run_cluster, until

pytestmark = pytest.mark.daemon


# Life -----------------------------------------------------------------------------------------------------------------


def test_is_ready_soon_and_small(local: client.Endpoint) -> None:
    status = client.status(local)
    assert status["status"] == "ready"
    assert int(str(status["memory_mb"])) <= 250
    noted = json.loads((local.state / client.DAEMON_FILE).read_text())
    assert (noted["pid"], noted["port"]) == (local.pid, local.port)


def test_a_second_start_finds_the_first(local: client.Endpoint) -> None:
    assert client.start(local.state, cache_folder()).pid == local.pid


def test_a_second_daemon_for_the_same_state_refuses(local: client.Endpoint) -> None:
    found = environments.find("daemon")
    assert found is not None
    command = [str(found.python), "-s", "-P", "-m", "emrkit_local.daemon", "--state", str(local.state)]
    packages = {**os.environ, "PYTHONPATH": str(local.state / "packages")}
    second = subprocess.run(
        [*command, "--cache", "/nowhere"], env=packages, capture_output=True, check=False, timeout=120
    )
    assert second.returncode == 3
    assert client.find(local.state) == local


def test_a_stale_file_is_ignored(tmp_path: Path) -> None:
    noted = {"pid": os.getpid(), "start_time": "1", "port": 1, "version": "0", "endpoint": "http://127.0.0.1:1"}
    (tmp_path / client.DAEMON_FILE).write_text(json.dumps(noted))
    assert client.find(tmp_path) is None
    assert client.stop(tmp_path) is False


def test_a_daemon_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(EmrkitError, match=r"E-LOC-001[\s\S]*No module named"):
        client.start(tmp_path, tmp_path, python=Path(sys.base_prefix) / "bin" / "python3")


def test_stops_when_asked_and_leaves_no_file(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    assert client.stop(tmp_path) is True
    assert client.find(tmp_path) is None
    assert not (tmp_path / client.DAEMON_FILE).exists()
    assert "Traceback" not in (tmp_path / "daemon.log").read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(endpoint.pid, 0)


@pytest.mark.parametrize("headers", [{"Host": "evil.example.com"}, {"Origin": "https://evil.example.com"}])
def test_refuses_what_a_web_page_sends(local: client.Endpoint, headers: dict[str, str]) -> None:
    asked = urllib.request.Request(f"{local.url}/_emrkit/health", headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=120)
    assert refused.value.code == 403


# The types that our stacks and the CDK CLI's own use.
TYPES = [
    "AWS::EMR::Cluster",
    "AWS::EMR::SecurityConfiguration",
    "AWS::EMR::Step",
    "AWS::EMR::InstanceFleetConfig",
    "AWS::EMR::InstanceGroupConfig",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::KMS::Key",
    "AWS::KMS::Alias",
    "AWS::IAM::Role",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::RouteTable",
    "AWS::EC2::Route",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::FlowLog",
    "AWS::EC2::KeyPair",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
    "AWS::Logs::LogGroup",
    "AWS::Events::Rule",
    "AWS::SNS::Topic",
    "AWS::CloudWatch::Alarm",
    "AWS::CDK::Metadata",
    "AWS::Lambda::Function",
    "AWS::ECR::Repository",
    "Custom::S3AutoDeleteObjects",
    "Custom::VpcRestrictDefaultSG",
]


def in_daemon_environment(local: client.Endpoint, code: str) -> str:
    found = environments.find("daemon")
    assert found is not None
    variables = {**os.environ, "PYTHONPATH": str(local.state / "packages")}
    done = subprocess.run(
        [str(found.python), "-c", code], env=variables, capture_output=True, text=True, check=False, timeout=120
    )
    return done.stdout + done.stderr


def test_the_pinned_emulator_has_every_hook_and_every_type(local: client.Endpoint, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from emrkit_local.host.ministack import Emulator
from emrkit_local.host.registration import register
emulator = Emulator(1, Path({str(tmp_path)!r}))
emulator.check()
register(emulator, None, None)
emulator.teach_loaded()
print("missing:", sorted(set({TYPES!r}) - emulator.known_types()))
"""
    assert in_daemon_environment(local, code).strip() == "missing: []"


def test_an_emulator_that_lacks_a_hook_is_refused_by_the_hooks_name(local: client.Endpoint, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
import ministack.services.s3
del ministack.services.s3._persist_object
from emrkit_local.host.ministack import Emulator
Emulator(1, Path({str(tmp_path)!r}))
"""
    assert "services.s3 lacks _persist_object" in in_daemon_environment(local, code)


# S3 -------------------------------------------------------------------------------------------------------------------


def test_objects_are_files_both_ways(local: client.Endpoint) -> None:
    s3 = aws(local, "s3")
    s3.create_bucket(Bucket="both-ways")
    s3.put_object(Bucket="both-ways", Key="a/b.txt", Body=b"hi", Metadata={"x": "1"})
    assert (local.buckets / "both-ways/a/b.txt").read_bytes() == b"hi"
    (local.buckets / "both-ways/a/spark.parquet").write_bytes(b"PAR1")
    assert s3.get_object(Bucket="both-ways", Key="a/spark.parquet")["Body"].read() == b"PAR1"
    listed = s3.list_objects_v2(Bucket="both-ways", Prefix="a/")["Contents"]
    assert [o["Key"] for o in listed] == ["a/b.txt", "a/spark.parquet"]


def test_conditional_writes_have_one_winner(local: client.Endpoint) -> None:
    s3 = aws(local, "s3")
    s3.create_bucket(Bucket="locks")
    s3.put_object(Bucket="locks", Key="lock", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="locks", Key="lock", Body=b"2", IfNoneMatch="*")


def test_objects_settings_and_versions_survive_kill_9(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    s3, ssm = aws(endpoint, "s3"), aws(endpoint, "ssm")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="kept", Key="k", Body=b"one")["VersionId"]
    s3.put_object(Bucket="kept", Key="k", Body=b"two", ContentType="text/csv")
    ssm.put_parameter(Name="/emrkit/p", Value="v", Type="String")
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: client.find(tmp_path) is None)
    again = start(tmp_path)
    s3 = aws(again, "s3")
    assert s3.get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"
    assert s3.get_object(Bucket="kept", Key="k")["ContentType"] == "text/csv"
    assert s3.get_object(Bucket="kept", Key="k", VersionId=first)["Body"].read() == b"one"
    assert aws(again, "ssm").get_parameter(Name="/emrkit/p")["Parameter"]["Value"] == "v"


# EMR ------------------------------------------------------------------------------------------------------------------


def test_emr_errors_have_emrs_shape(local: client.Endpoint) -> None:
    emr = aws(local, "emr")
    with pytest.raises(emr.exceptions.InvalidRequestException, match="j-NONE"):
        emr.describe_cluster(ClusterId="j-NONE")
    with pytest.raises(ClientError) as refused:
        emr.create_studio(
            Name="s", AuthMode="IAM", VpcId="v", SubnetIds=["s"], ServiceRole="r", WorkspaceSecurityGroupId="g",
            EngineSecurityGroupId="g", DefaultS3Location="s3://b",
        )  # fmt: skip
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_a_body_that_is_no_json_is_a_serialization_error(local: client.Endpoint) -> None:
    scope = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/elasticmapreduce/aws4_request"
    headers = {"Authorization": scope, "X-Amz-Target": "ElasticMapReduce.ListClusters"}
    asked = urllib.request.Request(local.url, data=b"{nope", headers=headers, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=120)
    assert refused.value.code == 400
    assert json.loads(refused.value.read())["__type"] == "SerializationException"


def test_a_service_that_is_not_there_is_refused_by_name(local: client.Endpoint) -> None:
    with pytest.raises(ClientError, match="local EMR has no service emr-containers"):
        aws(local, "emr-containers").list_virtual_clusters()


def test_cluster_changes_are_announced_on_the_event_bus(local: client.Endpoint) -> None:
    events, sqs = aws(local, "events"), aws(local, "sqs")
    queue = sqs.create_queue(QueueName="emr-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="emr", EventPattern=json.dumps({"source": ["aws.emr"]}))
    events.put_targets(Rule="emr", Targets=[{"Id": "q", "Arn": arn}])
    cluster = run_cluster(local, "announced")
    seen: set[str] = set()

    def look() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            if detail.get("clusterId") == cluster:
                seen.add(detail["state"])
        return "WAITING" in seen

    until(look)


# IAM ------------------------------------------------------------------------------------------------------------------


def test_simulation_heeds_conditions_and_every_resource(local: client.Endpoint) -> None:
    iam = aws(local, "iam")
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "elasticmapreduce.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]
    }
    role = iam.create_role(RoleName="sim", Path="/emr/", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    condition = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    policy = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::*:role/node",
        "Condition": condition,
    }
    iam.put_role_policy(RoleName="sim", PolicyName="pass", PolicyDocument=json.dumps({"Statement": [policy]}))

    def decisions(service: str) -> list[str]:
        entry = {"ContextKeyName": "iam:PassedToService", "ContextKeyValues": [service], "ContextKeyType": "string"}
        arns = ["arn:aws:iam::000000000000:role/node", "arn:aws:iam::000000000000:role/other"]
        found = iam.simulate_principal_policy(
            PolicySourceArn=role, ActionNames=["iam:PassRole"], ResourceArns=arns, ContextEntries=[entry]
        )
        return [r["EvalDecision"] for r in found["EvaluationResults"]]

    assert decisions("ec2.amazonaws.com") == ["allowed", "implicitDeny"]
    assert decisions("lambda.amazonaws.com") == ["implicitDeny", "implicitDeny"]
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.simulate_principal_policy(PolicySourceArn=role + "x", ActionNames=["s3:GetObject"])
