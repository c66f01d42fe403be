"""Free JSON in a value object: frozen, walked path by path, laid over what typed fields wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Protocol, cast

from pydantic import PlainValidator, WithJsonSchema

from emrkit_model.fields import FrozenMap
from emrkit_model.tokens import is_token
from emrkit_model.values import Json

__all__ = ["NO_DOCUMENT", "Document", "Documented", "Keys", "documents", "laid_over", "leaves", "thawed"]

Keys = tuple[str, ...]
"""A member's place in a document: the keys on the way to it."""


def _frozen(value: object) -> object:
    if isinstance(value, Mapping):
        return FrozenMap({str(k): cast("str", _frozen(v)) for k, v in cast("Mapping[object, object]", value).items()})
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in cast("list[object]", value))
    if value is None or isinstance(value, (str, bool, int, float)) or is_token(value):
        return value
    raise ValueError("must be JSON: maps, lists, text, numbers, true/false")


def _document(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("must be a map")
    return _frozen(cast("Mapping[object, object]", value))


Document = Annotated[Mapping[str, object], PlainValidator(_document), WithJsonSchema({"type": "object"})]
"""A JSON object as it stands."""
NO_DOCUMENT: Mapping[str, object] = FrozenMap()
"""The default: nothing."""


class Documented(Protocol):
    """A part that writes itself."""

    def document(self) -> dict[str, Json]:
        """It as EMR takes it."""
        ...


def documents(parts: Sequence[Documented]) -> Json:
    """The document of each part; a list that is only known at deployment stays as it is."""
    return cast("Json", parts) if is_token(parts) else [part.document() for part in parts]


def leaves(document: Mapping[str, object], above: Keys = ()) -> Iterator[tuple[Keys, object]]:
    """Every member that is no object with members, with its place; a list is a leaf.

    >>> list(leaves({"A": {"B": 1, "C": {}}}))
    [(('A', 'B'), 1), (('A', 'C'), {})]
    """
    for key, value in document.items():
        place = (*above, key)
        if isinstance(value, Mapping) and value:
            yield from leaves(cast("Mapping[str, object]", value), place)
        else:
            yield place, value


def thawed(value: object) -> Json:
    """Plain lists and dicts again."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [thawed(item) for item in cast("list[object]", value)]
    return cast("Json", value)


def laid_over(base: Mapping[str, Json], extra: Mapping[str, object]) -> dict[str, Json]:
    """A document with the members of another one in it, objects joined member by member.

    >>> laid_over({"A": {"B": 1}}, {"A": {"C": 2}, "D": 3})
    {'A': {'B': 1, 'C': 2}, 'D': 3}
    """
    result = dict(base)
    for key, value in extra.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, Mapping):
            result[key] = laid_over(below, cast("Mapping[str, object]", value))
        else:
            result[key] = thawed(value)
    return result
