"""The project file is valid on every target, and the bundle holds what the steps need."""

from pathlib import Path

import pytest

from emrkit_jobs.bundle.project import load

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("target", ["local", "dev"])
def test_the_project_is_valid(target):
    project = load(ROOT).for_target(target)
    assert set(project.jobs) == {"orders"}
    assert project.warnings == ()


def test_the_bundle_holds_the_code():
    bundle = load(ROOT).for_target("local").jobs["orders"].build()
    assert [file.name for file in bundle.files] == ["jobs/orders/job.py"]
