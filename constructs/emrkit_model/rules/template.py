"""Reading a CloudFormation template as data: resources by type, and what a value may turn out to be.

A template's value is often not a literal. `Fn::If` has two outcomes, a `Ref` to a parameter has a default, a
`Fn::GetAtt` names another resource. The rules ask "could this be wrong?", so `Template.at` answers with every value
that can stand at a path, `ABSENT` where nothing stands, and leaves what only the service can resolve as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeGuard

__all__ = [
    "ABSENT",
    "Absent",
    "Found",
    "Json",
    "Resource",
    "Template",
    "is_intrinsic",
    "is_mapping",
    "is_sequence",
    "join_literals",
]

Json = Mapping[str, object]

_SUB_NAME = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")


class Absent(Enum):
    """The type of `ABSENT`, which stands for a property that a template does not set (or sets to `AWS::NoValue`)."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Found:
    """One value that a path can lead to, and the path as it is written in the template (with its `Fn::If` steps)."""

    value: object
    path: tuple[str | int, ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether nothing stands here."""
        return self.value is ABSENT


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a template: its logical id, its type and its properties."""

    id: str
    type: str
    properties: Json


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether the value is a JSON object."""
    return isinstance(value, Mapping)


def is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    """Whether the value is a JSON array."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def is_intrinsic(value: object) -> bool:
    """Whether the value is a function that CloudFormation resolves (`Ref`, `Fn::…`)."""
    return is_mapping(value) and len(value) == 1 and all(name == "Ref" or name.startswith("Fn::") for name in value)


def join_literals(value: object, unknown: str = " ") -> str | None:
    """The literal pieces of a text that is put together, with `unknown` for each reference.

    None when nothing of it can be read.

    >>> join_literals({"Fn::Join": ["", ["s3://", {"Ref": "Bucket"}, "/setup.sh"]]})
    's3:// /setup.sh'
    """
    if isinstance(value, str):
        return value
    if not is_mapping(value) or not is_intrinsic(value):
        return None
    ((function, argument),) = value.items()
    if function == "Fn::Sub":
        text = argument[0] if is_sequence(argument) and argument else argument
        return re.sub(r"\$\{[^}]*\}", lambda _: unknown, text) if isinstance(text, str) else None
    if function == "Fn::Join" and is_sequence(argument) and len(argument) > 1 and is_sequence(argument[1]):
        separator = argument[0] if isinstance(argument[0], str) else ""
        return separator.join(piece if isinstance(piece, str) else unknown for piece in argument[1])
    return None


class Template:
    """A read-only view of one template.

    Example:
        >>> template = Template({"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"Enabled": True}}}})
        >>> [found.value for found in template.at(template.resources["Key"].properties, "Enabled")]
        [True]
    """

    def __init__(self, document: Json) -> None:
        self._family: tuple[Template, ...] = (self,)
        outputs = document.get("Outputs")
        self._exports = dict(_exports(outputs)) if is_mapping(outputs) else {}
        resources = document.get("Resources")
        parameters = document.get("Parameters")
        self.parameters: Json = parameters if is_mapping(parameters) else {}
        self.resources: dict[str, Resource] = {}
        for name, body in (resources if is_mapping(resources) else {}).items():
            if is_mapping(body):
                properties = body.get("Properties")
                self.resources[name] = Resource(
                    name, str(body.get("Type")), properties if is_mapping(properties) else {}
                )

    @staticmethod
    def family(documents: Iterable[Json]) -> tuple[Template, ...]:
        """Templates that are deployed together: each knows what the others import from it."""
        found = tuple(Template(document) for document in documents)
        for template in found:
            template._family = found
        return found

    def sources(self, value: object) -> Iterator[tuple[Template, str]]:
        """The resources that a value refers to, here or, by `Fn::ImportValue`, in another template of the family."""
        yield from ((self, name) for name in sorted(self.references(value)))
        for name in sorted(set(_imports(value))):
            for template in self._family:
                if name in template._exports:
                    yield from ((template, found) for found in sorted(template.references(template._exports[name])))

    def used_by_siblings(self, prefix: str) -> frozenset[str]:
        """The resources of this template that resources of such types import in other templates of the family."""
        found: set[str] = set()
        for template in self._family:
            for resource in template.resources.values():
                if template is not self and resource.type.startswith(prefix):
                    for name in _imports(resource.properties):
                        found |= self.references(self._exports.get(name))
        return frozenset(found)

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of the given types, in the template's order."""
        return (resource for resource in self.resources.values() if resource.type in types)

    def at(self, value: object, *path: str) -> Iterator[Found]:
        """Every value that can stand at the path below `value`; at least one, `ABSENT` if nothing is there."""
        for found in self._outcomes(Found(value)):
            yield from self._below(found, path)

    def items(self, value: object, *path: str) -> Iterator[Found]:
        """Every element that a list at the path can hold; a lone object counts as a list of one, as in IAM."""
        for found in self.at(value, *path):
            if is_sequence(found.value):
                for index, item in enumerate(found.value):
                    for outcome in self._outcomes(Found(item, (*found.path, index))):
                        if not outcome.is_absent:
                            yield outcome
            elif not found.is_absent:
                yield found

    def references(self, value: object) -> frozenset[str]:
        """The logical ids that a value refers to, at any depth."""
        return frozenset(name for name in _references(value) if name in self.resources)

    def _below(self, found: Found, path: tuple[str, ...]) -> Iterator[Found]:
        if not path:
            yield found
        elif is_mapping(found.value) and not is_intrinsic(found.value):
            inner = Found(found.value.get(path[0], ABSENT), (*found.path, path[0]))
            for outcome in self._outcomes(inner):
                yield from self._below(outcome, path[1:])
        elif is_intrinsic(found.value):
            yield Found(found.value, found.path)
        else:
            yield Found(ABSENT, (*found.path, *path))

    def _outcomes(self, found: Found) -> Iterator[Found]:
        """The branches of `Fn::If`, the default of a parameter; anything else is its own only outcome."""
        value = found.value
        if is_mapping(value) and len(value) == 1:
            if is_sequence(branches := value.get("Fn::If")) and len(branches) == 3:
                for index in (1, 2):
                    yield from self._outcomes(Found(branches[index], (*found.path, "Fn::If", index)))
                return
            if value.get("Ref") == "AWS::NoValue":
                yield Found(ABSENT, found.path)
                return
            if (default := self._default(value.get("Ref"))) is not ABSENT:
                yield Found(default, found.path)
                return
        yield found

    def _default(self, name: object) -> object:
        """The default of a parameter; `AWS::SSM::Parameter::Value` has names of parameters there, not values."""
        parameter = self.parameters.get(name) if isinstance(name, str) else None
        if not is_mapping(parameter) or str(parameter.get("Type")).startswith("AWS::SSM"):
            return ABSENT
        return parameter.get("Default", ABSENT)


def _exports(outputs: Json) -> Iterator[tuple[str, object]]:
    for output in outputs.values():
        export = output.get("Export") if is_mapping(output) else None
        name = export.get("Name") if is_mapping(export) else None
        if is_mapping(output) and name is not None:
            yield json.dumps(name, sort_keys=True), output.get("Value")


def _imports(value: object) -> Iterator[str]:
    """The names of the exports that a value imports, at any depth."""
    if is_mapping(value):
        for name, argument in value.items():
            if name == "Fn::ImportValue":
                yield json.dumps(argument, sort_keys=True)
            else:
                yield from _imports(argument)
    elif is_sequence(value):
        for item in value:
            yield from _imports(item)


def _references(value: object) -> Iterator[str]:
    if is_mapping(value):
        for name, argument in value.items():
            if name == "Ref" and isinstance(argument, str):
                yield argument
            elif name == "Fn::GetAtt":
                target = argument[:1] if is_sequence(argument) else [str(argument).split(".")[0]]
                yield from (str(part) for part in target)
            elif name == "Fn::Sub":
                text = argument[0] if is_sequence(argument) and argument else argument
                yield from _SUB_NAME.findall(text) if isinstance(text, str) else ()
            yield from _references(argument)
    elif is_sequence(value):
        for item in value:
            yield from _references(item)
