"""The AWS target: requests against the service model's shapes, and what each failure means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import exceptions as failures
from botocore.stub import Stubber

from emrkit_jobs.targets.aws import ApiTarget, EndpointSession, open_aws
from emrkit_jobs.targets.calls import CONNECT_SECONDS, READ_ATTEMPTS, Caller, without_profile
from emrkit_jobs.targets.errors import (
    OutcomeUnknown,
    Refused,
    Unreachable,
    classify_code,
    explain_denial,
    explain_refusal,
)
from emrkit_jobs.targets.stacks import read_history
from emrkit_model.diagnostics import EmrkitError


class Rig:
    """A target whose clients are stubbed: an unexpected or malformed call fails the test."""

    def __init__(self) -> None:
        session = boto3.Session("test", "test", region_name="eu-west-1")
        self.caller = Caller("prod", None, lambda: EndpointSession(session, None), "check the network")
        self.target = ApiTarget("prod", "aws", "prod", "eu-west-1", self.caller)
        self.stubs: list[Stubber] = []

    def stub(self, service: str, *, once: bool = False) -> Stubber:
        stub = Stubber(self.caller.client(service, once=once))
        stub.activate()
        self.stubs.append(stub)
        return stub


@pytest.fixture
def rig():
    made = Rig()
    yield made
    for stub in made.stubs:
        stub.assert_no_pending_responses()


def fail_with(client: Any, error: Exception) -> list[int]:
    sent: list[int] = []

    def send(**_: object) -> None:
        sent.append(1)
        raise error

    client.meta.events.register("before-send.*.*", send)
    return sent


def test_adds_steps_in_one_request(rig: Rig) -> None:
    step = {"Name": "load [r1]", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar"}}
    request = {"JobFlowId": "j-1", "Steps": [step]}
    rig.stub("emr", once=True).add_response("add_job_flow_steps", {"StepIds": ["s-1"]}, request)
    assert rig.target.clusters.submit(request) == ("s-1",)


def test_lists_steps_oldest_first_over_empty_pages(rig: Rig) -> None:
    stub = rig.stub("emr")
    stub.add_response(
        "list_steps", {"Steps": [{"Id": "s-2", "Name": "b", "Status": {"State": "PENDING"}}], "Marker": "x"}
    )
    stub.add_response("list_steps", {"Steps": [], "Marker": "y"})
    stub.add_response("list_steps", {"Steps": [{"Id": "s-1", "Name": "a", "Status": {"State": "SOMETHING_NEW"}}]})
    first, second = rig.target.clusters.steps("j-1")
    assert (first.id, second.id) == ("s-1", "s-2")
    assert not first.over  # a state nobody knows is not an end


def test_a_run_is_found_by_its_tag(rig: Rig) -> None:
    stub = rig.stub("emr")
    stub.add_response("list_clusters", {"Clusters": [{"Id": "j-1", "Name": "x"}, {"Id": "j-2", "Name": "x"}]})
    for number in (1, 2):
        tags = [{"Key": "emrkit:run", "Value": f"r{number}"}]
        stub.add_response(
            "describe_cluster", {"Cluster": {"Id": f"j-{number}", "Status": {"State": "WAITING"}, "Tags": tags}}
        )
    [found] = rig.target.clusters.find_by_run("r2", datetime(2026, 1, 1, tzinfo=UTC))
    assert found.id == "j-2"


def test_an_unknown_cluster_is_none(rig: Rig) -> None:
    rig.stub("emr").add_client_error("describe_cluster", "InvalidRequestException", "Cluster id 'j-9' is not valid.")
    assert rig.target.clusters.describe("j-9") is None


def test_a_missing_stack_is_none_and_other_errors_are_not(rig: Rig) -> None:
    stub = rig.stub("cloudformation")
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id x does not exist")
    stub.add_client_error("describe_stacks", "AccessDenied", "no")
    assert rig.target.stacks.describe("x") is None
    with pytest.raises(Refused):
        rig.target.stacks.describe("x")


def test_the_account_of_local_endpoints_is_not_aws(rig: Rig) -> None:
    answer = {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root", "UserId": "x"}
    rig.stub("sts").add_response("get_caller_identity", answer)
    with pytest.raises(EmrkitError, match=r"E-TGT-012[\s\S]*local endpoint answers"):
        rig.target.identity()


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (failures.EndpointConnectionError(endpoint_url="https://x"), Unreachable),
        (failures.ConnectTimeoutError(endpoint_url="https://x"), Unreachable),
        (failures.SSLError(endpoint_url="https://x", error="expired"), Unreachable),
        (failures.ReadTimeoutError(endpoint_url="https://x"), OutcomeUnknown),
        (failures.ConnectionClosedError(endpoint_url="https://x"), OutcomeUnknown),
    ],
)
def test_a_submit_is_sent_once_and_its_failure_classified(rig: Rig, error: Exception, meaning: type) -> None:
    sent = fail_with(rig.caller.client("emr", once=True), error)
    with pytest.raises(meaning):
        rig.target.clusters.launch({"Name": "x", "Instances": {}})
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("ThrottlingException", 400, Unreachable),
        ("TooManyRequests", 429, Unreachable),
        ("InternalServerException", 400, OutcomeUnknown),
        ("Whatever", 503, OutcomeUnknown),
        ("ValidationException", 400, Refused),
        ("AccessDeniedException", 400, Refused),
    ],
)
def test_codes_mean_what_they_mean(code: str, status: int, meaning: type) -> None:
    assert classify_code(code, status) is meaning


def test_a_denial_becomes_the_smallest_statement() -> None:
    words = (
        "User: arn:aws:sts::1:assumed-role/dev/me is not authorized to perform: elasticmapreduce:RunJobFlow "
        "on resource: arn:aws:elasticmapreduce:eu-west-1:1:cluster/* because no identity-based policy allows it"
    )
    found = explain_denial(words, "RunJobFlow", "prod")
    assert "arn:aws:sts::1:assumed-role/dev/me" in found.summary
    assert '"Resource": "arn:aws:elasticmapreduce:eu-west-1:1:cluster/*"' in str(found.hint)


def test_resource_types_that_an_endpoint_lacks_are_named() -> None:
    words = "Template format error: Unrecognized resource types: [AWS::EC2::DHCPOptions, AWS::EC2::NetworkAcl]"
    found = explain_refusal("ValidationError", words, "cloudformation:CreateChangeSet", "local", "http://127.0.0.1:1")
    assert found.code == "E-TGT-018"
    assert found.summary == ("the endpoint of target 'local' cannot deploy AWS::EC2::DHCPOptions, AWS::EC2::NetworkAcl")
    assert found.got == words
    on_aws = explain_refusal("ValidationError", words, "cloudformation:CreateChangeSet", "prod", None)
    assert on_aws.code == "E-TGT-008"


def test_an_endpoint_in_the_environment_never_diverts_an_aws_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    with pytest.raises(EmrkitError, match=r"E-TGT-012[\s\S]*leads elsewhere"):
        open_aws("prod", environment="prod", region="eu-west-1")


def test_a_local_session_needs_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    from emrkit_jobs.targets.local import open_local
    from emrkit_jobs.targets.localstack import open_localstack

    for target in (
        open_local("l", environment="dev", region=None, endpoint="http://127.0.0.1:9"),
        open_localstack("s", environment="dev", region=None, endpoint="http://127.0.0.1:9"),
    ):
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9"):
            target.identity()
    with without_profile():
        import os

        assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_PROFILE"] == "does-not-exist"


def test_a_history_becomes_states() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    events = [
        {"type": "TaskStateEntered", "timestamp": at, "stateEnteredEventDetails": {"name": "Create"}},
        {"type": "TaskStateExited", "timestamp": at, "stateExitedEventDetails": {"name": "Create"}},
        {"type": "TaskStateEntered", "timestamp": at, "stateEnteredEventDetails": {"name": "Step"}},
        {"type": "TaskFailed", "timestamp": at, "taskFailedEventDetails": {"error": "E", "cause": "because"}},
    ]
    created, step = read_history(events)
    assert (created.state, step.state, step.detail) == ("SUCCEEDED", "FAILED", "E: because")


def test_an_endpoint_that_does_not_answer_is_given_up_within_half_a_minute() -> None:
    # The SDK's standard mode waits at most 1, 2, 4 … seconds between attempts.
    pauses = sum(2**number for number in range(READ_ATTEMPTS - 1))
    assert READ_ATTEMPTS * CONNECT_SECONDS + pauses < 30
