"""The journal of a run: what a killed process leaves, and what must not be acted on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emrkit_jobs.run.journal import Journal, read_journal
from emrkit_jobs.run.records import RunRecords
from emrkit_model.diagnostics import EmrkitError, ExitCode


def make(folder: Path, name: str = "run-1", lineage: str = "here") -> Journal:
    journal = Journal.create(folder, name, lineage=lineage, facts={"run": name, "job": "sales"})
    journal.write("intent", act="submit", steps=["load"])
    journal.write("outcome", act="submit", ids=["s-1"])
    return journal


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    made = make(tmp_path)
    read = read_journal(made.path, "here")
    assert read is not None
    assert [entry.kind for entry in read.entries] == ["run", "intent", "outcome"]
    assert read.find("outcome", act="submit").facts["ids"] == ["s-1"]
    assert read.warnings == ()


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_truncated_end_is_dropped_with_a_warning_and_set_aside(tmp_path: Path, cut: int) -> None:
    made = make(tmp_path)
    whole = made.path.read_bytes()
    made.path.write_bytes(whole[:-cut])
    read = read_journal(made.path, "here")
    assert read is not None
    assert [entry.kind for entry in read.entries] == ["run", "intent"]
    assert read.warnings[0].code == "W-RUN-001"
    [aside] = tmp_path.glob("*.damaged-*")
    assert made.path.read_bytes() + aside.read_bytes() == whole[:-cut]


def test_after_a_truncated_end_the_journal_goes_on(tmp_path: Path) -> None:
    made = make(tmp_path)
    made.path.write_bytes(made.path.read_bytes()[:-5])
    read = read_journal(made.path, "here")
    assert read is not None
    read.write("outcome", act="submit", ids=["s-2"])
    again = read_journal(made.path, "here")
    assert again is not None
    assert [entry.number for entry in again.entries] == [0, 1, 2]
    assert again.warnings == ()


def test_an_empty_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "run-1.jsonl").touch()
    assert read_journal(tmp_path / "run-1.jsonl", "here") is None


def test_garbage_is_no_run_and_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run-1.jsonl"
    path.write_bytes(b"\x00\xff not json\n{}\n")
    assert read_journal(path, "here") is None
    [aside] = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes() == b"\x00\xff not json\n{}\n"


def test_a_changed_line_and_all_after_it_are_dropped(tmp_path: Path) -> None:
    made = make(tmp_path)
    lines = made.path.read_bytes().splitlines(keepends=True)
    made.path.write_bytes(lines[0] + lines[1].replace(b"load", b"evil") + lines[2])
    read = read_journal(made.path, "here")
    assert read is not None
    assert [entry.kind for entry in read.entries] == ["run"]


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    made = make(tmp_path)
    line = json.loads(made.path.read_text().splitlines()[0])
    line["entry"]["version"] = 99
    made.path.write_text(json.dumps(line) + "\n")
    with pytest.raises(EmrkitError, match=r"E-RUN-002[\s\S]*newer emrkit") as caught:
        read_journal(made.path, "here")
    assert caught.value.exit_code == ExitCode.TARGET_REFUSED
    assert json.loads(made.path.read_text()) == line


def test_another_lineage_is_refused(tmp_path: Path) -> None:
    made = make(tmp_path, lineage="there")
    with pytest.raises(EmrkitError, match=r"E-RUN-003[\s\S]*belongs to another"):
        read_journal(made.path, "here")


def test_a_journal_that_cannot_be_written_raises_before_anything_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.write_text("not a folder")
    with pytest.raises(EmrkitError, match="nothing is sent") as caught:
        make(folder)
    assert caught.value.exit_code == ExitCode.TARGET_UNREACHABLE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_raises_and_the_entry_does_not_count(tmp_path: Path) -> None:
    made = make(tmp_path)
    made.path.unlink()
    made.path.symlink_to("/dev/full")
    with pytest.raises(EmrkitError, match="cannot be written"):
        made.write("intent", act="launch")
    assert made.find("intent", act="launch") is None


def test_of_two_runs_the_newest_unfinished_one_of_the_same_command_is_found(tmp_path: Path) -> None:
    records = RunRecords(tmp_path, "shop", "dev", "1")
    same = {"job": "sales", "bundle": "a", "via": "cluster"}
    older = records.create(same)
    newer = records.create({**same, "bundle": "b"})
    assert records.unfinished(same).id == older.id
    assert records.unfinished({**same, "bundle": "b"}).id == newer.id
    older.journal.write("finished", state="COMPLETED")
    assert records.unfinished(same) is None


def test_the_runs_of_another_project_in_the_same_folder_are_not_ours(tmp_path: Path) -> None:
    RunRecords(tmp_path, "shop", "dev", "1").create({"job": "sales"})
    assert list(RunRecords(tmp_path, "other", "dev", "1").all()) == []


def test_a_run_of_another_account_is_never_acted_on(tmp_path: Path) -> None:
    RunRecords(tmp_path, "shop", "dev", "000000000000").create({"job": "sales"})
    with pytest.raises(EmrkitError, match="belongs to another"):
        list(RunRecords(tmp_path, "shop", "dev", "123456789012").all())


def test_a_step_at_emr_is_told_apart_by_its_run(tmp_path: Path) -> None:
    records = RunRecords(tmp_path, "shop", "dev", "1")
    one, two = records.create({"job": "a"}), records.create({"job": "a"})
    assert one.step_of(one.label("load")) == "load"
    assert two.step_of(one.label("load")) is None
