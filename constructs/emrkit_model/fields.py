"""Kinds of fields: text, whole numbers, durations, lists, references to keys and secrets. Tokens pass through all.

`Reference` objects (a CDK key, bucket, role, secret: anything whose type has `key_arn`, `bucket_name`, …) are kept as
they are, so that a construct can grant on them, and read once, at rendering (`read`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar, cast

from pydantic import AfterValidator, BeforeValidator, PlainValidator, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from .tokens import has_member, is_token

__all__ = [
    "NO_SETTINGS",
    "BucketLike",
    "Count",
    "Flag",
    "FrozenMap",
    "Items",
    "KeyLike",
    "LocationLike",
    "Number",
    "ProfileLike",
    "RoleLike",
    "Seconds",
    "SecretLike",
    "SecurityGroupLike",
    "Settings",
    "Tags",
    "Text",
    "TopicLike",
    "Word",
    "listed",
    "parse_duration",
    "read",
    "words",
]

T = TypeVar("T")
SECRET_ERROR = "emrkit_secret"  # noqa: S105 - the name of an error
"""The type of pydantic's error for what should name a secret: its input is never shown."""
Handler = Callable[[Any], Any]


def _skip_token(value: object, handler: Handler) -> object:
    return value if is_token(value) else handler(value)


def _whole(value: object, handler: Handler) -> object:
    if is_token(value):
        return value
    if isinstance(value, (bool, float)):
        raise ValueError("must be a whole number")
    return handler(value)


def _number(value: object, handler: Handler) -> object:
    if is_token(value):
        return value
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return handler(value)


def _flag(value: object) -> object:
    if is_token(value) or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError("must be true or false")


Text = Annotated[str, WrapValidator(_skip_token)]
"""Text, or a token."""
Count = Annotated[int, WrapValidator(_whole)]
"""A whole number (text of digits is read as one), or a token."""
Number = Annotated[float, WrapValidator(_number)]
"""A number, or a token."""
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""true or false (the words too), or a token."""
Items = Annotated[Sequence[T], AfterValidator(tuple), WrapValidator(_skip_token)]
"""A list, kept as a tuple; or a list token."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"^(?:\d+[smhd])+$")


def parse_duration(value: object) -> object:
    """Seconds from `90`, `"90"`, `"90s"`, `"30m"`, `"1h30m"`, `"2d"`, or from an object with `to_seconds()`.

    >>> parse_duration("1h30m")
    5400
    """
    if value is None or is_token(value):
        return value
    if isinstance(value, str):
        text = value.strip().lower()
        if text.isdigit():
            return int(text)
        if _DURATION.match(text):
            return sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([smhd])", text))
        raise ValueError("must be a duration: seconds, or text like 90s, 30m, 1h, 1h30m, 2d")
    if has_member(value, "to_seconds"):
        return cast("Any", value).to_seconds()
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError("must be a duration: seconds, or text like 90s, 30m, 1h, 1h30m, 2d")


Seconds = Annotated[
    int,
    WrapValidator(_skip_token),
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^([0-9]+[smhd])+$|^[0-9]+$"}],
            "description": "Seconds, or text such as 90s, 30m, 1h30m, 2d.",
        }
    ),
]
"""A duration in seconds; in a file also text such as `1h30m`."""


def setting_text(value: object) -> str:
    """A configuration value as EMR takes it: `true` -> "true", `10` -> "10"; raises ValueError for a list or null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if is_token(value):
        return cast("str", value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    raise ValueError("must be text, a number or true/false")


class FrozenMap(dict[str, str]):
    """A map that does not change and has a hash; for JSON and for `==` it is a dict like any other."""

    if not TYPE_CHECKING:  # a type checker already sees a Mapping, which has none of these

        def _refuse(self, *_: object, **__: object) -> None:
            raise TypeError("a value object does not change: make another with replace()")

        __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

        def __hash__(self) -> int:
            return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[FrozenMap], tuple[dict[str, str]]]:
        return (FrozenMap, (dict(self),))


def _settings(value: object) -> FrozenMap:
    if not isinstance(value, Mapping):
        raise ValueError("must be a map of names to values")
    wrong: dict[str, object] = {}
    result: dict[str, str] = {}
    for key, item in cast("Mapping[object, object]", value).items():
        try:
            result[str(key)] = setting_text(item)
        except ValueError:
            wrong[str(key)] = item
    if wrong:
        words = "must hold text, numbers or true/false; not so: {names}"
        raise PydanticCustomError("emrkit_settings", words, {"names": ", ".join(wrong), "got": wrong})
    return FrozenMap(result)


Word = Annotated[str, BeforeValidator(setting_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""One argument of a program: text; a bare number or true is taken as its text."""

_SCALARS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
NO_SETTINGS: Mapping[str, str] = FrozenMap()
"""The default of a free map."""
Settings = Annotated[Mapping[str, str], PlainValidator(_settings), WithJsonSchema(_SCALARS)]
"""A free map of settings: every value ends as text; bare true and numbers are accepted."""
Tags = Annotated[Mapping[str, str], PlainValidator(_settings), WithJsonSchema(_SCALARS)]
"""AWS tags."""


