"""The one door of the constructs: its names, what importing it costs, and the examples of its docstrings."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import emrkit as emr

PACKAGE = Path(emr.__file__).parent
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"Example: `([^`\n]+)`")


def documented() -> Iterator[tuple[str, str]]:
    """Where → docstring, of everything in the package."""
    for path in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                yield f"{path.stem}.{getattr(node, 'name', '')}", text


EXAMPLES = [
    (where, textwrap.dedent(code))
    for where, text in documented()
    for code in (*FENCE.findall(text), *INLINE.findall(text))
]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 12


@pytest.mark.parametrize(("where", "code"), EXAMPLES, ids=[where for where, _ in EXAMPLES])
def test_an_example_is_python_and_uses_names_that_exist(where: str, code: str) -> None:
    tree = ast.parse(code)
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "emr"
    }
    assert used <= set(emr.__all__), where
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in used:
            target = getattr(emr, node.func.attr)
            if inspect.isclass(target) and target.__module__.startswith("emrkit."):
                known = inspect.signature(target.__init__).parameters
                assert {k.arg for k in node.keywords if k.arg} <= set(known), where


@pytest.mark.parametrize("name", emr.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert inspect.getdoc(getattr(emr, name))
    assert name in dir(emr)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'emrkit' has no attribute 'Clutser'"):
        emr.Clutser  # noqa: B018


def test_constructs_are_made_with_keywords_after_scope_and_id() -> None:
    for name in emr.__all__:
        target = getattr(emr, name)
        if inspect.isclass(target) and any(base.__name__ == "Construct" for base in target.__mro__):
            _, scope, id_, *rest = inspect.signature(target.__init__).parameters.values()
            assert (scope.name, id_.name) == ("scope", "id"), name
            assert {p.kind for p in rest} <= {inspect.Parameter.KEYWORD_ONLY}, name


def test_no_public_signature_takes_or_gives_just_anything() -> None:
    for path in PACKAGE.glob("*.py"):
        module = importlib.import_module(f"emrkit.{path.stem}" if path.stem != "__init__" else "emrkit")
        for name in getattr(module, "__all__", []):
            target = getattr(module, name)
            if not getattr(target, "__module__", "").startswith("emrkit."):
                continue
            members = [target, *vars(target).values()] if inspect.isclass(target) else [target]
            for member in members:
                if inspect.isfunction(member) and not member.__name__.startswith("_"):
                    assert "Any" not in str(member.__annotations__), f"{path.stem}.{name}"


def test_importing_the_door_loads_no_part_of_the_cdk() -> None:
    """Constructs load the parts they need; a project that only describes clusters needs none."""
    code = (
        "import sys, emrkit as emr; emr.InstanceFleet.on_demand('m5.xlarge');"
        "print(', '.join(m for m in sys.modules if m.split('.')[0] in {'aws_cdk', 'jsii', 'constructs', 'boto3'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_a_cluster_loads_neither_kubernetes_nor_lambda() -> None:
    code = (
        "import sys, emrkit as emr; emr.Cluster, emr.Pipeline, emr.Network;"
        "heavy = {'aws_cdk.aws_eks', 'aws_cdk.aws_lambda', 'aws_cdk.aws_stepfunctions_tasks'};"
        "print(', '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
