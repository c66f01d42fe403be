"""What each failure of a target is called: one code for one meaning, whatever service said it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import exceptions as failures
from botocore.stub import Stubber

from emrkit_jobs.targets.aws import ApiTarget, EndpointSession, open_aws
from emrkit_jobs.targets.calls import Caller
from emrkit_jobs.targets.errors import TargetError, explain_refusal
from emrkit_model.diagnostics import EmrkitError, ExitCode


def caller() -> Caller:
    session = boto3.Session("test", "test", region_name="eu-west-1")
    return Caller("prod", None, lambda: EndpointSession(session, None), "check the network")


def stub(made: Caller, service: str, *, once: bool = False) -> Stubber:
    found = Stubber(made.client(service, once=once))
    found.activate()
    return found


def code_of(raised: pytest.ExceptionInfo[EmrkitError]) -> str:
    return raised.value.diagnostics[0].code


@pytest.mark.parametrize(
    ("said", "code", "exit_code"),
    [
        ("ThrottlingException", "E-TGT-002", ExitCode.TARGET_UNREACHABLE),
        ("ExpiredTokenException", "E-TGT-004", ExitCode.TARGET_REFUSED),
        ("InvalidSignatureException", "E-TGT-006", ExitCode.TARGET_REFUSED),
        ("UnrecognizedClientException", "E-TGT-017", ExitCode.TARGET_REFUSED),
        ("InternalServerError", "E-TGT-010", ExitCode.TARGET_UNREACHABLE),
    ],
)
def test_an_answer_of_the_service_has_a_code_of_its_own(said: str, code: str, exit_code: ExitCode) -> None:
    made = caller()
    stub(made, "ssm").add_client_error("get_parameter", said, "no")
    with pytest.raises(TargetError) as raised:
        made.call("ssm", "get_parameter", Name="x")
    assert (code_of(raised), raised.value.exit_code) == (code, exit_code)


def test_a_lost_answer_to_what_is_sent_once_may_have_been_carried_out() -> None:
    made = caller()
    stub(made, "emr", once=True).add_client_error("run_job_flow", "InternalServerError", "no")
    with pytest.raises(TargetError) as raised:
        made.once("emr", "run_job_flow", Name="x", Instances={})
    assert (code_of(raised), raised.value.exit_code) == ("E-TGT-011", ExitCode.OUTCOME_UNKNOWN)


@pytest.mark.parametrize("error", [failures.NoCredentialsError(), failures.ProfileNotFound(profile="me")])
def test_without_credentials_the_ways_to_some_are_named(error: Exception) -> None:
    made = caller()

    def fail(**_: object) -> None:
        raise error

    made.client("ssm").meta.events.register("before-send.*.*", fail)  # type: ignore[attr-defined]
    with pytest.raises(TargetError, match="aws sso login") as raised:
        made.call("ssm", "get_parameter", Name="x")
    assert code_of(raised) == "E-TGT-005"


def test_a_request_that_is_not_well_formed_is_not_sent() -> None:
    with pytest.raises(TargetError, match="not well formed") as raised:
        caller().call("ssm", "get_parameter", Nmae="x")
    assert code_of(raised) == "E-TGT-009"


def test_what_an_emulator_does_not_offer_is_named_and_what_does() -> None:
    found = explain_refusal("NotImplemented", "no", "servicequotas:List", "local", "http://127.0.0.1:9")
    assert (found.code, "kind `local`" in str(found.hint)) == ("E-TGT-007", True)


def test_credentials_of_another_account_are_refused_with_both() -> None:
    made = caller()
    answer = {"Account": "999999999999", "Arn": "arn:aws:iam::999999999999:user/me", "UserId": "x"}
    stub(made, "sts").add_response("get_caller_identity", answer)
    with pytest.raises(EmrkitError) as raised:
        ApiTarget("prod", "aws", "prod", "eu-west-1", made, "111122223333").identity()
    found = raised.value.diagnostics[0]
    assert (found.code, found.allowed) == ("E-TGT-013", "111122223333")
    assert "999999999999" in str(found.got)


def test_a_bucket_that_is_not_there_is_named() -> None:
    made = caller()
    stub(made, "s3").add_client_error("put_object", "NoSuchBucket", "no", 404)
    with pytest.raises(TargetError, match="'nowhere'") as raised:
        ApiTarget("prod", "aws", "prod", "eu-west-1", made).objects.put("nowhere", "k", b"x")
    assert code_of(raised) == "E-TGT-014"


@pytest.mark.parametrize("value", ["no JSON", "[1]"])
def test_a_parameter_that_is_no_contract_is_named(value: str) -> None:
    made = caller()
    parameters: list[dict[str, Any]] = [{"Name": "/emrkit/shop/prod/emr", "Value": value}]
    stub(made, "ssm").add_response("get_parameters_by_path", {"Parameters": parameters})
    with pytest.raises(EmrkitError, match="/emrkit/shop/prod/emr") as raised:
        ApiTarget("prod", "aws", "prod", "eu-west-1", made).contracts("shop")
    assert code_of(raised) == "E-TGT-015"


def test_a_target_without_a_region_says_where_to_put_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(EmrkitError, match="AWS_REGION") as raised:
        open_aws("prod", environment="prod", region=None)
    assert code_of(raised) == "E-TGT-016"
