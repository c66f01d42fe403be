"""Random clusters say everything that a cluster can say: a new field, or a new word of one, has to be drawn too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, cast

import pytest
from pydantic import TypeAdapter

from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.capacity.managed_scaling import ManagedScaling
from emrkit_model.cluster import Cluster
from emrkit_model.job import STEP_KINDS
from emrkit_model.metastores import ExternalMetastore, GlueCatalog
from emrkit_model.security import SecurityConfiguration
from emrkit_model.settings import ApplicationSettings
from emrkit_model.values import Value
from tests.random_clusters import examples
from tests.random_ground import Plain

# Kinds that stand beside each other in one field; every other kind is found through the fields of these.
KINDS = {
    Cluster,
    InstanceFleet,
    InstanceGroup,
    ManagedScaling,
    SecurityConfiguration,
    GlueCatalog,
    ExternalMetastore,
    ApplicationSettings,
    *STEP_KINDS.values(),
}
# Fields that are not drawn, with the reason; there are none.
NOT_DRAWN: Mapping[tuple[str, str], str] = {}
_EXAMPLES = 300


@cache
def said() -> Mapping[type[Value], Mapping[str, list[object]]]:
    """Every value of every field that somebody set, by kind and field."""
    found: dict[type[Value], dict[str, list[object]]] = {}
    for example in examples(_EXAMPLES):
        for value in _values((example.cluster, example.steps)):
            fields = found.setdefault(type(value), {})
            for name in value.model_fields_set:
                fields.setdefault(name, []).append(getattr(value, name))
    return found


def test_every_kind_of_value_is_drawn() -> None:
    assert KINDS - set(said()) == set()


def test_every_field_is_drawn() -> None:
    missing = {
        (kind.__name__, name) for kind, fields in said().items() for name in kind.model_fields if name not in fields
    }
    assert missing == set(NOT_DRAWN)


def test_no_field_is_drawn_with_its_default_alone() -> None:
    idle = {
        f"{kind.__name__}.{name}"
        for kind, fields in said().items()
        for name, values in fields.items()
        if not kind.model_fields[name].is_required()
        and all(value == kind.model_fields[name].get_default(call_default_factory=True) for value in values)
    }
    assert idle == set()


def test_every_word_of_a_closed_list_is_drawn() -> None:
    missing = {
        f"{kind.__name__}.{name}: {word}"
        for kind, fields in said().items()
        for name, values in fields.items()
        for word in _words(kind, name)
        if word not in [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
    }
    assert missing == set()


def test_a_field_that_is_not_drawn_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {**Cluster.model_fields, "invented": Cluster.model_fields["name"]}
    monkeypatch.setattr(Cluster, "__pydantic_fields__", fields)
    with pytest.raises(AssertionError, match="invented"):
        test_every_field_is_drawn()


def _words(kind: type[Value], name: str) -> list[object]:
    """The words of a closed list, each as the field keeps it: a flag has two, a field of text has none."""
    field = kind.model_fields[name]
    annotation: Any = field.annotation
    given = [item for item in field.metadata if hasattr(item, "schema") and hasattr(item, "validator")]
    if given:
        shown = cast("Plain", given[0].schema.json_schema)
        read = TypeAdapter(Annotated[annotation, given[0]])
        return list(dict.fromkeys(read.validate_python(word) for word in shown["enum"]))
    return [True, False] if annotation is bool and kind.__name__ != "Cluster" else []


def _values(item: object) -> Iterator[Value]:
    """A value and all values inside it."""
    if isinstance(item, Value):
        yield item
        for name in type(item).model_fields:
            yield from _values(getattr(item, name))
    elif isinstance(item, (list, tuple)):
        for inner in cast("list[object]", item):
            yield from _values(inner)
