"""Bundles: the same tree, the same digest; what cannot mean the same everywhere is refused by name."""

import hashlib
import io
import json
import os
import socket
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emrkit_jobs.bundle import archive
from emrkit_jobs.bundle.archive import Source, build, check_manifest, check_name
from emrkit_model.diagnostics import EmrkitError


def tree(root, **files):
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def refused(root, *sources):
    with pytest.raises(EmrkitError) as caught:
        build(root, sources)
    return caught.value.diagnostics


def test_the_digest_is_that_of_the_canonical_manifest(tmp_path):
    root = tree(tmp_path, job_py=b"print(1)\n")
    bundle = build(root, [Source("job.py", root / "job.py")])
    assert bundle.digest == hashlib.sha256(bundle.manifest()).hexdigest()
    assert json.loads(bundle.manifest()) == {
        "format": 1,
        "files": [{"name": "job.py", "sha256": hashlib.sha256(b"print(1)\n").hexdigest(), "size": 9}],
    }


def test_the_same_tree_has_the_same_digest_whatever_clock_mode_and_order(tmp_path):
    digests = set()
    for number, order in enumerate((1, -1)):
        root = tmp_path / str(number)
        names = ["lib/a.py", "lib/b.py", "lib/sub/c.py", "job.py"][::order]
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(name)
            os.utime(root / name, (number * 10**9, number * 10**9))
            (root / name).chmod(0o600 + number * 0o177)
        sources = [Source("job.py", root / "job.py"), Source("lib", root / "lib", zipped=True)]
        digests.add(build(root, sources[::order]).digest)
    assert len(digests) == 1


@pytest.mark.parametrize("change", ["content", "name", "added"])
def test_any_change_changes_the_digest(tmp_path, change):
    root = tree(tmp_path, lib__a_py=b"1")
    before = build(root, [Source("lib", root / "lib")]).digest
    if change == "content":
        (root / "lib/a.py").write_bytes(b"2")
    elif change == "name":
        (root / "lib/a.py").rename(root / "lib/b.py")
    else:
        (root / "lib/b.py").write_bytes(b"")
    assert build(root, [Source("lib", root / "lib")]).digest != before


def test_a_package_keeps_its_name_in_the_zip_and_a_source_root_does_not(tmp_path):
    root = tree(tmp_path, package__a_py=b"", src__mod_py=b"")
    (root / "package").joinpath("__init__.py").write_bytes(b"")
    bundle = build(root, [Source("package", root / "package", zipped=True), Source("src", root / "src", zipped=True)])
    names = {f.name: zipfile.ZipFile(io.BytesIO(f.read())).namelist() for f in bundle.files}
    assert "package/__init__.py" in names["package.zip"]
    assert names["src.zip"] == ["mod.py"]


def test_what_tools_leave_behind_is_left_out(tmp_path):
    root = tree(tmp_path, lib__a_py=b"1")
    for name in ("__pycache__/a.pyc", ".git/config", ".venv/x", ".env", "node_modules/x", "a.pyc", "a.py~"):
        (root / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "lib" / name).write_bytes(b"x")
    assert [f.name for f in build(root, [Source("lib", root / "lib")]).files] == ["lib/a.py"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"), (".", "empty"), ("/etc/passwd", "absolute"), ("C:/x", "absolute"), ("../x", "leads out"),
        ("a/../../x", "leads out"), ("a//b", "empty part"), ("a\\b", "backslash"), ("a\x00b", "control"),
        ("a\nb", "control"), ("a/b.", "dot or a space"), ("a /b", "dot or a space"), ("x" * 300, "longer"),
        ("con", "reserved"), ("a/NUL.txt", "reserved"), ("\ud800", "control"), ("a/./b", "empty part"),
    ],
)  # fmt: skip
def test_refuses_names_that_do_not_mean_the_same_everywhere(name, why):
    assert why in (check_name(name) or "")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_a_name_that_is_accepted_stays_below_its_folder(name):
    if check_name(name) is None:
        assert os.path.normpath(f"/top/{name}") == f"/top/{name}"


def test_refuses_a_link_even_inside(tmp_path):
    root = tree(tmp_path, lib__a_py=b"1")
    (root / "lib/link.py").symlink_to(root / "lib/a.py")
    assert refused(root, Source("lib", root / "lib"))[0].code == "E-BUNDLE-004"
    assert refused(root, Source("link.py", root / "lib/link.py"))[0].code == "E-BUNDLE-004"


