"""Secrets that a stack looked up are not in the saved state, and are there again after a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emrkit_local.host.dynamic_references import conceal, reveal

ONE, TWO = "{{resolve:secretsmanager:one:SecretString:::}}", "{{resolve:secretsmanager:two:SecretString:::}}"
PLAIN = "{{resolve:ssm:plain}}"
VALUES = {ONE: "hunter2", TWO: "hunter2-longer", PLAIN: "words"}


def resource() -> dict[str, Any]:
    properties = {"A": f"x={VALUES[ONE]};y={VALUES[TWO]}", "B": [{"C": VALUES[TWO]}, 3], "D": VALUES[PLAIN]}
    return {"Properties": properties, "Attributes": {"E": VALUES[ONE]}, "_dynamic": dict(VALUES), "Other": "kept"}


class Emulated:
    """The part of the emulator that looks references up."""

    def __init__(self, resources: dict[str, Any], values: dict[str, str]) -> None:
        self._resources, self._values = resources, values

    def stacks_if_used(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        yield "1", "r", {"_resources": self._resources}

    @contextmanager
    def scope(self, account: str, region: str) -> Iterator[None]:
        assert (account, region) == ("1", "r")
        yield

    def look_up_references(self, value: object) -> tuple[object, dict[str, object]]:
        text = json.dumps(value)
        found = {literal: self._values[literal] for literal in VALUES if literal in text}
        for literal, secret in found.items():
            text = text.replace(literal, secret)
        return json.loads(text), dict(found)


def test_saved_state_holds_references_in_place_of_secrets():
    saved = conceal(json.dumps({"stacks": [{"_resources": {"Etl": resource()}}]}))
    assert "hunter2" not in saved
    (stack,) = json.loads(saved)["stacks"]
    found = stack["_resources"]["Etl"]
    assert found["Properties"] == {"A": f"x={ONE};y={TWO}", "B": [{"C": TWO}, 3], "D": "words"}
    assert found["Attributes"] == {"E": ONE}
    assert found["_dynamic"] == {PLAIN: "words"}
    assert found["Other"] == "kept"


def test_state_without_references_is_saved_as_it_is():
    text = '{"a":  1}'
    assert conceal(text) == text


def test_what_was_saved_is_looked_up_again():
    saved = json.loads(conceal(json.dumps(resource())))
    reveal(Emulated({"Etl": saved}, VALUES))  # type: ignore[arg-type]
    assert saved == resource()


def test_a_secret_that_is_gone_leaves_its_reference():
    saved = json.loads(conceal(json.dumps(resource())))
    reveal(Emulated({"Etl": saved}, {}))  # type: ignore[arg-type]
    assert saved["Attributes"] == {"E": ONE}
