"""Forms in and XML out, as EC2 and IAM speak: what answers given in place of the emulator's read and write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .ministack import Response

__all__ = ["Form", "numbered", "read_list", "read_text", "xml_response"]

Form = Mapping[str, list[str]]


def read_text(form: Form, name: str) -> str:
    """One parameter, empty when it is not given."""
    return (form.get(name) or [""])[0]


def read_list(form: Form, prefix: str) -> list[str]:
    """The parameters `PREFIX.1`, `PREFIX.2` and on, up to the first that is not given.

    >>> read_list({"Name.1": ["a"], "Name.2": ["b"]}, "Name")
    ['a', 'b']
    """
    return [read_text(form, place) for place in numbered(form, prefix)]


def numbered(form: Form, prefix: str, field: str = "") -> Iterator[str]:
    """The names `PREFIX.1FIELD`, `PREFIX.2FIELD` and on of the parameters that are given."""
    number = 1
    while read_text(form, place := f"{prefix}.{number}{field}"):
        yield place
        number += 1


def xml_response(status: int, text: str) -> Response:
    """An answer as the emulator's handlers give it."""
    return status, {"Content-Type": "text/xml"}, text.encode()
