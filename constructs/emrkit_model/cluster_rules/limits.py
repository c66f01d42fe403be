"""The service's limits: steps, actions, tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_limits"]

_API = "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html"
_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"


def check_limits(cluster: Cluster) -> Iterator[Diagnostic]:
    """The service's limits: steps, actions, tags."""
    level = cluster.step_concurrency
    if not is_token(level):
        if not 1 <= level <= 256:
            yield error(
                "CLUS-060",
                "step_concurrency is 1 to 256",
                "step_concurrency",
                got=level,
                allowed="1 to 256",
                reason=_API,
            )
        if level > 1:
            yield from gate_problem("step-concurrency", cluster.release, "CLUS-061", "step_concurrency")
    if not is_token(cluster.bootstrap_actions) and len(cluster.bootstrap_actions) > 16:
        yield error(
            "CLUS-062",
            "more than 16 bootstrap actions",
            "bootstrap_actions",
            got=len(cluster.bootstrap_actions),
            allowed="16",
            reason=f"{_GUIDE}emr-plan-bootstrap.html",
        )
    reserved = [key for key in cluster.tags if key.lower().startswith("aws:")]
    if reserved:
        yield error("CLUS-066", "tags that begin with aws: are reserved", "tags", reserved[0], reason=_API)
