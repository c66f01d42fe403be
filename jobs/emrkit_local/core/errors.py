"""Errors in the shape of the EMR API: a code, a message and an HTTP status, ready to be put on the wire by any host."""

from __future__ import annotations

NO_LONGER_MODIFIABLE = "A job flow that is shutting down, terminated, or finished may not be modified."


class ServiceError(Exception):
    """What EMR would answer instead of a result.

    `code` is the wire name (`ValidationException`, `InvalidRequestException`, `InternalServerException`, …), `message`
    is for people, `http_status` is 400 for the caller's mistakes and 500 for ours.
    """

    def __init__(self, code: str, message: str, http_status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status


def invalid_request(message: str) -> ServiceError:
    """The newer half of the API (Describe*, List*, policies) refuses with this code."""
    return ServiceError("InvalidRequestException", message)


def validation(message: str) -> ServiceError:
    """The older half of the API (RunJobFlow, AddJobFlowSteps, Set*) refuses with this code."""
    return ServiceError("ValidationException", message)


def serialization(message: str) -> ServiceError:
    """The request's JSON does not have the types that the service model asks for."""
    return ServiceError("SerializationException", message)
