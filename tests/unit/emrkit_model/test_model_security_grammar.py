"""Security configurations against the grammar of EMR's document: every shape fits, every member has a field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

import emrkit_facts
from emrkit_facts import security_grammar
from emrkit_model import SecurityConfiguration
from emrkit_model.security.fields import FIELDS, field_of
from emrkit_model.values import Value
from tests.unit.emrkit_model.security_shapes import SHAPES

# Members of the grammar that no field writes, with the reason; there are none.
EXEMPT: Mapping[str, str] = {}


def document(shape: str) -> dict[str, Any]:
    return SecurityConfiguration.parse(SHAPES[shape]).document()


def paths(value: object, above: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            place = f"{above}.{key}" if above else key
            yield place
            yield from paths(inner, place)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from paths(item, f"{above}[]")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_fits_the_grammar(shape):
    assert security_grammar.problems(document(shape)) == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_member_that_a_shape_writes_is_in_the_grammar(shape):
    known = set(security_grammar.members())
    assert set(paths(document(shape))) <= known


def test_every_member_of_the_grammar_is_written_by_a_field():
    written = {path for shape in SHAPES for path in paths(document(shape))}
    assert set(security_grammar.members()) - written == set(EXEMPT)


def test_every_value_that_the_grammar_lists_is_written():
    written: dict[str, set[object]] = {}
    for shape in SHAPES:
        for path, value in leaves(document(shape)):
            written.setdefault(path, set()).add(value)
    for path, member in security_grammar.members().items():
        assert set(member.values) <= written.get(path, set()), path


def leaves(value: object, above: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from leaves(inner, f"{above}.{key}" if above else key)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from leaves(item, f"{above}[]")
    else:
        yield above, value


def test_every_member_names_its_field_and_every_field_exists():
    for path, member in security_grammar.members().items():
        if member.leaf:
            assert field_of(path.replace("[]", "").split(".")) is not None, path
    values = [SecurityConfiguration.parse(shape) for shape in SHAPES.values()]
    for field in set(FIELDS.values()):
        assert any(has_field(value, field.split(".")) for value in values), field


def has_field(value: object, names: list[str]) -> bool:
    if not names:
        return True
    return (
        isinstance(value, Value)
        and names[0] in type(value).model_fields
        and has_field(getattr(value, names[0]), names[1:])
    )


def test_the_packaged_grammar_is_that_of_the_sources():
    source = json.loads(
        (Path(emrkit_facts.__file__).parent / "sources/security-config-grammar.json").read_text("utf-8")
    )
    assert list(security_grammar.blocks()) == source["top_level"]

    def names(node: object, above: str) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in cast("dict[str, object]", node).items():
                if key[0].isupper() and not str(value).startswith("returned by"):
                    yield f"{above}.{key}"
                    yield from names(value, f"{above}.{key}")

    said = {name for block, node in source["grammar"].items() for name in names(node, block)}
    # Inside a list, the grammar names some of the members besides.
    assert {name for name in said if "RoleMappings." not in name and "PluginConfigurations." not in name} <= set(
        security_grammar.members()
    )


@pytest.mark.parametrize("row", security_grammar.combinations(), ids=lambda row: str(row["says"])[:50])
def test_every_combination_of_the_grammar_is_refused_by_the_grammar_and_by_the_model(row):
    """A document that breaks it is found by the grammar; the model's own rules are tested one by one elsewhere."""
    for first, second in row.get("exclusive", ()):
        both: dict[str, Any] = {}
        for path in (first, second):
            place = both
            for key in path.split("."):
                place = place.setdefault(key, {})
        assert f"{first} excludes {second}" in security_grammar.problems(both)
    for path, choices in row.get("needs", ()):
        alone: dict[str, Any] = {}
        place = alone
        for key in path.split("."):
            place = place.setdefault(key, {})
        assert f"{path} needs {' or '.join(choices)}" in security_grammar.problems(alone)
    assert row.get("exclusive") or row.get("needs") or row.get("outside")
