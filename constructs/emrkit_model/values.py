"""What all value objects share: frozen, strict about keys, checked on creation, every problem reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from threading import local
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    LiteralString,
    Self,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from .diagnostics import Diagnostic, EmrkitError, FieldPath, Severity, render_path
from .tokens import UNKNOWN_LIST, UNKNOWN_NUMBER, UNKNOWN_TEXT

__all__ = [
    "InvalidModel",
    "Json",
    "Value",
    "build",
    "carry",
    "field_words",
    "pass_on",
    "refuse",
    "renamed",
    "translate",
    "unknown",
]

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""Plain data, ready for `json.dumps`."""

T = TypeVar("T")


class _Making(local):
    """Whether the validator of a value is being made, in this thread."""

    inside = False


_making = _Making()

_FINDINGS = "_findings"


class InvalidModel(EmrkitError):  # noqa: N818 - said of the declaration: it is what is invalid
    """A declaration that breaks the rules; `diagnostics` lists every problem, not only the first."""


def refuse(found: Iterable[Diagnostic]) -> None:
    """Raise `InvalidModel` with all of them, if there are any.

    >>> refuse([])
    """
    if problems := list(found):
        raise InvalidModel(problems)


class Value(BaseModel):
    """A frozen value object. Creating one checks it; `check(value)` also gives the warnings."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    AREA: ClassVar[str] = "CLUS"
    """The area in the codes of this object's structural problems."""
    STAND_INS: ClassVar[Mapping[str, object]] = {}
    """What stands in for a required field that is missing, so that the other rules can still speak."""
    HINTS: ClassVar[Mapping[str, str]] = {}
    """What to write, for fields that are missing or of the wrong kind, and for keys that belong elsewhere."""
    REMEMBERED: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Cached properties that `filled` keeps, each with the fields that it is not made of."""

    if not TYPE_CHECKING:  # a type checker sees the fields as keyword arguments instead

        def __init__(self, /, **data: object) -> None:
            try:
                super().__init__(**data)
            except ValidationError as error:
                raise InvalidModel(translate(type(self), error)) from None

        # Nested values are built by pydantic itself, so that their problems are gathered, not raised one by one.
        __init__.__pydantic_base_init__ = True

    @classmethod
    def stand_ins(cls, given: Mapping[str, object], unreadable: Set[str]) -> dict[str, object]:
        """What stands in for the fields that could not be read, and for the required ones that are missing."""
        return {name: value for name, value in cls.STAND_INS.items() if name not in given or name in unreadable}

    def problems(self) -> Iterator[Diagnostic]:
        """The rules of this object alone (not of those inside it): errors and warnings."""
        yield from ()

    def findings(self) -> tuple[Diagnostic, ...]:
        """What `problems` yields, asked once: nothing about a frozen value changes afterwards."""
        # Beside the fields, as `cached_property` does it: equality and serialization know only the fields.
        remembered = vars(self).get(_FINDINGS)
        if remembered is None:
            remembered = vars(self)[_FINDINGS] = tuple(self.problems())
        return cast("tuple[Diagnostic, ...]", remembered)

    # Before `_gather`, because pydantic wraps later validators around earlier ones.
    @model_validator(mode="after")
    def _obey(self) -> Self:
        carry(found for found in self.findings() if found.severity is Severity.ERROR)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _gather(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, cls):
            return data  # frozen, and checked when it was made: its rules hold wherever it is put
        try:
            return handler(data)
        except ValidationError as error:
            if isinstance(data, Mapping):
                found = translate(cls, error)
                carry([*found, *_rules_of_the_rest(cls, cast("Mapping[str, object]", data), found, handler)])
            raise

    # A value inside another is read by its own validator, which is made when one is first read: that of a cluster does
    # not hold the validators of everything that a cluster may have, and what nobody uses is never made.
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if _making.inside:
            return core_schema.no_info_plain_validator_function(cls.read_part)
        _making.inside = True
        try:
            return handler(source)
        finally:
            _making.inside = False

    @classmethod
    def read_part(cls, value: object) -> Self:
        """Inside a pydantic validator: one as it is, or made of plain data, its problems passed on."""
        if isinstance(value, cls):
            return value
        try:
            return cls.__pydantic_validator__.validate_python(value)
        except ValidationError as error:
            raise pass_on(cls, error) from None

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        from .schema import describe, inner_schema

        return describe(cls, inner_schema(cls, core, handler))

    @classmethod
    def parse(cls, data: Mapping[str, object], **more: object) -> Self:
        """Build from plain data as it stands in a file; `more` wins over `data`.

        Raises `InvalidModel` with every problem, each with the path of the field in `data`.
        """
        return cls(**{**data, **more})

    def replace(self, **changes: object) -> Self:
        """The same value with some fields changed, checked again."""
        kept = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**{**kept, **changes})

    def filled(self, **parts: object) -> Self:
        """The same value with parts that a program made in their final form: not read again, but held to the rules.

        Half the time of `replace`, which reads a change as if a person had written it.
        """
        other = self.model_copy(update=parts)
        for name in set(vars(other)) - type(self).model_fields.keys():
            if not parts.keys() <= self.REMEMBERED.get(name, frozenset()):
                del vars(other)[name]  # what the first one remembered of itself
        if found := [problem for problem in other.findings() if problem.severity is Severity.ERROR]:
            raise InvalidModel(found)
        return other


def _rules_of_the_rest(
    cls: type[Value],
    data: Mapping[str, object],
    found: Sequence[Diagnostic],
    handler: Callable[[object], object],
) -> list[Diagnostic]:
    """The rules hold only for an object whose fields could be read: try again without the fields that could not.

    Something unknown stands in for them where it can. A rule may still miss a field that was taken out, so only what
    it says of fields that are there counts.
    """
    broken = {str(d.path[0]) for d in found if d.path}
    rest = {key: value for key, value in data.items() if key not in broken}
    stand_ins = cls.stand_ins(data, broken)
    if (len(rest) == len(data) and not stand_ins) or not rest:
        return []
    try:
        handler({**rest, **stand_ins})
    except ValidationError as error:
        known = {(d.code, d.path) for d in found}
        more = translate(cls, error)
        return [d for d in more if d.path and d.path[0] in rest and (d.code, d.path) not in known]
    return []


def unknown(annotation: object) -> object:
    """Something unknown for a field of this kind; None where it cannot be."""
    kind = get_origin(annotation)
    if kind is Annotated:
        return unknown(get_args(annotation)[0])
    if kind in (Union, UnionType):
        known = [unknown(part) for part in get_args(annotation) if part is not NoneType]
        return known[0] if len(known) == 1 else None
    if kind is Sequence:
        return UNKNOWN_LIST
    return {str: UNKNOWN_TEXT, int: UNKNOWN_NUMBER, float: UNKNOWN_NUMBER}.get(cast("type", annotation))


def carry(problems: Iterable[Diagnostic], rename: Callable[[FieldPath], FieldPath] | None = None) -> None:
    """Inside a pydantic validator: report diagnostics, if there are any, through pydantic to the outermost value."""
    found = [renamed(d, rename(d.path)) if rename else d for d in problems]
    if found:
        raise PydanticCustomError("emrkit_rules", "rules are broken", {"diagnostics": found})


def renamed(found: Diagnostic, path: FieldPath) -> Diagnostic:
    """The finding with another path; where its words name the field, they do so by the new name."""
    if found.path == path or not found.path or not path:
        return replace(found, path=path)
    old, new = f"'{_name(found.path)}'", f"'{_name(path)}'"
    summary = new + found.summary.removeprefix(old) if found.summary.startswith(old) else found.summary
    hint = f"add `{path[-1]}`" if found.hint == f"add `{found.path[-1]}`" else found.hint
    return replace(found, path=path, summary=summary, hint=hint)


def _name(path: FieldPath) -> str:
    return render_path(path[-2:] if path and isinstance(path[-1], int) else path[-1:])


def pass_on(cls: type[BaseModel], error: ValidationError) -> PydanticCustomError | PydanticKnownError:
    """Inside a pydantic validator: what another one found, for this one to raise."""
    first, *more = error.errors(include_url=False)
    kind, context = first["type"], first.get("ctx")
    if first["loc"] or more:
        kind, context = "emrkit_rules", {"diagnostics": translate(cls, error)}
    if kind == "model_type":
        return PydanticKnownError("model_type", {"class_name": cls.__name__})
    return PydanticCustomError(cast("LiteralString", kind), cast("LiteralString", first["msg"]), context)


def build(make: Callable[[], T], rename: Callable[[FieldPath], FieldPath] | None = None) -> T:
    """Inside a pydantic validator: make another value, and pass its problems on with their paths renamed."""
    try:
        return make()
    except InvalidModel as error:
        carry(error.diagnostics, rename)
        raise


def translate(cls: type[BaseModel], error: ValidationError) -> list[Diagnostic]:
    """pydantic's errors as diagnostics: the rules' own as they are, structural ones with a code of their area."""
    found: list[Diagnostic] = []
    for item in error.errors(include_url=False):
        path = tuple(item["loc"])
        if item["type"] == "emrkit_rules":
            found += [d.within(*path) for d in item.get("ctx", {})["diagnostics"]]
        else:
            found.append(_structural(cls, path, dict(item)))
    # A key that is misspelt is not missing as well.
    meant = {(*d.path[:-1], d.hint) for d in found if d.code.endswith("-001")}
    return [d for d in found if not (d.code.endswith("-002") and (*d.path[:-1], _did_you_mean(d.path[-1])) in meant)]


def _did_you_mean(name: object) -> str:
    return f"did you mean `{name}`?"


def _structural(cls: type[BaseModel], path: FieldPath, item: Mapping[str, Any]) -> Diagnostic:
    area = getattr(cls, "AREA", "CLUS")
    hints: Mapping[str, str] = getattr(cls, "HINTS", {})
    hint = hints.get(str(path[0])) if path else None
    kind, name = item["type"], _name(path)
    if kind == "extra_forbidden":
        known = field_words(cls)
        from difflib import get_close_matches

        close = get_close_matches(str(path[-1]), known, n=1)
        return Diagnostic(
            f"E-{area}-001",
            f"unknown key '{path[-1]}'",
            path=path,
            allowed=", ".join(known),
            hint=hint or (_did_you_mean(close[0]) if close else None),
        )
    if kind == "missing":
        return Diagnostic(f"E-{area}-002", f"'{name}' is missing", path=path, hint=hint or f"add `{path[-1]}`")
    message = _WORDS.get(kind) or str(item["msg"]).removeprefix("Value error, ").rstrip(".")
    summary = f"'{name}' {message}" if name else message
    got = "not shown" if kind == "emrkit_secret" else _brief(item.get("ctx", {}).get("got", item.get("input")))
    kinds = sorted(_kinds(cls, path)) if message == "must be a map" else []
    allowed = f"a map of its keys; in Python {' or '.join(kinds)}" if kinds else None
    return Diagnostic(
        f"E-{area}-003", summary, path=path, got=got, allowed=allowed, hint=hint if "must be a map" in summary else None
    )


def _kinds(cls: type[BaseModel], path: FieldPath) -> set[str]:
    """The names of the value objects that a field holds, itself or in a list."""
    field = cls.model_fields.get(str(path[0])) if path else None
    if field is None or any(isinstance(part, str) for part in path[1:]):
        return set()
    found: set[str] = set()

    def look(annotation: object) -> None:
        if isinstance(annotation, type) and issubclass(annotation, Value):
            found.add(annotation.__name__)
        elif hasattr(annotation, "kind_name"):  # one that is loaded later
            found.add(str(getattr(annotation, "kind_name")))  # noqa: B009
        for part in get_args(annotation):
            look(part)

    for annotation in (field.annotation, *field.metadata):
        look(annotation)
    return found


# pydantic speaks of Python's types; a reader of a project file knows text, numbers, lists and maps.
_WORDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "dict_type": "must be a map",
    "mapping_type": "must be a map",
    "model_type": "must be a map",
    "model_attributes_type": "must be a map",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "sequence_str": "must be a list, not one text",
    "is_instance_of": "must be a list",
}


def field_words(cls: type[BaseModel]) -> list[str]:
    """The keys that a value object accepts in a file."""
    fields = [field.alias or name for name, field in cls.model_fields.items()]
    words: tuple[str, ...] = getattr(cls, "WORDS", ())
    return [*words, *(name for name in fields if name not in words)]


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
