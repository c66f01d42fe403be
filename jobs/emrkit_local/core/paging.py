"""Markers: a page ends with an item, and the next one begins behind it, whatever was added or changed in between."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from .errors import invalid_request

T = TypeVar("T")


def page(
    items: Sequence[T], key: Callable[[T], str], marker: str | None, size: int, keep: Callable[[T], bool]
) -> tuple[list[T], str | None]:
    """The kept items behind the marker, at most `size`, and the marker of the next page (None at the end).

    Raises `ServiceError` (InvalidRequestException) for a marker that no page of this list ended with.
    """
    start = 0
    if marker:
        last = _decode(marker)
        start = next((i + 1 for i, item in enumerate(items) if key(item) == last), 0)
        if start == 0:
            raise invalid_request(f"Marker '{marker}' is not valid.")
    found = [item for item in items[start:] if keep(item)]
    if len(found) <= size:
        return found, None
    return found[:size], base64.urlsafe_b64encode(key(found[size - 1]).encode()).decode()


def _decode(marker: str) -> str:
    try:
        return base64.urlsafe_b64decode(marker.encode()).decode()
    except (binascii.Error, ValueError):
        raise invalid_request(f"Marker '{marker}' is not valid.") from None
