"""Each guardrail fires on a template that breaks it, alone; and on the good template none does."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emrkit_model import rules
from emrkit_model.diagnostics import Severity

GOOD: dict[str, Any] = json.loads((Path(__file__).parent / "good.template.json").read_text("utf-8"))
Resources = dict[str, Any]
Breakage = Callable[[Resources], object]


def broken(breakage: Breakage) -> dict[str, Any]:
    template = copy.deepcopy(GOOD)
    breakage({name: body["Properties"] for name, body in template["Resources"].items()})
    return template


def encryption(r: Resources) -> dict[str, Any]:
    return r["Security"]["SecurityConfiguration"]["EncryptionConfiguration"]


def statement(r: Resources) -> dict[str, Any]:
    return r["ServiceRole"]["Policies"][0]["PolicyDocument"]["Statement"][0]


def set_(target: dict[str, Any], **values: object) -> None:
    target.update(values)


def drop(target: dict[str, Any], name: str) -> None:
    del target[name]


def ends_with_its_steps(r: Resources) -> None:
    r["Etl"]["Instances"]["KeepJobFlowAliveWhenNoSteps"] = False


READS_ROLES = {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}
STAR = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::123456789012:role/*"]]}
# One line per way to break a rule: code, the resource that is blamed, the breakage.
BREAKAGES: dict[str, tuple[str, str, Breakage]] = {
    "no security configuration": ("E-RULE-001", "Etl", lambda r: drop(r["Etl"], "SecurityConfiguration")),
    "a bare name": ("E-RULE-001", "Etl", lambda r: set_(r["Etl"], SecurityConfiguration="shared")),
    "a parameter": ("E-RULE-001", "Etl", lambda r: set_(r["Etl"], SecurityConfiguration={"Ref": "Stage"})),
    "something else": (
        "E-RULE-001",
        "Etl",
        lambda r: set_(r["Etl"], SecurityConfiguration={"Ref": "Key"}),
    ),
    "none in one branch": (
        "E-RULE-001",
        "Etl",
        lambda r: set_(
            r["Etl"], SecurityConfiguration={"Fn::If": ["IsProd", {"Ref": "Security"}, {"Ref": "AWS::NoValue"}]}
        ),
    ),
    "at rest off": ("E-RULE-002", "Security", lambda r: set_(encryption(r), EnableAtRestEncryption=False)),
    "in transit off": ("E-RULE-002", "Security", lambda r: drop(encryption(r), "EnableInTransitEncryption")),
    "no certificates": ("E-RULE-002", "Security", lambda r: drop(encryption(r), "InTransitEncryptionConfiguration")),
    "S3 with a key of S3": (
        "E-RULE-002",
        "Security",
        lambda r: set_(
            encryption(r)["AtRestEncryptionConfiguration"]["S3EncryptionConfiguration"], EncryptionMode="SSE-S3"
        ),
    ),
    "local disks off": (
        "E-RULE-002",
        "Security",
        lambda r: drop(encryption(r)["AtRestEncryptionConfiguration"], "LocalDiskEncryptionConfiguration"),
    ),
    "EBS off": (
        "E-RULE-002",
        "Security",
        lambda r: drop(
            encryption(r)["AtRestEncryptionConfiguration"]["LocalDiskEncryptionConfiguration"], "EnableEbsEncryption"
        ),
    ),
    "IMDSv1": (
        "E-RULE-003",
        "Security",
        lambda r: set_(
            r["Security"]["SecurityConfiguration"]["InstanceMetadataServiceConfiguration"],
            MinimumInstanceMetadataServiceVersion=1,
        ),
    ),
    "IMDS left out": (
        "E-RULE-003",
        "Security",
        lambda r: drop(r["Security"]["SecurityConfiguration"], "InstanceMetadataServiceConfiguration"),
    ),
    "open to IPv4": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIp="0.0.0.0/0"),
    ),
    "open to IPv6 in its long form": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIpv6="0:0:0:0:0:0:0:0/0"),
    ),
    "open to half of the internet": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIp="128.0.0.0/1"),
    ),
    "open by an own rule": (
        "E-RULE-004",
        "CoreFromPrimary",
        lambda r: set_(r["CoreFromPrimary"], CidrIpv6="::/0"),
    ),
    "an open group tagged for EMR": (
        "E-RULE-004",
        "WebGroup",
        lambda r: set_(r["WebGroup"], Tags=[{"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}]),
    ),
    "open in one branch": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(
            r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIp={"Fn::If": ["IsProd", "10.0.0.0/8", "0.0.0.0/0"]}
        ),
    ),
    "any role may be passed": ("E-RULE-005", "ServiceRole", lambda r: set_(statement(r), Resource="*")),
    "any role in pieces": ("E-RULE-005", "ServiceRole", lambda r: set_(statement(r), Resource=[STAR])),
    "to any service": ("E-RULE-005", "ServiceRole", lambda r: drop(statement(r), "Condition")),
    "to services with a wildcard": (
        "E-RULE-005",
        "ServiceRole",
        lambda r: set_(statement(r), Condition={"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}),
    ),
    "all of IAM": (
        "E-RULE-005",
        "ServiceRole",
        lambda r: (drop(statement(r), "Condition"), set_(statement(r), Action=["s3:GetObject", "iam:P*"])),
    ),
    "everything but something": (
        "E-RULE-005",
        "ServiceRole",
        lambda r: (drop(statement(r), "Action"), set_(statement(r), NotAction="s3:*", Resource="*")),
    ),
    "never idle": ("E-RULE-006", "Etl", lambda r: drop(r["Etl"], "AutoTerminationPolicy")),
    "never idle, keep-alive unsaid": (
        "E-RULE-006",
        "Etl",
        lambda r: (drop(r["Etl"], "AutoTerminationPolicy"), drop(r["Etl"]["Instances"], "KeepJobFlowAliveWhenNoSteps")),
    ),
    "no logs": ("E-RULE-007", "Etl", lambda r: drop(r["Etl"], "LogUri")),
    "logs in clear": ("E-RULE-007", "Etl", lambda r: drop(r["Etl"], "LogEncryptionKmsKeyId")),
    "the deprecated service policy": (
        "E-RULE-008",
        "ServiceRole",
        lambda r: set_(
            r["ServiceRole"], ManagedPolicyArns=["arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole"]
        ),
    ),
    "the deprecated node policy in pieces": (
        "E-RULE-008",
        "NodeRole",
        lambda r: set_(
            r["NodeRole"],
            ManagedPolicyArns=[
                {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonElasticMapReduceforEC2Role"}
            ],
        ),
    ),
    "the deprecated default role": ("E-RULE-008", "Etl", lambda r: set_(r["Etl"], ServiceRole="EMR_DefaultRole")),
}


def test_finds_nothing_in_the_good_template() -> None:
    assert rules.check_template(GOOD) == ()


@pytest.mark.parametrize("name", BREAKAGES)
def test_catches_each_breakage_by_its_own_rule_and_no_other(name: str) -> None:
    code, resource, breakage = BREAKAGES[name]
    findings = rules.check_template(broken(breakage))
    assert {(f.rule.id, f.resource) for f in findings} == {(code, resource)}


@pytest.mark.parametrize("name", BREAKAGES)
def test_says_where_why_and_what_to_do(name: str) -> None:
    _, resource, breakage = BREAKAGES[name]
    for finding in rules.check_template(broken(breakage)):
        assert finding.path[:3] == ("Resources", resource, "Properties")
        assert finding.fix
        said = finding.diagnostic
        assert said.severity is Severity.ERROR
        assert said.hint == finding.fix
        assert "https://docs.aws.amazon.com/" in (said.reason or "")
        assert said.summary[0].islower() or not said.summary[0].isalpha() or said.summary.startswith("iam:")


def test_every_rule_has_a_breakage() -> None:
    assert {code for code, _, _ in BREAKAGES.values()} == {rule.id for rule in rules.CATALOGUE}


def test_codes_are_unique_and_in_order() -> None:
    codes = [rule.id for rule in rules.CATALOGUE]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"E-RULE-\d{3}", code) for code in codes)


def test_the_path_leads_to_the_value() -> None:
    template = broken(BREAKAGES["open in one branch"][2])
    (finding,) = rules.check_template(template)
    here: Any = template
    for step in finding.path:
        here = here[step]
    assert here == "0.0.0.0/0"


@pytest.mark.parametrize(
    "fine",
    [
        lambda r: set_(r["Etl"], SecurityConfiguration={"Fn::ImportValue": "network-Security"}),
        lambda r: set_(r["Etl"], SecurityConfiguration={"Fn::Sub": "${Security}"}),
        lambda r: set_(r["Etl"], LogUri={"Fn::Join": ["", ["s3://", {"Fn::ImportValue": "logs"}, "/etl/"]]}),
        lambda r: (drop(r["Etl"], "AutoTerminationPolicy"), ends_with_its_steps(r)),
        lambda r: (drop(r["Etl"], "LogEncryptionKmsKeyId"), set_(r["Etl"], ReleaseLabel="emr-5.29.0")),
        lambda r: set_(r["Security"], SecurityConfiguration=json.dumps(r["Security"]["SecurityConfiguration"])),
        lambda r: set_(r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIp={"Fn::GetAtt": ["Vpc", "CidrBlock"]}),
        lambda r: set_(statement(r), Condition={"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com"]}}),
        lambda r: set_(statement(r), Condition={"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}}),
        lambda r: set_(r["NodeRole"], Policies=[{"PolicyDocument": {"Statement": READS_ROLES}}]),
    ],
)
def test_accepts_other_ways_to_say_the_same(fine: Breakage) -> None:
    assert rules.check_template(broken(fine)) == ()


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"Resources": None},
        {"Resources": {"A": "not a resource"}},
        {"Resources": {"A": {"Type": "AWS::EMR::SecurityConfiguration", "Properties": {"SecurityConfiguration": "{"}}}},
        {"Resources": {"A": {"Type": "AWS::EMR::SecurityConfiguration"}}},
        {
            "Resources": {
                "A": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": ["?", None]}}}
            }
        },
        {"Resources": {"A": {"Type": "AWS::EMR::Cluster", "Properties": {"Instances": {"Fn::GetAtt": []}}}}},
    ],
)
def test_survives_a_malformed_template(odd: dict[str, Any]) -> None:
    rules.check_template(odd)
