"""A code means one thing for ever."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import emrkit_model

FOLDER = Path(emrkit_model.__file__).parent
CODE = re.compile(r"^(FLEET|GROUP|SCALE|APP|CONF|ENC|KRB|SEC|AUTH|CLUS|STEP|JOB|CTR|TAG|META|STORE|SIZE|NET)-(\d{3})$")
# The same finding in two places: a contract that is no JSON.
SHARED = {"E-CTR-010"}


def uses() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    folders = ("", "render", "cluster_rules", "network")
    for path in (path for folder in folders for path in (FOLDER / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            letter = "W" if node.func.id == "warning" else "E"
            for argument in node.args:
                if (
                    isinstance(argument, ast.Constant)
                    and isinstance(argument.value, str)
                    and CODE.match(argument.value)
                ):
                    found[f"{letter}-{argument.value}"].append(ast.unparse(node)[:160])
    return found


def test_no_code_is_used_for_two_findings():
    twice = {code: calls for code, calls in uses().items() if len(calls) > 1 and code not in SHARED}
    summaries = {code: {re.sub(r"^\w+\('[\w-]+', ", "", call)[:40] for call in calls} for code, calls in twice.items()}
    assert {code: found for code, found in summaries.items() if len(found) > 1} == {}


def test_no_number_is_both_an_error_and_a_warning():
    numbers = [code[2:] for code in uses()]
    assert sorted({n for n in numbers if numbers.count(n) > 1}) == []


def test_there_are_codes_of_every_area():
    areas = {code.split("-")[1] for code in uses()}
    assert areas == {
        "FLEET",
        "SCALE",
        "APP",
        "CONF",
        "ENC",
        "KRB",
        "SEC",
        "AUTH",
        "CLUS",
        "STEP",
        "JOB",
        "CTR",
        "TAG",
        "META",
        "STORE",
        "SIZE",
        "GROUP",
        "NET",
    }
