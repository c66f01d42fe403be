"""Random valid clusters: each synthesizes, passes the judges and cfn-lint, and is a request that EMR's API knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, Phase, given, settings

from emrkit_model.cluster import Cluster
from emrkit_model.reading import cluster_from_request
from emrkit_model.render import request
from tests.random_clusters import cluster_documents
from tests.synth.judged import JudgedAssembly, findings
from tests.synth.linting import lint

ROOT = Path(__file__).parents[2]
_HOW_MANY, _OF_MANY = 24, 20
_SPOT_CORE = "E-RULE-011"
# What a linter says of templates that are right, by its rule and the property; each is proven to be said still.
EXEMPT = {
    (
        "E3037",
        "Args",
    ): "the registry's schema forbids an argument that stands twice in a list; a program takes it (`-f a -f b`)",
}


def _drawn(count: int) -> list[dict[str, Any]]:
    """The same clusters in every run: what fails here fails again. Hypothesis begins small, so it draws many."""
    documents: list[dict[str, Any]] = []

    @settings(
        max_examples=count * _OF_MANY,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cluster_documents())
    def draw(document: dict[str, Any]) -> None:
        documents.append(document)

    draw()
    return documents[-count * _OF_MANY :: _OF_MANY]


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    return _drawn(_HOW_MANY)


@pytest.fixture(scope="module")
def judged(documents: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> JudgedAssembly:
    folder = tmp_path_factory.mktemp("random")
    (folder / "clusters.json").write_text(json.dumps(documents))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    given_ = {
        "EMRKIT_JUDGES": "1",
        "CDK_OUTDIR": str(folder / "out"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.synth.random_clusters_app", str(folder / "clusters.json")],
        cwd=ROOT,
        env={**kept, **given_},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (folder / "out/manifest.json").exists(), done.stdout + done.stderr
    return JudgedAssembly(folder / "out", done.returncode, done.stdout + done.stderr)


def test_each_synthesizes(judged: JudgedAssembly, documents: list[dict[str, Any]]) -> None:
    clusters = [
        resource
        for template in judged.templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::EMR::Cluster"
    ]
    assert len(clusters) == len(documents) == _HOW_MANY


def test_no_judge_objects_to_a_random_cluster_but_to_a_core_on_spot(
    judged: JudgedAssembly, documents: list[dict[str, Any]]
) -> None:
    found = findings(judged)
    on_spot = {f"Cluster{n}" for n, document in enumerate(documents) if _has_spot_core(document)}
    assert on_spot, "draw more: nothing tests the rule"
    assert [text for text in found if _SPOT_CORE not in text] == []
    assert {text.split(" at ")[1].split("/")[0] for text in found} == on_spot


def test_the_clusters_are_of_every_kind(documents: list[dict[str, Any]]) -> None:
    assert {"group" in document["primary"] for document in documents} == {True, False}
    assert {"scaling" in document for document in documents} == {True, False}
    assert sum("task" in document for document in documents) >= 3
    assert len({document["release"] for document in documents}) >= 4


def _has_spot_core(document: dict[str, Any]) -> bool:
    core = document.get("core", {})
    return bool(core.get("target_spot") or core.get("market") == "spot")


def test_cfn_lint_finds_nothing_in_random_clusters(judged: JudgedAssembly) -> None:
    found = [
        ((match.rule.id, str((match.path or [""])[-1])), f"{name}: {match}")
        for name, template in judged.templates.items()
        for match in lint(template)
    ]
    assert [text for what, text in found if what not in EXEMPT] == []
    assert set(EXEMPT) <= {what for what, _ in found}, "delete what is not said any more"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cluster_documents())
def test_a_random_cluster_is_a_request_that_the_service_model_knows_and_reads_back(document: dict[str, Any]) -> None:
    value = Cluster.parse(document)
    rendered = request.run_job_flow(value)
    shape = ServiceModel(_model()).operation_model("RunJobFlow").input_shape
    assert ParamValidator().validate(rendered, shape).generate_report() == ""
    assert request.run_job_flow(cluster_from_request(rendered)) == rendered


def _model(loaded: list[Any] = []) -> Any:  # noqa: B006 - a memory of one
    if not loaded:
        loaded.append(Loader().load_service_model("emr", "service-2"))
    return loaded[0]
