"""The daemon as its clients see it: life, S3 folders, EMR's errors, stacks, state machines, faults, kill -9."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from emrkit_local import client, environments
from emrkit_local.folders import cache_folder
from emrkit_model.diagnostics import EmrkitError

pytestmark = pytest.mark.daemon
RELEASE = "emr-7.10.0"
Start = Callable[[Path], client.Endpoint]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    if environments.find("daemon") is None:
        pytest.skip("the daemon's environment is not prepared")
    started: list[Path] = []

    def go(state: Path) -> client.Endpoint:
        started.append(state)
        return client.start(state, cache_folder())

    yield go
    for state in started:
        client.stop(state)


@pytest.fixture(scope="module")
def local(start: Start, tmp_path_factory: pytest.TempPathFactory) -> client.Endpoint:
    return start(tmp_path_factory.mktemp("host"))


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "local" in request.fixturenames:
        client.clear_faults(request.getfixturevalue("local"))


def aws(endpoint: client.Endpoint, service: str, attempts: int = 1) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint.url,
        region_name="us-east-1",
        aws_access_key_id=client.ACCOUNT,
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": attempts}, read_timeout=30, s3={"addressing_style": "path"}),
    )


def until(ready: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def run_cluster(endpoint: client.Endpoint, name: str = "c", **more: object) -> str:
    instances = {"InstanceCount": 1, "MasterInstanceType": "m5.xlarge", "KeepJobFlowAliveWhenNoSteps": True}
    request = {"Name": name, "ReleaseLabel": RELEASE, "Instances": instances, "JobFlowRole": "n", "ServiceRole": "s"}
    return aws(endpoint, "emr").run_job_flow(**request, **more)["JobFlowId"]


def template(**resources: object) -> str:
    return json.dumps({"Resources": resources})


def cluster_resource(name: str = "stacked", idle: int = 3600, release: str = RELEASE) -> dict[str, object]:
    fleet = {"TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
    properties = {
        "Name": name,
        "ReleaseLabel": release,
        "Applications": [{"Name": "Spark"}],
        "JobFlowRole": "n",
        "ServiceRole": "s",
        "AutoTerminationPolicy": {"IdleTimeout": idle},
        "Instances": {"MasterInstanceFleet": fleet, "CoreInstanceFleet": fleet},
    }
    return {"Type": "AWS::EMR::Cluster", "Properties": properties}


def stack_status(endpoint: client.Endpoint, name: str) -> str:
    return aws(endpoint, "cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def settled(endpoint: client.Endpoint, name: str) -> str:
    def look() -> str | None:
        status = stack_status(endpoint, name)
        return None if status.endswith("_IN_PROGRESS") else status

    return until(look)


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
        [*command, "--cache", "/nowhere"], env=packages, capture_output=True, check=False, timeout=60
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
        urllib.request.urlopen(asked, timeout=10)
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
        [str(found.python), "-c", code], env=variables, capture_output=True, text=True, check=False, timeout=60
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
        urllib.request.urlopen(asked, timeout=10)
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


# Stacks ---------------------------------------------------------------------------------------------------------------


def test_a_stacks_cluster_is_updated_in_place_replaced_and_terminated(local: client.Endpoint) -> None:
    cfn, emr = aws(local, "cloudformation"), aws(local, "emr")

    def cluster() -> str:
        return cfn.describe_stack_resource(StackName="life", LogicalResourceId="C")["StackResourceDetail"][
            "PhysicalResourceId"
        ]

    cfn.create_stack(StackName="life", TemplateBody=template(C=cluster_resource()))
    assert settled(local, "life") == "CREATE_COMPLETE"
    first = cluster()
    cfn.update_stack(StackName="life", TemplateBody=template(C=cluster_resource(idle=600)))
    assert settled(local, "life") == "UPDATE_COMPLETE"
    assert cluster() == first
    assert emr.get_auto_termination_policy(ClusterId=first)["AutoTerminationPolicy"] == {"IdleTimeout": 600}
    cfn.update_stack(StackName="life", TemplateBody=template(C=cluster_resource(name="new")))
    assert settled(local, "life") == "UPDATE_COMPLETE"
    second = cluster()
    assert second != first
    assert emr.describe_cluster(ClusterId=first)["Cluster"]["Status"]["State"] == "TERMINATED"
    cfn.delete_stack(StackName="life")
    until(lambda: emr.describe_cluster(ClusterId=second)["Cluster"]["Status"]["State"] == "TERMINATED")


def test_a_cluster_that_emr_refuses_rolls_the_stack_back_with_emrs_reason(local: client.Endpoint) -> None:
    cfn = aws(local, "cloudformation")
    resource = cluster_resource()
    resource["Properties"]["SecurityConfiguration"] = "nobody-made-this"  # type: ignore[index]
    cfn.create_stack(StackName="refused", TemplateBody=template(C=resource))
    assert settled(local, "refused") == "ROLLBACK_COMPLETE"
    events = cfn.describe_stack_events(StackName="refused")["StackEvents"]
    reasons = [e.get("ResourceStatusReason", "") for e in events if e["ResourceStatus"] == "CREATE_FAILED"]
    assert any("nobody-made-this" in r for r in reasons)


def test_an_unknown_resource_type_is_refused(local: client.Endpoint) -> None:
    with pytest.raises(ClientError, match="AWS::EMR::Studio"):
        aws(local, "cloudformation").create_stack(
            StackName="unknown", TemplateBody=template(S={"Type": "AWS::EMR::Studio", "Properties": {}})
        )


def test_bucket_properties_of_a_stack_reach_the_bucket(local: client.Endpoint) -> None:
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    rule = {"Id": "old", "Status": "Enabled", "ExpirationInDays": 30, "Prefix": "logs/"}
    properties = {
        "BucketName": "stacked-bucket",
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
        "LifecycleConfiguration": {"Rules": [rule]},
        "Tags": [{"Key": "for", "Value": "test"}],
    }
    body = template(B={"Type": "AWS::S3::Bucket", "Properties": properties})
    aws(local, "cloudformation").create_stack(StackName="bucket", TemplateBody=body)
    assert settled(local, "bucket") == "CREATE_COMPLETE"
    s3 = aws(local, "s3")
    found = s3.get_bucket_encryption(Bucket="stacked-bucket")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert found["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket="stacked-bucket")["Rules"]
    assert (lifecycle[0]["ID"], lifecycle[0]["Expiration"]["Days"]) == ("old", 30)
    assert s3.get_bucket_tagging(Bucket="stacked-bucket")["TagSet"] == [{"Key": "for", "Value": "test"}]


def test_a_bucket_whose_settings_are_refused_is_not_left_behind(local: client.Endpoint) -> None:
    rule = {"Id": "bad", "Status": "Sometimes", "ExpirationInDays": 1}
    properties = {"BucketName": "half-made", "LifecycleConfiguration": {"Rules": [rule]}}
    body = template(B={"Type": "AWS::S3::Bucket", "Properties": properties})
    aws(local, "cloudformation").create_stack(StackName="half", TemplateBody=body)
    assert settled(local, "half") == "ROLLBACK_COMPLETE"
    assert not (local.buckets / "half-made").exists()


def test_stacks_and_clusters_agree_after_kill_9_and_a_creation_under_way_can_be_deleted(
    start: Start, tmp_path: Path
) -> None:
    endpoint = start(tmp_path)
    cfn = aws(endpoint, "cloudformation")
    cfn.create_stack(StackName="done", TemplateBody=template(C=cluster_resource()))
    assert settled(endpoint, "done") == "CREATE_COMPLETE"
    slow = cluster_resource("slow")
    step = {"Name": "s", "ActionOnFailure": "CONTINUE", "JobFlowId": {"Ref": "C"}}
    step["HadoopJarStep"] = {"Jar": "command-runner.jar", "Args": ["sleep", "300"]}
    cfn.create_stack(
        StackName="under-way", TemplateBody=template(C=slow, S={"Type": "AWS::EMR::Step", "Properties": step})
    )
    emr = aws(endpoint, "emr")
    living = until(
        lambda: [
            c for c in emr.list_clusters()["Clusters"] if c["Name"] == "slow" and c["Status"]["State"] == "RUNNING"
        ]
    )
    cluster = living[0]["Id"]
    stack_status(endpoint, "under-way")
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: client.find(tmp_path) is None)

    again = start(tmp_path)
    assert stack_status(again, "done") == "CREATE_COMPLETE"
    assert stack_status(again, "under-way") == "ROLLBACK_FAILED"
    status = client.status(again)
    assert status["interrupted_stacks"] == ["under-way"]
    assert status["mismatches"] == []
    aws(again, "cloudformation").delete_stack(StackName="under-way")
    until(lambda: aws(again, "emr").describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "TERMINATED")


def test_an_update_under_way_at_kill_9_is_applied_by_the_next_one(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    cfn = aws(endpoint, "cloudformation")
    cfn.create_stack(StackName="updated", TemplateBody=template(C=cluster_resource()))
    assert settled(endpoint, "updated") == "CREATE_COMPLETE"
    step: dict[str, object] = {"Name": "s", "ActionOnFailure": "CONTINUE", "JobFlowId": {"Ref": "C"}}
    step["HadoopJarStep"] = {"Jar": "command-runner.jar", "Args": ["sleep", "300"]}
    longer = template(C=cluster_resource(), S={"Type": "AWS::EMR::Step", "Properties": step})
    cfn.update_stack(StackName="updated", TemplateBody=longer)
    emr = aws(endpoint, "emr")
    cluster = emr.list_clusters()["Clusters"][0]["Id"]
    until(lambda: emr.list_steps(ClusterId=cluster)["Steps"])
    assert stack_status(endpoint, "updated") == "UPDATE_IN_PROGRESS"
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: client.find(tmp_path) is None)

    again = start(tmp_path)
    assert again.url == endpoint.url, "the port of last time is taken again"
    assert stack_status(again, "updated") == "UPDATE_ROLLBACK_COMPLETE"
    cfn = aws(again, "cloudformation")
    assert "S" not in json.loads(json.dumps(cfn.get_template(StackName="updated")["TemplateBody"]))["Resources"]
    step["HadoopJarStep"] = {"Jar": "command-runner.jar", "Args": ["true"]}
    cfn.update_stack(
        StackName="updated",
        TemplateBody=template(C=cluster_resource(), S={"Type": "AWS::EMR::Step", "Properties": step}),
    )
    assert settled(again, "updated") == "UPDATE_COMPLETE"


def test_a_cluster_that_only_the_stack_remembers_is_reported(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    aws(endpoint, "cloudformation").create_stack(StackName="torn", TemplateBody=template(C=cluster_resource()))
    assert settled(endpoint, "torn") == "CREATE_COMPLETE"
    assert client.disagreement(endpoint) is None
    client.stop(tmp_path)
    shutil.rmtree(tmp_path / "emr")
    again = start(tmp_path)
    found = client.disagreement(again)
    assert found is not None
    assert (found.code, "emrkit local reset" in str(found.hint)) == ("W-LOC-001", True)


# State machines -------------------------------------------------------------------------------------------------------


def task(action: str, parameters: object, following: str | None = None, **more: object) -> dict[str, object]:
    end = {"Next": following} if following else {"End": True}
    resource = f"arn:aws:states:::elasticmapreduce:{action}"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "ResultPath": "$.last", **end, **more}


def add_step(*command: str) -> dict[str, object]:
    step = {"Name": "s", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": command}}
    return {"ClusterId.$": "$.cluster", "Step": step}


def execute(endpoint: client.Endpoint, name: str, states: dict[str, object], given: object) -> str:
    machines = aws(endpoint, "stepfunctions")
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    machine = machines.create_state_machine(
        name=name, definition=definition, roleArn="arn:aws:iam::000000000000:role/r"
    )
    return machines.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))["executionArn"]


def outcome(endpoint: client.Endpoint, execution: str) -> dict[str, Any]:
    machines = aws(endpoint, "stepfunctions")

    def look() -> dict[str, Any] | None:
        found = machines.describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    return until(look, 60)


def test_a_state_machine_makes_a_cluster_runs_a_step_and_ends_the_cluster(local: client.Endpoint) -> None:
    request = {
        "Name": "from-machine",
        "ReleaseLabel": RELEASE,
        "JobFlowRole": "n",
        "ServiceRole": "s",
        "Instances": {"InstanceCount": 1, "MasterInstanceType": "m5.xlarge", "KeepJobFlowAliveWhenNoSteps": True},
    }
    made = task("createCluster.sync", request, "Step")
    made["ResultPath"] = "$.made"
    step = add_step("true")
    step["ClusterId.$"] = "$.made.ClusterId"
    states = {"Make": made, "Step": task("addStep.sync", step, "End"), "End": {}}
    states["End"] = task("terminateCluster.sync", {"ClusterId.$": "$.made.ClusterId"})
    found = outcome(local, execute(local, "whole", states, {}))
    assert found["status"] == "SUCCEEDED", found
    output = json.loads(found["output"])
    described = aws(local, "emr").describe_cluster(ClusterId=output["made"]["ClusterId"])["Cluster"]
    assert described["Status"]["State"] == "TERMINATED"


def test_a_failing_step_fails_its_task_with_the_step_as_cause(local: client.Endpoint) -> None:
    cluster = run_cluster(local)
    states = {"Fail": task("addStep.sync", add_step("false"))}
    found = outcome(local, execute(local, "failing", states, {"cluster": cluster}))
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(found["cause"])["Step"]["Status"]["State"] == "FAILED"


def test_emrs_refusal_can_be_caught_by_name(local: client.Endpoint) -> None:
    caught = {"ErrorEquals": ["ElasticMapReduce.ValidationException"], "Next": "Caught", "ResultPath": "$.error"}
    states = {"Add": task("addStep.sync", add_step("true"), Catch=[caught]), "Caught": {"Type": "Succeed"}}
    found = outcome(local, execute(local, "caught", states, {"cluster": "j-NONE"}))
    assert found["status"] == "SUCCEEDED", found


@pytest.mark.parametrize("way", ["stopped", "timeout"])
def test_a_step_nobody_waits_for_any_more_is_cancelled(local: client.Endpoint, way: str) -> None:
    cluster, emr = run_cluster(local), aws(local, "emr")
    more = {"TimeoutSeconds": 3} if way == "timeout" else {}
    states = {"Sleep": task("addStep.sync", add_step("sleep", "300"), **more)}
    execution = execute(local, way, states, {"cluster": cluster})
    until(lambda: [s for s in emr.list_steps(ClusterId=cluster)["Steps"] if s["Status"]["State"] == "RUNNING"])
    if way == "stopped":
        aws(local, "stepfunctions").stop_execution(executionArn=execution)
    found = outcome(local, execution)
    assert found["status"] == ("ABORTED" if way == "stopped" else "FAILED")
    until(lambda: emr.list_steps(ClusterId=cluster)["Steps"][0]["Status"]["State"] == "CANCELLED")
    assert outcome(local, execution)["status"] == found["status"]


def test_an_execution_that_ran_when_the_daemon_died_has_failed(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    cluster = run_cluster(endpoint)
    execution = execute(endpoint, "died", {"S": task("addStep.sync", add_step("sleep", "300"))}, {"cluster": cluster})
    emr = aws(endpoint, "emr")
    until(lambda: [s for s in emr.list_steps(ClusterId=cluster)["Steps"] if s["Status"]["State"] == "RUNNING"])
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: client.find(tmp_path) is None)
    again = start(tmp_path)
    assert outcome(again, execution)["status"] == "FAILED"


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
    done = subprocess.run([sys.executable, "-c", code.format(local.url, bucket)], check=False, timeout=60)
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
