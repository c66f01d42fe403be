"""RunJobFlow: what EMR refuses at once, and the cluster that comes of what it accepts."""

from __future__ import annotations

import re

from emrkit_facts import releases

from .context import Core, Scope
from .errors import validation
from .fleets import capacities_of
from .group_scaling import check_policies, fit_to_constraints
from .identifiers import new_id
from .logs import parse_uri
from .policies import check_auto_termination, check_managed_scaling, fit_to_policy
from .ports import Refusal
from .reading import Document, count, flag, record, records, text, word, words
from .records import Cluster
from .security_configurations import find, parts_in_force
from .steps import append_steps, check_steps

_RELEASE = re.compile(r"^emr-(spark-)?\d+\.\d+\.\d+$")
_PASSWORDS = ("KdcAdminPassword", "CrossRealmTrustPrincipalPassword", "ADDomainJoinPassword")


def run_job_flow(core: Core, scope: Scope, request: Document) -> Document:
    """RunJobFlow.

    A log URI whose bucket does not exist is accepted, as the API does; the cluster's notes and each step's controller
    log say that the logs could not be kept.
    """
    release = _release(request)
    try:
        core.executor.check_release(release)
    except Refusal as refusal:
        raise validation(f"{refusal}") from None
    _check_placement(request)
    _check_sizes(core, request)
    steps, now = records(request, "Steps"), core.state.clock.now()
    cluster = _cluster(scope, request, now)
    limit = core.state.settings.active_step_limit
    check_steps(steps, concurrency=cluster.step_concurrency, active=0, limit=limit)
    try:
        with core.state.changing():
            document = _check_security(core, scope, request)
            cluster.notes += _notes(request, document)
            cluster.ordinal = len(core.state.clusters())
            core.state.add(cluster)
            append_steps(core, cluster, steps, now, text(request, "StepExecutionRoleArn"))
    except Exception:
        core.state.forget(cluster)
        raise
    core.drivers.drive(cluster)
    return {"JobFlowId": cluster.id, "ClusterArn": cluster.arn}


def _cluster(scope: Scope, request: Document, now: float) -> Cluster:
    asked = record(request, "Instances")
    kept = {key: value for key, value in request.items() if key != "Steps"}
    if "KerberosAttributes" in kept:
        attributes = record(kept, "KerberosAttributes")
        kept["KerberosAttributes"] = {k: v for k, v in attributes.items() if k not in _PASSWORDS}
    cluster = Cluster(
        id=new_id("j"),
        account=scope.account,
        region=scope.region,
        ordinal=0,
        request=kept,
        created=now,
        keep_alive=flag(asked, "KeepJobFlowAliveWhenNoSteps"),
        termination_protected=flag(asked, "TerminationProtected"),
        unhealthy_replacement=flag(asked, "UnhealthyNodeReplacement", default=True),
        visible=flag(request, "VisibleToAllUsers", default=True),
        step_concurrency=count(request, "StepConcurrencyLevel", 1),
        extended_support=flag(request, "ExtendedSupport") if "ExtendedSupport" in request else None,
        managed_scaling=record(request, "ManagedScalingPolicy") or None,
        auto_termination=record(request, "AutoTerminationPolicy") or None,
        tags={word(t, "Key"): word(t, "Value") for t in records(request, "Tags")},
        capacities=capacities_of(asked, now),
    )
    if cluster.step_concurrency not in range(1, 257):
        raise validation("StepConcurrencyLevel must lie between 1 and 256.")
    if cluster.managed_scaling is not None:
        if problem := check_managed_scaling(cluster.managed_scaling, fleets=cluster.uses_fleets):
            raise problem
        fit_to_policy(cluster)
    if problem := check_policies(cluster):
        raise problem
    fit_to_constraints(cluster)
    if cluster.auto_termination is not None and (problem := check_auto_termination(cluster.auto_termination)):
        raise problem
    if len(cluster.capacities) and sum(c.on_demand for c in cluster.capacities if c.role == "MASTER") == 3:
        # EMR protects several primary nodes unless told otherwise.
        cluster.termination_protected = flag(asked, "TerminationProtected", default=True)
    return cluster


def _release(request: Document) -> str:
    release = text(request, "ReleaseLabel")
    if release is None:
        raise validation("A ReleaseLabel must be given (AMI versions, before release 4.0, are not supported).")
    if not _RELEASE.match(release):
        raise validation(f"The supplied release label is invalid: {release}.")
    known = releases.find(release)
    if isinstance(known, releases.Release):
        offered = {name.lower() for name in known.applications}
        missing = [n for a in records(request, "Applications") if (n := word(a, "Name")).lower() not in offered]
        if missing:
            raise validation(f"The release {release} does not have the application {', '.join(missing)}.")
    if any("Version" in a for a in records(request, "Applications")):
        raise validation("An application's Version must not be given from release 4.0 on.")
    return release


def _check_placement(request: Document) -> None:
    asked = record(request, "Instances")
    subnet, subnets = text(asked, "Ec2SubnetId"), words(asked, "Ec2SubnetIds")
    if subnet and subnets:
        raise validation("Ec2SubnetId and Ec2SubnetIds are mutually exclusive.")
    if subnets and not records(asked, "InstanceFleets"):
        raise validation("Ec2SubnetIds is for instance fleets; instance groups take Ec2SubnetId.")
    if (subnet or subnets) and text(record(asked, "Placement"), "AvailabilityZone"):
        raise validation("A subnet and an Availability Zone are mutually exclusive.")


def _check_sizes(core: Core, request: Document) -> None:
    log_uri = text(request, "LogUri")
    if log_uri and parse_uri(log_uri) is None:
        raise validation(f"The log URI {log_uri} is not an S3 location (s3://bucket/prefix/).")
    if text(request, "LogEncryptionKmsKeyId") and not log_uri:
        raise validation("LogEncryptionKmsKeyId needs a LogUri.")
    limit = core.state.settings.bootstrap_action_limit
    actions = records(request, "BootstrapActions")
    if len(actions) > limit:
        raise validation(f"A cluster has at most {limit} bootstrap actions, not {len(actions)}.")
    names = [word(t, "Key") for t in records(request, "Tags")]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise validation(f"The tag {', '.join(twice)} is given more than once.")


def _check_security(core: Core, scope: Scope, request: Document) -> Document:
    name = text(request, "SecurityConfiguration")
    document: Document = {}
    if name:
        found = find(core, scope, name)
        if found is None:
            raise validation(f"Security configuration with name '{name}' does not exist.")
        document = found
    kerberos = "kerberos" in parts_in_force(document)
    attributes = record(request, "KerberosAttributes")
    if attributes and not kerberos:
        raise validation("KerberosAttributes need a security configuration with Kerberos.")
    if kerberos and not attributes:
        raise validation(f"The security configuration '{name}' has Kerberos, so KerberosAttributes must be given.")
    return document


def _notes(request: Document, document: Document) -> list[str]:
    parts = dict(parts_in_force(document))
    if text(request, "JobFlowRole") or text(request, "ServiceRole"):
        parts["iam"] = "IAM roles of service and instances"
    return [f"{words} accepted, not enforced" for words in parts.values()]
