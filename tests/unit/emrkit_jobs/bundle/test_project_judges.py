"""`judges:` of a project file: who sits where, what is accepted, what `emrkit validate` finds in clusters and jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emrkit_jobs.bundle.guardrails import judge
from emrkit_jobs.bundle.project import LoadedProject, load
from emrkit_model.diagnostics import EmrkitError, Severity

ROOT = Path(__file__).parents[4]
FLEET = {"on_demand": ["m6g.xlarge"]}
REASON = "it is made again in minutes from what lies in S3"


def project(folder: Path, cluster: dict[str, Any], **parts: Any) -> LoadedProject:
    base = {
        "project": "shop",
        "targets": {"local": {"kind": "local"}, "prod": {"kind": "aws", "mode": "production"}},
        "clusters": {"etl": {"release": "emr-7.12.0", "primary": FLEET, **cluster}},
    }
    (folder / "emrkit.yaml").write_text(json.dumps({**base, **parts}))
    return load(folder)


def found(loaded: LoadedProject, target: str = "prod") -> list[tuple[str, str]]:
    return [(d.code, ".".join(map(str, d.path))) for d in judge(loaded.for_target(target))]


@pytest.mark.parametrize(
    ("cluster", "code", "path"),
    [
        ({"idle_timeout": None}, "E-RULE-006", "clusters.etl.idle_timeout"),
        ({"core": {"spot": ["m6g.xlarge"], "capacity": 2}}, "E-RULE-011", "clusters.etl.core"),
        (
            {"configurations": [{"Classification": "hive-site", "Properties": {"db.password": "hunter2!"}}]},
            "E-RULE-012",
            "clusters.etl.configurations",
        ),
        ({"tags": {"note": "AKIAIOSFODNN7EXAMPLE"}}, "E-RULE-012", "clusters.etl.tags"),
        (
            {"bootstrap_actions": [{"name": "tools", "path": "s3://code/setup.sh"}]},
            "E-RULE-014",
            "clusters.etl.bootstrap_actions.0",
        ),
    ],
)
def test_a_cluster_that_breaks_a_guardrail_is_found_at_its_own_field(
    tmp_path: Path, cluster: dict[str, Any], code: str, path: str
) -> None:
    loaded = project(tmp_path, cluster)
    assert found(loaded) == [(code, path)]
    (finding,) = judge(loaded.for_target("local"))
    assert finding.severity is Severity.WARNING
    assert finding.location is not None


def test_a_safe_cluster_has_no_finding(tmp_path: Path) -> None:
    script = "s3://code/bootstrap/0f1e2d3c4b5a69788796a5b4c3d2e1f0/setup.sh"
    cluster = {
        "core": {"on_demand": ["m6g.xlarge"], "capacity": 2},
        "task": {"spot": ["m6g.xlarge"], "capacity": 2},
        "log_uri": "s3://logs/",
        "bootstrap_actions": [{"name": "tools", "path": script}],
    }
    assert found(project(tmp_path, cluster)) == []


def test_a_secret_in_the_arguments_of_a_step_is_found_and_not_repeated(tmp_path: Path) -> None:
    words = ["load.sh", "--password", "hunter2!"]
    jobs = {"load": {"run_on": "etl", "steps": [{"name": "only", "command": words}]}}
    loaded = project(tmp_path, {}, jobs=jobs)
    assert found(loaded) == [("E-RULE-012", "jobs.load.steps.0")]
    assert not any("hunter2" in str(finding) for finding in judge(loaded.for_target("prod")))


SPOT = {"core": {"spot": ["m6g.xlarge"], "capacity": 2}}


@pytest.mark.parametrize(
    ("accepted", "stays"),
    [
        ({"rule": "E-RULE-011", "reason": REASON}, True),
        ({"rule": "E-RULE-011", "reason": REASON, "cluster": "etl"}, True),
        ({"rule": "E-RULE-011", "reason": REASON, "cluster": "other"}, False),
        ({"rule": "E-RULE-006", "reason": REASON}, False),
    ],
)
def test_what_is_accepted_is_not_found(tmp_path: Path, accepted: dict[str, str], stays: bool) -> None:
    assert (found(project(tmp_path, SPOT, judges={"accept": [accepted]})) == []) is stays


def test_what_is_accepted_on_one_target_is_found_on_another(tmp_path: Path) -> None:
    accept = {"accept": [{"rule": "E-RULE-011", "reason": REASON}]}
    targets = {"local": {"kind": "local", "judges": accept}, "prod": {"kind": "aws", "mode": "production"}}
    loaded = project(tmp_path, SPOT, targets=targets)
    assert found(loaded, "local") == []
    assert found(loaded, "prod") == [("E-RULE-011", "clusters.etl.core")]


@pytest.mark.parametrize(
    ("judges", "code"),
    [
        ({"accept": [{"rule": "E-RULE-011", "reason": "because"}]}, "E-RULE-016"),
        ({"packs": ["hippa"]}, "E-FILE-003"),
    ],
)
def test_a_bad_entry_is_refused(tmp_path: Path, judges: dict[str, Any], code: str) -> None:
    with pytest.raises(EmrkitError) as caught:
        project(tmp_path, {}, judges=judges)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_the_example_sits_its_packs_in_production_alone() -> None:
    loaded = load(ROOT / "docs/examples/judges.yaml")
    assert loaded.judges_of(loaded.targets["local"]).packs == ()
    prod = loaded.for_target("prod")
    assert prod.judges.packs == ("hipaa", "nist-r5")
    assert {one.rule for one in prod.judges.accept} == {
        "E-RULE-011",
        "HIPAA.Security-S3BucketReplicationEnabled",
        "NIST.800.53.R5-S3BucketReplicationEnabled",
    }
    assert list(judge(prod)) == []
