"""Every finding of a value and of all values inside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Annotated, Literal, cast, get_args, get_origin

from .diagnostics import Diagnostic, FieldPath
from .values import Value

__all__ = ["check"]


def check(value: object) -> tuple[Diagnostic, ...]:
    """Every finding of a value and of all values inside it, warnings included, with paths from `value`."""
    return tuple(_walk(value, ())) if isinstance(value, (Value, list, tuple)) else ()


def _walk(value: object, path: FieldPath) -> Iterator[Diagnostic]:
    if isinstance(value, Value):
        for found in value.findings():
            yield found.within(*path)
        parts: Iterable[tuple[str | int, object]] = ((name, getattr(value, name)) for name in _inner(type(value)))
    else:
        parts = enumerate(cast("Sequence[object]", value))
    for name, item in parts:
        if isinstance(item, (Value, list, tuple)):  # most of what there is are texts and numbers
            yield from _walk(item, (*path, name))


@cache
def _inner(cls: type[Value]) -> tuple[str, ...]:
    """The fields that can hold values: not those of texts and numbers alone."""
    return tuple(name for name, field in cls.model_fields.items() if not _is_plain(field.annotation))


def _is_plain(annotation: object) -> bool:
    if isinstance(annotation, type) and not get_args(annotation):
        return issubclass(annotation, (str, int, float, type(None)))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return True
    if origin is Annotated:
        # Without its validators: one that is loaded later says so there, beside Any.
        return _is_plain(arguments[0])
    return bool(arguments) and all(_is_plain(inner) for inner in arguments)
