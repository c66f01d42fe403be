"""What `import emrkit as emr` gives, read from the source without importing it: names, arguments, fields, words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import emrkit

__all__ = ["Field", "Member", "Name", "names"]

_ROOTS = Path(__file__).parents[1] / "constructs"
_SECTION = re.compile(r"^(Args|Raises|Returns|Example|Examples):\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Field:
    """An argument of a construct or a function, or a field of a value: None for a default that does not exist."""

    name: str
    type: str
    default: str | None
    means: str


@dataclass(frozen=True, slots=True)
class Member:
    """A method or a property and its first sentence."""

    name: str
    means: str


@dataclass(frozen=True, slots=True)
class Name:
    """One public name."""

    name: str
    kind: str
    """`construct`, `value` or `function`."""
    words: str
    fields: tuple[Field, ...]
    raises: tuple[str, ...] = ()
    example: str = ""
    members: tuple[Member, ...] = field(default=())


def names() -> Iterator[Name]:
    """All of them, by name."""
    homes = {name: home for home, given in vars(emrkit)["_HOMES"].items() for name in given}
    for name in sorted(emrkit.__all__):
        yield _name(name, *_find(homes[name], name))


def _find(home: str, name: str) -> tuple[str, ast.ClassDef | ast.FunctionDef]:
    """The module that defines a name, and its definition; a package may only pass it on."""
    module = f"emrkit{home}" if home.startswith(".") else home
    for node in ast.walk(_tree(module)):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
            return module, node
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            return _find(_absolute(module, node), name)
    raise LookupError(f"{module} has no {name}")


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module if _path(module).name == "__init__.py" else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def _path(module: str) -> Path:
    folder = _ROOTS / module.replace(".", "/")
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text("utf-8"))


def _name(name: str, module: str, node: ast.ClassDef | ast.FunctionDef) -> Name:
    if isinstance(node, ast.FunctionDef):
        sections = _sections(ast.get_docstring(node) or "")
        return Name(name, "function", sections[""], tuple(_arguments(node, sections)), example=sections["Example"])
    line = list(_line(module, node))
    sections = _sections(ast.get_docstring(node) or "")
    maker = next((found for _, base in line for found in _functions(base) if found.name == "__init__"), None)
    is_construct = any(_base_name(b) == "Construct" for _, base in line for b in base.bases)
    if is_construct:
        fields = [] if maker is None else list(_arguments(maker, sections))
        kind = "construct"
    else:
        fields, kind = list(_values(line, sections)), "value"
    raises = tuple(f"{key}: {text}" for key, text in _entries(sections["Raises"]).items())
    members = tuple(_members(line, own=is_construct))
    return Name(name, kind, sections[""], tuple(fields), raises, sections["Example"], members)


def _line(module: str, node: ast.ClassDef) -> Iterator[tuple[str, ast.ClassDef]]:
    """The class and those of emrkit that it comes from, itself first."""
    yield module, node
    for base in node.bases:
        name = _base_name(base)
        for found in ast.walk(_tree(module)):
            if isinstance(found, ast.ClassDef) and found.name == name:
                yield from _line(module, found)
                break
            imported = isinstance(found, ast.ImportFrom) and any(alias.name == name for alias in found.names)
            if isinstance(found, ast.ImportFrom) and imported:
                home = _absolute(module, found)
                if home.startswith("emrkit") and name != "Value":
                    where, definition = _find(home, name)
                    if isinstance(definition, ast.ClassDef):
                        yield from _line(where, definition)
                break


def _base_name(base: ast.expr) -> str:
    return base.id if isinstance(base, ast.Name) else ast.unparse(base)


def _functions(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef):
            yield child


def _arguments(node: ast.FunctionDef, sections: Mapping[str, str]) -> Iterator[Field]:
    said = _entries(sections["Args"])
    given = node.args
    # A construct's `scope` and `id` are said once for all.
    unsaid = ("self", "cls", "scope", "id") if given.args and given.args[0].arg in ("self", "cls") else ()
    plain = [a for a in (*given.posonlyargs, *given.args) if a.arg not in unsaid]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
    pairs: list[tuple[ast.arg, Any]] = [*zip(plain, [*defaults, *given.defaults], strict=False)]
    pairs += list(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    if given.vararg is not None:
        yield Field(f"*{given.vararg.arg}", _type(given.vararg.annotation), None, said.get(given.vararg.arg, ""))
    for argument, default in pairs:
        shown = None if default is None else ast.unparse(default)
        yield Field(argument.arg, _type(argument.annotation), shown, said.get(argument.arg, ""))


def _values(line: list[tuple[str, ast.ClassDef]], sections: Mapping[str, str]) -> Iterator[Field]:
    said, seen = _entries(sections["Args"]), set[str]()
    for module, node in reversed(line):
        for child, following in zip(node.body, [*node.body[1:], None], strict=True):
            if not isinstance(child, ast.AnnAssign) or not isinstance(child.target, ast.Name):
                continue
            name, kind = child.target.id, ast.unparse(child.annotation)
            if "ClassVar" in kind or name.startswith("_") or name in seen:
                continue
            seen.add(name)
            words = following.value if isinstance(following, ast.Expr) else None
            text = words.value if isinstance(words, ast.Constant) and isinstance(words.value, str) else ""
            default = None if child.value is None else ast.unparse(child.value)
            yield Field(name, _type(child.annotation, module), default, _flat(text) or said.get(name, ""))


def _members(line: list[tuple[str, ast.ClassDef]], *, own: bool) -> Iterator[Member]:
    seen: set[str] = set()
    for module, node in line:
        for function in _functions(node):
            text = ast.get_docstring(function)
            kinds = {ast.unparse(d) for d in function.decorator_list}
            if function.name.startswith("_") or not text or function.name in seen:
                continue
            makes = kinds & {"classmethod", "staticmethod"}
            # A value's other methods are what rules and renderings ask of it.
            if not own and not makes:
                continue
            seen.add(function.name)
            asked = kinds & {"property", "cached_property"}
            shown = function.name if asked else f"{function.name}{_signature(function, module)}"
            yield Member(shown, _flat(_sections(text)[""].split("\n\n")[0]))


def _words(argument: ast.expr, module: str) -> Iterator[str]:
    """The words that a field admits: written there, or in a tuple of the same module."""
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    elif isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Name):
        for node in _tree(module).body:
            if isinstance(node, ast.Assign) and argument.value.id in {ast.unparse(target) for target in node.targets}:
                yield from (str(word) for word in ast.literal_eval(node.value))


def _signature(function: ast.FunctionDef, module: str) -> str:
    """The arguments by their names, with their defaults."""
    given = [
        item.name if item.default is None else f"{item.name}={item.default}"
        for item in _arguments(function, {"Args": ""})
    ]
    makes = function.args.args[:1] and function.args.args[0].arg in ("self", "cls")
    places = [a.arg for a in function.args.args if makes and a.arg in ("scope", "id")]
    return f"({', '.join([*places, *given, *(f'{name}=…' for name in _unpacked(function, module))])})"


def _unpacked(function: ast.FunctionDef, module: str) -> Iterator[str]:
    """The arguments that a signature takes by the name of their dictionary: `**asked: Unpack[ExistingParts]`."""
    annotation = None if function.args.kwarg is None else function.args.kwarg.annotation
    if isinstance(annotation, ast.Subscript) and _base_name(annotation.value) == "Unpack":
        _, kinds = _find(module, _base_name(annotation.slice))
        for child in kinds.body:
            if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name):
                yield child.target.id


def _type(annotation: ast.expr | None, module: str = "") -> str:
    """An annotation in a reader's words."""
    if annotation is None:
        return ""
    text = ast.unparse(annotation)
    words: list[str] = []
    if isinstance(annotation, ast.Subscript) and _base_name(annotation.value) == "Annotated":
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        text = ast.unparse(parts[0])
        for call in (p for p in parts[1:] if isinstance(p, ast.Call) and ast.unparse(p.func) == "words"):
            words = [word for argument in call.args for word in _words(argument, module)]
    if words:
        return " · ".join(words)
    for kind, plain in _KINDS.items():
        text = re.sub(rf"\b{kind}\b", plain, text)
    return text.strip("'\"")


