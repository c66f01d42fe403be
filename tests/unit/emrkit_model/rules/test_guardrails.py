"""Each guardrail fires on a template that breaks it, alone; and on the good template none does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emrkit_model import rules
from emrkit_model.diagnostics import Severity
from emrkit_model.rules import Acknowledged
from emrkit_model.rules.secrets import suspect_words

from .guardrail_breakages import (
    BREAKAGES,
    GOOD,
    READS_ROLES,
    Breakage,
    broken,
    drop,
    ends_with_its_steps,
    set_,
    statement,
)


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
        lambda r: (drop(r["Etl"], "AutoTerminationPolicy"), set_(r["Etl"], ReleaseLabel="emr-5.29.0")),
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


@pytest.mark.parametrize("word", ["--password-file", "--secret-id=prod/db", "--token-url=https://example.com/token"])
def test_names_that_only_point_at_a_secret_are_none(word: str) -> None:
    assert list(suspect_words(["job.py", word])) == []


def test_a_secret_is_never_repeated_in_its_finding() -> None:
    for name in BREAKAGES:
        if BREAKAGES[name][0] == "E-RULE-012":
            said = " ".join(str(f.diagnostic) for f in rules.check_template(broken(BREAKAGES[name][2])))
            assert not re.search("hunter2|wJalr|AKIA|ghp_", said)


def _split(template: dict[str, Any], *moved: str) -> dict[str, dict[str, Any]]:
    """The template as two, with the references to what was moved as exports and imports."""
    text = json.dumps(template)
    outputs = {}
    for name in moved:
        outputs[name] = {"Value": {"Ref": name}, "Export": {"Name": f"shared-{name}"}}
        text = text.replace(json.dumps({"Ref": name}), json.dumps({"Fn::ImportValue": f"shared-{name}"}))
    first = {n: template["Resources"][n] for n in template["Resources"] if n.startswith(moved)}
    rest = json.loads(text)
    rest["Resources"] = {n: body for n, body in rest["Resources"].items() if n not in first}
    return {"shared": {"Resources": first, "Outputs": outputs}, "emr": rest}


def test_a_bucket_of_another_stack_is_judged_for_what_imports_it() -> None:
    good = _split(broken(lambda _: None), "Logs")
    assert rules.check_templates(good) == {"shared": (), "emr": ()}
    bad = _split(broken(lambda r: drop(r["Logs"], "VersioningConfiguration")), "Logs")
    found = rules.check_templates(bad)
    assert [(f.rule.id, f.resource) for f in found["shared"]] == [("E-RULE-013", "Logs")]
    assert found["emr"] == ()


def test_an_imported_security_configuration_must_be_one() -> None:
    good = _split(broken(lambda _: None), "Security")
    assert rules.check_templates(good)["emr"] == ()
    good["emr"]["Resources"]["Etl"]["Properties"]["SecurityConfiguration"] = {"Fn::ImportValue": "shared-Logs"}
    bad = _split(good["emr"], "Logs")
    assert [f.rule.id for f in rules.check_templates(bad)["emr"]] == ["E-RULE-001"]


def test_a_public_subnet_of_another_stack_is_found() -> None:
    moved = ("PrivateSubnet", "PrivateAssociation")
    bad = _split(broken(lambda r: set_(r["PrivateSubnet"], MapPublicIpOnLaunch=True)), *moved)
    assert [f.rule.id for f in rules.check_templates(bad)["emr"]] == ["E-RULE-009"]


def test_every_guardrail_has_a_rule() -> None:
    covered = {rule.guardrail for rule in rules.CATALOGUE} | {rules.ACKNOWLEDGEMENTS[0]}
    assert covered == {f"G{number:02}" for number in range(1, 15)}


KEPT = Acknowledged("emrkit::E-RULE-006", "App/Etl", "it is ended by hand after every test")


@pytest.mark.parametrize(
    ("given", "used", "judges", "codes"),
    [
        (KEPT, [("emrkit::E-RULE-006", "App/Etl")], None, []),
        (KEPT, [("emrkit::E-RULE-006", "App/Other")], None, ["W-RULE-002"]),
        (KEPT, [], ["AwsSolutions"], []),
        (KEPT, [], ["emrkit"], ["W-RULE-002"]),
        (Acknowledged(KEPT.rule, KEPT.path, "because"), [(KEPT.rule, KEPT.path)], None, ["E-RULE-016"]),
    ],
)
def test_an_acknowledgement_needs_a_reason_and_a_finding(
    given: Acknowledged, used: list[tuple[str, str]], judges: list[str] | None, codes: list[str]
) -> None:
    assert [d.code for d in rules.check_acknowledgements([given], used, judges)] == codes
