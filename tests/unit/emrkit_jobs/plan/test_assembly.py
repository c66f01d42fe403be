"""Assemblies and apps: read in order of deployment, refused with words when they are not there."""

import json
import sys

import pytest

from emrkit_jobs.plan.assembly import parse_template, read_assembly
from emrkit_jobs.plan.deployed import Surroundings, describe
from emrkit_jobs.plan.judgement import read_acknowledgements, read_findings
from emrkit_jobs.run.synthesis import app_environment, read_app, synthesize
from emrkit_model.contract import Contract
from emrkit_model.diagnostics import EmrkitError


def assembly(folder, **needs):
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = {"Tree": {"type": "cdk:tree"}}
    for name, others in needs.items():
        (folder / f"{name}.json").write_text(json.dumps({"Resources": {name: {"Type": "AWS::SNS::Topic"}}}))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{name}.json", "stackName": f"shop-{name}"},
            "dependencies": [*others, f"{name}.assets"],
            "displayName": f"Shop/{name}",
        }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def test_stacks_come_in_the_order_in_which_they_are_deployed(tmp_path):
    stacks = read_assembly(assembly(tmp_path, a=["c"], b=["a"], c=[]))
    assert [s.name for s in stacks] == ["shop-c", "shop-a", "shop-b"]
    assert stacks[2].needs == ("shop-a",)
    assert stacks[0].id == "Shop/c"
    assert list(stacks[0].template["Resources"]) == ["c"]


@pytest.mark.parametrize("content", [None, "", "{", "[]", '"x"'])
def test_refuses_a_folder_that_is_no_assembly(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(EmrkitError) as caught:
        read_assembly(tmp_path)
    assert caught.value.diagnostics[0].code in {"E-PLAN-001", "E-PLAN-002"}


def test_refuses_an_assembly_whose_template_is_gone(tmp_path):
    (assembly(tmp_path, a=[]) / "a.json").unlink()
    with pytest.raises(EmrkitError) as caught:
        read_assembly(tmp_path)
    assert caught.value.diagnostics[0].code == "E-PLAN-001"


@pytest.mark.parametrize("text", ["", "AWSTemplateFormatVersion: 2010", "[]", "null"])
def test_a_deployed_template_that_is_not_json_counts_as_empty(text):
    assert parse_template(text) == {}


APP = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}
(out / "manifest.json").write_text(json.dumps({"artifacts": {"A": stack}}))
(out / "t.json").write_text(json.dumps({"Description": os.environ["EMRKIT_TARGET"] + os.environ["EMRKIT_VAR_rows"]}))
"""


def app(folder, code, command="python app.py"):
    (folder / "app.py").write_text(code)
    (folder / "cdk.json").write_text(json.dumps({"app": command, "context": {"a": 1}}))
    return folder


def test_an_app_is_told_its_target_and_its_variables(tmp_path):
    (stack,) = synthesize(app(tmp_path, APP), "prod", tmp_path / "out", {"rows": "7"})
    assert stack.template["Description"] == "prod7"


def test_an_old_assembly_does_not_survive(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/old.json").write_text("{}")
    synthesize(app(tmp_path, APP), "prod", tmp_path / "out", {"rows": "7"})
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["manifest.json", "t.json"]


def test_an_app_that_fails_shows_its_own_last_lines(tmp_path):
    with pytest.raises(EmrkitError) as caught:
        synthesize(app(tmp_path, "raise ValueError('no such subnet')"), "local", tmp_path / "out")
    found = caught.value.diagnostics[0]
    assert found.code == "E-PLAN-006"
    assert "ValueError: no such subnet" in (found.got or "")


JUDGED = """
import json, os, pathlib, sys
out = pathlib.Path(os.environ["CDK_OUTDIR"])
(out / "manifest.json").write_text(json.dumps({"artifacts": {}}))
if os.environ.get("EMRKIT_JUDGES") == "1":
    place = {"constructPath": "shop/Etl"}
    found = {"ruleName": "E-RULE-001", "description": "no security configuration", "violatingConstructs": [place]}
    report = {"pluginReports": [{"pluginName": "emrkit", "violations": [found]}]}
    (out / "validation-report.json").write_text(json.dumps(report))
    sys.exit(1)
