"""The judges as CDK plugins: they find what is wrong, and an acknowledgement silences one finding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_emr as cfn_emr
from aws_cdk import aws_s3 as s3

import emrkit as emr
from emrkit import guardrails
from emrkit.acknowledgements import seat
from emrkit.guardrails import Acknowledgement, Judge, Pack
from emrkit_jobs.plan.judgement import read_acknowledgements
from emrkit_model.reasons import OWN_MARK
from emrkit_model.values import InvalidModel

NESTED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "unit/emrkit_model/rules/good.template.json").read_text("utf-8")
)["Resources"]["Security"]["Properties"]["SecurityConfiguration"]
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
REASON = "a reason that is long enough to be one"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[cdk.App]:
    monkeypatch.setenv("EMRKIT_JUDGES", "1")
    yield cdk.App(outdir=str(tmp_path / "cdk.out"), builtin_cloud_formation_validation=False)
    seat(())  # judges sit in a process: those of this app must not sit over the next test's


def security(stack: cdk.Stack, document: dict[str, Any]) -> cfn_emr.CfnSecurityConfiguration:
    text = json.dumps(document).replace('{"Fn::GetAtt": ["Key", "Arn"]}', f'"{KEY}"')
    return cfn_emr.CfnSecurityConfiguration(stack, "Security", security_configuration=json.loads(text))


def cluster(stack: cdk.Stack, configuration: str | None, *, idle: bool = True) -> cfn_emr.CfnCluster:
    return cfn_emr.CfnCluster(
        stack,
        "Etl",
        name="etl",
        release_label="emr-7.12.0",
        job_flow_role="nodes",
        service_role="service",
        log_uri="s3://logs/etl/",
        log_encryption_kms_key_id=KEY,
        security_configuration=configuration,
        auto_termination_policy=cfn_emr.CfnCluster.AutoTerminationPolicyProperty(idle_timeout=3600) if idle else None,
        instances=cfn_emr.CfnCluster.JobFlowInstancesConfigProperty(keep_job_flow_alive_when_no_steps=True),
    )


def judged(app: cdk.App, *, part: str = "violations", **more: Any) -> dict[str, list[str]]:
    """Rule → construct paths, as the validation report has them."""
    assert guardrails.apply(app, **more)
    failed = False
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        failed = True
    report = json.loads((Path(app.outdir) / "validation-report.json").read_text("utf-8"))
    found = [v for r in report["pluginReports"] for v in r["violations"]]
    assert failed == any(v["severity"] == "error" for v in found)
    wanted = found if part == "violations" else [v for r in report["pluginReports"] for v in r.get(part, [])]
    return {v["ruleName"]: [c["constructPath"] for c in v["violatingConstructs"]] for v in wanted}


def test_every_judge_sits() -> None:
    usual = [Judge.EMRKIT, Judge.AWS_SOLUTIONS, Judge.CONTROL_TOWER]
    assert [plugin.name for plugin in guardrails.plugins()] == usual
    assert [plugin.name for plugin in guardrails.plugins(list(Pack))] == [*usual, *(pack.judge for pack in Pack)]


def test_the_judges_are_there_by_the_one_import() -> None:
    assert emr.guardrails is guardrails


@pytest.mark.parametrize("judges", ["0", "1"])
@pytest.mark.parametrize("packs", [["hipaa", "hippa"], "hipaa", None])
def test_packs_that_do_not_exist_are_refused_with_those_that_do(
    app: cdk.App, packs: Any, judges: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMRKIT_JUDGES", judges)
    with pytest.raises(InvalidModel) as refused:
        guardrails.apply(app, packs=packs)
    (found,) = refused.value.diagnostics
    assert found.code == "E-RULE-030"
    assert found.allowed == "hipaa, nist-r4, nist-r5, pci-dss"
    assert found.hint == (None if packs is None else 'packs=["hipaa"]')


def test_a_bad_stack_fails_synthesis_with_the_construct_and_the_rule(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Bad")
    cluster(stack, None, idle=False)
    group = ec2.CfnSecurityGroup(
        stack,
        "Nodes",
        group_description="nodes",
        security_group_ingress=[{"cidrIp": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22}],
    )
    cdk.Tags.of(group).add("for-use-with-amazon-emr-managed-policies", "true")
    found = judged(app)
    ours = {rule: paths for rule, paths in found.items() if rule.startswith("E-RULE")}
    assert ours == {"E-RULE-001": ["Bad/Etl"], "E-RULE-004": ["Bad/Nodes"], "E-RULE-006": ["Bad/Etl"]}
    assert "AwsSolutions-EC23" in found


def test_an_incomplete_security_configuration_is_found_by_control_tower_too(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Bare")
    cluster(stack, security(stack, {"EncryptionConfiguration": {"EnableAtRestEncryption": False}}).ref)
    found = judged(app)
    assert {"E-RULE-002", "E-RULE-003"} <= set(found)
    assert {rule for rule in found if rule.startswith("emr_sec_config")} == {
        "emr_sec_config_ebs_encryption_check",
        "emr_sec_config_encryption_at_rest_s3_check",
        "emr_sec_config_encryption_at_rest_s3_kms_check",
        "emr_sec_config_encryption_in_transit_check",
    }


def test_nag_still_reports_the_documented_form_of_a_security_configuration(app: cdk.App) -> None:
    """cdk-nag 3.0 reads the encryption keys at top level, where EMR refuses them.

    On the day this fails, delete the acknowledgements of AwsSolutions-EMR4 and AwsSolutions-EMR5.
    """
    stack = cdk.Stack(app, "Good")
    cluster(stack, security(stack, NESTED).ref)
    found = judged(app)
    assert set(found) == {"AwsSolutions-EMR4", "AwsSolutions-EMR5", "AwsSolutions-EMR6"}


def test_the_form_that_nag_wants_is_refused_by_everybody_else(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Flat")
    cluster(stack, security(stack, NESTED["EncryptionConfiguration"]).ref)
    found = judged(app)
    assert not {"AwsSolutions-EMR4", "AwsSolutions-EMR5"} & set(found)
    assert {"E-RULE-002", "emr_sec_config_ebs_encryption_check"} <= set(found)


def test_nag_still_wants_a_key_pair_or_kerberos(app: cdk.App) -> None:
    """Nodes are reached through Session Manager. On the day this fails, delete that acknowledgement."""
    stack = cdk.Stack(app, "Keys")
    cluster(stack, security(stack, NESTED).ref)
    assert judged(app)["AwsSolutions-EMR6"] == ["Keys/Etl"]


def test_an_acknowledgement_silences_its_finding_and_keeps_the_reason(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Shared")
    etl = cluster(stack, "a-shared-one", idle=False)
    guardrails.acknowledge(
        etl,
        Acknowledgement(Judge.EMRKIT, "E-RULE-001", REASON),
        *(Acknowledgement(Judge.AWS_SOLUTIONS, f"AwsSolutions-EMR{n}", REASON) for n in (4, 5, 6)),
    )
    assert judged(app, part="suppressedViolations")["E-RULE-001"] == ["Shared/Etl"]
    report = (Path(app.outdir) / "validation-report.json").read_text("utf-8")
    assert REASON in report
    remaining = [v["ruleName"] for r in json.loads(report)["pluginReports"] for v in r["violations"]]
    assert remaining == ["E-RULE-006"]


def test_a_finding_of_control_tower_fails_the_synthesis_beside_one_that_was_acknowledged(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Buckets")
    bucket = s3.CfnBucket(stack, "Bucket")
    nag = [Acknowledgement(Judge.AWS_SOLUTIONS, f"AwsSolutions-{rule}", REASON) for rule in ("S1", "S10")]
    guardrails.acknowledge(bucket, *nag, Acknowledgement.of("s3_bucket_object_lock_enabled_check", REASON))
    found = judged(app)
    assert found["s3_bucket_versioning_enabled_check"] == ["Buckets/Bucket"]
    assert "s3_bucket_object_lock_enabled_check" not in found
    assert not any(rule.startswith("AwsSolutions") for rule in found)


def test_an_acknowledgement_that_nobody_needs_is_reported_and_one_that_is_needed_is_not(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Kept")
    etl = cluster(stack, security(stack, NESTED).ref, idle=False)
    guardrails.acknowledge(
        etl,
        Acknowledgement(Judge.EMRKIT, "E-RULE-006", REASON),
        Acknowledgement(Judge.EMRKIT, "E-RULE-001", REASON),
        *(Acknowledgement(Judge.AWS_SOLUTIONS, f"AwsSolutions-EMR{n}", REASON) for n in (4, 5, 6)),
    )
    assert judged(app) == {}
    (stale,) = read_acknowledgements(Path(app.outdir))
    assert stale.code == "W-RULE-002"
    assert stale.path == ("Kept/Etl",)
    assert "emrkit::E-RULE-001" in stale.summary


def test_what_emrkit_accepts_for_itself_is_told_from_what_the_project_accepts(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Own")
    emr.Foundation(stack, "Foundation")
    judged(app)
    said = (Path(app.outdir) / "validation-report.json").read_text("utf-8")
    assert OWN_MARK in said
    assert read_acknowledgements(Path(app.outdir)) == ()


def test_a_reason_given_past_emrkit_must_be_one_too(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Short")
    etl = cluster(stack, security(stack, NESTED).ref, idle=False)
    cdk.Validations.of(etl).acknowledge(cdk.Acknowledgment(id="emrkit::E-RULE-006", reason="because"))
    judged(app)
    assert [d.code for d in read_acknowledgements(Path(app.outdir))] == ["E-RULE-016"]


@dataclass(frozen=True)
class Accepted:
    """What a project file accepts."""

    rule: str
    reason: str
    cluster: str | None = None


def test_what_the_project_file_accepts_stays_and_nothing_else(app: cdk.App) -> None:
    stack = cdk.Stack(app, "File")
    cluster(stack, "a-shared-one", idle=False)
    accept = [Accepted(f"AwsSolutions-EMR{n}", REASON) for n in (4, 5, 6)]
    assert list(judged(app, accept=[*accept, Accepted("E-RULE-001", REASON)])) == ["E-RULE-006"]


def test_a_finding_accepted_on_one_cluster_is_found_on_the_other(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Two")
    network = emr.Network(stack, "Network")
    foundation = emr.Foundation(stack, "Foundation")
    encryption = emr.Encryption(at_rest=emr.AtRest.kms(foundation.key), in_transit=emr.InTransit.emr_managed())
    security = emr.SecurityConfiguration(stack, "Security", encryption=encryption)
    for name in ("adhoc", "etl"):
        emr.Cluster(
            stack,
            name.title(),
            name=name + cdk.CfnParameter(stack, f"{name}Generation", default="").value_as_string,
            network=network,
            security=security,
            release="emr-7.12.0",
            primary=emr.InstanceFleet.on_demand("m6g.xlarge"),
            core=emr.InstanceFleet.spot("m6g.xlarge", capacity=2),
            logs=foundation.logs,
            key=foundation.key,
        )
    found = judged(app, accept=[Accepted("E-RULE-011", REASON, "adhoc")])
    assert found["E-RULE-011"] == ["Two/Etl/Resource"]


@pytest.mark.parametrize(
    ("rule", "judge"),
    [
        ("E-RULE-011", Judge.EMRKIT),
        ("AwsSolutions-S1", Judge.AWS_SOLUTIONS),
        ("AwsSolutions-IAM5[Resource]", Judge.AWS_SOLUTIONS),
        ("s3_bucket_acl_prohibited_check", Judge.CONTROL_TOWER),
        ("HIPAA.Security-IAMNoInlinePolicy", Judge.HIPAA),
        ("NIST.800.53.R4-IAMNoInlinePolicy", Judge.NIST_R4),
        ("NIST.800.53.R5-IAMNoInlinePolicy", Judge.NIST_R5),
        ("PCI.DSS.321-IAMNoInlinePolicy", Judge.PCI_DSS),
    ],
)
def test_whose_rule_it_is_shows_in_its_name(rule: str, judge: Judge) -> None:
    assert Acknowledgement.of(rule, REASON).judge is judge


def test_an_acknowledgement_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="E-RULE-001: a reason has at least 20 characters"):
        Acknowledgement(Judge.EMRKIT, "E-RULE-001", "  because         ")


@pytest.mark.parametrize(
    ("variable", "context", "on"),
    [(None, None, False), ("1", None, True), ("true", None, True), ("0", None, False), (None, "true", True),
     (None, True, True), (None, "false", False), ("0", "true", False)],
)  # fmt: skip
def test_judges_sit_only_when_asked(
    variable: str | None, context: object, on: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("EMRKIT_JUDGES", raising=False)
    if variable is not None:
        monkeypatch.setenv("EMRKIT_JUDGES", variable)
    given = {} if context is None else {"judges": context}
    app = cdk.App(outdir=str(tmp_path), context=given, builtin_cloud_formation_validation=False)
    assert guardrails.enabled(app) is on
