"""Contract documents of every version that ever was: one reader for each lifts it to the next, for ever.

A stack that was deployed by an older emrkit keeps its document until it is deployed again, so nothing here is taken
away. A change of the form that an older reader would misunderstand makes a new version: its number goes up, and the
step from the version before is added to `READERS`. A mere addition does not: older readers skip it with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from .diagnostics import Diagnostic
from .findings import error

__all__ = ["READERS", "SCHEMA_VERSION", "lift", "refuse_version"]

SCHEMA_VERSION = 2
"""The version that this emrkit writes."""

Document = Mapping[str, object]


def _from_1(document: Document) -> Document:
    """Version 2 adds what nobody had in version 1: a cluster's `autoScalingRole`, and `policies`.

    It is a new version because an emrkit that skipped the role would launch clusters that EMR refuses.
    """
    return {**document, "schema": 2}


READERS: Mapping[int, Callable[[Document], Document]] = {1: _from_1}
"""Version → how its document becomes one of the next version."""


def lift(document: Document) -> Document:
    """The document in the form of this emrkit's version; one that `refuse_version` refuses comes back as it is.

    >>> lift({"schema": 1, "project": "shop"})
    {'schema': 2, 'project': 'shop'}
    """
    while (version := document.get("schema")) != SCHEMA_VERSION:
        if type(version) is not int or version not in READERS:
            return document
        document = READERS[version](document)
    return document


def refuse_version(document: Document) -> Diagnostic | None:
    """Why a document cannot be read by this emrkit; None for one that can."""
    version = document.get("schema")
    if type(version) is int and (version == SCHEMA_VERSION or version in READERS):
        return None
    if type(version) is int and version > SCHEMA_VERSION:
        return error(
            "CTR-011",
            f"the contract has schema {version!r}, this emrkit reads up to {SCHEMA_VERSION}",
            "schema",
            got=repr(version),
            allowed=f"1 to {SCHEMA_VERSION}",
            reason=f"stack '{document.get('stack', '?')}' was deployed by a newer emrkit",
            hint="upgrade emrkit: pip install --upgrade emrkit",
        )
    return error(
        "CTR-012",
        "the contract does not say which schema it has",
        "schema",
        got=None if version is None else repr(cast("object", version)),
        allowed=f"1 to {SCHEMA_VERSION}",
        reason="the parameter was not written by emrkit",
        hint="deploy the stack again: emrkit deploy",
    )
