"""An app that emrkit's constructs refused: the CLI shows what they said, all of it, and where the project said it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emrkit_jobs.run.app_findings import read_app_findings
from emrkit_jobs.run.synthesis import synthesize
from emrkit_model.diagnostics import Diagnostic, EmrkitError, Location, Severity

FOUND = (
    Diagnostic("E-NET-015", "zones are 1 to 6", path=("zones",), got="99", allowed="1 to 6", hint="say 3"),
    Diagnostic("E-CLUS-001", "unknown key 'x'", path=("steps", 1, "x"), allowed="name", reason="a page (https://x.y)"),
    Diagnostic("W-NET-018", "one zone", Severity.WARNING, ("zones",), location=Location("emrkit.yaml", 3, 5)),
    Diagnostic("E-FILE-010", "two\nlines", got="a\nb", reason="c\n    d", location=Location("a.yaml", 1)),
    Diagnostic("E-RUN-001", "nothing more"),
)
RAISING = """
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.values import InvalidModel

def build():
    raise InvalidModel([Diagnostic("E-NET-015", "too many zones", path=("zones",), got="99", hint="say 3"),
                        Diagnostic("E-NET-017", "no room", got="99 subnets")])
"""


def app(folder: Path, code: str) -> Path:
    (folder / "stacks.py").write_text(RAISING)
    (folder / "app.py").write_text(code)
    (folder / "cdk.json").write_text(json.dumps({"app": "python app.py"}))
    return folder


def refused(folder: Path, code: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(EmrkitError) as caught:
        synthesize(app(folder, code), "local", folder / "out")
    return caught.value.diagnostics


def test_what_the_constructs_refused_is_said_finding_by_finding_with_the_line_of_the_project(tmp_path: Path) -> None:
    found = refused(tmp_path, "import stacks\n\nstacks.build()\n")
    assert [(d.code, d.got, d.hint) for d in found] == [("E-NET-015", "99", "say 3"), ("E-NET-017", "99 subnets", None)]
    assert {str(d.location) for d in found} == {"stacks.py:6:1"}
    assert "Traceback" not in str(EmrkitError(found))


@pytest.mark.parametrize("ending", ["sys.exit(str(error))", "print(error, file=sys.stderr); os._exit(3)"])
def test_an_app_that_prints_what_was_refused_is_read_as_well(tmp_path: Path, ending: str) -> None:
    code = f"import os, sys, stacks\ntry:\n    stacks.build()\nexcept Exception as error:\n    {ending}\n"
    assert [d.code for d in refused(tmp_path, code)] == ["E-NET-015", "E-NET-017"]


@pytest.mark.parametrize("cause", ["raise ValueError('mine') from error", "raise ValueError('mine')"])
def test_an_app_that_fails_of_something_else_afterwards_is_told_as_that(tmp_path: Path, cause: str) -> None:
    code = f"import stacks\ntry:\n    stacks.build()\nexcept Exception as error:\n    {cause}\n"
    [found] = refused(tmp_path, code)
    assert (found.code, "ValueError: mine" in str(found.got)) == ("E-PLAN-006", True)


def test_every_field_comes_back_as_it_was_written(tmp_path: Path) -> None:
    text = f"some words\n{EmrkitError(FOUND)}\n"
    assert read_app_findings(text, tmp_path) == FOUND
    assert read_app_findings(text.replace("error[", "\x1b[31merror["), tmp_path) == FOUND


def test_words_that_follow_the_findings_are_not_theirs(tmp_path: Path) -> None:
    text = f"{EmrkitError(FOUND[:1])}\n\nnpm notice: a new version\n  got it\n"
    assert read_app_findings(text, tmp_path) == FOUND[:1]


def test_warnings_alone_did_not_end_the_app(tmp_path: Path) -> None:
    assert read_app_findings(str(FOUND[2]), tmp_path) == ()
