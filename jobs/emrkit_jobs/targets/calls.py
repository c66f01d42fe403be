"""One call to AWS: how often it is tried, and what its failure means. With its siblings the only importer of boto3."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import RLock
from typing import Literal, Protocol, cast

from emrkit_jobs.targets.errors import OutcomeUnknown, Refused, TargetError, Unreachable, classify_code, explain_refusal
from emrkit_model.diagnostics import Diagnostic

__all__ = ["Caller", "Session", "without_profile"]

CONNECT_SECONDS = 5
READ_SECONDS = 60
READ_ATTEMPTS = 4
ASK_READ_SECONDS = 10
ASK_ATTEMPTS = 2

Manner = Literal["call", "once", "ask"]
"""How often and how patiently a client sends: what may be repeated, what is sent one time, what must be quick."""

_IAM_PREFIXES = {"emr": "elasticmapreduce", "stepfunctions": "states"}
"""Where IAM calls a service otherwise than boto3."""


class Session(Protocol):
    """What makes clients: a boto3 session or the one of localstack-client."""

    def client(self, service_name: str, **settings: object) -> object: ...


@dataclass
class Caller:
    """Makes clients late and calls them; every failure leaves as a `TargetError`.

    `once` sends a request exactly one time (RunJobFlow and AddJobFlowSteps have no idempotency token, and a retry in
    the SDK would make a second cluster); `call` retries what can be repeated without harm.
    """

    target: str
    endpoint: str | None
    open_session: Callable[[], Session]
    hint: str
    private: bool = False
    """Hide the user's AWS profile and files: a local endpoint has credentials of its own."""
    _session: Session | None = None
    _clients: dict[tuple[str, Manner], object] = field(default_factory=dict[tuple[str, Manner], object])
    _making: RLock = field(default_factory=RLock)

    def client(self, service: str, *, once: bool = False, manner: Manner | None = None) -> object:
        """The client of a service; the kinds differ in how often they send a request and how long they wait."""
        # Sessions make clients one at a time; the clients themselves may be shared by threads.
        with self._making:
            return self._client(service, manner or ("once" if once else "call"))

    def _client(self, service: str, manner: Manner) -> object:
        from botocore.config import Config

        key = (service, manner)
        if key not in self._clients:
            attempts = {"call": READ_ATTEMPTS, "once": 1, "ask": ASK_ATTEMPTS}[manner]
            hidden = without_profile() if self.private else nullcontext()
            with self.translated(service, "CreateClient", once=False), hidden:
                if self._session is None:
                    self._session = self.open_session()
                config = Config(
                    # `standard` by name: the default mode is not the same everywhere and is going to change.
                    retries={"mode": "standard", "total_max_attempts": attempts},
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=ASK_READ_SECONDS if manner == "ask" else READ_SECONDS,
                    user_agent_extra="emrkit",
                    s3={"addressing_style": "path"} if self.endpoint else None,
                )
                self._clients[key] = self._session.client(service, config=config)
        return self._clients[key]

    def call(self, service: str, operation: str, **request: object) -> dict[str, object]:
        """A call that may be repeated; `operation` is the API's name in snake case."""
        return self._send(service, operation, request, once=False)

    def once(self, service: str, operation: str, **request: object) -> dict[str, object]:
        """A call that is sent exactly once; raises `OutcomeUnknown` when its answer is lost."""
        return self._send(service, operation, request, once=True)

    def ask(self, service: str, operation: str, **request: object) -> dict[str, object]:
        """A read that must be quick: two attempts, and no long wait for an answer."""
        method = getattr(self.client(service, manner="ask"), operation)
        with self.translated(service, _api_name(operation)):
            return cast("dict[str, object]", method(**request))

    def ask_pages(self, service: str, operation: str, key: str, **request: object) -> Iterator[dict[str, object]]:
        """The items of all pages, each page asked for quickly."""
        yield from self._paged(service, operation, key, request, "ask")

    def pages(self, service: str, operation: str, key: str, **request: object) -> Iterator[dict[str, object]]:
        """The items of all pages; a page may be empty and still have a successor."""
        yield from self._paged(service, operation, key, request, "call")

    def _paged(
        self, service: str, operation: str, key: str, request: Mapping[str, object], manner: Manner
    ) -> Iterator[dict[str, object]]:
        client = self.client(service, manner=manner)
        with self.translated(service, _api_name(operation), once=False):
            paginator = client.get_paginator(operation)  # pyright: ignore[reportAttributeAccessIssue]
            for page in paginator.paginate(**request):
                yield from cast("list[dict[str, object]]", page.get(key) or [])

    def _send(self, service: str, operation: str, request: Mapping[str, object], *, once: bool) -> dict[str, object]:
        method = getattr(self.client(service, once=once), operation)
        with self.translated(service, _api_name(operation), once=once):
            return cast("dict[str, object]", method(**request))

    @contextmanager
    def translated(self, service: str, operation: str, *, once: bool = False) -> Generator[None]:
        from botocore import exceptions as failures

        try:
            yield
        except failures.ClientError as error:
            raise self._from_answer(
                error.response, f"{_IAM_PREFIXES.get(service, service)}:{operation}", once=once
            ) from error
        except (
            failures.EndpointConnectionError,
            failures.ConnectTimeoutError,
            failures.ProxyConnectionError,
            failures.SSLError,
        ) as error:
            raise self._unreachable(operation, error) from error
        except failures.HTTPClientError as error:  # the answer was lost: closed, reset, timed out
            raise self._lost(operation, error, once=once) from error
        except (failures.ResponseStreamingError, failures.IncompleteReadError) as error:
            raise self._lost(operation, error, once=once) from error
        except (
            failures.NoCredentialsError,
            failures.PartialCredentialsError,
            failures.CredentialRetrievalError,
            failures.ProfileNotFound,
            failures.NoRegionError,
            failures.SSOError,
            failures.NoAuthTokenError,
            failures.UnknownServiceError,
            failures.ConfigParseError,
        ) as error:
            raise self._no_credentials(operation, error) from error
        except failures.ParamValidationError as error:
            raise Refused(
                Diagnostic("E-TGT-009", f"the request {operation} is not well formed", reason=_words(error)), operation
            ) from error
        except failures.BotoCoreError as error:
            # A body that cannot be parsed lands here as well: it was answered, nobody knows what.
            raise self._lost(operation, error, once=once) from error

    def _from_answer(self, answer: object, action: str, *, once: bool) -> TargetError:
        operation = action.partition(":")[2]
        details = cast("dict[str, dict[str, object]]", answer)
        code = str(details.get("Error", {}).get("Code", ""))
        message = str(details.get("Error", {}).get("Message", ""))
        status = int(cast("int", details.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)))
        kind = classify_code(code, status)
        words = f"{code}: {' '.join(message.split())}"
        if kind is Refused:
            return Refused(explain_refusal(code, message, action, self.target, self.endpoint), operation, code)
        if status == 501 and self.endpoint is not None:
            return Refused(
                explain_refusal("501", f"{code} {message}", action, self.target, self.endpoint), operation, code
            )
        if kind is Unreachable:
            return Unreachable(
                Diagnostic(
                    "E-TGT-002",
                    f"target '{self.target}' turns {operation} away: too many requests",
                    got=words,
                    reason="EMR's request quotas are small and shared by everybody in the account and region",
                    hint="wait a minute and run the same command again: it goes on where it stopped",
                ),
                operation,
                code,
                throttled=True,
            )
        return self._lost(operation, words, once=once, code=code)

    def _unreachable(self, operation: str, cause: object) -> Unreachable:
        return Unreachable(
            Diagnostic(
                "E-TGT-001",
                f"target '{self.target}' cannot be reached",
                got=f"no connection to {self.endpoint or 'AWS'} ({_words(cause)})",
                hint=self.hint,
            ),
            operation,
        )

    def _lost(self, operation: str, cause: object, *, once: bool, code: str = "") -> TargetError:
        where = self.endpoint or "AWS"
        if not once:
            return Unreachable(
                Diagnostic(
                    "E-TGT-010",
                    f"target '{self.target}' does not answer {operation}",
                    got=f"{_words(cause)} from {where}",
                    hint="run the same command again: it goes on where it stopped",
                ),
                operation,
                code,
            )
        return OutcomeUnknown(
            Diagnostic(
                "E-TGT-011",
                f"the answer to {operation} was lost: it may have been carried out",
                got=f"{_words(cause)} from {where}",
                hint="run the same command again: it looks before it repeats",
            ),
            operation,
            code,
        )

    def _no_credentials(self, operation: str, cause: object) -> Refused:
        return Refused(
            Diagnostic(
                "E-TGT-005",
                f"there are no usable credentials for target '{self.target}'",
                reason=_words(cause),
                hint="choose a profile (`AWS_PROFILE=…`), sign in (`aws sso login`), or use `--target local`",
            ),
            operation,
        )


@contextmanager
def without_profile() -> Generator[None]:
    """Hides the user's AWS profile and files while a local session is made: nothing of theirs may be needed or used."""
    hidden = {name: os.environ.pop(name, None) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")}
    files = {name: os.environ.get(name) for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")}
    os.environ.update(dict.fromkeys(files, os.devnull))
    try:
        yield
    finally:
        for name, value in (hidden | files).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _api_name(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("_"))


def _words(cause: object) -> str:
    return " ".join(str(cause).split())[:400]
