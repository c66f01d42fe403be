"""The bare twin of a template: plain L1 code, structs and all, that synthesizes to exactly the same resources.

Whatever emrkit's constructs emit, the twin is what somebody would have written by hand with `aws_cdk.aws_emr` and its
neighbours: one constructor per resource, one read per reference, policies and state machines as plain data. It is
written out as source, so that neither finding the classes nor reading the template is part of what is measured. Nested
properties are structs, as the CDK's documentation writes them, or plain dicts, which cost less and check nothing.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

__all__ = ["source"]

_STRUCT = re.compile(r"(Cfn\w+)\.(\w+Property)")
_LISTED = {"Fn::Select": "select", "Fn::Join": "join", "Fn::Split": "split", "Fn::Sub": "sub"}


def source(template: Mapping[str, Any], *, structs: bool = True) -> str:
    """Python source with one function, `build(stack)`."""
    return _Writer(template, structs).write()


class _Writer:
    def __init__(self, template: Mapping[str, Any], structs: bool) -> None:
        self.structs = structs
        self.resources: dict[str, Any] = dict(template["Resources"])
        parameters = template.get("Parameters", {})
        # The stack's own synthesizer adds this one by itself.
        self.parameters = {name: body for name, body in parameters.items() if name != "BootstrapVersion"}
        self.outputs: dict[str, Any] = template.get("Outputs", {})
        self.modules: set[str] = set()
        self.lines: list[str] = []
        self.names: dict[str, str] = {}
        self.done: set[str] = set()

    def write(self) -> str:
        for name, body in self.parameters.items():
            self._line(f"{_variable(name)} = cdk.CfnParameter(stack, {name!r}, {_keywords(_parameter(body))})")
        for name in self.resources:
            self._resource(name)
        for name, body in self.outputs.items():
            export = f", export_name={self._value(body['Export']['Name'])}" if "Export" in body else ""
            self._line(f"cdk.CfnOutput(stack, {name!r}, value={self._value(body['Value'])}{export})")
        imports = [f"from aws_cdk import {name}" for name in sorted(self.modules)]
        return "\n".join(["import aws_cdk as cdk", *imports, "", "", "def build(stack):", *self.lines, ""])

    def _line(self, text: str) -> None:
        self.lines.append("    " + text)

    def _resource(self, name: str) -> None:
        if name in self.done:
            return
        self.done.add(name)
        body = self.resources[name]
        after = body.get("DependsOn", [])
        needed = [after] if isinstance(after, str) else list(after)
        for other in needed:
            self._resource(other)
        module, cls = _class_of(body["Type"])
        self.modules.add(module)
        given = [
            f"{field}={self._typed(value, annotation, module)}"
            for field, annotation, value in _fields(_load(module, cls), body.get("Properties", {}))
        ]
        variable = _variable(name)
        self._line(f"{variable} = {module}.{cls}({', '.join(['stack', repr(name), *given])})")
        for other in needed:
            self._line(f"{variable}.add_resource_dependency({_variable(other)})")
        if policy := body.get("DeletionPolicy"):
            self._line(f"{variable}.apply_removal_policy(cdk.RemovalPolicy.{_REMOVAL[policy]})")

    def _typed(self, value: Any, annotation: str, module: str) -> str:
        """A value for a typed parameter: structs where the parameter takes one."""
        if isinstance(value, list):
            return "[" + ", ".join(self._typed(item, annotation, module) for item in value) + "]"
        if not isinstance(value, dict) or _is_function(value):
            return self._value(value)
        if "CfnTag" in annotation and set(value) == {"Key", "Value"}:
            if not self.structs:
                return f"{{'key': {self._value(value['Key'])}, 'value': {self._value(value['Value'])}}}"
            return f"cdk.CfnTag(key={self._value(value['Key'])}, value={self._value(value['Value'])})"
        if (struct := _STRUCT.search(annotation)) and "Mapping[str, typing.Union" not in annotation:
            owner, name = struct.groups()
            cls = getattr(_load(module, owner), name)
            fields = [(field, self._typed(item, inner, module)) for field, inner, item in _fields(cls, value)]
            if not self.structs:
                return "{" + ", ".join(f"{_camel(field)!r}: {item}" for field, item in fields) + "}"
            given = [f"{field}={item}" for field, item in fields]
            return f"{module}.{owner}.{name}({', '.join(given)})"
        return self._value(value)

    def _value(self, value: Any) -> str:
        """A value as it stands in plain data, with references read from the objects."""
        if isinstance(value, list):
            return "[" + ", ".join(self._value(item) for item in value) + "]"
        if not isinstance(value, dict):
            return repr(value)
        if not _is_function(value):
            return "{" + ", ".join(f"{key!r}: {self._value(item)}" for key, item in value.items()) + "}"
        return self._function(*next(iter(value.items())))

    def _function(self, function: str, argument: Any) -> str:
        if function == "Ref":
            return self._reference(argument)
        if function == "Fn::GetAtt":
            name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
            self._resource(name)
            found = _attribute(_load(*_class_of(self.resources[name]["Type"])), attribute)
            return self._once(f"{_variable(name)}.{found}")
        if function == "Fn::Join" and argument[0] == "":
            return "(" + " + ".join(self._value(part) for part in argument[1]) + ")"
        if function in _LISTED and isinstance(argument, list):
            return f"cdk.Fn.{_LISTED[function]}({', '.join(self._value(item) for item in argument)})"
        if function == "Fn::GetAZs":
            return self._once("cdk.Fn.get_azs()")
        if function == "Fn::ImportValue":
            return f"cdk.Fn.import_value({self._value(argument)})"
        return f"cdk.Token.as_string({{{function!r}: {self._value(argument)}}})"

    def _reference(self, name: str) -> str:
        if name.startswith("AWS::"):
            constant = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[5:]).upper()
            return self._once(f"cdk.Aws.{constant}")
        if name in self.parameters:
            return self._once(f"{_variable(name)}.value_as_string")
        self._resource(name)
        return self._once(f"{_variable(name)}.ref")

    def _once(self, expression: str) -> str:
        """The expression's value under a name: a careful hand reads each token once."""
        if expression not in self.names:
            self.names[expression] = f"t{len(self.names)}"
            self._line(f"{self.names[expression]} = {expression}")
        return self.names[expression]


_REMOVAL = {"Retain": "RETAIN", "Delete": "DESTROY", "Snapshot": "SNAPSHOT", "RetainExceptOnCreate": "RETAIN_ON_UPDATE_OR_DELETE"}  # fmt: skip  # noqa: E501


def _variable(name: str) -> str:
    return f"r_{name}"


def _keywords(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


def _parameter(body: Mapping[str, Any]) -> dict[str, Any]:
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): value for name, value in body.items()}


def _is_function(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and all(name == "Ref" or name.startswith("Fn::") for name in value)


def _class_of(resource_type: str) -> tuple[str, str]:
    _, service, name = resource_type.split("::")
    return f"aws_{service.lower()}", f"Cfn{name}"


@cache
def _load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"aws_cdk.{module}"), name)


def _fields(cls: Any, properties: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Keyword, annotation and value of each property, by comparing names without case and underscores."""
    known = {_flat(name): (name, str(p.annotation)) for name, p in _parameters(cls).items()}
    return [(*known[_flat(name)], value) for name, value in properties.items()]


@cache
def _parameters(cls: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(cls.__init__).parameters


def _attribute(cls: Any, name: str) -> str:
    wanted = _flat("attr" + name.replace(".", ""))
    return next(found for found in dir(cls) if _flat(found) == wanted)


def _camel(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _flat(name: str) -> str:
    return name.replace("_", "").lower()
