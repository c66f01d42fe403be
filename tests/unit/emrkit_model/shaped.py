"""Clusters of any shape, and what is said of them."""

from __future__ import annotations

from emrkit_model import Cluster, InvalidModel, check


def cluster(**fields: object) -> Cluster:
    return Cluster.parse({"name": "etl", "release": "emr-7.12.0", "primary": {"on_demand": ["m5.xlarge"]}, **fields})


def codes(**fields: object) -> set[str]:
    try:
        return {d.code for d in check(cluster(**fields))}
    except InvalidModel as caught:
        return {d.code for d in caught.diagnostics}
