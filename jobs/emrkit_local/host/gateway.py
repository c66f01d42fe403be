"""The daemon's front door, an ASGI application: host check, our own pages, fault switches, EMR, the emulator behind.

Nothing that changed the emulator's state is answered before that state is on disk (`saved`), so what a client has seen
survives a kill of the daemon.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from emrkit_local.faults import FaultBook, FaultRule, Hit, read_rule

from .callers import find_caller
from .emr_service import EmrService
from .operations import RequestName, name_request
from .quota_service import QuotaService

__all__ = ["Connections", "Gateway", "Pages"]

_log = logging.getLogger(__name__)
Message = dict[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_REMEMBERED = 200
_LARGEST_REMEMBERED = 256 * 1024
_JSON = "application/json"


class Pages(Protocol):
    """What the daemon says of itself."""

    def health(self) -> Mapping[str, object]: ...

    def status(self) -> Mapping[str, object]: ...

    def shut_down(self) -> None: ...


class Connections(Protocol):
    """Open client connections, by the client's port."""

    def abort(self, port: int) -> None:
        """Close it at once, without another byte."""
        ...


@dataclass(slots=True)
class _Answer:
    """A response held back, to be sent, remembered or lost."""

    messages: list[Message] = field(default_factory=list[Message])

    async def send(self, message: Message) -> None:
        self.messages.append(message)


class Gateway:
    """Routes every request of the daemon."""

    def __init__(
        self,
        inner: Application,
        emr: EmrService,
        pages: Pages,
        faults: FaultBook,
        connections: Connections,
        account_of: Callable[[str], str],
        is_known: Callable[[str], bool],
        restored: asyncio.Event,
        saved: Callable[[RequestName], Awaitable[None]],
        port: int,
        quotas: QuotaService | None = None,
    ) -> None:
        self._inner = inner
        self._emr = emr
        self._pages = pages
        self._faults = faults
        self._connections = connections
        self._account_of = account_of
        self._is_known = is_known
        self._restored = restored
        self._saved = saved
        self._port = port
        self._quotas = quotas or QuotaService()
        self._earlier: OrderedDict[tuple[str, str, bytes], list[Message]] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        headers = _headers(scope)
        if not _is_loopback(headers.get("host", "")) or not _is_own_origin(headers.get("origin")):
            await _answer(send, 403, {"message": "local EMR answers programs on this machine only"})
            return
        path = str(scope["path"])
        if path.startswith("/_emrkit/"):
            await self._own(str(scope["method"]), path, await _read(receive), send)
            return
        query = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
        body: bytes | None = None
        if not _is_s3(headers, query):
            body = await _read(receive)
            receive = _replay(body, receive)
        name = name_request(str(scope["method"]), path, query, headers, body or b"")
        hit = self._faults.record(str(name))
        if hit or (name.is_read and name.service != "s3"):
            await self._watched(scope, receive, send, headers, body or b"", name, hit)
        else:
            await self._serve(scope, receive, send, headers, body or b"", name)

    async def _serve(
        self, scope: Message, receive: Receive, send: Send, headers: Mapping[str, str], body: bytes, name: RequestName
    ) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._saved(name)
            await send(message)

        if name.service not in ("s3", "elasticmapreduce"):
            await self._restored.wait()
        if name.service == "elasticmapreduce":
            account = self._account_of(name.access_key)
            answer = await self._emr.answer(headers.get("x-amz-target", ""), body, account, name.region)
            await _respond(sending, *answer)
        elif name.service == "servicequotas":
            account = self._account_of(name.access_key)
            answer = await self._quotas.answer(headers.get("x-amz-target", ""), body, account, name.region)
            await _respond(sending, *answer)
        elif self._is_known(name.service):
            await self._inner(scope, receive, sending)
        else:
            await self._serve_unknown(scope, receive, sending, name)

    async def _serve_unknown(self, scope: Message, receive: Receive, send: Send, name: RequestName) -> None:
        """A service the emulator does not list: it may know it by another name; otherwise it is refused by name."""
        answer = _Answer()
        await self._inner(scope, receive, answer.send)
        if any(b"Unsupported service" in cast("bytes", m.get("body", b"")) for m in answer.messages):
            document = {"__type": "NotImplemented", "message": f"local EMR has no service {name.service}"}
            headers = {"Content-Type": _JSON, "x-amzn-ErrorType": "NotImplemented"}
            await _respond(send, 501, headers, json.dumps(document).encode())
            return
        for message in answer.messages:
            await send(message)

    # Faults ---------------------------------------------------------------------------------------------------------

    async def _watched(
        self,
        scope: Message,
        receive: Receive,
        send: Send,
        headers: Mapping[str, str],
        body: bytes,
        name: RequestName,
        hit: Hit | None,
    ) -> None:
        identity = (name.access_key, f"{name} {scope['path']}?{scope.get('query_string')!r}", body)
        rule = hit.rule if hit else None
        if rule and rule.action == "stale":
            if earlier := self._earlier.get(identity):
                for message in earlier:
                    await send(message)
                return
            rule = None
        if rule and rule.when == "before" and await self._strike(rule, scope, headers, name, send):
            return
        answer = _Answer()
        await self._serve(scope, receive, answer.send, headers, body, name)
        if rule and rule.when == "after" and await self._strike(rule, scope, headers, name, send):
            return
        self._remember(identity, answer.messages, name)
        for message in answer.messages:
            await send(message)

    async def _strike(
        self, rule: FaultRule, scope: Message, headers: Mapping[str, str], name: RequestName, send: Send
    ) -> bool:
        """Do what the rule says; whether the request ends with it."""
        client = cast("tuple[str, int] | None", scope.get("client")) or ("", 0)
        if rule.action == "delay":
            await asyncio.sleep(rule.seconds)
            return False
        if rule.action == "error":
            await _respond(send, rule.status, *_error_body(name, headers, rule))
            return True
        if rule.action == "kill_caller":
            pid = await asyncio.to_thread(find_caller, headers.get("user-agent", ""), client[1], self._port)
            if pid is None:
                _log.warning("no process found behind port %s: the connection is dropped instead", client[1])
            else:
                os.kill(pid, signal.SIGKILL)
        self._connections.abort(client[1])
        return True

    def _remember(self, identity: tuple[str, str, bytes], messages: list[Message], name: RequestName) -> None:
        size = sum(len(cast("bytes", m.get("body", b""))) for m in messages)
        if name.is_read and size <= _LARGEST_REMEMBERED and identity not in self._earlier:
            self._earlier[identity] = messages
            if len(self._earlier) > _REMEMBERED:
                self._earlier.popitem(last=False)

    # Our own pages --------------------------------------------------------------------------------------------------

    async def _own(self, method: str, path: str, body: bytes, send: Send) -> None:
        page = path.removeprefix("/_emrkit/")
        try:
            status, document = await self._page(method, page, body)
        except ValueError as error:
            status, document = 400, {"message": str(error)}
        except Exception as error:
            _log.exception("page %s failed", page)
            status, document = 500, {"message": repr(error)}
        await _answer(send, status, document)
        if (method, page) == ("POST", "shutdown"):
            self._pages.shut_down()

    async def _page(self, method: str, page: str, body: bytes) -> tuple[int, object]:
        match method, page:
            case "GET", "health":
                return 200, self._pages.health()
            case "GET", "status":
                await self._restored.wait()
                return 200, await asyncio.to_thread(self._pages.status)
            case "POST", "shutdown":
                return 202, {"message": "shutting down"}
            case "GET", "faults":
                return 200, {"rules": self._faults.rules()}
            case "POST", "faults":
                given: object = json.loads(body)
                rules = [read_rule(r) for r in (cast("list[object]", given) if isinstance(given, list) else [given])]
                return 200, {"numbers": [self._faults.add(r) for r in rules]}
            case "DELETE", "faults":
                self._faults.clear()
                return 200, {}
            case "GET", "requests":
                return 200, self._faults.requests()
            case "DELETE", "requests":
                self._faults.forget_requests()
                return 200, {}
            case _:
                return 404, {"message": f"no page {method} /_emrkit/{page}"}


