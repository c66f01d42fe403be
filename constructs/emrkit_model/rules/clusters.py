"""The same rules before anything is synthesized: what a declared cluster, or a job, says about itself.

A cluster is rendered as the template that it would become. What a declaration leaves open (roles, security
configuration, log location and key) is filled in safely by the constructs, so only what it does say is judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic, FieldPath
from emrkit_model.findings import warning

from .access import SERVICE_POLICY
from .bootstrap import BOOTSTRAP, is_content_addressed
from .capacity import CORE_NOT_ON_SPOT
from .catalogue import Finding
from .lifetime import IDLE_TERMINATION
from .protection import ENCRYPTION, IMDS, LOGS, SECURITY_CONFIGURATION
from .secrets import SECRETS, describe, suspect_words
from .template import Json, Template

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster
    from emrkit_model.job import Job

__all__ = ["check_cluster", "check_job"]

_RULES = (ENCRYPTION, IMDS, IDLE_TERMINATION, LOGS, SERVICE_POLICY, CORE_NOT_ON_SPOT, SECRETS, BOOTSTRAP)
_FIELDS: dict[str, str] = {
    "Name": "name",
    "Tags": "tags",
    "Configurations": "configurations",
    "BootstrapActions": "bootstrap_actions",
    "AutoTerminationPolicy": "idle_timeout",
    "LogUri": "log_uri",
    "LogEncryptionKmsKeyId": "log_key",
    "ServiceRole": "service_role",
    "JobFlowRole": "instance_profile",
    "MasterInstanceFleet": "primary",
    "MasterInstanceGroup": "primary",
    "CoreInstanceFleet": "core",
    "CoreInstanceGroup": "core",
    "TaskInstanceFleets": "task",
    "TaskInstanceGroups": "task",
}
_LEFT_TO_CONSTRUCT = frozenset({"log_uri", "log_key"})
_HINTS = {
    ENCRYPTION.id: "complete `encryption:` of the security configuration, or leave the whole field to the stack",
    IMDS.id: "set `imds: {version: 2}`, or leave it out: that is the default",
    IDLE_TERMINATION.id: "set `idle_timeout: 1h`, or `keep_alive: false` for a cluster that ends with its steps",
    SERVICE_POLICY.id: "leave the role out: the stack makes one with AmazonEMRServicePolicy_v2",
    CORE_NOT_ON_SPOT.id: "make it `core: {on_demand: […]}`, or accept the rule under `judges: accept:` with the reason",
    BOOTSTRAP.id: "upload it under the digest of its content, as in s3://BUCKET/bootstrap/<sha256>/setup.sh",
}


def check_cluster(cluster: Cluster) -> tuple[Diagnostic, ...]:
    """The guardrails that a declared cluster breaks, with paths in the cluster's own field names.

    Example:
        >>> from emrkit_model import Cluster, InstanceFleet
        >>> nodes = InstanceFleet.on_demand("m6g.xlarge")
        >>> [d.code for d in check_cluster(Cluster(name="etl", release="emr-7.10.0", primary=nodes, idle_timeout=None))]
        ['E-RULE-006']
    """
    view = Template(_template(cluster))
    found = [
        _diagnostic(finding, path)
        for rule in _RULES
        for finding in rule.findings(view)
        if (path := _path(cluster, finding)) is not None
    ]
    if isinstance(cluster.security_configuration, str):
        found.insert(0, _unread(cluster.security_configuration))
    return tuple(found)


def check_job(job: Job) -> tuple[Diagnostic, ...]:
    """The guardrails that a job's steps break: no secret stands in their arguments.

    Example:
        >>> from emrkit_model import CommandStep, Job
        >>> step = CommandStep(name="load", command=["load.sh", "--password=hunter2!"])
        >>> [(d.code, d.path) for d in check_job(Job(name="nightly", steps=[step]))]
        [('E-RULE-012', ('steps', 0))]
    """
    return tuple(found for number, _ in enumerate(job.steps) for found in _secrets_of_step(job, number))


def _secrets_of_step(job: Job, number: int) -> Iterator[Diagnostic]:
    jar = job.steps[number].hadoop_jar()
    words = [*(f"--conf={key}={value}" for key, value in jar.properties.items()), *jar.args]
    for position, suspicion in suspect_words([str(word) for word in words]):
        finding = Finding(SECRETS, describe("Job", (position,), suspicion))
        hint = "keep it in Secrets Manager, hand the step the secret's ARN, and read it in the code"
        yield replace(finding.diagnostic, path=("steps", number), hint=hint)


def _template(cluster: Cluster) -> Json:
    # Late: the renderings import every value object.
    from emrkit_model.render.cloudformation import cluster_properties

    resources: dict[str, object] = {
        "Cluster": {"Type": "AWS::EMR::Cluster", "Properties": dict(cluster_properties(cluster))}
    }
    document = cluster.security_document()
    if document is not None:
        resources["Security"] = {
            "Type": "AWS::EMR::SecurityConfiguration",
            "Properties": {"SecurityConfiguration": document},
        }
    return {"Resources": resources}


def _path(cluster: Cluster, finding: Finding) -> FieldPath | None:
    """The cluster's own field for a place in the template; None where the construct fills the gap."""
    if finding.resource == "Security":
        return ("security_configuration", "imds" if finding.rule is IMDS else "encryption")
    place = finding.problem.path
    if place and place[0] == "Instances":
        place = place[1:]
    field = _FIELDS.get(str(place[0])) if place else None
    if field is None:
        return ()
    if field in _LEFT_TO_CONSTRUCT and getattr(cluster, field) is None:
        return None
    if finding.rule is BOOTSTRAP and not _is_foreign_script(finding.problem.got or ""):
        return None
    number = next((step for step in place[1:] if isinstance(step, int)), None)
    return (field, number) if field == "bootstrap_actions" and number is not None else (field,)


def _is_foreign_script(path: str) -> bool:
    """An address without a digest. That the bucket is written out is no fault in a file, which cannot refer to one."""
    return path.startswith("s3") and not is_content_addressed(path)


def _diagnostic(finding: Finding, path: FieldPath) -> Diagnostic:
    return replace(finding.diagnostic, path=path, hint=_HINTS.get(finding.rule.id, finding.fix))


def _unread(name: str) -> Diagnostic:
    return warning(
        "RULE-001",
        "the security configuration is only named, so nobody here can tell what it holds",
        "security_configuration",
        got=name,
        reason=f"{SECURITY_CONFIGURATION.why} ({SECURITY_CONFIGURATION.page})",
        hint="leave the field out and let the stack make one, or write its parts here",
    )
