"""Every template as it was reviewed, the same from every synthesis, and made without credentials or network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.synth.assembly import Assembly, flat, synthesize

STACKS = ("foundation", "network", "cluster", "pipelines")
ASSET = re.compile(r"[0-9a-f]{64}")


def test_a_second_synthesis_is_byte_for_byte_the_first(each: Assembly, tmp_path: Path) -> None:
    """In another process with another hash seed, without any of AWS's variables and with nobody to ask."""
    nobody = {
        "PYTHONHASHSEED": "4711",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    second = synthesize(each.environment, tmp_path / "again", **nobody)
    files = {p.relative_to(each.folder) for p in each.folder.rglob("*") if p.is_file()}
    assert files == {p.relative_to(second.folder) for p in second.folder.rglob("*") if p.is_file()}
    assert len(files) > 2 * len(STACKS)
    different = [str(f) for f in files if (each.folder / f).read_bytes() != (second.folder / f).read_bytes()]
    assert different == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_template_is_the_one_that_was_reviewed(each: Assembly, stack: str, snapshot: SnapshotAssertion) -> None:
    masked = json.loads(ASSET.sub("<asset>", json.dumps(each.templates[stack])))
    assert masked == snapshot(extension_class=JSONSnapshotExtension)


def test_what_is_deployed_locally_is_what_would_go_to_aws(assembly_of: Callable[[str], Assembly]) -> None:
    local, dev = assembly_of("local").folder, assembly_of("dev").folder
    names = sorted(p.name for p in dev.glob("*.template.json"))
    assert names == sorted(p.name for p in local.glob("*.template.json"))
    assert [name for name in names if (local / name).read_bytes() != (dev / name).read_bytes()] == []


def test_there_are_these_stacks_and_no_others(each: Assembly) -> None:
    assert set(each.templates) == set(STACKS)


@pytest.mark.parametrize("stack", STACKS)
def test_no_password_stands_in_a_template(each: Assembly, stack: str) -> None:
    def walk(value: Any, key: str = "") -> Iterator[str]:
        if isinstance(value, dict) and not (len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))):
            for name, inner in value.items():
                yield from walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner, key)
        elif re.search(r"password$|secretstring$", key, re.IGNORECASE):
            yield flat(value)

    assert [text for text in walk(each.templates[stack]) if not text.startswith("{{resolve:secretsmanager:<")] == []


def test_stacks_are_not_bound_to_an_account_unless_the_target_names_one(each: Assembly) -> None:
    manifest = json.loads((each.folder / "manifest.json").read_text())
    environments = {a["environment"] for a in manifest["artifacts"].values() if "environment" in a}
    assert environments == {"aws://unknown-account/unknown-region"}


def test_everything_that_takes_tags_says_whose_it_is(each: Assembly) -> None:
    wanted = {"emrkit:project": "emrkit-demo", "emrkit:environment": each.environment}
    for kind in ("AWS::EMR::Cluster", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::EC2::VPC", "AWS::IAM::Role"):
        for name, resource in each.all(kind).items():
            tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
            assert wanted.items() <= tags.items(), name


def test_a_pipelines_definition_is_json_once_deployed(each: Assembly) -> None:
    machine = each.one("AWS::StepFunctions::StateMachine")
    states = json.loads(flat(machine["DefinitionString"]))["States"]
    steps = [s for s in states.values() if s.get("Resource", "").endswith(":addStep.sync")]
    assert len(steps) == 3
    assert states["Create cluster"]["Arguments"]["SecurityConfiguration"].startswith("<nightlySecurity")
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_a_pipeline_with_a_log_names_it_as_step_functions_wants(each: Assembly) -> None:
    """Under this prefix, log deliveries of many state machines do not use up the resource policy of CloudWatch."""
    name = each.one("AWS::Logs::LogGroup", "pipelines")["LogGroupName"]
    assert flat(name).startswith("/aws/vendedlogs/states/")
