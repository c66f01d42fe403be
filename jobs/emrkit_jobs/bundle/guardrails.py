"""The guardrails over the clusters of a project file, before anything is synthesized.

The rules are those that judge a template. What a cluster leaves to the construct (security configuration, log bucket
and key) is not judged here: the construct's defaults are safe, and the template is judged when there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from emrkit_jobs.bundle.resolution import ResolvedProject
from emrkit_model import rules
from emrkit_model.cluster import Cluster
from emrkit_model.diagnostics import Diagnostic, Severity
from emrkit_model.render.cloudformation import cluster_properties
from emrkit_model.security import SecurityConfiguration

__all__ = ["judge"]

_FIELDS: Mapping[str, str] = {
    "SecurityConfiguration": "security_configuration",
    "LogUri": "log_uri",
    "LogEncryptionKmsKeyId": "log_key",
    "AutoTerminationPolicy": "idle_timeout",
}
"""The field of a cluster that stands for a property of the template."""

_LEFT_TO_CONSTRUCT = ("security_configuration", "log_uri", "log_key")


def judge(project: ResolvedProject) -> Iterator[Diagnostic]:
    """What breaks a guardrail: an error on a production target, a warning on one for development."""
    severity = Severity.ERROR if project.target.mode == "production" else Severity.WARNING
    for name, cluster in project.clusters.items():
        for finding in rules.check_template(_template(cluster)):
            first = str(finding.problem.path[0]) if finding.problem.path else ""
            field = "security_configuration" if finding.resource == "Security" else _FIELDS.get(first, "")
            if field in _LEFT_TO_CONSTRUCT and not isinstance(cluster.security_configuration, SecurityConfiguration):
                if getattr(cluster, field) is None:
                    continue
            elif field in ("log_uri", "log_key") and getattr(cluster, field) is None:
                continue
            path = ("clusters", name, *([field] if field else []))
            yield replace(finding.diagnostic, path=path, severity=severity, location=project.locate(path))


def _template(cluster: Cluster) -> Mapping[str, object]:
    properties: dict[str, object] = dict(cluster_properties(cluster))
    resources: dict[str, object] = {"Cluster": {"Type": "AWS::EMR::Cluster", "Properties": properties}}
    if isinstance(cluster.security_configuration, SecurityConfiguration):
        properties["SecurityConfiguration"] = {"Ref": "Security"}
        document = {"SecurityConfiguration": cluster.security_configuration.document()}
        resources["Security"] = {"Type": "AWS::EMR::SecurityConfiguration", "Properties": document}
    return {"Resources": resources}
