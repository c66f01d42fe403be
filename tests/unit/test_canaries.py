"""The watch over planted secrets: it finds what was planted, in whatever form, and fails the run."""

from __future__ import annotations

import base64
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests import canaries

ROOT = Path(__file__).parents[2]
# A secret made of pieces as `plant` makes it, but of another run: this file may name it, print it and leave it behind.
OTHER = {"EMRKIT_CANARY_SEED": "0123456789ab"}


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in OTHER.items():
        monkeypatch.setenv(name, value)
    return canaries.plant("kdc-admin-password")


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.encode(),
        lambda text: f'{{"Password":"{text}"}}'.encode(),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode().hex().encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(f"a{text}".encode()),
        lambda text: base64.b64encode(f"ab{text}".encode()),
        lambda text: text[:20].encode(),
    ],
    ids=["plain", "json", "utf-16", "hex", "base64", "base64 shifted", "base64 shifted more", "cut off"],
)
def test_a_planted_secret_is_found_in_every_form(planted: str, form) -> None:
    assert canaries.leaks_in(b"before" + b"\n" + form(planted) + b"\n")


def test_what_was_not_planted_is_not_found(planted: str) -> None:
    assert canaries.leaks_in(b"Cnry is a bird, " + planted[:8].encode()) == set()


def test_a_folder_is_read_with_its_archives_and_file_names(planted: str, tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/log.txt").write_text("x" * ((1 << 20) - 10) + planted)
    (tmp_path / "log.gz").write_bytes(gzip.compress(planted.encode()))
    with zipfile.ZipFile(tmp_path / "asset.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main.py", f"password = {planted!r}")
    (tmp_path / planted).write_text("")
    (tmp_path / "clean.txt").write_text("nothing")
    found = canaries.scan(tmp_path)
    assert {(leak.place, leak.kind) for leak in found} == {
        ("deep/er/log.txt", "kdc-admin-password"),
        ("log.gz", "kdc-admin-password"),
        ("asset.zip", "kdc-admin-password"),
        (planted, "kdc-admin-password"),
    }


def test_a_vault_is_passed_over_and_nothing_beside_it(planted: str, tmp_path: Path) -> None:
    (tmp_path / "emulator").mkdir()
    with closing(sqlite3.connect(tmp_path / "emulator/state.db")) as state:
        state.execute("create table service (name text, state text)")
        rows = [(name, json.dumps({"value": planted})) for name in ("secretsmanager", "cloudformation")]
        state.executemany("insert into service values (?, ?)", rows)
        state.commit()
    assert [leak.place for leak in canaries.scan(tmp_path)] == ["emulator/state.db (cloudformation)"]
    assert [leak.place for leak in canaries.scan(tmp_path, vaults={})] == ["emulator/state.db"]
    assert all(len(reason) > 20 for reason in canaries.VAULTS.values())


def test_a_file_of_the_user_is_gone_when_the_command_is_done(tmp_path: Path) -> None:
    with canaries.forget_when_done(tmp_path / "emrkit.yaml", "text") as path:
        assert path.read_text() == "text"
    assert not path.exists()


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one process", "a worker"])
@pytest.mark.parametrize(
    "leaking",
    [
        "(tmp_path / 'template.json').write_text(secret)",
        "print(secret)",
        "import logging; logging.getLogger('x').warning(secret)",
        "canaries.record(secret)",
        "import tempfile; open(tempfile.mkstemp()[1], 'w').write(secret)",
    ],
    ids=["file", "output", "log", "transcript", "temporary folder"],
)
def test_a_run_that_leaks_fails_although_its_tests_pass(leaking: str, workers: list[str], tmp_path: Path) -> None:
    done, words = _run(f"    secret = canaries.plant('join-password'); {leaking}", tmp_path, workers)
    assert done == 1
    assert "1 passed" in words
    assert "planted secrets turned up" in words
    assert "join-password" in words
    assert canaries.leaks_in(words.encode()) == set()


def test_a_run_that_keeps_its_secrets_passes(tmp_path: Path) -> None:
    assert _run("    assert canaries.plant('join-password')", tmp_path, [])[0] == 0


def _run(body: str, tmp_path: Path, workers: list[str]) -> tuple[int, str]:
    """A run of its own with one test, watched as this one is."""
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "conftest.py").write_text(
        "from tests import canaries\n"
        "def pytest_configure(config):\n"
        "    config.pluginmanager.register(canaries.Watch(config), 'canaries')\n"
    )
    (folder / "test_one.py").write_text(f"from tests import canaries\n\n\ndef test_one(tmp_path):\n{body}\n")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "EMRKIT_CANARY_"))}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *workers,
            f"--basetemp={tmp_path / 'base'}",
            folder,
        ],
        cwd=tmp_path,
        env={**kept, **OTHER, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr
