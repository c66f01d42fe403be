"""Typed reading of a request that `shapes.check_request` has let through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

Document = dict[str, object]


def text(source: Mapping[str, object], key: str) -> str | None:
    """A string member, None when absent or empty."""
    value = source.get(key)
    return str(value) if value else None


def word(source: Mapping[str, object], key: str, default: str = "") -> str:
    """A string member with a default."""
    value = source.get(key)
    return default if value is None else str(value)


def number(source: Mapping[str, object], key: str) -> int | None:
    """An integer member, None when absent."""
    value = source.get(key)
    return value if isinstance(value, int) else None


def count(source: Mapping[str, object], key: str, default: int = 0) -> int:
    """An integer member with a default."""
    value = number(source, key)
    return default if value is None else value


def instant(source: Mapping[str, object], key: str) -> float | None:
    """A timestamp member in seconds since the epoch, None when absent."""
    value = source.get(key)
    return float(value) if isinstance(value, (int, float)) else None


def flag(source: Mapping[str, object], key: str, default: bool = False) -> bool:
    """A boolean member with a default."""
    value = source.get(key)
    return value if isinstance(value, bool) else default


def record(source: Mapping[str, object], key: str) -> Document:
    """A structure member, empty when absent."""
    return cast("Document", source.get(key) or {})


def records(source: Mapping[str, object], key: str) -> list[Document]:
    """A list of structures, empty when absent."""
    return list(cast("list[Document]", source.get(key) or []))


def words(source: Mapping[str, object], key: str) -> list[str]:
    """A list of strings, empty when absent."""
    return list(cast("list[str]", source.get(key) or []))


def present(**members: object) -> Document:
    """A document of the members that have a value (None is left out)."""
    return {key: value for key, value in members.items() if value is not None}