"""


def test_what_the_judges_found_is_said_finding_by_finding(tmp_path):
    project = app(tmp_path, JUDGED)
    assert synthesize(project, "prod", tmp_path / "out") == ()
    with pytest.raises(EmrkitError) as caught:
        synthesize(project, "prod", tmp_path / "out", judged=True)
    [found] = caught.value.diagnostics
    assert found.code == "E-PLAN-007"
    assert "E-RULE-001" in found.summary
    assert found.path == ("shop/Etl",)


def test_a_finding_on_several_constructs_is_said_for_each(tmp_path):
    places = [{"constructPath": path} for path in ("shop/A", "shop/B", "shop/A")]
    violation = {"ruleName": "E-RULE-013", "description": "x", "violatingConstructs": places}
    reports = [{"pluginName": "emrkit", "violations": [violation]}]
    (tmp_path / "validation-report.json").write_text(json.dumps({"pluginReports": reports}))
    assert [d.path for d in read_findings(tmp_path)] == [("shop/A",), ("shop/B",)]


def test_what_the_project_accepts_must_be_needed_and_reasoned(tmp_path):
    rules = {
        "emrkit::E-RULE-006": "it is ended by hand after every test",
        "emrkit::E-RULE-013": "short",
        "AwsSolutions::AwsSolutions-S1": "said by a construct of emrkit (emrkit)",
        "HIPAA.Security::HIPAA.Security-X": "the pack does not sit on this target",
    }
    entry = {"type": "aws:cdk:acknowledged-rules", "data": rules}
    manifest = {"artifacts": {"Shop": {"metadata": {"/shop/Etl": [entry]}}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    used = [{"acknowledgedId": "emrkit::E-RULE-013", "acknowledgedAt": "shop/Etl"}]
    report = {"pluginReports": [{"pluginName": "emrkit", "violations": [], "suppressedViolations": used}]}
    (tmp_path / "validation-report.json").write_text(json.dumps(report))
    assert [(d.code, d.path) for d in read_acknowledgements(tmp_path)] == [
        ("W-RULE-002", ("shop/Etl",)),
        ("E-RULE-016", ("shop/Etl",)),
    ]


def test_what_a_judge_only_warns_about_stops_no_deployment(tmp_path):
    violation = {"ruleName": "W1", "description": "x", "severity": "warning", "violatingConstructs": []}
    reports = [{"pluginName": "template check", "conclusion": "success", "violations": [violation]}]
    (tmp_path / "validation-report.json").write_text(json.dumps({"pluginReports": reports}))
    assert read_findings(tmp_path) == ()


def test_an_app_whose_command_is_not_there_is_named(tmp_path):
    with pytest.raises(EmrkitError) as caught:
        synthesize(app(tmp_path, "", "no-such-program app.ts"), "local", tmp_path / "out")
    assert caught.value.diagnostics[0].code == "E-PLAN-004"


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"app": ""}', '{"app": 3}'])
def test_refuses_a_cdk_json_that_does_not_say_how(tmp_path, content):
    if content is not None:
        (tmp_path / "cdk.json").write_text(content)
    with pytest.raises(EmrkitError) as caught:
        read_app(tmp_path)
    assert caught.value.diagnostics[0].code == "E-PLAN-003"


def test_a_bare_python_is_this_one(tmp_path):
    command, context = read_app(app(tmp_path, "", "python3 app.py --flag 'two words'"))
    assert command == [sys.executable, "app.py", "--flag", "two words"]
    assert context == {"a": 1}
    assert json.loads(app_environment("local", {}, context)["CDK_CONTEXT_JSON"])["a"] == 1


def test_links_lead_to_the_console_on_aws_and_to_folders_on_this_machine():
    contract = Contract.parse(
        {
            "schema": 1,
            "project": "shop",
            "environment": "dev",
            "stack": "main",
            "clusters": {
                "etl": {"name": "etl", "release": "emr-7.10.0", "id": "j-1", "logUri": "s3://logs/x/"},
                "nightly": {"name": "nightly", "release": "emr-7.10.0"},
            },
            "buckets": {"data": "shop-data"},
            "pipelines": {"daily": {"stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:d", "name": "d"}},
        }
    )
    ((stack, rows),) = describe([contract], {"j-1": "WAITING"}, Surroundings("eu-west-1", on_aws=True))
    found = {(row.kind, row.name): row for row in rows}
    assert stack == "main"
    assert found["cluster", "etl"].state == "WAITING"
    assert found["cluster", "etl"].link.startswith("https://eu-west-1.console.aws.amazon.com/emr/")
    assert found["cluster", "nightly"].state == "launched by runs"
    assert "stateMachine:d" in found["pipeline", "daily"].link
    ((_, local),) = describe([contract], {}, Surroundings("us-east-1", on_aws=False, folder_of=lambda b: f"/state/{b}"))
    links = {(row.kind, row.name): (row.state, row.link) for row in local}
    assert links["cluster", "etl"] == ("gone", "")
    assert links["bucket", "data"] == ("", "/state/shop-data")


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("eu-west-1", "console.aws.amazon.com"),
        ("cn-north-1", "console.amazonaws.cn"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_links_lead_to_the_console_of_the_partition(region: str, domain: str):
    around = Surroundings(region, on_aws=True)
    assert around.cluster("j-1").startswith(f"https://{region}.{domain}/emr/")
    assert around.bucket("logs") == f"https://{domain}/s3/buckets/logs?region={region}"
