"""The same rules before anything is synthesized: what a declared cluster says about itself.

What a declaration leaves open (roles, security configuration, log location) is filled in safely by the constructs, so
only what it does say is judged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic, FieldPath, Severity

from .access import SERVICE_POLICY
from .catalogue import Finding
from .lifetime import IDLE_TERMINATION
from .protection import ENCRYPTION, IMDS, SECURITY_CONFIGURATION
from .template import Template

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_cluster"]

_RULES = (ENCRYPTION, IMDS, IDLE_TERMINATION, SERVICE_POLICY)
_FIELDS: dict[str, FieldPath] = {
    "AutoTerminationPolicy": ("idle_timeout",),
    "ServiceRole": ("service_role",),
    "JobFlowRole": ("instance_profile",),
}
_HINTS = {
    ENCRYPTION.id: "complete `encryption:` of the security configuration, or leave the whole field to the stack",
    IMDS.id: "set `imds: {version: 2}`, or leave it out: that is the default",
    IDLE_TERMINATION.id: "set `idle_timeout: 1h`, or `keep_alive: false` for a cluster that ends with its steps",
    SERVICE_POLICY.id: "leave the role out: the stack makes one with AmazonEMRServicePolicy_v2",
}


def check_cluster(cluster: Cluster) -> tuple[Diagnostic, ...]:
    """The guardrails that a declared cluster breaks, with paths in the cluster's own field names.

    Example:
        >>> from emrkit_model import Cluster, InstanceFleet
        >>> nodes = InstanceFleet.on_demand("m6g.xlarge")
        >>> [d.code for d in check_cluster(Cluster(name="etl", release="emr-7.10.0", primary=nodes, idle_timeout=None))]
        ['E-RULE-006']
    """
    found = [_diagnostic(finding) for rule in _RULES for finding in rule.findings(_template(cluster))]
    if isinstance(cluster.security_configuration, str):
        found.insert(0, _unread(cluster.security_configuration))
    return tuple(found)


def _template(cluster: Cluster) -> Template:
    properties: dict[str, object] = {
        "ServiceRole": cluster.service_role,
        "JobFlowRole": cluster.instance_profile,
        "Instances": {"KeepJobFlowAliveWhenNoSteps": cluster.keep_alive},
    }
    if cluster.idle_timeout is not None:
        properties["AutoTerminationPolicy"] = {"IdleTimeout": cluster.idle_timeout}
    resources: dict[str, object] = {"Cluster": {"Type": "AWS::EMR::Cluster", "Properties": properties}}
    document = cluster.security_document()
    if document is not None:
        resources["Security"] = {
            "Type": "AWS::EMR::SecurityConfiguration",
            "Properties": {"SecurityConfiguration": document},
        }
    return Template({"Resources": resources})


def _diagnostic(finding: Finding) -> Diagnostic:
    path = finding.problem.path
    field = _FIELDS.get(str(path[0]))
    if field is None:
        field = ("security_configuration", "imds" if finding.rule is IMDS else "encryption")
    return replace(finding.diagnostic, path=field, hint=_HINTS[finding.rule.id])


def _unread(name: str) -> Diagnostic:
    return Diagnostic(
        code="W-RULE-001",
        summary="the security configuration is only named, so nobody here can tell what it holds",
        severity=Severity.WARNING,
        path=("security_configuration",),
        got=name,
        reason=f"{SECURITY_CONFIGURATION.why} ({SECURITY_CONFIGURATION.page})",
        hint="leave the field out and let the stack make one, or write its parts here",
    )
