"""The EMR API on the wire: JSON 1.1 in and out, errors in EMR's shape, never HTML, never on the event loop."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Protocol, cast

from emrkit_local.core.errors import ServiceError

__all__ = ["Calls", "EmrService"]

_log = logging.getLogger(__name__)
_CONTENT_TYPE = "application/x-amz-json-1.1"


class Calls(Protocol):
    """What answers the operations (the core's control plane)."""

    def call(
        self, operation: str, request: Mapping[str, object], *, account: str, region: str
    ) -> Mapping[str, object]: ...


class EmrService:
    """Turns a request of the EMR API into a call and its outcome into a response."""

    def __init__(self, control: Calls) -> None:
        self._control = control

    async def answer(self, target: str, body: bytes, account: str, region: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request with this `X-Amz-Target`."""
        status, document = await asyncio.to_thread(self._call, target, body, account, region)
        headers = {"Content-Type": _CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())}
        if status >= 400:
            headers["x-amzn-ErrorType"] = str(document["__type"])
        return status, headers, json.dumps(document).encode()

    def _call(self, target: str, body: bytes, account: str, region: str) -> tuple[int, Mapping[str, object]]:
        operation = target.rpartition(".")[2]
        try:
            request: object = json.loads(body or b"{}")
            if not isinstance(request, dict):
                raise ServiceError("SerializationException", "The request's body is not a JSON object.")
            asked = cast("dict[str, object]", request)
            return 200, self._control.call(operation, asked, account=account, region=region)
        except ServiceError as error:
            return error.http_status, _error(error.code, error.message)
        except ValueError as error:
            return 400, _error("SerializationException", f"The request's body is not JSON: {error}")
        except Exception as error:
            _log.exception("%s failed", operation)
            return 500, _error("InternalServerException", f"{operation} failed in local EMR: {error!r}")


def _error(code: str, message: str) -> dict[str, object]:
    return {"__type": code, "message": message, "Message": message, "ErrorCode": code}
