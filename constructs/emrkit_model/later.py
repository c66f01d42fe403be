"""Fields for what most values never have: the module of their kind is loaded when somebody gives one.

A cluster may have settings for every application, a metastore, a realm. Importing all of that for one that has none of
it would cost more than everything that such a cluster needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from .values import Value, pass_on

__all__ = ["later"]


def later(module: str, name: str, *, null: bool = False) -> object:
    """The annotation of a field whose kind is `name` of a module of this package; with `null` None is one of the kind.

    For type checkers the name is imported under `TYPE_CHECKING`; at run time it is this:

    >>> Kerberos = later("security.kerberos", "Kerberos")
    """
    return Annotated[Any, _Later(module, name, null)]


class _Later:
    def __init__(self, module: str, name: str, null: bool) -> None:
        self.module, self.kind_name, self.null = module, name, null

    def _kind(self) -> Any:
        return getattr(import_module(f".{self.module}", __package__), self.kind_name)

    def _read(self, value: object) -> object:
        if value is None and self.null:
            return None
        kind = self._kind()
        if isinstance(kind, type) and issubclass(kind, Value):
            return kind.read_part(value)
        try:
            return TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            raise pass_on(Value, error) from None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        from .schema import value_schema

        return value_schema(cast("type[Value]", self._kind()))
