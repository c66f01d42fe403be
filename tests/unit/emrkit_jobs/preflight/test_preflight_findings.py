"""Each finding of a preflight: the one answer that brings it, and the account without a finding."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Iterable
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emrkit_jobs.preflight import asking, check, read_request
from emrkit_jobs.preflight.asking import QUESTIONS, Question
from emrkit_model.diagnostics import Diagnostic, Severity

from .obstacles import FINDINGS, make_public, open_to_all, put, quota, role_without, subnets
from .stubbed_account import KEY, LOGS_KEY, REGION, REQUEST, Answers, StubbedCaller, account, error, good_answers

SECURITY = {
    "EncryptionConfiguration": {
        "AtRestEncryptionConfiguration": {
            "S3EncryptionConfiguration": {
                "EncryptionMode": "SSE-KMS",
                "AwsKmsKey": KEY,
                "Overrides": [{"BucketName": "raw", "EncryptionMode": "SSE-KMS", "AwsKmsKey": LOGS_KEY}],
            },
            "LocalDiskEncryptionConfiguration": {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": KEY},
        },
        "InTransitEncryptionConfiguration": {
            "TLSCertificateConfiguration": {"CertificateProviderType": "PEM", "S3Object": "s3://code/certificates.zip"}
        },
    }
}


def changed(**parts: Any) -> dict[str, Any]:
    """The request with some of its parts, or of its instances, replaced."""
    request = copy.deepcopy(REQUEST)
    for name, value in parts.items():
        place = request["Instances"] if name in request["Instances"] or name == "InstanceGroups" else request
        place[name] = value
    return request


def ask(answers: Answers, request: dict[str, Any] | None = None, security: dict[str, Any] | None = None) -> Any:
    return check([read_request("etl", request or REQUEST, REGION, security)], account(answers)).findings


def test_an_account_without_obstacles_has_no_finding() -> None:
    assert ask(good_answers()) == ()
    assert ask(good_answers(), security=SECURITY) == ()


@pytest.mark.parametrize("name", FINDINGS)
def test_each_obstacle_is_found_by_its_own_code_and_no_other(name: str) -> None:
    code, change = FINDINGS[name]
    answers = good_answers()
    change(answers)
    found: tuple[Diagnostic, ...] = ask(answers)
    assert {d.code for d in found} == {code}
    for d in found:
        assert d.severity is (Severity.ERROR if code.startswith("E") else Severity.WARNING)
        assert d.path[:2] == ("clusters", "etl")
        assert "https://docs.aws.amazon.com/" in (d.reason or "")
        assert d.hint


def test_a_certificate_archive_that_is_not_there_is_found() -> None:
    answers = good_answers()
    present = {"ContentLength": 1}
    put(answers, s3__head_object=lambda r: error("404", 404) if r["Key"] == "certificates.zip" else present)
    (found,) = ask(answers, security=SECURITY)
    assert (found.code, found.got) == ("E-PRE-004", "s3://code/certificates.zip")
    assert ask(answers) == ()


def test_a_key_of_another_region_is_found_without_asking() -> None:
    request = changed(LogEncryptionKmsKeyId=KEY.replace(REGION, "us-east-1"))
    (found,) = ask(good_answers(), request)
    assert (found.code, found.allowed) == ("E-PRE-043", REGION)


def test_a_bootstrap_bucket_elsewhere_is_told_from_the_log_bucket() -> None:
    answers = good_answers()
    put(answers, s3__head_bucket=lambda r: {"BucketRegion": "us-east-1" if r["Bucket"] == "code" else REGION})
    (found,) = ask(answers)
    assert found.code == "E-PRE-002"
    assert "the bootstrap action 'tools'" in (found.got or "")


def test_an_open_port_that_is_permitted_or_in_a_private_subnet_is_none() -> None:
    permitted = good_answers()
    make_public(permitted, "a", "b")
    open_to_all(permitted, 22)
    assert ask(permitted) == ()
    private = good_answers()
    open_to_all(private, 8088)
    assert ask(private) == ()


def test_without_the_scoped_policy_no_tag_is_asked_for() -> None:
    answers = good_answers()
    subnets(answers)[0].pop("Tags")
    put(answers, iam__list_attached_role_policies={"AttachedPolicies": []})
    assert ask(answers) == ()


def test_types_are_counted_against_the_quota_of_their_own_family() -> None:
    fleets = [
        {
            "InstanceFleetType": "MASTER",
            "TargetOnDemandCapacity": 1,
            "InstanceTypeConfigs": [{"InstanceType": "g5.xlarge"}],
        }
    ]
    request = changed(InstanceFleets=fleets, ManagedScalingPolicy={}, CustomAmiId=None)
    (found,) = ask(good_answers(), request)
    assert found.code == "E-PRE-012"
    assert "G and VT" in (found.allowed or "")
    enough = good_answers()
    quota("ec2", "On-Demand G and VT", 4)(enough)
    assert ask(enough, request) == ()


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("s3:head_object", "s3:GetObject"),
        ("ec2:describe_instance_type_offerings", "ec2:DescribeInstanceTypeOfferings"),
        ("ec2:describe_subnets", "ec2:DescribeSubnets"),
        ("ec2:describe_route_tables", "ec2:DescribeRouteTables"),
        ("ec2:describe_vpc_attribute", "ec2:DescribeVpcAttribute"),
        ("ec2:describe_security_groups", "ec2:DescribeSecurityGroups"),
        ("ec2:describe_images", "ec2:DescribeImages"),
        ("service-quotas:list_service_quotas", "servicequotas:ListServiceQuotas"),
        ("emr:list_clusters", "elasticmapreduce:ListClusters"),
        ("emr:get_block_public_access_configuration", "elasticmapreduce:GetBlockPublicAccessConfiguration"),
        ("iam:get_role", "iam:GetRole"),
        ("iam:get_instance_profile", "iam:GetInstanceProfile"),
        ("kms:describe_key", "kms:DescribeKey"),
    ],
)
def test_what_may_not_be_asked_is_a_warning_with_the_action(name: str, action: str) -> None:
    answers = {**good_answers(), name: error("403" if name.startswith("s3") else "AccessDeniedException", 403)}
    found: tuple[Diagnostic, ...] = ask(answers)
    assert {d.code for d in found} == {"W-PRE-090"}
    assert all(action in d.summary and action in (d.hint or "") for d in found)


def test_an_endpoint_without_the_operation_is_a_warning() -> None:
    answers = {**good_answers(), "service-quotas:list_service_quotas": error("NotImplemented", 501)}
    found: tuple[Diagnostic, ...] = ask(answers)
    assert {d.code for d in found} == {"W-PRE-091"}
    assert any("ListServiceQuotas" in d.summary for d in found)


def test_what_takes_too_long_is_a_warning_and_the_rest_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def never(*_: object) -> Iterable[Diagnostic]:
        released.wait()
        return ()

    # Time stands still until there is a first answer, that of the roles; then the deadline is long past.
    times = chain([0.0, 0.0], repeat(1e6))
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=lambda: next(times)))
    roles = next(question for question in QUESTIONS if question.about == "roles")
    answers = good_answers()
    role_without("service")(answers)
    inquiry = check(
        [read_request("etl", REQUEST, REGION)],
        account(answers),
        questions=[Question("the moon", never), roles],
        deadline=600.0,
    )
    assert not released.is_set(), "nobody waited for it"
    released.set()
    assert [d.code for d in inquiry.findings] == ["W-PRE-092", "E-PRE-030"]
    assert "the moon" in inquiry.findings[0].summary


def test_a_defect_of_a_question_is_not_hidden() -> None:
    def broken(*_: object) -> Iterable[Diagnostic]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check([read_request("etl", REQUEST, REGION)], account(), questions=[Question("it", broken)])


def test_a_preflight_only_reads() -> None:
    caller = StubbedCaller(good_answers())
    from emrkit_jobs.targets.account_api import ApiAccount

    check([read_request("etl", REQUEST, REGION, SECURITY)], ApiAccount(caller, REGION))
    assert caller.asked
    assert [name for name in caller.asked if not re.match(r"[\w-]+:(head|describe|list|get)_", name)] == []


def test_two_clusters_share_the_answers() -> None:
    from emrkit_jobs.targets.account_api import ApiAccount

    caller = StubbedCaller(good_answers())
    needs = [read_request(name, REQUEST, REGION) for name in ("etl", "nightly")]
    check(needs, ApiAccount(caller, REGION), questions=[q for q in QUESTIONS if q.about == "subnets"])
    assert caller.asked.count("ec2:describe_route_tables") <= 2
    check(needs[:1], ApiAccount(caller, REGION), questions=())


def test_every_code_of_a_preflight_has_a_test() -> None:
    folder = Path(__file__).parents[4] / "jobs/emrkit_jobs/preflight"
    written = {
        f"{kind[0].upper()}-{code}"
        for path in folder.glob("*.py")
        for kind, code in re.findall(r"\b(error|warning)\(\s*\"(PRE-\d{3})\"", path.read_text("utf-8"))
    }
    tested = {code for code, _ in FINDINGS.values()} | set(re.findall(r"[EW]-PRE-\d{3}", Path(__file__).read_text()))
    assert written == tested


def test_the_guide_names_every_code_and_every_permission() -> None:
    from emrkit_jobs.targets.account_api import ApiAccount

    text = (Path(__file__).parents[4] / "docs/preflight.md").read_text("utf-8")
    ranges = re.findall(r"E-PRE-(\d{3}) to E-PRE-(\d{3})", text)
    said = set(re.findall(r"[EW]-PRE-\d{3}", text))
    said |= {f"E-PRE-{n:03}" for first, last in ranges for n in range(int(first), int(last) + 1)}
    folder = Path(__file__).parents[4] / "jobs/emrkit_jobs/preflight"
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    written = {
        f"{kind[0].upper()}-{code}" for kind, code in re.findall(r"\b(error|warning)\(\s*\"(PRE-\d{3})\"", source)
    }
    assert said == written
    caller = StubbedCaller(good_answers())
    check([read_request("etl", REQUEST, REGION, SECURITY)], ApiAccount(caller, REGION))
    special = {"s3:head_bucket": "s3:ListBucket", "s3:head_object": "s3:GetObject"}
    prefixes = {"emr": "elasticmapreduce", "service-quotas": "servicequotas"}
    for name in set(caller.asked):
        service, _, operation = name.partition(":")
        api = "".join(part.capitalize() for part in operation.split("_"))
        assert f"`{special.get(name, f'{prefixes.get(service, service)}:{api}')}`" in text
