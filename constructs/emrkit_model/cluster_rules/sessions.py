"""Spark Connect sessions: only the Spark train has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_sessions"]

_TRAIN = "emr-spark-"


def check_sessions(cluster: Cluster) -> Iterator[Diagnostic]:
    """Sessions need a release of the emr-spark train."""
    if cluster.sessions is not True or is_token(cluster.release) or cluster.release.startswith(_TRAIN):
        return
    yield error(
        "CLUS-101",
        f"release '{cluster.release}' has no sessions",
        "sessions",
        got=cluster.release,
        allowed="emr-spark-8.0.0 and later",
        reason="https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html",
        hint="choose a release of the emr-spark train, or leave sessions out",
    )
