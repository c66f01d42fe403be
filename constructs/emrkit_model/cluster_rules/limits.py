"""The service's limits: steps, actions, tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
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
    # A cluster that has its roles is complete: nothing will add a place for its logs any more.
    if cluster.log_key is not None and cluster.log_uri is None and cluster.service_role is not None:
        yield error(
            "CLUS-098",
            "a key for logs that go nowhere",
            "log_key",
            reason=_API,
            hint="set log_uri, or leave log_key out",
        )
    replaced = cluster.unhealthy_node_replacement is True and cluster.core is not None
    if replaced and cluster.termination_protected is False:
        yield warning(
            "CLUS-099",
            "an unhealthy core node ends at once, with its blocks of HDFS",
            "unhealthy_node_replacement",
            reason=f"without termination protection EMR waits for nothing ({_GUIDE}emr-plan-node-replacement.html)",
            hint="set termination_protected: true: then the node is first relieved of its work",
        )
    reserved = [key for key in cluster.tags if key.lower().startswith("aws:")]
    if reserved:
        yield error("CLUS-066", "tags that begin with aws: are reserved", "tags", reserved[0], reason=_API)
    if cluster.tags:
        from emrkit_model.ownership import check_tag_text

        for key, value in cluster.tags.items():
            yield from check_tag_text(key, value, "tags", key)
