"""Forms in and XML out, as EC2 and IAM speak: what answers given in place of the emulator's read and write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from xml.sax.saxutils import escape

from .ministack import Response

__all__ = [
    "Form",
    "ec2_answer",
    "ec2_error",
    "matches",
    "numbered",
    "read_filters",
    "read_list",
    "read_text",
    "xml_response",
]

_EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"

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


def read_filters(form: Form) -> dict[str, list[str]]:
    """The patterns of EC2's `Filter.N`, by the names of the filters."""
    return {
        read_text(form, name): read_list(form, name.replace(".Name", ".Value"))
        for name in numbered(form, "Filter", ".Name")
    }


def matches(value: str, patterns: Iterable[str] | None) -> bool:
    """Whether a filter lets a value pass; `*` and `?` stand for anything, no filter for everything.

    >>> matches("m6g.xlarge", ["m6g.*"]), matches("m6g.xlarge", None)
    (True, True)
    """
    return patterns is None or any(fnmatchcase(value, pattern) for pattern in patterns)


def ec2_answer(action: str, inside: str) -> Response:
    """EC2's answer to an action."""
    return xml_response(
        200, f"<{action}Response xmlns='{_EC2}'><requestId>local</requestId>{inside}</{action}Response>"
    )


def ec2_error(code: str, message: str) -> Response:
    """EC2's refusal."""
    inside = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return xml_response(400, f"<Response><Errors>{inside}</Errors><RequestID>local</RequestID></Response>")


def xml_response(status: int, text: str) -> Response:
    """An answer as the emulator's handlers give it."""
    return status, {"Content-Type": "text/xml"}, text.encode()
