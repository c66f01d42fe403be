"""What a failed call means: it never happened, it may have happened, or it was refused for a cause.

The distinction decides whether a call may be repeated. RunJobFlow and AddJobFlowSteps have no idempotency token, so a
lost answer must be looked into, not repeated.
"""

from __future__ import annotations

import json
import re

from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = [
    "Denied",
    "OutcomeUnknown",
    "Refused",
    "TargetError",
    "Unreachable",
    "classify_code",
    "explain_denial",
    "explain_refusal",
]

THROTTLES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "EC2ThrottledException",
    }
)
SERVER_FAULTS = frozenset(
    {"InternalServerError", "InternalServerException", "InternalFailure", "InternalError", "ServiceUnavailable"}
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError"}
)
UNKNOWN_IDENTITY = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "AuthFailure",
    }
)
CLOCK = frozenset({"RequestTimeTooSkewed", "InvalidSignatureException"})

_DENIAL = re.compile(
    r"(?:User|Principal): (?P<principal>\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: (?P<resource>\S+))?"
)
_UNKNOWN_TYPES = re.compile(r"Unrecognized resource types: \[(?P<types>[^\]]+)\]")


class TargetError(EmrkitError):
    """A call to a target failed; `operation` is the API's name of it, `service_code` the service's error code."""

    def __init__(
        self, diagnostic: Diagnostic, exit_code: ExitCode, operation: str = "", service_code: str = ""
    ) -> None:
        super().__init__(diagnostic, exit_code)
        self.operation = operation
        self.service_code = service_code


class Refused(TargetError):  # noqa: N818 - read as what happened
    """The target said no, and why; repeating changes nothing."""

    def __init__(self, diagnostic: Diagnostic, operation: str = "", service_code: str = "") -> None:
        super().__init__(diagnostic, ExitCode.TARGET_REFUSED, operation, service_code)


class Denied(Refused):
    """The caller may not ask this; `action` is what IAM calls it."""

    def __init__(self, error: Refused, action: str) -> None:
        super().__init__(error.diagnostics[0], error.operation, error.service_code)
        self.action = action

    @classmethod
    def of(cls, error: Refused, action: str | None, service: str, operation: str) -> Denied | None:
        """The same refusal with its action, if it is about permission."""
        if error.service_code not in DENIED | {"403", "Forbidden"}:
            return None
        name = "".join(part.capitalize() for part in operation.split("_"))
        prefix = {"emr": "elasticmapreduce", "service-quotas": "servicequotas"}.get(service, service)
        return cls(error, action or f"{prefix}:{name}")


class Unreachable(TargetError):  # noqa: N818 - read as what happened
    """The call never reached the service, or was turned away unread (throttled); it may be repeated."""

    def __init__(
        self, diagnostic: Diagnostic, operation: str = "", service_code: str = "", *, throttled: bool = False
    ) -> None:
        super().__init__(diagnostic, ExitCode.TARGET_UNREACHABLE, operation, service_code)
        self.throttled = throttled


class OutcomeUnknown(TargetError):  # noqa: N818 - read as what happened
    """The call was sent and its answer lost: it may have been carried out."""

    def __init__(self, diagnostic: Diagnostic, operation: str = "", service_code: str = "") -> None:
        super().__init__(diagnostic, ExitCode.OUTCOME_UNKNOWN, operation, service_code)


def classify_code(code: str, status: int) -> type[TargetError]:
    """The meaning of a service's error answer, by its code and HTTP status.

    Example: `classify_code("ThrottlingException", 400)` is `Unreachable`; a 500 of any code is `OutcomeUnknown`.
    """
    if code in THROTTLES or status == 429:
        return Unreachable
    if code in SERVER_FAULTS or status >= 500:
        return OutcomeUnknown
    return Refused


def explain_denial(message: str, operation: str, target: str) -> Diagnostic:
    """AccessDenied in the user's words: who may not do what on which resource, and the smallest statement to add."""
    found = _DENIAL.search(message)
    action = found["action"] if found else operation
    resource = (found["resource"] if found and found["resource"] else "*").rstrip(".,")
    principal = found["principal"] if found else "the current principal"
    statement = json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})
    return Diagnostic(
        "E-TGT-003",
        f"target '{target}' does not let {principal} do {action}",
        got=f"access denied on {resource}",
        reason=" ".join(message.split()),
        hint=f"the smallest statement to add to its policy: {statement}",
    )


def explain_refusal(code: str, message: str, operation: str, target: str, endpoint: str | None) -> Diagnostic:
    """A service's error answer as a diagnostic; the service's words are kept."""
    words = " ".join(message.split()) or code
    if code in DENIED:
        return explain_denial(words, operation, target)
    if code in EXPIRED:
        return Diagnostic(
            "E-TGT-004",
            f"the credentials for target '{target}' have expired",
            reason=words,
            hint="refresh them (`aws sso login`, or new keys) and run the same command again",
        )
    if code in UNKNOWN_IDENTITY:
        return Diagnostic(
            "E-TGT-017",
            f"target '{target}' does not accept the credentials",
            reason=words,
            hint="check AWS_PROFILE or the AWS_ACCESS_KEY_ID variables: `aws sts get-caller-identity`",
        )
    if code in CLOCK:
        return Diagnostic(
            "E-TGT-006", "the clock of this machine is wrong", reason=words, hint="set the clock, then run again"
        )
    if endpoint is not None and is_missing_operation(code, words):
        return Diagnostic(
            "E-TGT-007",
            f"the endpoint of target '{target}' does not offer {operation}",
            got=f"{code}: {words}",
            hint="use a target of kind `local`, which does, or AWS",
        )
    if endpoint is not None and (kinds := _UNKNOWN_TYPES.search(words)) is not None:
        return Diagnostic(
            "E-TGT-018",
            f"the endpoint of target '{target}' cannot deploy {kinds['types']}",
            got=words,
            reason="its CloudFormation does not have these resource types, and what it cannot make it does not skip",
            hint=f"leave them out of the stacks for target '{target}', or deploy to AWS",
        )
    return Diagnostic(
        "E-TGT-008", f"target '{target}' refused {operation}", got=f"{code}: {words}" if code not in words else words
    )


def is_missing_operation(code: str, message: str) -> bool:
    """Whether an emulator says that it lacks an operation or a service."""
    text = f"{code} {message}".lower()
    return any(
        words in text
        for words in (
            "not implemented",
            "not yet implemented",
            "notimplemented",
            "unknown service",
            "unsupported service",
            "not included in your",
            "501",
        )
    )
