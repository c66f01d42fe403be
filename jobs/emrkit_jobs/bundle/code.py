"""What can be known of a job's Python code without running it: its grammar, and a master written into it."""

from __future__ import annotations

import ast
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from emrkit_model.diagnostics import Diagnostic, Location

__all__ = ["check_python"]

MAXIMUM_BYTES = 4 << 20
_OLDEST_GRAMMAR = (3, 7)


def check_python(path: Path, name: str, python: tuple[str, str] | None = None) -> Iterator[Diagnostic]:
    """What is wrong with a Python file; `python` is the version that must read it, and the release that has it.

    A release with an older Python than this one refuses newer grammar (`match`, `except*`), and so does this check.
    """
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            return
        data = path.read_bytes()
        with path.open("rb") as stream:
            encoding, _ = tokenize.detect_encoding(stream.readline)
        data.decode(encoding)
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        yield Diagnostic("E-BUNDLE-040", f"{name} cannot be read as Python: {error}", location=Location(name, 1, 1))
        return
    version = _version(python)
    try:
        tree = ast.parse(data, name, feature_version=version)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if version is None or version <= sys.version_info[:2]:
            yield _syntax_problem(error, name, python)
        return
    yield from _check_master(tree, name)


def _version(python: tuple[str, str] | None) -> tuple[int, int] | None:
    if python is None:
        return None
    major, minor = (int(part) for part in python[0].split(".")[:2])
    return max((major, minor), _OLDEST_GRAMMAR)


def _syntax_problem(error: Exception, name: str, python: tuple[str, str] | None) -> Diagnostic:
    words = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
    line = (error.lineno or 1) if isinstance(error, SyntaxError) else 1
    column = (error.offset or 1) if isinstance(error, SyntaxError) else 1
    return Diagnostic(
        "E-BUNDLE-041",
        f"{name} is not valid Python: {words}",
        location=Location(name, line, max(column, 1)),
        reason=f"{python[1]} runs it with Python {python[0]}" if python else None,
    )


def _check_master(tree: ast.Module, name: str) -> Iterator[Diagnostic]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if (written := _master_of(node, node.func)) is not None:
            # The place of the method's own name, at the end of the chain so far.
            line, end = node.func.end_lineno or node.lineno, node.func.end_col_offset or 1
            yield Diagnostic(
                "E-BUNDLE-042",
                "the code sets Spark's master itself",
                got=written,
                location=Location(name, line, max(end - len(node.func.attr), 0) + 1),
                reason="a master in the code wins over the one of the cluster, on EMR and on local EMR alike",
                hint=f"remove `{written}`: the step is submitted with the right master",
            )


def _master_of(call: ast.Call, function: ast.Attribute) -> str | None:
    """How the call sets the master, if it does: `.master(…)` of a builder, `setMaster`, the setting spark.master."""
    first = call.args[0] if call.args else None
    text = f'"{first.value}"' if isinstance(first, ast.Constant) else "…"
    if function.attr == "setMaster":
        return f".setMaster({text})"
    if function.attr == "master" and _is_builder(function.value):
        return f".master({text})"
    if (
        function.attr in ("config", "set")
        and isinstance(first, ast.Constant)
        and first.value == "spark.master"
        and len(call.args) == 2
    ):
        return f'.{function.attr}("spark.master", …)'
    return None


def _is_builder(value: ast.expr) -> bool:
    while True:
        if isinstance(value, ast.Attribute):
            if value.attr == "builder":
                return True
            value = value.value
        elif isinstance(value, ast.Call):
            value = value.func
        else:
            return isinstance(value, ast.Name) and "builder" in value.id.lower()
