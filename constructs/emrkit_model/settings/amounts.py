"""Amounts in settings: megabytes, bytes and shares, with the spellings that a file may use; and keys by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, WithJsonSchema, WrapValidator

from emrkit_model.contributions import Contribution, Contributor, under
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

__all__ = ["Bytes", "KeyedSettings", "Megabytes", "Share", "heap_of"]

_SIZE = re.compile(r"^(\d+)([kmgt]?)i?b?$")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


def _size(unit: str) -> Callable[[object], object]:
    def read(value: object) -> object:
        if value is None or is_token(value):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        match = _SIZE.match(value.strip().lower()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"must be a size: a whole number of {unit}, or text like 512m, 4g")
        number, letter = int(match[1]), match[2]
        if not letter:
            return number
        count = number * 1024 ** _POWERS[letter]
        return count if unit == "bytes" else max(1, count // 1024**2)

    return read


def _skip_token(value: object, handler: Callable[[Any], Any]) -> object:
    return value if is_token(value) else handler(value)


def _amount(unit: str) -> tuple[Any, ...]:
    text = {"type": "string", "pattern": r"^[0-9]+[kKmMgGtT]?[iI]?[bB]?$"}
    schema = {"anyOf": [{"type": "integer", "minimum": 0}, text], "description": f"{unit}; text such as 512m or 4g."}
    return WrapValidator(_skip_token), BeforeValidator(_size(unit)), WithJsonSchema(schema)


Megabytes = Annotated[int | str, *_amount("MB")]
"""MB (of 1024 x 1024 bytes), or text such as `4g`; always a whole number once it is read."""
Bytes = Annotated[int | str, *_amount("bytes")]
"""Bytes, or text such as `128m`; always a whole number once it is read."""
Share = Annotated[float, WrapValidator(_skip_token)]
"""A share of a whole, from 0 to 1; each value that has one checks it."""


def heap_of(container: int | str) -> int:
    """The Java heap of a container in MB: four fifths, as EMR itself has it; the rest is for what is not heap.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html

    >>> heap_of(2048)
    1638
    """
    return int(container) * 4 // 5


class KeyedSettings(Contributor):
    """Settings of which each field is one key of one classification, and perhaps a few more that follow from others."""

    AREA: ClassVar[str] = "CONF"
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Field -> classification and key."""
    APPLICATIONS: ClassVar[tuple[str, ...]] = ()
    """The applications, any one of which reads these settings; none where every cluster does."""
    SHARES: ClassVar[tuple[str, ...]] = ()
    """The fields that are shares of a whole."""
    COUNTS: ClassVar[tuple[str, ...]] = ()
    """The fields that count from 1."""

    def problems(self) -> Iterator[Diagnostic]:
        """Shares lie between 0 and 1, amounts are above 0; what a value refuses beside that stands with its fields."""
        for name in self.SHARES:
            value: float | None = getattr(self, name)
            if value is not None and not is_token(value) and not 0 <= value <= 1:
                yield error("CONF-075", f"{name} is not a share", name, got=value, allowed="0 to 1")
        for name in self.COUNTS:
            count: int | None = getattr(self, name)
            if count is not None and not is_token(count) and count < 1:
                yield error("CONF-076", f"{name} must be at least 1", name, got=count)
        yield from self.contradictions()

    def contradictions(self) -> Iterator[Diagnostic]:
        """What the fields of this value refuse of each other."""
        yield from ()

    def configurations(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
        """One contribution for each field that is set, then what follows from several."""
        for field, (classification, key) in self.KEYS.items():
            yield from under(field, classification, {key: getattr(self, field)})
        yield from self.derived(release, applications)

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """What follows from fields beyond one key each."""
        yield from ()
