"""What `emrkit validate` says of project files full of mistakes, read in full.

Each file of `bad_input` is one project; `__snapshots__` holds what was reviewed. After a change that is meant to be
seen there: `pytest tests/acceptance/test_bad_input.py --snapshot-update`, and read the difference.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from emrkit_facts import releases

FILES = sorted((Path(__file__).parent / "bad_input").glob("*.yaml"))
COMMAND = [sys.executable, "-c", "from emrkit_jobs.cli.main import main; main()", "validate"]
SECRETS = ("hunter2secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AKIAIOSFODNN7EXAMPLE")


class Said(SingleFileSnapshotExtension):
    """Output as a text file."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


def validate(folder):
    return subprocess.run(
        COMMAND,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(p for p in sys.path if p), "HOME": str(folder)},
        check=False,
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What is said of each file: the exit code, and the output with this machine's folder left out."""
    found = {}
    for file in FILES:
        folder = tmp_path_factory.mktemp(file.stem)
        (folder / "emrkit.yaml").write_text(file.read_text("utf-8"), "utf-8")
        (folder / "job.py").write_text("print(1)\n")
        (folder / "job.sql").write_text("SELECT 1\n")
        (folder / "broken.py").write_text("def f(:\n")
        (folder / "code").mkdir()
        (folder / "code/main.py").write_text("print(1)\n")
        (folder / "parts").mkdir()
        (folder / "parts/broken.yaml").write_text("jobs: {\n")
        (folder / "parts/more.yaml").write_text("project: other\njobs:\n  daily: {run_on: etl}\n")
        done = validate(folder)
        text = f"exit code {done.returncode}\n\n{done.stdout}{done.stderr}".replace(str(folder), "<project>")
        found[file.stem] = done.returncode, text.replace(releases.newest(), "<newest release>")
    return found


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_says_all_that_is_wrong(answers, name, snapshot):
    assert answers[name][1] == snapshot(extension_class=Said)


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_never_stops_with_a_traceback_nor_repeats_a_secret(answers, name):
    code, text = answers[name]
    assert code == (0 if name == "unlikely" else 2)
    assert not [word for word in ("Traceback", "pydantic", "${Token", *SECRETS) if word in text]


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_says_nothing_twice(answers, name):
    said = [part.split("\n\nhint:")[0] for part in answers[name][1].split("\n\n") if part.startswith(("error", "warn"))]
    assert len(said) == len(set(said))
