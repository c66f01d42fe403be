"""What deployed stacks say of themselves, as the job side reads it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from emrkit_jobs.run.contracts import read_deployed
from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.targets.protocol import Target
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.values import InvalidModel

DOCUMENT = {"schema": 1, "project": "shop", "environment": "dev", "stack": "foundation", "buckets": {"logs": "l"}}


def target(*documents: dict[str, object]) -> Target:
    return cast("Target", SimpleNamespace(name="dev", environment="dev", contracts=lambda _: documents))


def test_stacks_of_an_older_and_of_this_emrkit_are_read_together() -> None:
    newer = {"schema": 2, "project": "shop", "environment": "dev", "stack": "access", "policies": {"submitter": "arn"}}
    deployed = read_deployed(target(DOCUMENT, newer), "shop")
    assert deployed.bucket("logs") == "l"
    assert deployed.contracts[1].policies == {"submitter": "arn"}
    assert deployed.warnings == ()


def test_a_key_that_is_not_known_is_told_with_its_stack() -> None:
    said: list[Diagnostic] = []
    deployed = read_deployed(target({**DOCUMENT, "novelty": True}), "shop")
    deployed.warn(cast("Reporter", SimpleNamespace(warn=said.append)))
    ((code, path),) = [(d.code, d.path) for d in said]
    assert (code, path) == ("W-CTR-013", ("foundation", "novelty"))


def test_a_document_of_a_newer_emrkit_stops_the_run() -> None:
    newer: Any = {**DOCUMENT, "schema": 99}
    with pytest.raises(InvalidModel, match="E-CTR-011"):
        read_deployed(target(newer), "shop")
