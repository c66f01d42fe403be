"""Each finding of a preflight: the one answer that brings it, and the account without a finding."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from emrkit_jobs.preflight import check, read_request
from emrkit_jobs.preflight.asking import QUESTIONS, Question
from emrkit_model.diagnostics import Diagnostic, Severity

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


def subnets(answers: Answers) -> list[dict[str, Any]]:
    return answers["ec2:describe_subnets"]["Subnets"]


def groups(answers: Answers) -> list[dict[str, Any]]:
    return answers["ec2:describe_security_groups"]["SecurityGroups"]


def put(answers: Answers, **values: Any) -> None:
    for name, value in values.items():
        answers[name.replace("__", ":")] = value


def open_to_all(answers: Answers, port: int) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    groups(answers)[0]["IpPermissions"] = [rule]


def make_public(answers: Answers, *letters: str) -> None:
    table = answers["ec2:describe_route_tables"]["RouteTables"][0]
    table["Associations"] = [{"SubnetId": f"subnet-{x}"} for x in "ab" if x not in letters]
    answers["ec2:describe_route_tables"]["RouteTables"].append(
        {
            "Associations": [{"SubnetId": f"subnet-{x}"} for x in letters],
            "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}],
        }
    )


def quota(service: str, form: str, value: float) -> Callable[[Answers], None]:
    """A quota of this service whose name matches has another value."""

    def change(answers: Answers) -> None:
        before = answers["service-quotas:list_service_quotas"]

        def asked(request: dict[str, Any]) -> dict[str, Any]:
            found = copy.deepcopy(before(request))
            for row in found["Quotas"]:
                if request["ServiceCode"] == service and re.search(form, row["QuotaName"]):
                    row["Value"] = value
            return found

        answers["service-quotas:list_service_quotas"] = asked

    return change


def role_without(name: str) -> Callable[[Answers], None]:
    def change(answers: Answers) -> None:
        before = answers["iam:get_role"]
        answers["iam:get_role"] = lambda r: error("NoSuchEntity", 404) if r["RoleName"] == name else before(r)

    return change


def key_that_is(**values: Any) -> Callable[[Answers], None]:
    def change(answers: Answers) -> None:
        before = answers["kms:describe_key"]
        answers["kms:describe_key"] = lambda r: {"KeyMetadata": {**before(r)["KeyMetadata"], **values}}

    return change


def offered(missing: dict[str, str]) -> Callable[[Answers], None]:
    """Without these types in the zones with these letters."""

    def change(answers: Answers) -> None:
        before = answers["ec2:describe_instance_type_offerings"]

        def asked(request: dict[str, Any]) -> dict[str, Any]:
            rows = before(request)["InstanceTypeOfferings"]
            kept = [r for r in rows if r["Location"][-1] not in missing.get(r["InstanceType"], "")]
            return {"InstanceTypeOfferings": kept}

        answers["ec2:describe_instance_type_offerings"] = asked

    return change


def running(vcpu: int, kind: str = "m5.xlarge", **more: Any) -> Callable[[Answers], None]:
    instance = {"InstanceType": kind, "CpuOptions": {"CoreCount": vcpu, "ThreadsPerCore": 1}, **more}
    return lambda a: put(a, ec2__describe_instances={"Reservations": [{"Instances": [instance]}]})


DHCP = {"DhcpOptions": [{"DhcpConfigurations": [{"Key": "domain-name-servers", "Values": [{"Value": "10.0.0.2"}]}]}]}
NO_HOSTNAMES = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": False}}
NO_SUPPORT = {"EnableDnsSupport": {"Value": False}, "EnableDnsHostnames": {"Value": True}}
BLOCK_OFF = {
    "BlockPublicAccessConfiguration": {"BlockPublicSecurityGroupRules": False},
    "BlockPublicAccessConfigurationMetadata": {
        "CreationDateTime": "2026-01-01T00:00:00Z",
        "CreatedByArn": "arn:aws:iam::123456789012:root",
    },
}
Change = Callable[[Answers], object]
FINDINGS: dict[str, tuple[str, Change]] = {
    "a bucket that is not there": ("E-PRE-001", lambda a: put(a, s3__head_bucket=error("404", 404))),
    "a bucket elsewhere": ("E-PRE-002", lambda a: put(a, s3__head_bucket={"BucketRegion": "us-east-1"})),
    "a bucket elsewhere that says no": (
        "E-PRE-002",
        lambda a: put(a, s3__head_bucket=error("403", 403, x_amz_bucket_region="us-east-1")),
    ),
    "a bucket that says no": (
        "W-PRE-003",
        lambda a: put(a, s3__head_bucket=error("403", 403, x_amz_bucket_region=REGION)),
    ),
    "a script that is not there": ("E-PRE-004", lambda a: put(a, s3__head_object=error("404", 404))),
    "a type that no zone offers": ("E-PRE-010", offered({"m6g.xlarge": "ab"})),
    "one type of two that no zone offers": ("W-PRE-010", offered({"r6g.2xlarge": "ab"})),
    "a zone without any of the types": ("W-PRE-013", offered({"r6g.xlarge": "b", "r6g.2xlarge": "b"})),
    "too few addresses to start": (
        "E-PRE-011",
        lambda a: [row.update(AvailableIpAddressCount=4) for row in subnets(a)],
    ),
    "too few addresses to grow": ("W-PRE-011", lambda a: subnets(a)[1].update(AvailableIpAddressCount=8)),
    "a quota below the start": ("E-PRE-012", quota("ec2", "Running On-Demand Standard", 16)),
    "a quota below the growth": ("W-PRE-012", quota("ec2", "Running On-Demand Standard", 24)),
    "a Spot quota of nothing": ("E-PRE-012", quota("ec2", "All Standard .* Spot", 0)),
    "what runs leaves too little": ("W-PRE-014", running(630)),
    "Spot that runs leaves too little": ("W-PRE-014", running(636, InstanceLifecycle="spot")),
    "as many clusters as there may be": ("E-PRE-015", quota("elasticmapreduce", "active clusters", 0)),
    "a subnet that is not there": ("E-PRE-020", lambda a: subnets(a).pop()),
    "subnets of two VPCs": ("E-PRE-021", lambda a: subnets(a)[1].update(VpcId="vpc-2")),
    "a subnet without the tag": ("E-PRE-022", lambda a: subnets(a)[0].pop("Tags")),
    "a group without the tag": ("E-PRE-022", lambda a: groups(a)[0].pop("Tags")),
    "no DNS hostnames in a private subnet": ("W-PRE-023", lambda a: put(a, ec2__describe_vpc_attribute=NO_HOSTNAMES)),
    "no DNS hostnames in a public subnet": (
        "E-PRE-023",
        lambda a: (make_public(a, "a", "b"), put(a, ec2__describe_vpc_attribute=NO_HOSTNAMES)),
    ),
    "no DNS resolution": ("E-PRE-023", lambda a: put(a, ec2__describe_vpc_attribute=NO_SUPPORT)),
    "name servers of their own": ("W-PRE-024", lambda a: put(a, ec2__describe_dhcp_options=DHCP)),
    "block public access off": (
        "W-PRE-025",
        lambda a: put(a, emr__get_block_public_access_configuration=BLOCK_OFF),
    ),
    "an open group in a public subnet": (
        "E-PRE-025",
        lambda a: (make_public(a, "a", "b"), open_to_all(a, 8088)),
    ),
    "a group that is not there": ("E-PRE-026", lambda a: groups(a).pop()),
    "a public subnet beside a private one": ("E-PRE-027", lambda a: make_public(a, "a")),
    "a group of another VPC": ("E-PRE-028", lambda a: groups(a)[1].update(VpcId="vpc-2")),
    "no service role": ("E-PRE-030", role_without("service")),
    "no scaling role": ("E-PRE-030", role_without("scaling")),
    "no instance profile": ("E-PRE-031", lambda a: put(a, iam__get_instance_profile=error("NoSuchEntity", 404))),
    "a profile without a role": (
        "E-PRE-031",
        lambda a: a["iam:get_instance_profile"]["InstanceProfile"].update(Roles=[]),
    ),
    "a profile with another name than its role": (
        "E-PRE-032",
        lambda a: a["iam:get_instance_profile"]["InstanceProfile"]["Roles"][0].update(RoleName="workers"),
    ),
    "no service-linked role": ("W-PRE-033", role_without("AWSServiceRoleForEMRCleanup")),
    "no key pair": ("E-PRE-034", lambda a: put(a, ec2__describe_key_pairs={"KeyPairs": []})),
    "no security configuration": (
        "E-PRE-035",
        lambda a: put(a, emr__describe_security_configuration=error("InvalidRequestException")),
    ),
    "no key": ("E-PRE-040", lambda a: put(a, kms__describe_key=error("NotFoundException"))),
    "a key that waits for its end": ("E-PRE-041", key_that_is(KeyState="PendingDeletion")),
    "a key that only signs": ("E-PRE-042", key_that_is(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")),
    "no AMI": ("E-PRE-050", lambda a: put(a, ec2__describe_images=error("InvalidAMIID.NotFound"))),
    "an AMI that failed": ("E-PRE-050", lambda a: a["ec2:describe_images"]["Images"][0].update(State="failed")),
    "an AMI of another architecture": (
        "E-PRE-051",
        lambda a: a["ec2:describe_images"]["Images"][0].update(Architecture="x86_64"),
    ),
    "an AMI without EBS": (
        "E-PRE-052",
        lambda a: a["ec2:describe_images"]["Images"][0].update(RootDeviceType="instance-store"),
    ),
}


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


def test_what_takes_too_long_is_a_warning_and_the_rest_is_answered() -> None:
    def never(*_: object) -> Iterable[Diagnostic]:
        time.sleep(30)
        return ()

    roles = next(question for question in QUESTIONS if question.about == "roles")
    answers = good_answers()
    role_without("service")(answers)
    began = time.monotonic()
    inquiry = check(
        [read_request("etl", REQUEST, REGION)],
        account(answers),
        questions=[Question("the moon", never), roles],
        deadline=1.0,
    )
    assert time.monotonic() - began < 10
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
