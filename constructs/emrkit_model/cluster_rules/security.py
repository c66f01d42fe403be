"""The security configuration against the cluster that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_security"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"


def check_security(cluster: Cluster) -> Iterator[Diagnostic]:
    """The security configuration against the cluster that uses it."""
    inner = cluster.security_configuration
    if inner is not None and not isinstance(inner, str) and not is_token(inner):
        for found in inner.release_problems(cluster.release):
            yield found.within("security_configuration")
        if cluster.kerberos is not None and inner.kerberos not in (None, cluster.kerberos):
            yield error(
                "CLUS-040",
                "Kerberos is given twice, and differs",
                "kerberos",
                reason="the cluster's realm and the security configuration's KDC must be one",
                hint="give it once, at the cluster",
            )
    if cluster.kerberos is not None:
        for found in cluster.kerberos.release_problems(cluster.release):
            yield found.within("kerberos")
    realm = cluster.realm
    # A request names the realm but not the kind of its KDC, so a kind that nobody stated proves nothing.
    dedicated = realm is not None and realm.kind == "cluster-dedicated" and "kind" in realm.model_fields_set
    if dedicated and cluster.primaries == 3:
        yield error(
            "CLUS-041",
            "three primary nodes need an external KDC",
            "kerberos",
            "kind",
            reason=f"{_GUIDE}emr-plan-ha-launch.html",
            hint="kind: external",
        )
    if cluster.log_key is not None:
        yield from gate_problem("log-encryption", cluster.release, "CLUS-042", "log_key")
