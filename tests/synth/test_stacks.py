"""What the stacks of this repository say, environment by environment; synthesized offline in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

ROOT = Path(__file__).parents[2]
STACKS = ("foundation", "network", "cluster", "pipelines")
ASSET = re.compile(r"[0-9a-f]{64}")


def _synthesize(environment: str, folder: Path) -> Path:
    given = {
        "EMRKIT_TARGET": environment,
        "CDK_OUTDIR": str(folder),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": json.dumps(json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]),
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env={**kept, **given}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@cache
def _once(environment: str, base: Path) -> Path:
    return _synthesize(environment, base / environment)


@pytest.fixture(scope="session", params=("dev", "prod"))
def assembly(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return request.param, _once(request.param, tmp_path_factory.getbasetemp() / "stacks")


def _template(assembly: tuple[str, Path], stack: str) -> dict[str, Any]:
    environment, folder = assembly
    return json.loads((folder / f"emrkit-demo-{environment}-{stack}.template.json").read_text("utf-8"))


def _of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [r.get("Properties", {}) for r in template["Resources"].values() if r["Type"] == kind]
    assert found, f"no {kind}"
    return found


def _statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for role in _of_type(template, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]


def test_a_second_synthesis_is_byte_for_byte_the_first(assembly: tuple[str, Path], tmp_path: Path) -> None:
    environment, first = assembly
    second = _synthesize(environment, tmp_path / "again")
    for name in sorted(p.name for p in first.iterdir() if p.is_file()):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


@pytest.mark.parametrize("stack", STACKS)
def test_the_template_is_the_one_that_was_reviewed(
    assembly: tuple[str, Path], stack: str, snapshot: SnapshotAssertion
) -> None:
    masked = json.loads(ASSET.sub("<asset>", json.dumps(_template(assembly, stack))))
    assert masked == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("stack", STACKS)
def test_no_password_stands_in_a_template(assembly: tuple[str, Path], stack: str) -> None:
    def walk(value: Any, key: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner, key)
        elif isinstance(value, str) and re.search(r"password$|secretstring$", key, re.IGNORECASE):
            yield value

    assert [text for text in walk(_template(assembly, stack)) if "{{resolve:" not in text] == []


def test_kerberos_in_prod_names_a_secret_and_dev_has_none(assembly: tuple[str, Path]) -> None:
    (cluster,) = _of_type(_template(assembly, "cluster"), "AWS::EMR::Cluster")
    if assembly[0] == "dev":
        assert "KerberosAttributes" not in cluster
    else:
        assert "{{resolve:secretsmanager:" in json.dumps(cluster["KerberosAttributes"]["KdcAdminPassword"])
        assert cluster["Instances"]["TerminationProtected"] is True


def test_a_standing_cluster_is_encrypted_logged_and_ends_when_idle(assembly: tuple[str, Path]) -> None:
    template = _template(assembly, "cluster")
    (cluster,) = _of_type(template, "AWS::EMR::Cluster")
    assert cluster["AutoTerminationPolicy"]["IdleTimeout"] == 3600
    for given in ("LogUri", "LogEncryptionKmsKeyId", "SecurityConfiguration"):
        assert cluster[given]
    assert "Ec2KeyName" not in cluster["Instances"]
    (security,) = _of_type(template, "AWS::EMR::SecurityConfiguration")
    document = security["SecurityConfiguration"]
    assert document["EncryptionConfiguration"]["EnableInTransitEncryption"] is True
    assert document["EncryptionConfiguration"]["EnableAtRestEncryption"] is True
    assert document["InstanceMetadataServiceConfiguration"]["MinimumInstanceMetadataServiceVersion"] == 2


def test_settings_pasted_with_bare_yaml_values_arrive_as_text(assembly: tuple[str, Path]) -> None:
    (cluster,) = _of_type(_template(assembly, "cluster"), "AWS::EMR::Cluster")
    settings = {c["Classification"]: c["ConfigurationProperties"] for c in cluster["Configurations"]}
    assert settings["spark-defaults"]["spark.executor.instances"] == "10"
    assert settings["spark-defaults"]["spark.sql.adaptive.enabled"] == "true"
    assert settings["core-site"]["fs.s3a.block.size"] == "134217728"


def test_another_generation_is_another_name_and_so_another_cluster(assembly: tuple[str, Path]) -> None:
    template = _template(assembly, "cluster")
    assert template["Parameters"]["EtlGeneration"]["Default"] == ""
    (cluster,) = _of_type(template, "AWS::EMR::Cluster")
    assert cluster["Name"] == {"Fn::Join": ["", ["etl", {"Ref": "EtlGeneration"}]]}


@pytest.mark.parametrize("stack", ["cluster", "pipelines"])
def test_a_role_is_passed_by_its_arn_and_to_one_service(assembly: tuple[str, Path], stack: str) -> None:
    passing = [s for s in _statements(_template(assembly, stack)) if "iam:PassRole" in json.dumps(s["Action"])]
    assert passing
    for statement in passing:
        assert "*" not in json.dumps(statement["Resource"])
        assert "iam:PassedToService" in json.dumps(statement["Condition"])


@pytest.mark.parametrize("stack", ["cluster", "pipelines"])
def test_an_instance_profile_is_named_as_its_role(assembly: tuple[str, Path], stack: str) -> None:
    template = _template(assembly, stack)
    (profile,) = _of_type(template, "AWS::IAM::InstanceProfile")
    (role,) = (template["Resources"][name["Ref"]]["Properties"] for name in profile["Roles"])
    assert profile["InstanceProfileName"] == role["RoleName"]


def test_no_security_group_is_open_to_the_world(assembly: tuple[str, Path]) -> None:
    template = _template(assembly, "network")
    rules = _of_type(template, "AWS::EC2::SecurityGroupIngress")
    rules += [r for g in _of_type(template, "AWS::EC2::SecurityGroup") for r in g.get("SecurityGroupIngress", [])]
    assert not [r for r in rules if r.get("CidrIp") == "0.0.0.0/0" or "CidrIpv6" in r]


def test_clusters_live_in_private_subnets_that_carry_the_tag_of_emr(assembly: tuple[str, Path]) -> None:
    network, (cluster,) = (
        _template(assembly, "network"),
        _of_type(_template(assembly, "cluster"), "AWS::EMR::Cluster"),
    )
    exports = {o["Export"]["Name"].split(":")[-1]: o["Value"] for o in network["Outputs"].values()}
    subnets = [exports[s["Fn::ImportValue"].split(":")[-1]]["Ref"] for s in cluster["Instances"]["Ec2SubnetIds"]]
    assert len(subnets) == 2
    for name in subnets:
        properties = network["Resources"][name]["Properties"]
        assert not properties.get("MapPublicIpOnLaunch", False)
        assert {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"} in properties["Tags"]


def test_data_outlives_a_production_stack_only(assembly: tuple[str, Path]) -> None:
    buckets = [r for r in _template(assembly, "foundation")["Resources"].values() if r["Type"] == "AWS::S3::Bucket"]
    wanted = "Retain" if assembly[0] == "prod" else "Delete"
    assert {b["DeletionPolicy"] for b in buckets} == {wanted}
    for bucket in buckets:
        assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
        assert "BucketName" not in bucket["Properties"]


@pytest.mark.parametrize("stack", ["foundation", "cluster", "pipelines"])
def test_a_stack_tells_its_contract_where_jobs_look_for_it(assembly: tuple[str, Path], stack: str) -> None:
    (parameter,) = _of_type(_template(assembly, stack), "AWS::SSM::Parameter")
    assert parameter["Name"] == f"/emrkit/emrkit-demo/{assembly[0]}/{stack}"
    assert len(json.dumps(parameter["Value"])) < 4096


def test_a_pipeline_ends_its_cluster_on_success_and_on_any_failure(assembly: tuple[str, Path]) -> None:
    (machine,) = _of_type(_template(assembly, "pipelines"), "AWS::StepFunctions::StateMachine")
    text = machine["DefinitionString"]
    if isinstance(text, dict):
        text = "".join(p if isinstance(p, str) else "x" for p in text["Fn::Join"][1])
    states = json.loads(text)["States"]
    steps = [s for s in states.values() if str(s.get("Resource", "")).endswith(":addStep.sync")]
    assert len(steps) > 1
    for state in steps:
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
        assert state["Catch"][-1]["Next"] in {"Terminate cluster", *states}
        following = state["Next"]
        while following != "Terminate cluster":
            following = states[following]["Next"]
    assert ":terminateCluster" in states["Terminate cluster"]["Resource"]
