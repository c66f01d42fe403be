"""Buckets as folders: what the disk shows, what S3 clients see, and where the two bend."""

from __future__ import annotations

from pathlib import Path

import pytest

from emrkit_local.host.folder_store import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("lake", "000000000000")
    return made


def test_an_object_is_the_file_at_its_key(store: FolderStore) -> None:
    store.write("lake", "raw/day=1/a.csv", b"1,2", {"content_type": "text/csv"})
    assert (store.root / "lake/raw/day=1/a.csv").read_bytes() == b"1,2"
    assert store.look("lake", "raw/day=1/a.csv") == {"content_type": "text/csv", "size": 3}


def test_a_file_that_another_program_wrote_is_an_object_at_once(store: FolderStore) -> None:
    (store.root / "lake/out").mkdir()
    (store.root / "lake/out/part-0").write_bytes(b"xyz")
    details = store.look("lake", "out/part-0")
    assert details is not None
    assert details["size"] == 3
    assert str(details["etag"]).endswith('-1"'), "an ETag that no client takes for the content's MD5"
    assert list(store.keys("lake", "out/")) == ["out/part-0"]


def test_details_do_not_outlive_the_file_they_describe(store: FolderStore) -> None:
    store.write("lake", "a", b"one", {"metadata": {"by": "us"}})
    (store.root / "lake/a").unlink()
    (store.root / "lake/a").write_bytes(b"other")
    assert (store.look("lake", "a") or {})["metadata"] == {}


@pytest.mark.parametrize(
    "key", ["a//b", "../escape", "x/../../y", "/leading", "n" * 300, "a/./b", "..", "\u00fc" * 200]
)
def test_a_key_that_no_path_can_hold_is_kept_and_listed_and_stays_inside(store: FolderStore, key: str) -> None:
    store.write("lake", key, b"body", {"etag": '"e"'})
    assert store.read("lake", key) == b"body"
    assert list(store.keys("lake")) == [key]
    assert not [p for p in store.root.parent.iterdir() if p != store.root], "nothing was written outside the root"
    store.delete("lake", key)
    assert store.look("lake", key) is None
    assert store.is_empty("lake")


def test_an_object_beside_a_prefix_of_the_same_name(store: FolderStore) -> None:
    store.write("lake", "a/b", b"inner", {})
    store.write("lake", "a", b"outer", {})
    assert (store.read("lake", "a"), store.read("lake", "a/b")) == (b"outer", b"inner")
    assert sorted(store.keys("lake")) == ["a", "a/b"]


def test_the_last_object_takes_its_folders_along(store: FolderStore) -> None:
    store.write("lake", "x/y/z", b"1", {})
    store.delete("lake", "x/y/z")
    assert list((store.root / "lake").iterdir()) == []


def test_a_marker_keeps_its_folder_and_a_bare_folder_is_no_object(store: FolderStore) -> None:
    store.write("lake", "kept/", b"", {})
    (store.root / "lake/bare").mkdir()
    store.write("lake", "kept/a", b"1", {})
    store.delete("lake", "kept/a")
    assert (store.root / "lake/kept").is_dir()
    assert list(store.keys("lake")) == ["kept/"]


def test_everything_is_there_after_opening_the_folder_again(store: FolderStore) -> None:
    store.write("lake", "a", b"1", {"metadata": {"k": "v"}})
    store.write("lake", "a/b", b"2", {"metadata": {"blob": "yes"}})
    again = FolderStore(store.root)
    assert (again.look("lake", "a") or {})["metadata"] == {"k": "v"}
    assert (again.look("lake", "a/b") or {})["metadata"] == {"blob": "yes"}


def test_a_failed_write_leaves_the_former_object(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("lake", "a", b"old", {})

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        store.write("lake", "a", b"new", {})
    assert store.read("lake", "a") == b"old"
    assert list((store.root / ".emrkit/tmp").iterdir()) == []


def test_a_dropped_bucket_is_gone_with_its_blobs(store: FolderStore) -> None:
    store.write("lake", "a//b", b"1", {})
    store.drop_bucket("lake")
    assert store.buckets() == []
    store.make_bucket("lake", "000000000000")
    assert store.is_empty("lake")
