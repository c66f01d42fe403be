"""The house itself: source roots, walls between packages, names, sizes, and what committed text may say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import warnings
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONG = 450
TOO_LONG = 600
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "base", "misc"}
# A text that names a machine, a package index or a ticket is meant for somebody else than the reader.
FOREIGN = re.compile(
    r"/(?:root|home/\w+|work|opt/pypi[\w-]*|tmp/team)/|\b(?:files\.pythonhosted\.org|pypi\.org/simple|registry\.npmjs\.org)"
    r"|\bissues? #?\d+\b|\bshared/study\b|\bpart \d+ of the issue\b",
    re.IGNORECASE,
)
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".java", ".sql", ".lock", ".cfg", ".txt", ""}


@cache
def committed() -> tuple[Path, ...]:
    """The files under version control, or all files where there is no repository (an unpacked sdist)."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    names = done.stdout.split("\0") if done.returncode == 0 else []
    files = [ROOT / name for name in names if name] or [p for p in ROOT.rglob("*") if ".venv" not in p.parts]
    return tuple(path for path in files if path.is_file())


def sources() -> list[Path]:
    return [path for path in committed() if path.suffix == ".py"]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sysconfig.get_path("scripts")) / "lint-imports"
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("root", ["constructs", "jobs"])
def test_a_source_root_is_never_a_package(root: str) -> None:
    assert not (ROOT / root / "__init__.py").exists()


def test_the_constructs_package_is_the_one_from_pypi() -> None:
    code = "import constructs; print(constructs.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(sysconfig.get_path("purelib"))


@pytest.mark.parametrize(
    "line",
    [
        "import constructs.emrkit",
        "from constructs.emrkit import guardrails",
        "from constructs import emrkit_model",
        "import constructs.emrkit_facts",
        "from jobs.emrkit_jobs import cli",
        "import jobs.emrkit_local",
    ],
)
def test_importing_a_package_through_its_folder_is_banned(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", "stacks/x.py", "-"],
        cwd=ROOT,
        input=line + "\n",
        capture_output=True,
        text=True,
    )
    assert "TID251" in done.stdout


def test_the_walls_between_the_packages_stand() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_breach_of_a_wall_is_found(tmp_path: Path) -> None:
    for root in ("constructs", "jobs", "stacks"):
        shutil.copytree(
            ROOT / root, tmp_path / root, ignore=shutil.ignore_patterns("sources", "__pycache__", "examples")
        )
    for package in (*(tmp_path / "constructs").iterdir(), *(tmp_path / "jobs").iterdir()):
        if package.is_dir():
            package.rename(tmp_path / package.name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "emrkit_model" / "breach.py").write_text("import boto3\nimport aws_cdk\nimport yaml\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "emrkit_model.breach -> boto3" in done.stdout
    assert "emrkit_model.breach -> aws_cdk" in done.stdout
    assert "emrkit_model.breach -> yaml" in done.stdout


def test_modules_are_named_for_what_they_hold() -> None:
    named = {part for path in sources() for part in (path.stem, *path.relative_to(ROOT).parent.parts)}
    assert not named & FORBIDDEN_NAMES


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in sources() if path.is_relative_to(ROOT / "tests") and path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def test_committed_text_speaks_of_the_product_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match.group()}"
        for path in committed()
        if path.suffix in TEXT and path != Path(__file__) and path.name != "LICENSE"
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if (match := FOREIGN.search(line))
    ]
    assert not found, "\n".join(found)


def test_files_stay_short() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in sources()}
    for path, length in lengths.items():
        if length > LONG:
            warnings.warn(f"{path.relative_to(ROOT)} has {length} lines: split it along its seam", stacklevel=1)
    product = {path: length for path, length in lengths.items() if not path.is_relative_to(ROOT / "tests")}
    assert not {str(path.relative_to(ROOT)): length for path, length in product.items() if length > TOO_LONG}


def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    wanted = {re.split(r"[\[<>=!~ ]", line)[0] for group in groups for line in group}
    page = (ROOT / "docs/adr/000-dependencies.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    reasoned = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert wanted == reasoned
