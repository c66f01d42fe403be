"""The generated pages are as the source has them; the page of error codes lists every code, each with its meaning."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import emrkit
from docs import combination_rules, coverage, errors, examples, guardrails, guides, project_file, public_names, python

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", [combination_rules, coverage, errors, guardrails, project_file, python])
def test_a_generated_page_is_as_the_source_has_it(module: ModuleType) -> None:
    assert module.PAGE.read_text("utf-8") == module.page(), "run: python -m docs"


@pytest.mark.parametrize("guide", guides.guides(), ids=lambda path: path.name)
def test_a_guide_shows_its_examples_as_they_are(guide: Path) -> None:
    text = guide.read_text("utf-8")
    assert text == guides.filled(text), "run: python -m docs"


def test_a_changed_example_is_noticed_in_a_guide() -> None:
    text = "Before.\n<!-- example: docs/examples/first_cluster.py -->\n```python\nold\n```\n<!-- end -->\nAfter.\n"
    assert "old" not in guides.filled(text)
    assert guides.filled(text).startswith("Before.\n<!-- example:")
    assert guides.filled(text).endswith("<!-- end -->\nAfter.\n")
    assert guides.filled(guides.filled(text)) == guides.filled(text)


def test_every_example_is_shown_in_a_guide() -> None:
    shown = {path for guide in guides.guides() for path in guides.shown(guide.read_text("utf-8"))}
    files = {f"docs/examples/{name}.py" for name in examples.names()}
    files |= {f"docs/examples/{p.name}" for p in (ROOT / "docs/examples").glob("*.yaml")}
    assert files - shown == set()


def test_every_public_name_stands_in_the_python_reference_with_words_for_each_argument() -> None:
    known = {name.name: name for name in public_names.names()}
    assert set(known) == set(emrkit.__all__)
    assert [name for name, found in known.items() if len(found.words) < 20] == []
    assert [f"{name}.{f.name}" for name, found in known.items() for f in found.fields if not f.means] == []


def test_every_code_says_something() -> None:
    assert [code.id for code in errors.codes() if len(code.summary) < 8] == []


def test_no_code_in_the_source_is_left_out() -> None:
    listed = {code.id[2:] for code in errors.codes()}
    shape = re.compile(r"[\"'](?:[EW]-)?((?:" + "|".join(errors._AREAS) + r")-\d{3})[\"']")
    written = {
        match
        for folder in ("constructs", "jobs", "stacks")
        for path in (ROOT / folder).rglob("*.py")
        for match in shape.findall(path.read_text("utf-8"))
    }
    assert written == listed
    assert len(listed) > 100


def test_a_code_is_raised_by_one_module_or_says_the_same_in_both() -> None:
    said: dict[str, dict[str, set[str]]] = {}
    for folder in errors._FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for code in errors._in_file(path):
                said.setdefault(code.id, {}).setdefault(code.module, set()).add(code.summary)
    shared = {code: by for code, by in said.items() if len(by) > 1}
    # One meaning, "must be a mapping", in the words of each place.
    shared.pop("E-FILE-021")
    assert not {code: by for code, by in shared.items() if len(set.union(*by.values())) > 1}
