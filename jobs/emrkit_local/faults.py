"""Fault switches: make the n-th matching request fail, vanish, wait or kill its caller; and the journal of requests.

A rule is JSON, given to `POST /_emrkit/faults` or `client.add_fault`:

    {"match": "elasticmapreduce:RunJobFlow", "let_pass": 0, "times": 1, "when": "after", "then": {"drop": true}}

`match` is a shell pattern over `service:Operation`. The first `let_pass` matches go through, the next `times` (null:
all) are hit, `before` the handler or `after` it (the work is done, the answer is lost). `then` has exactly one of
`error: {status, code, message}`, `drop: true` (the connection closes without an answer), `delay: seconds`,
`kill_caller: true` (SIGKILL to the client's process), `stale: true` (the answer of an earlier identical read).
"""

from __future__ import annotations

import fnmatch
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TypedDict, cast

__all__ = ["FaultBook", "FaultRule", "Hit", "read_rule"]

_ACTIONS = ("error", "drop", "delay", "kill_caller", "stale")
_JOURNAL_LENGTH = 10_000
_CLIENT_ERROR = 400


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One switch; see the module for what the fields mean."""

    match: str
    action: str
    when: str = "before"
    let_pass: int = 0
    times: int | None = 1
    status: int = 500
    code: str = "InternalFailure"
    message: str = "a fault switch of local EMR"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that strikes this request."""

    number: int
    rule: FaultRule


class FaultBook:
    """All switches and the journal. Usable from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[int, FaultRule] = {}
        self._seen: dict[int, int] = {}
        self._hits: dict[int, int] = {}
        self._next = 1
        self._journal: deque[tuple[float, str]] = deque(maxlen=_JOURNAL_LENGTH)
        self._counts: dict[str, int] = {}

    def add(self, rule: FaultRule) -> int:
        """Switch a rule on; its number."""
        with self._lock:
            number = self._next
            self._next += 1
            self._rules[number] = rule
            self._seen[number] = self._hits[number] = 0
            return number

    def clear(self) -> None:
        """Switch every rule off."""
        with self._lock:
            self._rules.clear()

    def forget_requests(self) -> None:
        """Empty the journal and its counts."""
        with self._lock:
            self._journal.clear()
            self._counts.clear()

    def record(self, operation: str) -> Hit | None:
        """Note a request `service:Operation` and say which rule strikes it, the oldest first."""
        with self._lock:
            self._journal.append((time.time(), operation))
            self._counts[operation] = self._counts.get(operation, 0) + 1
            found: Hit | None = None
            for number, rule in self._rules.items():
                if not fnmatch.fnmatchcase(operation, rule.match):
                    continue
                self._seen[number] += 1
                due = self._seen[number] - rule.let_pass
                if found is None and due > 0 and (rule.times is None or due <= rule.times):
                    self._hits[number] += 1
                    found = Hit(number, rule)
            return found

    def rules(self) -> list[dict[str, object]]:
        """Every rule with how many requests it saw and struck."""
        with self._lock:
            return [
                {
                    "number": number,
                    "match": rule.match,
                    "when": rule.when,
                    "then": rule.action,
                    "let_pass": rule.let_pass,
                    "times": rule.times,
                    "seen": self._seen[number],
                    "hits": self._hits[number],
                }
                for number, rule in self._rules.items()
            ]

    def requests(self) -> dict[str, object]:
        """`counts` by operation since the start, and the `latest` requests as [time, operation]."""
        with self._lock:
            return {"counts": dict(self._counts), "latest": [list(entry) for entry in self._journal]}


def read_rule(document: object) -> FaultRule:
    """A rule from JSON; `ValueError` says what is wrong with it.

    Example: `read_rule({"match": "s3:PutObject", "then": {"error": {"status": 503, "code": "SlowDown"}}})`.
    """
    if not isinstance(document, dict):
        raise ValueError("a rule is an object")
    given = cast("dict[str, object]", document)
    if unknown := given.keys() - {"match", "let_pass", "times", "when", "then"}:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    match, when, then = given.get("match"), given.get("when", "before"), given.get("then")
    if not isinstance(match, str) or not match:
        raise ValueError("`match` is a pattern over service:Operation, such as elasticmapreduce:RunJobFlow or s3:*")
    if when not in ("before", "after"):
        raise ValueError("`when` is before or after")
    if not isinstance(then, dict) or len(cast("dict[str, object]", then)) != 1:
        raise ValueError(f"`then` is an object with exactly one of {', '.join(_ACTIONS)}")
    ((action, value),) = cast("dict[str, object]", then).items()
    if action not in _ACTIONS:
        raise ValueError(f"`then` has one of {', '.join(_ACTIONS)}, not {action}")
    times = given.get("times", 1)
    return FaultRule(
        match=match,
        action=action,
        when=str(when),
        let_pass=_number("let_pass", given.get("let_pass", 0)),
        times=None if times is None else _number("times", times),
        seconds=_seconds(value) if action == "delay" else 0.0,
        **(_error(value) if action == "error" else _ErrorFields()),
    )


def _number(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"`{name}` is a count, not {value!r}")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise ValueError(f"`delay` is a number of seconds, not {value!r}")
    return float(value)


class _ErrorFields(TypedDict, total=False):
    status: int
    code: str
    message: str


def _error(value: object) -> _ErrorFields:
    if not isinstance(value, dict):
        raise ValueError("`error` is an object with status, code and message")
    fields = cast("dict[str, object]", value)
    if unknown := fields.keys() - {"status", "code", "message"}:
        raise ValueError(f"unknown keys in error: {', '.join(sorted(unknown))}")
    status = _number("status", fields.get("status", 500))
    if status < _CLIENT_ERROR:
        raise ValueError("`status` of an error is 400 or more")
    return {
        "status": status,
        "code": str(fields.get("code", "InternalFailure")),
        "message": str(fields.get("message", "a fault switch of local EMR")),
    }
