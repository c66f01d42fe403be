"""What the model says of a small cluster with some changes: for tests of the rules between its parts."""

from __future__ import annotations

from emrkit_model import Cluster, Diagnostic, InvalidModel, check

__all__ = ["codes", "found", "one", "the"]

PLAIN: dict[str, object] = {
    "name": "etl",
    "release": "emr-7.12.0",
    "applications": ["Hadoop", "Spark"],
    "primary": {"on_demand": ["m5.xlarge"]},
    "core": {"on_demand": ["m5.xlarge"], "capacity": 4},
}


def found(**changes: object) -> list[Diagnostic]:
    """Every finding of a cluster, errors and warnings."""
    data = {**PLAIN, **changes}
    try:
        return list(check(Cluster.parse(data)))
    except InvalidModel as error:
        return list(error.diagnostics)


def codes(**changes: object) -> set[str]:
    """Their codes."""
    return {d.code for d in found(**changes)}


def the(code: str, **changes: object) -> Diagnostic:
    """The first finding with a code."""
    return next(d for d in found(**changes) if d.code == code)


def one(classification: str, key: str, value: object) -> list[dict[str, object]]:
    """A free map with one key."""
    return [{"Classification": classification, "Properties": {key: value}}]
