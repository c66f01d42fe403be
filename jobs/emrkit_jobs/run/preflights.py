"""A preflight of a project's clusters: those that a deployment makes, and one that a run launches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from emrkit_jobs.plan.assembly import SynthesizedStack, parse_template
from emrkit_jobs.preflight import ClusterNeeds, Inquiry, check, read_request
from emrkit_jobs.preflight.templates import DeployedStack, read_stacks
from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.run.workspace import Workspace
from emrkit_jobs.targets.errors import TargetError
from emrkit_model.cluster import Cluster
from emrkit_model.contract import ContractCluster
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode
from emrkit_model.render.request import run_job_flow

__all__ = ["ask", "place_cluster", "require", "standing_needs", "transient_needs"]


def place_cluster(declared: Cluster, contract: ContractCluster, **more: object) -> Cluster:
    """A declared cluster in the place that the stacks made for it: roles, subnets, groups, log location."""
    groups = contract.security_groups
    placed = {
        "log_uri": contract.log_uri,
        "service_role": contract.service_role,
        "instance_profile": contract.instance_profile,
        "security_configuration": contract.security_configuration,
        "auto_scaling_role": contract.auto_scaling_role,
        # Groups have one subnet, the first; EMR chooses among those of fleets.
        "subnets": (contract.subnets[:1] if declared.groups() else contract.subnets) or None,
        "primary_security_group": groups.primary,
        "core_security_group": groups.core,
        "service_access_security_group": groups.service_access,
        "additional_primary_security_groups": groups.additional_primary or None,
        "additional_core_security_groups": groups.additional_core or None,
    }
    return declared.with_placement(**{key: value for key, value in placed.items() if value is not None}, **more)


def standing_needs(
    workspace: Workspace, stacks: Sequence[SynthesizedStack], anew: Collection[str] = ()
) -> tuple[ClusterNeeds, ...]:
    """The clusters that a deployment of these stacks would make or make anew; those of stacks in `anew` all are."""
    observed = tuple(observe_stack(workspace, stack.name, stack.template) for stack in stacks)
    observed = tuple(replace(stack, deployed=None) if stack.name in anew else stack for stack in observed)
    who = workspace.identity
    partition = who.principal.split(":")[1] if who.principal.startswith("arn:") else "aws"
    return tuple(read_stacks(observed, region=workspace.target.region, account=who.account, partition=partition))


def observe_stack(workspace: Workspace, name: str, wanted: Mapping[str, object]) -> DeployedStack:
    """A stack with the template and the resources that are deployed."""
    text = workspace.target.stacks.template(name)
    if text is None:
        return DeployedStack(name, wanted)
    return DeployedStack(name, wanted, parse_template(text), workspace.target.stacks.resources(name))


def transient_needs(
    workspace: Workspace, names: Iterable[str], changed: Mapping[str, Cluster] | None = None
) -> Iterator[ClusterNeeds]:
    """The clusters that runs of the project would launch, in the place that is deployed for them.

    `changed` are those that a run launches otherwise than the project declares them: with numbers that were chosen.
    """
    deployed = workspace.deployed
    clusters = {**workspace.resolved.clusters, **(changed or {})}
    for name in names:
        contract = deployed.clusters.get(name)
        if contract is None:
            continue
        declared = clusters[name]
        # No secret is fetched for a question: the password has no part in it.
        request = run_job_flow(
            place_cluster(declared, contract), region=workspace.target.region, resolve_secret=lambda _: "-"
        )
        document = _document(workspace, contract.security_configuration)
        yield read_request(name, request, workspace.target.region, document)


def _document(workspace: Workspace, name: str | None) -> Mapping[str, object] | None:
    """What a deployed security configuration holds: keys and archives that nodes will need."""
    if name is None:
        return None
    try:
        return workspace.target.account.security_configuration(name)
    except TargetError:
        return None  # asked again, and said, by the questions


def ask(workspace: Workspace, needs: Sequence[ClusterNeeds]) -> Inquiry:
    """Put every question about these clusters; nothing is asked where there are none."""
    return check(needs, workspace.target.account) if needs else Inquiry(())


def require(inquiry: Inquiry, report: Reporter) -> tuple[Diagnostic, ...]:
    """Warnings are shown, and come back; raises `EmrkitError` (exit 3) with every error at once."""
    for found in inquiry.warnings:
        report.warn(found)
    if inquiry.errors:
        raise EmrkitError(inquiry.errors, ExitCode.TARGET_REFUSED)
    if inquiry.clusters:
        report.detail(f"preflight of {', '.join(inquiry.clusters)}: nothing against it ({inquiry.seconds} s)")
    return inquiry.warnings
