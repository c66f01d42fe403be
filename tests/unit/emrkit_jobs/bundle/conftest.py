"""A project on disk."""

from __future__ import annotations

import textwrap

import pytest

from tests.unit.emrkit_jobs.bundle.project_files import BASE


@pytest.fixture
def project(tmp_path):
    (tmp_path / "job.py").write_text("print('done')\n")

    def write(text=BASE, **files):
        (tmp_path / "emrkit.yaml").write_text(textwrap.dedent(text))
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path

    return write