def _headers(scope: Message) -> dict[str, str]:
    pairs = cast("list[tuple[bytes, bytes]]", scope.get("headers", []))
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in pairs}


def _is_loopback(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    # Virtual-hosted buckets (`bucket.localhost`) are loopback as well: the name resolves nowhere else.
    return name in _LOOPBACK or name.endswith((".localhost", ".127.0.0.1"))


def _is_own_origin(origin: str | None) -> bool:
    """No page of the web may use the browser to reach us; programs send no origin."""
    return origin is None or _is_loopback(origin.partition("://")[2])


def _is_s3(headers: Mapping[str, str], query: str) -> bool:
    return "/s3/aws4_request" in headers.get("authorization", "") or "%2Fs3%2Faws4_request" in query


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(cast("bytes", message.get("body", b"")))
        if not message.get("more_body"):
            break
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _respond(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    pairs = [(k.encode(), v.encode()) for k, v in {**headers, "Content-Length": str(len(body))}.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _answer(send: Send, status: int, document: object) -> None:
    await _respond(send, status, {"Content-Type": _JSON}, json.dumps(document).encode())


def _error_body(name: RequestName, headers: Mapping[str, str], rule: FaultRule) -> tuple[dict[str, str], bytes]:
    """An error in the shape of the service's protocol."""
    if "x-amz-target" in headers or "json" in headers.get("content-type", ""):
        document = {"__type": rule.code, "message": rule.message, "Message": rule.message}
        return {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(document).encode()
    inside = f"<Code>{rule.code}</Code><Message>{rule.message}</Message>"
    if name.service == "s3":
        text = f"<Error>{inside}</Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inside}</Error></ErrorResponse>"
    return {"Content-Type": "text/xml"}, text.encode()