def words(*allowed: str, **other_names: str) -> object:
    """A validator for a field with a closed list of words; tokens pass, `_` and `-` and case do not matter.

    `other_names` are shorter words for some of them.
    """
    index = {_plain(word): word for word in allowed} | {_plain(name): word for name, word in other_names.items()}

    def read_word(value: object) -> object:
        if value is None or is_token(value):
            return value
        if isinstance(value, str) and _plain(value) in index:
            return index[_plain(value)]
        raise ValueError(f"must be one of {', '.join((*other_names, *allowed))}")

    schema: dict[str, Any] = {"enum": [*other_names, *allowed]}
    return _Both(BeforeValidator(read_word), WithJsonSchema(schema))


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")


class _Both:
    """Two pydantic annotations as one."""

    def __init__(self, validator: BeforeValidator, schema: WithJsonSchema) -> None:
        self.validator, self.schema = validator, schema

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return self.validator.__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        shown = self.schema.__get_pydantic_json_schema__(core, handler)
        # Where the field may be left open, null says so in a file too.
        may_be_null = {"type": "null"} in handler(core).get("anyOf", ())
        return {**shown, "enum": [*shown["enum"], None]} if may_be_null else shown


class HasKeyArn(Protocol):
    """A KMS key."""

    @property
    def key_arn(self) -> str: ...


class HasBucketName(Protocol):
    """An S3 bucket."""

    @property
    def bucket_name(self) -> str: ...


class HasRoleArn(Protocol):
    """An IAM role."""

    @property
    def role_arn(self) -> str: ...


class HasSecretArn(Protocol):
    """A Secrets Manager secret."""

    @property
    def secret_arn(self) -> str: ...


class HasObjectUrl(Protocol):
    """An object in S3, for instance an asset of the CDK."""

    @property
    def s3_object_url(self) -> str: ...


class HasInstanceProfileName(Protocol):
    """An IAM instance profile."""

    @property
    def instance_profile_name(self) -> str: ...


class HasSecurityGroupId(Protocol):
    """An EC2 security group."""

    @property
    def security_group_id(self) -> str: ...


class HasTopicArn(Protocol):
    """An SNS topic."""

    @property
    def topic_arn(self) -> str: ...


_MEMBERS = (
    "key_arn",
    "bucket_name",
    "secret_arn",
    "instance_profile_name",
    "security_group_id",
    "role_arn",
    "s3_object_url",
    "topic_arn",
)


def _reference(member: str, what: str) -> PlainValidator:
    def keep(value: object) -> object:
        if isinstance(value, str) or is_token(value) or has_member(value, member):
            return value
        raise ValueError(f"must be {what}, or an object with `{member}`")

    return PlainValidator(keep)


def _secret(value: object) -> object:
    # CDK's SecretValue may hold the secret itself, in clear text; nobody can tell from outside.
    if has_member(value, "unsafe_unwrap"):
        raise PydanticCustomError(SECRET_ERROR, "must be the secret, not its value: the secret, or SecretField of it")
    if isinstance(value, str) or is_token(value) or has_member(value, "secret_arn"):
        return value
    raise PydanticCustomError(SECRET_ERROR, "must be the ARN of a secret, or an object with `secret_arn`")


_TEXT_SCHEMA = WithJsonSchema({"type": "string"})
KeyLike = Annotated[str | HasKeyArn, _reference("key_arn", "the ARN of a KMS key"), _TEXT_SCHEMA]
BucketLike = Annotated[str | HasBucketName, _reference("bucket_name", "the name of a bucket"), _TEXT_SCHEMA]
RoleLike = Annotated[str | HasRoleArn, _reference("role_arn", "the name or ARN of a role"), _TEXT_SCHEMA]
SecretLike = Annotated[str | HasSecretArn, PlainValidator(_secret), _TEXT_SCHEMA]
LocationLike = Annotated[str | HasObjectUrl, _reference("s3_object_url", "an s3:// address"), _TEXT_SCHEMA]
ProfileLike = Annotated[
    str | HasInstanceProfileName,
    _reference("instance_profile_name", "the name of an instance profile"),
    _TEXT_SCHEMA,
]
SecurityGroupLike = Annotated[
    str | HasSecurityGroupId, _reference("security_group_id", "the id of a security group"), _TEXT_SCHEMA
]

TopicLike = Annotated[str | HasTopicArn, _reference("topic_arn", "the ARN of a topic"), _TEXT_SCHEMA]


def listed(items: Sequence[T]) -> list[T]:
    """A list for a rendering; one that is only known at deployment stays as it is, but no tuple: jsii knows lists."""
    return list(items) if isinstance(items, (list, tuple)) or not is_token(items) else cast("list[T]", items)


def read(value: object) -> str:
    """The text behind a reference: itself, or its ARN, name or id. For renderings only: it may cross a bridge."""
    if isinstance(value, str):
        return value
    for member in _MEMBERS:
        if has_member(value, member):
            return cast("str", getattr(value, member))
    return cast("str", value)
