"""Calls of the emulator's query-protocol services (EC2, IAM) from worker threads: forms in, XML out, past HTTP."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from .ministack import Emulator

__all__ = ["Element", "QueryClient", "QueryError"]

_FAILED = 400


class QueryError(ValueError):
    """The service refused; the message is its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class Element:
    """A part of an answer; names without namespaces."""

    node: ET.Element | None

    def child(self, name: str) -> Element:
        """The part with this name, empty when there is none."""
        return Element(next((c for c in self._children() if _plain(c.tag) == name), None))

    def text(self, name: str) -> str:
        """The text of the part with this name, empty when there is none."""
        found = self.child(name).node
        return (found.text or "") if found is not None else ""

    def items(self, name: str) -> list[Element]:
        """The entries of a list."""
        return [Element(c) for c in self.child(name)._children()]

    def texts(self, name: str) -> list[str]:
        """The entries of a list of texts."""
        return [(c.node.text or "") for c in self.items(name) if c.node is not None]

    def _children(self) -> Iterator[ET.Element]:
        yield from () if self.node is None else self.node


class QueryClient:
    """One service, in the account and Region of the thread that calls."""

    def __init__(self, emulator: Emulator, service: str, version: str) -> None:
        self._emulator = emulator
        self._service = service
        self._version = version

    def call(self, action: str, request: Mapping[str, object], *, missing_is_fine: bool = False) -> Element:
        """Do one action; `QueryError` when it is refused. `missing_is_fine`: what is gone already is not an error."""
        form = {"Action": action, "Version": self._version, **dict(_flatten("", request))}
        headers = {"content-type": "application/x-www-form-urlencoded", "host": "127.0.0.1"}
        status, _headers, body = self._emulator.call_service(self._service, headers, urlencode(form).encode())
        root = ET.fromstring(body)  # noqa: S314 - the emulator's own answer
        if status < _FAILED:
            return Element(root)
        error = next((e for e in root.iter() if _plain(e.tag) == "Error"), root)
        code, message = Element(error).text("Code"), Element(error).text("Message")
        if missing_is_fine and ("NotFound" in code or "NoSuch" in code):
            return Element(None)
        raise QueryError(code, message)


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def _flatten(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inside in cast("Mapping[str, object]", value).items():
            yield from _flatten(f"{prefix}.{name}" if prefix else name, inside)
    elif isinstance(value, list | tuple):
        for number, inside in enumerate(cast("list[object]", value), 1):
            yield from _flatten(f"{prefix}.{number}", inside)
    elif value is not None:
        yield prefix, str(value).lower() if isinstance(value, bool) else str(value)