def test_refuses_a_folder_that_is_a_link(tmp_path):
    root = tree(tmp_path, real__a_py=b"1")
    (root / "lib").symlink_to(root / "real")
    assert refused(root, Source("lib/a.py", root / "lib/a.py"))[0].code == "E-BUNDLE-004"


def test_refuses_what_lies_outside(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("x")
    assert refused(root, Source("secret", tmp_path / "secret"))[0].code == "E-BUNDLE-003"
    assert refused(root, Source("secret", root / ".." / "secret"))[0].code == "E-BUNDLE-003"


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_refuses_what_is_no_regular_file_without_waiting_for_it(tmp_path, kind):
    path = tmp_path / "thing"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # A socket's address has at most 108 bytes: bind by a relative name.
        here = os.getcwd()  # noqa: PTH109
        os.chdir(tmp_path)
        try:
            socket.socket(socket.AF_UNIX).bind("thing")
        finally:
            os.chdir(here)
    else:
        try:
            os.mknod(path, 0o600 | 0o020000, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("needs the right to make devices")
    assert refused(tmp_path, Source("thing", path))[0].code == "E-BUNDLE-005"


def test_refuses_names_that_differ_in_case_only(tmp_path):
    root = tree(tmp_path, a__x_py=b"1", b__x_py=b"2")
    found = refused(root, Source("lib/Job.py", root / "a/x.py"), Source("lib/job.py", root / "b/x.py"))
    assert [d.code for d in found] == ["E-BUNDLE-008"]


def test_refuses_folders_that_differ_in_case_only(tmp_path):
    root = tree(tmp_path, a__x_py=b"1", b__x_py=b"2")
    found = refused(root, Source("Lib/one.py", root / "a/x.py"), Source("lib/two.py", root / "b/x.py"))
    assert [d.code for d in found] == ["E-BUNDLE-008"]


def test_refuses_two_files_under_one_name(tmp_path):
    root = tree(tmp_path, a__x_py=b"1", b__x_py=b"2")
    assert refused(root, Source("x", root / "a/x.py"), Source("x", root / "b/x.py"))[0].code == "E-BUNDLE-007"


def test_reports_every_refused_name_at_once(tmp_path):
    found = refused(tmp_path, Source("a", tmp_path / "a"), Source("b", tmp_path / "b"), Source("../c", tmp_path / "c"))
    assert [d.code for d in found] == ["E-BUNDLE-001", "E-BUNDLE-001", "E-BUNDLE-002"]


@pytest.mark.parametrize("limit", ["MAXIMUM_FILES", "MAXIMUM_BYTES"])
def test_refuses_too_much(tmp_path, monkeypatch, limit):
    root = tree(tmp_path, lib__a_py=b"123", lib__b_py=b"123", lib__c_py=b"123")
    monkeypatch.setattr(archive, limit, 2)
    assert refused(root, Source("lib", root / "lib"))[0].code == "E-BUNDLE-006"


def test_a_file_that_changes_before_its_upload_is_noticed_at_the_end(tmp_path):
    root = tree(tmp_path, job_py=b"one")
    (file,) = build(root, [Source("job.py", root / "job.py")]).files
    (root / "job.py").write_bytes(b"two")
    with pytest.raises(EmrkitError) as caught:
        file.read()
    assert caught.value.diagnostics[0].code == "E-BUNDLE-009"


def test_a_file_that_becomes_a_link_before_its_upload_is_not_followed(tmp_path):
    root = tree(tmp_path, job_py=b"one", other_py=b"one")
    (file,) = build(root, [Source("job.py", root / "job.py")]).files
    (root / "job.py").unlink()
    (root / "job.py").symlink_to(root / "other.py")
    with pytest.raises(EmrkitError):
        file.read()


def test_an_uploaded_manifest_is_checked_against_its_digest(tmp_path):
    root = tree(tmp_path, job_py=b"one")
    bundle = build(root, [Source("job.py", root / "job.py")])
    assert [f.name for f in check_manifest(bundle.manifest(), bundle.digest)] == ["job.py"]
    for damaged in (bundle.manifest()[:-1], b"", bundle.manifest().replace(b"job", b"jab")):
        with pytest.raises(EmrkitError) as caught:
            check_manifest(damaged, bundle.digest)
        assert caught.value.diagnostics[0].code == "E-BUNDLE-010"
