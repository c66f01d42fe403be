"""What a project file says of a job's pipeline is held against the cluster that it launches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from emrkit_jobs.bundle.project import load
from emrkit_model import EmrkitError
from emrkit_model.newest_release import newest_release

TOPIC = "arn:aws:sns:eu-central-1:111122223333:alarms"


def project(folder: Path, pipeline: dict[str, Any], release: str = "emr-7.12.0") -> Path:
    data = {
        "project": "shop",
        "targets": {
            "local": {"kind": "local", "default": True},
            "prod": {"kind": "aws", "mode": "production"},
        },
        "clusters": {
            "nightly": {
                "transient": True,
                "release": release,
                "primary": {"on_demand": ["m5.xlarge"]},
                "core": {"on_demand": ["r5.xlarge"], "capacity": 4},
            }
        },
        "jobs": {
            "marts": {
                "pipeline": {"cluster": "nightly", **pipeline},
                "steps": [{"name": "only", "command": ["true"]}],
            }
        },
    }
    (folder / "emrkit.yaml").write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")
    return folder / "emrkit.yaml"


def found(folder: Path, pipeline: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(EmrkitError) as caught:
        load(project(folder, pipeline), {}).for_target("local")
    return [(d.code, ".".join(map(str, d.path))) for d in caught.value.diagnostics if d.location is not None]


def test_what_fits_is_taken(tmp_path: Path) -> None:
    pipeline: dict[str, Any] = {
        "notifications": {"success": TOPIC, "failure": TOPIC},
        "overrides": {"core": {"path": "core.target_on_demand", "minimum": 1, "maximum": 20}},
        "when_running": "refuse",
    }
    declared = load(project(tmp_path, pipeline), {}).for_target("local").jobs["marts"].job.pipeline
    assert declared is not None
    assert declared.overrides["core"].maximum == 20
    assert declared.when_running == "refuse"
    assert declared.notifications is not None
    assert declared.notifications.failure == TOPIC


@pytest.mark.parametrize(
    ("override", "code", "path"),
    [
        ({"path": "core.count", "minimum": 1, "maximum": 2}, "E-JOB-046", "overrides.core.path"),
        ({"path": "core.target_on_demand", "minimum": 0, "maximum": 9}, "E-JOB-048", "overrides.core"),
        ({"path": "core.target_on_demand", "minimum": 5, "maximum": 9}, "E-JOB-049", "overrides.core.default"),
        ({"path": "core.target_on_demand", "minimum": 5}, "E-JOB-041", "overrides.core"),
    ],
)
def test_an_override_that_does_not_fit_the_cluster_is_shown_in_the_file(
    tmp_path: Path, override: dict[str, Any], code: str, path: str
) -> None:
    assert found(tmp_path, {"overrides": {"core": override}}) == [(code, f"jobs.marts.pipeline.{path}")]


def test_a_topic_that_is_none_is_shown_in_the_file(tmp_path: Path) -> None:
    assert found(tmp_path, {"notifications": {"failure": "alarms"}}) == [
        ("E-JOB-051", "jobs.marts.pipeline.notifications.failure")
    ]


def test_a_release_may_be_the_newest_of_its_line(tmp_path: Path) -> None:
    resolved = load(project(tmp_path, {}, release="emr-7.*"), {}).for_target("local")
    assert resolved.clusters["nightly"].release == newest_release("7")


@pytest.mark.parametrize(("target", "release", "warned"), [("prod", "emr-7.*", 1), ("local", "emr-7.*", 0)])
def test_in_production_a_release_that_an_upgrade_would_change_is_a_warning(
    tmp_path: Path, target: str, release: str, warned: int
) -> None:
    resolved = load(project(tmp_path, {}, release=release), {}).for_target(target)
    found = [d for d in resolved.warnings if d.code == "W-FILE-073"]
    assert len(found) == warned
    for warning in found:
        assert newest_release("7") in (warning.hint or "")
        assert warning.path == ("clusters", "nightly", "release")
        assert warning.location is not None


def test_a_release_that_is_written_down_is_none(tmp_path: Path) -> None:
    resolved = load(project(tmp_path, {}), {}).for_target("prod")
    assert "W-FILE-073" not in {d.code for d in resolved.warnings}
