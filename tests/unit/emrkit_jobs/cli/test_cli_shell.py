"""The command itself: what it imports, where its words go, what its exit codes are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emrkit_jobs.cli import main as shell
from emrkit_jobs.cli.output import Output, escape, format_table
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode


def call(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    program = "import sys; from emrkit_jobs.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=300, **settings
    )  # type: ignore[call-overload]


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from emrkit_jobs.cli.main import run; run(['--help']); "
        "sys.exit(', '.join({'pydantic', 'boto3', 'aws_cdk', 'rich', 'yaml'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"imported: {done.stderr}"
    assert all(verb in done.stdout for verb in shell.VERBS)


@pytest.mark.parametrize("verb", list(shell.VERBS))
def test_every_verb_has_help_and_the_common_options(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert "--target" in text or verb == "local"


def test_a_misspelt_verb_is_invalid_input_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["deplyo"]) == ExitCode.INVALID_INPUT
    assert "did you mean `emrkit deploy`?" in capsys.readouterr().err


def test_an_unknown_option_names_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["status", "--colour"]) == ExitCode.INVALID_INPUT
    assert "error[E-CLI-001]" in capsys.readouterr().err


def test_without_a_project_file_it_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shell.run(["status"]) == ExitCode.INVALID_INPUT
    text = capsys.readouterr().err
    assert "error[E-CLI-004]" in text
    assert str(tmp_path) in text


def test_options_stand_before_or_after_the_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["--output", "json", "version"], ["version", "--output", "json"]):
        assert shell.run(arguments) == 0
        assert "emrkit" in json.loads(capsys.readouterr().out)


def test_json_output_carries_the_diagnostics_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shell.run(["status", "--output", "json"])
    data = json.loads(capsys.readouterr().out)
    assert data["exitCode"] == 2
    assert data["diagnostics"][0]["code"] == "E-CLI-004"


def test_a_variable_without_a_value_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["status", "--var", "rows"]) == ExitCode.INVALID_INPUT
    assert "E-CLI-003" in capsys.readouterr().err


def test_a_defect_of_ours_is_no_traceback_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bolt fell off")

    monkeypatch.setattr(shell.emrkit, "main", broken)
    assert shell.run(["status"]) == ExitCode.OUTCOME_UNKNOWN
    text = capsys.readouterr().err
    assert "error[E-CLI-900]" in text
    assert "Traceback" not in text
    [kept] = tmp_path.glob("crash-*.txt")
    assert "a bolt fell off" in kept.read_text()
    assert str(kept) in text


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = "from emrkit_jobs.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=300
    )
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_narrow_character_set_is_no_error(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = call("deplyé", env=environment, cwd=tmp_path)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Traceback" not in done.stderr


def test_an_error_is_shown_in_the_one_shape(capsys: pytest.CaptureFixture[str]) -> None:
    found = Diagnostic("E-JOB-001", "step 'a' is odd", path=("steps", 1), got="x", allowed="y", hint="z")
    Output().fail(EmrkitError(found))
    assert capsys.readouterr().err == (
        "error[E-JOB-001]: step 'a' is odd\n  at steps[1]\n  got x, allowed: y\n\nhint: z\n"
    )


def test_what_comes_from_elsewhere_cannot_command_the_terminal() -> None:
    assert escape("a\x1b[2Jb\rc") == "a\\x1b[2Jb\\x0dc"
    assert len(escape("x" * 10_000_000)) < 3000


def test_a_table_aligns_numbers_to_the_right() -> None:
    assert format_table(["name", "n"], [["a", 5], ["bb", 1000]]).splitlines() == [
        "name      n",
        "----  -----",
        "a         5",
        "bb    1,000",
    ]
