"""YAML is read strictly: what could change a meaning or fill the memory is refused, with its place."""

import resource
import subprocess
import sys
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emrkit_jobs.bundle.nodes import MappingNode, find_node, to_data
from emrkit_jobs.bundle.reading import MAXIMUM_BYTES, MAXIMUM_DEPTH, parse_yaml, read_yaml
from emrkit_model.diagnostics import EmrkitError

ALIAS_BOMB = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(8)
)

HOSTILE = {
    "an alias bomb": (ALIAS_BOMB, "E-FILE-018", (1, 4)),
    "an anchor nobody uses": (b"a: &x 1", "E-FILE-018", (1, 4)),
    "an alias as a key": (b"a: 1\n*a : 2", "E-FILE-018", (2, 1)),
    "lists nested ten thousand deep": (b"[" * 10_000, "E-FILE-016", (1, 65)),
    "mappings nested ten thousand deep": (b"{a: " * 10_000, "E-FILE-016", (1, 257)),
    "block lists nested deep": (b"- " * 5_000, "E-FILE-016", (1, 129)),
    "too many values": (b"a:\n" + b" - 1\n" * 60_000, "E-FILE-016", None),
    "a hundred megabytes": (b"a: " + b"x" * (MAXIMUM_BYTES + 1), "E-FILE-011", (1, 1)),
    "a NUL": (b"a: 1\nb: x\x00y", "E-FILE-013", (2, 5)),
    "an escape character": (b"a: \x1b[31m", "E-FILE-013", (1, 4)),
    "a byte order mark": (b"\xef\xbb\xbfa: 1", "E-FILE-012", (1, 1)),
    "UTF-16 little": ("a: 1".encode("utf-16-le").join([b"\xff\xfe", b""]), "E-FILE-012", (1, 1)),
    "UTF-16 big": (b"\xfe\xff\x00a", "E-FILE-012", (1, 1)),
    "UTF-32": ("a: 1".encode("utf-32"), "E-FILE-012", (1, 1)),
    "Latin-1": ("a: 1\nb: é".encode("latin-1"), "E-FILE-012", (2, 4)),
    "a tab as indentation": (b"a:\n\tb: 1", "E-FILE-015", (2, 1)),
    "a tab after spaces": (b"a:\n  b: 1\n  \tc: 2", "E-FILE-015", (3, 3)),
    "a key twice": (b"a: 1\nb: 2\na: 3", "E-FILE-017", (3, 1)),
    "a key twice, once quoted": (b'a: 1\n"a": 3', "E-FILE-017", (2, 1)),
    "a key twice, deep down": (b"a: {b: [{c: 1, c: 2}]}", "E-FILE-017", (1, 16)),
    "a Python object": (b"a: !!python/object/apply:os.system [ls]", "E-FILE-019", (1, 4)),
    "a tag of its own": (b"a: !secret x", "E-FILE-019", (1, 4)),
    "a standard tag": (b"a: !!int '1'", "E-FILE-019", (1, 4)),
    "a merge key": (b"a:\n  <<: {b: 1}", "E-FILE-022", (2, 3)),
    "a list as a key": (b"? [a, b]\n: 1", "E-FILE-022", (1, 3)),
    "a template as a key": (b"{{x}}: 1", "E-FILE-022", (1, 1)),
    "a second document": (b"a: 1\n---\nb: 2", "E-FILE-020", (2, 1)),
    "a mapping in a value": (b"a: b: c", "E-FILE-014", (1, 5)),
    "an open list": (b"a: [1, 2", "E-FILE-014", None),
    "a percent sign": (b"a: %x", "E-FILE-014", (1, 4)),
    "an at sign": (b"a: @x", "E-FILE-014", (1, 4)),
    "an open quote": (b"a: 'x", "E-FILE-014", None),
    "a wrong directive": (b"%YAML 9.9\n---\na: 1", "E-FILE-014", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses_what_is_not_plain_yaml_with_its_place(name):
    data, code, place = HOSTILE[name]
    began = time.process_time()
    with pytest.raises(EmrkitError) as caught:
        parse_yaml(data, "emrkit.yaml")
    took = time.process_time() - began
    found = caught.value.diagnostics[0]
    assert found.code == code
    assert found.location is not None
    assert found.location.file == "emrkit.yaml"
    if place is not None:
        assert (found.location.line, found.location.column) == place
    # Of the processor, not of the clock: what is hostile ends early, however busy the machine is.
    assert took < 2


def test_an_alias_bomb_costs_no_memory(tmp_path):
    (tmp_path / "bomb.yaml").write_bytes(ALIAS_BOMB)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from emrkit_jobs.bundle.reading import read_yaml\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_yaml(Path(sys.argv[1]))\n"
        "except Exception: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "bomb.yaml")],
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) * (1 if sys.platform != "darwin" else 1 / 1024) < 50_000, resource.RUSAGE_SELF


@pytest.mark.parametrize(
    "written",
    ["no", "yes", "on", "off", "True", "6.10", "0777", "0o17", "12:30:45", "1_000", "1e3", "0x1f", "2024-01-01", ".inf",
     "NO", "+1", "-0", "007", "=", "<", "true", "10", "3.0"],
)  # fmt: skip
def test_text_stays_as_it_is_written(written):
    assert to_data(parse_yaml(f"a: {written}\n".encode(), "f")) == {"a": written}


@pytest.mark.parametrize("written", ["", "~", "null"])
def test_nothing_is_nothing_and_quotes_make_it_text(written):
    assert to_data(parse_yaml(f"a: {written}\n".encode(), "f")) == {"a": None}
    assert to_data(parse_yaml(f"a: '{written}'\n".encode(), "f")) == {"a": written}


def test_keys_are_text_too():
    assert to_data(parse_yaml(b"no: 1\n1: 2\n", "f")) == {"no": "1", "1": "2"}


def test_every_value_knows_its_place():
    node = parse_yaml(b"a:\n  b:\n    - x\n    - {c: 1}\n", "f.yaml")
    assert isinstance(node, MappingNode)
    found, at = find_node(node, ("a", "b", 1, "c"))
    assert to_data(found) == "1"
    assert str(at) == "f.yaml:4:11"


def test_a_path_that_leaves_the_file_ends_where_it_left():
    node = parse_yaml(b"a:\n  b: x\n", "f.yaml")
    assert find_node(node, ("a", "c", "d")) == (None, find_node(node, ("a",))[1])


@pytest.mark.parametrize("kind", ["missing", "folder", "large", "unreadable"])
def test_refuses_what_cannot_be_read_as_a_file(tmp_path, kind):
    path = tmp_path / "emrkit.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "large":
        with path.open("wb") as stream:
            stream.truncate(100 << 20)
    elif kind == "unreadable":
        path.symlink_to(path)
    tracemalloc.start()
    try:
        with pytest.raises(EmrkitError) as caught:
            read_yaml(path)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20, "it was read"
    finally:
        tracemalloc.stop()
    assert caught.value.diagnostics[0].code == ("E-FILE-011" if kind == "large" else "E-FILE-010")


def problems_of(data):
    try:
        to_data(parse_yaml(data, "f"))
    except EmrkitError as error:
        return error.diagnostics
    return ()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    assert all(found.code.startswith("E-FILE-") for found in problems_of(data))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`?, \n\t<~", max_size=60))
def test_any_punctuation_is_read_or_refused(text):
    assert all(found.location is not None for found in problems_of(text.encode()))


# JSON writes what lies beyond in two escapes, which YAML does not join.
CHARACTERS = st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",))
TREES = st.recursive(
    st.text(CHARACTERS, max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS, max_size=6), inner, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_what_json_writes_comes_back(tree):
    import json

    assert to_data(parse_yaml(json.dumps({"a": tree}).encode(), "f")) == {"a": tree}


def test_depth_is_bounded_at_the_documented_level():
    fits = b"[" * (MAXIMUM_DEPTH - 1) + b"x" + b"]" * (MAXIMUM_DEPTH - 1)
    parse_yaml(fits, "f")
    with pytest.raises(EmrkitError):
        parse_yaml(b"[" * MAXIMUM_DEPTH + b"x" + b"]" * MAXIMUM_DEPTH, "f")