_KINDS = {
    "Text": "str",
    "Word": "str",
    "Count": "int",
    "Number": "float",
    "Flag": "bool",
    "Seconds": "int",
    "Items": "Sequence",
    "Settings": r"Mapping[str, str]",
    "Tags": r"Mapping[str, str]",
}


def _sections(text: str) -> dict[str, str]:
    """A docstring's parts by their headings; what stands before them under the empty one."""
    parts: dict[str, list[str]] = {"": [], "Args": [], "Raises": [], "Returns": [], "Example": []}
    here = ""
    for line in text.splitlines():
        if found := _SECTION.match(line):
            here = found[1].removesuffix("s") if found[1].startswith("Example") else found[1]
            parts[here] += [found[2]] if found[2] else []
        elif line.startswith(">>>") and here == "":
            here = "Example"
            parts[here].append(line)
        else:
            parts[here].append(line)
    return {name: "\n".join(lines).strip("\n") for name, lines in parts.items()}


def _entries(text: str) -> dict[str, str]:
    """`name: words` with words that go on below, further in."""
    entries: dict[str, list[str]] = {}
    here = ""
    for line in text.splitlines():
        if found := re.match(r"^ {4}(\*{0,2}\w[\w, ]*?): (.*)$", line):
            here = found[1].lstrip("*")
            entries[here] = [found[2]]
        elif here:
            entries[here].append(line)
    return {name: _flat("\n".join(lines)) for name, lines in entries.items()}


def _flat(text: str) -> str:
    return " ".join(text.split())
