"""Random valid clusters: each synthesizes whole, no judge has more to say than it should, and cfn-lint nothing.

By hand, to hunt: `EMRKIT_RANDOM_EXAMPLES=200 EMRKIT_RANDOM_SEED=7 pytest tests/synth/test_random_clusters.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emrkit_facts import security as gates
from emrkit_model.render import cloudformation
from tests.random_clusters import Example, cluster_documents
from tests.random_ground import drawn
from tests.synth.judged import JudgedAssembly, findings
from tests.synth.linting import lint

ROOT = Path(__file__).parents[2]
_HOW_MANY = 24
# What a linter says of templates that are right, by its rule and the property; each is proven to be said still.
EXEMPT = {
    (
        "E3037",
        "Args",
    ): "the registry's schema forbids an argument that stands twice in a list; a program takes it (`-f a -f b`)",
    ("W3037", "Action"): "its list of services has no emrwal, whose actions EMR's page on write-ahead logs lists",
}
# What a stack decides of a cluster, or adds to what the cluster says.
_THE_STACKS = {"AutoScalingRole", "JobFlowRole", "LogEncryptionKmsKeyId", "LogUri", "SecurityConfiguration", "Tags"}


@pytest.fixture(scope="module")
def clusters() -> list[Example]:
    return [Example.of(document) for document in drawn(cluster_documents(), _HOW_MANY)]


@pytest.fixture(scope="module")
def judged(clusters: list[Example], tmp_path_factory: pytest.TempPathFactory) -> JudgedAssembly:
    folder = tmp_path_factory.mktemp("random")
    (folder / "clusters.json").write_text(json.dumps([example.document for example in clusters]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    given = {
        "EMRKIT_JUDGES": "1",
        "CDK_OUTDIR": str(folder / "out"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.synth.random_clusters_app", str(folder / "clusters.json")],
        cwd=ROOT,
        env={**kept, **given},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (folder / "out/manifest.json").exists(), done.stdout + done.stderr
    return JudgedAssembly(folder / "out", done.returncode, done.stdout + done.stderr)


def test_the_template_says_all_that_the_cluster_says(judged: JudgedAssembly, clusters: list[Example]) -> None:
    for number, example in enumerate(clusters):
        template = judged.templates[f"Cluster{number}"]
        (properties,) = of_type(template, "AWS::EMR::Cluster")
        said = dict(leaves(cloudformation.cluster_properties(example.cluster)))
        written = dict(leaves(properties))
        lost = {
            path: value
            for path, value in said.items()
            if path[0] not in _THE_STACKS and not _is_of_the_apps_bucket(path) and written.get(path) != value
        }
        assert not lost, f"Cluster{number}: {json.dumps(example.document)}"


def test_the_security_configuration_is_the_one_that_the_cluster_says(
    judged: JudgedAssembly, clusters: list[Example]
) -> None:
    for number, example in enumerate(clusters):
        (properties,) = of_type(judged.templates[f"Cluster{number}"], "AWS::EMR::SecurityConfiguration")
        document = example.cluster.security_document()
        assert document is None or properties["SecurityConfiguration"] == document


def test_the_steps_are_those_beside_the_cluster(judged: JudgedAssembly, clusters: list[Example]) -> None:
    for number, example in enumerate(clusters):
        steps = of_type(judged.templates[f"Cluster{number}"], "AWS::EMR::Step")
        expected = [cloudformation.step_properties("j-1", step, region="eu-central-1") for step in example.steps]
        shown = ("Name", "ActionOnFailure")
        assert [[step[key] for key in shown] for step in steps] == [[step[key] for key in shown] for step in expected]


def test_the_judges_object_to_what_a_cluster_leaves_out_and_to_nothing_else(
    judged: JudgedAssembly, clusters: list[Example]
) -> None:
    expected = {f"Cluster{number}": sorted(faults(example)) for number, example in enumerate(clusters)}
    found: dict[str, set[str]] = {stack: set() for stack in expected}
    for text in findings(judged):
        rule, place = text.split(" ")[1], text.split(" at ")[1].split("/")[0]
        found.setdefault(place, set()).add(rule)
    assert {stack: sorted(rules) for stack, rules in found.items()} == expected
    assert {rule for rules in expected.values() for rule in rules} == set(ALL_FAULTS), "draw more: a rule has no test"
    assert any(not rules for rules in expected.values()), "draw more: no cluster is without a fault"


AT_REST = ("emr_sec_config_encryption_at_rest_s3_check", "emr_sec_config_encryption_at_rest_s3_kms_check")
EBS, IN_TRANSIT = "emr_sec_config_ebs_encryption_check", "emr_sec_config_encryption_in_transit_check"
ALL_FAULTS = ("E-RULE-002", "E-RULE-003", "E-RULE-006", "E-RULE-011", *AT_REST, EBS, IN_TRANSIT)


def faults(example: Example) -> Iterator[str]:
    """The rules that a cluster breaks, as its document shows."""
    document = example.document
    core = document.get("core", {})
    if core.get("target_spot") or core.get("market") == "spot" or "spot" in core:
        yield "E-RULE-011"
    ends = not document.get("keep_alive", True) or document.get("idle_timeout", 3600) is not None
    if not ends and example.cluster.primaries == 1 and gates.gate("auto-termination").admits(document["release"]):
        yield "E-RULE-006"
    security = document.get("security_configuration")
    if security is None:  # the app's own, which is complete
        if not gates.gate("imds-v2").admits(document["release"]):
            yield "E-RULE-003"
        return
    if (security.get("imds", {"version": 2}) or {"version": 1})["version"] == 1:
        yield "E-RULE-003"
    encryption = security.get("encryption", {})
    at_rest = encryption.get("at_rest", {})
    mode, disks = at_rest.get("s3_mode"), "disk_key" in at_rest and at_rest.get("ebs", True)
    modes = {mode, *(override["mode"] for override in at_rest.get("s3_overrides", ()))}
    if not (modes <= {"SSE-KMS", "CSE-KMS", "CSE-Custom"} and disks and "in_transit" in encryption):
        yield "E-RULE-002"
    if mode is None:
        yield AT_REST[0]
    if not modes <= {"SSE-KMS", "CSE-KMS"}:
        yield AT_REST[1]
    if not disks:
        yield EBS
    if "in_transit" not in encryption:
        yield IN_TRANSIT


def test_cfn_lint_finds_nothing_in_random_clusters(judged: JudgedAssembly) -> None:
    found = [
        ((match.rule.id, str((match.path or [""])[-1])), f"{name}: {match}")
        for name, template in judged.templates.items()
        for match in lint(template)
    ]
    assert [text for what, text in found if what not in EXEMPT] == []
    assert set(EXEMPT) <= {what for what, _ in found}, "delete what is not said any more"


def test_the_clusters_are_of_every_kind(clusters: list[Example]) -> None:
    values = [example.cluster for example in clusters]
    assert {bool(value.groups()) for value in values} == {True, False}
    assert {value.primaries for value in values} == {1, 3}
    assert len({value.release for value in values}) >= 6
    for field in ("scaling", "task", "sizing", "metastore", "settings", "kerberos"):
        assert {getattr(value, field) is None for value in values} == {True, False}, field


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The properties of all resources of one type, in the template's order."""
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


def leaves(value: object, above: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Everything that is no map and no list, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*above, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*above, number))
    else:
        yield above, value


def _is_of_the_apps_bucket(path: tuple[str | int, ...]) -> bool:
    """The app puts its own bucket where the document names one."""
    return path[0] == "BootstrapActions" and path[-1] == "Path"
