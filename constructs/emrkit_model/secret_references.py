"""Secrets by reference: what stands for one in a template, in an API call and in a contract; never the secret itself.

A secret is named by an object with `secret_arn` (one of the CDK's), its ARN, a dynamic reference of CloudFormation, or
a `SecretField` for one entry of a secret that holds JSON.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .diagnostics import Diagnostic
from .fields import SecretLike, read
from .findings import error
from .tokens import is_token

__all__ = [
    "SecretField",
    "check_arn",
    "check_reference",
    "is_reference",
    "open_secret",
    "secret_address",
    "secret_id",
    "secret_reference",
]

_ARN = re.compile(r"^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[^:{}]+$")
_DYNAMIC = re.compile(r"^\{\{resolve:secretsmanager:(?P<id>[^{}]+?)(?::SecretString(?P<rest>[^{}]*))?\}\}$")
_REASON = "a password in a file or a template is readable for everybody who can read that"
_STORE = "store it with `aws secretsmanager create-secret`, and name its ARN here"


@dataclass(frozen=True, slots=True)
class SecretField:
    """One entry of a secret that holds a JSON object, for instance of `{"username": …, "password": …}`.

    Args:
        secret: The secret: an object with `secret_arn`, or its ARN.
        field: The entry's key.

    >>> secret_reference(SecretField("arn:aws:secretsmanager:eu-west-1:111122223333:secret:ad", "password"))
    '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:ad:SecretString:password::}}'
    """

    secret: SecretLike
    field: str

    @property
    def secret_arn(self) -> str:
        """The ARN of the whole secret."""
        return read(self.secret)


def secret_reference(secret: SecretLike) -> str:
    """The text that stands for a secret's value in a template: CloudFormation resolves it at deployment.

    >>> secret_reference("arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf")
    '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf:SecretString:::}}'
    """
    text = read(secret)
    if text.__class__ is not str or text.startswith("{{resolve:"):  # what CDK resolves itself is no text
        return text
    field = secret.field if isinstance(secret, SecretField) else ""
    return f"{{{{resolve:secretsmanager:{text}:SecretString:{field}::}}}}"


def secret_id(secret: SecretLike) -> str:
    """What `GetSecretValue` takes for a secret: its ARN or name, also out of a dynamic reference.

    >>> secret_id("{{resolve:secretsmanager:kdc:SecretString:::}}")
    'kdc'
    """
    return _parted(secret)[0]


def secret_address(secret: SecretLike) -> str:
    """A secret's name for a document that CloudFormation writes: the ARN, and `#` with the field if there is one.

    A dynamic reference must not stand there: CloudFormation would put the secret in its place.

    >>> secret_address("{{resolve:secretsmanager:ad:SecretString:password::}}")
    'ad#password'
    """
    name, field = _parted(secret)
    return f"{name}#{field}" if field else name


def open_secret(address: str, value: str) -> str:
    """The part of a secret's value that an address of `secret_address` means; the value itself without a field.

    Raises ValueError, without any of the value in it: the secret is no JSON object, or has no such text.
    """
    _, _, field = address.partition("#")
    if not field:
        return value
    try:
        found: object = json.loads(value)[field]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"the secret holds no JSON object with '{field}'") from None
    if not isinstance(found, str):
        raise ValueError(f"'{field}' of the secret is not text")
    return found


def is_reference(text: str) -> bool:
    """Whether text names a secret: an ARN of Secrets Manager, or a dynamic reference to it."""
    return bool(_ARN.match(text) or _DYNAMIC.match(text))


def check_reference(secret: SecretLike | None, code: str, what: str, *path: str | int) -> Iterator[Diagnostic]:
    """An error when text that should name a secret is something else, the secret itself for instance; never shown."""
    if isinstance(secret, SecretField):
        named = secret.secret
        if not isinstance(named, str) or is_token(named) or _ARN.match(named):
            return
    elif not isinstance(secret, str) or is_token(secret) or is_reference(secret):
        return
    yield error(
        code,
        f"{what} must be a reference to a secret",
        *path,
        got="text (not shown)",
        allowed="the ARN of a Secrets Manager secret, or {{resolve:secretsmanager:...}}",
        reason=_REASON,
        hint=_STORE,
    )


def check_arn(secret: SecretLike | None, code: str, what: str, *path: str | int) -> Iterator[Diagnostic]:
    """An error when a secret that EMR reads by itself is not named by its ARN.

    A dynamic reference is refused too: CloudFormation would write the secret into the security configuration.
    """
    if isinstance(secret, SecretField):
        shown = "one field of a secret"
    elif not isinstance(secret, str) or is_token(secret) or _ARN.match(secret):
        return
    else:
        shown = "a dynamic reference" if secret.startswith("{{resolve:") else "text (not shown)"
    yield error(
        code,
        f"{what} must be the ARN of a Secrets Manager secret",
        *path,
        got=shown,
        allowed="arn:aws:secretsmanager:<region>:<account>:secret:<name>",
        reason="EMR reads it on the nodes; a dynamic reference would put the secret into the security configuration",
        hint=_STORE,
    )


def _parted(secret: SecretLike) -> tuple[str, str]:
    text = read(secret)
    if isinstance(secret, SecretField):
        return text, secret.field
    if not text.startswith("{{resolve:secretsmanager:"):
        return text, ""
    inner = text.removeprefix("{{resolve:secretsmanager:").removesuffix("}}")
    name, _, rest = inner.partition(":SecretString")
    return name, rest.removeprefix(":").split(":")[0]
