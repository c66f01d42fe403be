"""`deploy`: the app synthesized once, its assembly handed to the CDK CLI, and nothing done that is done already.

A deployment that was killed is taken up where it stands: what CloudFormation still does is waited for, a first
creation that was rolled back is cleared away, and the rest goes on.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from emrkit_jobs.plan.assembly import SynthesizedStack, read_assembly
from emrkit_jobs.plan.judgement import read_acknowledgements
from emrkit_jobs.run import preflights
from emrkit_jobs.run.cdk import Cdk, find_cdk
from emrkit_jobs.run.contracts import read_deployed
from emrkit_jobs.run.fingerprint import fingerprint_inputs
from emrkit_jobs.run.journal import Journal, list_journals, read_journal, write_durably
from emrkit_jobs.run.lock import is_process_alive
from emrkit_jobs.run.records import new_run_id
from emrkit_jobs.run.reports import Line, Reporter
from emrkit_jobs.run.synthesis import synthesize
from emrkit_jobs.run.workspace import Workspace
from emrkit_jobs.targets.protocol import StackView
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode, Severity

__all__ = ["Deployment", "deploy", "destroy"]

BOOTSTRAP_STACK = "CDKToolkit"
WAIT_SECONDS = 75 * 60.0
"""As long as EMR may take to make a cluster."""
_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
_CURRENT = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_DEAD = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"})


@dataclass(frozen=True)
class Deployment:
    """What a deployment did."""

    stacks: Mapping[str, str]
    """State of each stack, in order of deployment."""
    changed: bool
    synthesized: bool
    replaced: tuple[str, ...] = ()
    """Standing clusters that had ended and were made anew."""
    preflight: tuple[Diagnostic, ...] = ()
    """What the preflight warned of."""


def deploy(
    workspace: Workspace,
    report: Reporter,
    *,
    yes: bool = False,
    replace: Sequence[str] = (),
    preflight: bool = True,
) -> Deployment:
    """Brings the target to what the project says. Raises `EmrkitError` with one diagnosis of what went wrong.

    With `preflight` what EMR would refuse of new clusters is asked first, and refused with every reason (exit 3).
    """
    workspace.guard(report, yes=yes, verb="deploy")
    with _alone(workspace):
        _await_earlier_process(workspace, report)
        _require_clusters(workspace, replace)
        # What goes to AWS is judged first; on this machine nothing can be exposed and nothing costs.
        assembly, stacks, synthesized = _synthesize(workspace, report, judged=workspace.target.kind == "aws")
        views = _settle(workspace, stacks, report)
        ended = _ended_clusters(workspace, views, replace, report)
        parameters = _generations(stacks, ended)
        if not parameters and not _differs(workspace, stacks, views):
            report.say("nothing changed since the last deployment")
            return Deployment({s.name: _status(views[s.name]) for s in stacks}, False, synthesized)
        anew = {name.partition(":")[0] for name in parameters}
        inquiry = preflights.ask(workspace, preflights.standing_needs(workspace, stacks, anew) if preflight else ())
        preflights.require(inquiry, report)
        cdk = _open_cdk(workspace, report)
        _require_bootstrap(workspace, cdk, report)
        if ended:
            report.say(f"cluster {', '.join(ended)} has ended: a new one is made")
        try:
            cdk.deploy(assembly, parameters)
        except EmrkitError as error:
            raise _with_causes(workspace, stacks, error) from error
        views = {s.name: workspace.target.stacks.describe(s.name) for s in stacks}
        cdk.journal.write("finished", state="DEPLOYED")
        states = {n: _status(v) for n, v in views.items()}
        return Deployment(states, True, synthesized, tuple(ended), inquiry.warnings)


def destroy(workspace: Workspace, report: Reporter) -> tuple[str, ...]:
    """Removes the project's stacks; the buckets that they own are emptied first. The names of the stacks removed."""
    with _alone(workspace):
        _await_earlier_process(workspace, report)
        assembly, stacks, _ = _synthesize(workspace, report)
        views = {s.name: _await_quiet(workspace, s.name, report) for s in stacks}
        there = [s for s in stacks if views[s.name] is not None]
        if not there:
            return ()
        for stack in reversed(there):
            for bucket in workspace.target.stacks.buckets(stack.name):
                count = workspace.target.objects.empty(bucket)
                report.say(f"bucket {bucket}: {count} objects deleted")
        cdk = _open_cdk(workspace, report)
        try:
            cdk.destroy(assembly)
        except EmrkitError as error:
            raise _with_causes(workspace, stacks, error) from error
        left = [s.name for s in there if workspace.target.stacks.describe(s.name) is not None]
        if left:
            raise _with_causes(
                workspace,
                there,
                EmrkitError(
                    Diagnostic("E-DEP-006", f"stacks are still there: {', '.join(left)}", hint="run it again"),
                    ExitCode.TARGET_REFUSED,
                ),
            )
        cdk.journal.write("finished", state="DESTROYED")
        return tuple(s.name for s in reversed(there))


@contextmanager
def _alone(workspace: Workspace) -> Generator[None]:
    """One deployment of a project and target at a time on this machine; elsewhere the stack's own state guards it."""
    folder = workspace.state / "deploy"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{workspace.target.name}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 100).decode("utf-8", "replace").strip()
            raise EmrkitError(
                Diagnostic(
                    "E-DEP-003",
                    f"target '{workspace.target.name}' is being deployed by another command",
                    got=f"process {holder}" if holder else None,
                    hint="wait for it, then run the same command again",
                ),
                ExitCode.TARGET_UNREACHABLE,
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _journals(workspace: Workspace) -> Path:
    return workspace.state / "deploy" / workspace.target.name


def _open_cdk(workspace: Workspace, report: Reporter) -> Cdk:
    lineage = workspace.records.lineage
    journal = Journal.create(
        _journals(workspace), new_run_id(), lineage=lineage, facts={"target": workspace.target.name}
    )
    root = workspace.project.root.resolve()
    return Cdk(find_cdk(report), workspace.target, workspace.state, root, journal, report)


def _await_earlier_process(workspace: Workspace, report: Reporter) -> None:
    """A CDK process that outlived its killed parent is waited for: two at once would fight over the same stacks."""
    lineage = workspace.records.lineage
    for path in list_journals(_journals(workspace)):
        journal = read_journal(path, lineage)
        process = journal.find("process") if journal else None
        if process is None:
            continue
        pid, started = int(cast("int", process.facts["pid"])), str(process.facts["started"])
        end = time.monotonic() + WAIT_SECONDS
        told = False
        while is_process_alive(pid, started) and time.monotonic() < end:
            if not told:
                report.say(f"waiting for the CDK process {pid} of an interrupted deployment")
                told = True
            time.sleep(0.5)
        return


def _synthesize(
    workspace: Workspace, report: Reporter, *, judged: bool = False
) -> tuple[Path, tuple[SynthesizedStack, ...], bool]:
    """The assembly, made anew only when something that the app reads has changed."""
    root, name = workspace.project.root.resolve(), workspace.target.name
    folder = workspace.state / "assembly" / name
    note = folder.with_suffix(".json")
    digest = fingerprint_inputs(root, name, workspace.project.given)
    try:
        known = json.loads(note.read_text())
        if known["inputs"] == digest and known["judged"] >= judged and (folder / "manifest.json").is_file():
            stacks = read_assembly(folder)
            report.say("the app is unchanged: its last assembly is used")
            return folder, stacks, False
    except (OSError, ValueError, KeyError, TypeError, EmrkitError):
        pass
    note.unlink(missing_ok=True)
    report.say("synthesizing the stacks" + (", with the judges" if judged else ""))
    stacks = synthesize(root, name, folder, workspace.project.given, judged=judged)
    if judged:
        accepted = read_acknowledgements(folder)
        if any(found.severity is Severity.ERROR for found in accepted):
            raise EmrkitError(accepted)
        for found in accepted:
            report.warn(found)
    write_durably(note, json.dumps({"inputs": digest, "judged": judged}).encode())
    return folder, stacks, True


def _settle(workspace: Workspace, stacks: Sequence[SynthesizedStack], report: Reporter) -> dict[str, StackView | None]:
    """Every stack in a state from which a deployment can start."""
    views: dict[str, StackView | None] = {}
    for stack in stacks:
        view = _await_quiet(workspace, stack.name, report)
        if view is not None and view.status in _DEAD:
            report.say(f"stack {stack.name} is {view.status}: cleared away")
            workspace.target.stacks.delete(stack.name)
            view = _await_quiet(workspace, stack.name, report)
        views[stack.name] = view
    return views


def _await_quiet(workspace: Workspace, name: str, report: Reporter) -> StackView | None:
    end = time.monotonic() + WAIT_SECONDS
    while (view := workspace.target.stacks.describe(name)) is not None and view.busy:
        if time.monotonic() > end:
            raise EmrkitError(
                Diagnostic("E-DEP-005", f"stack {name} is still {view.status}", hint="look at it in CloudFormation"),
                ExitCode.TARGET_REFUSED,
            )
        report.show(f"waiting for stack {name}", [Line(name, view.status)])
        time.sleep(min(5.0, workspace.target.poll_seconds * 2))
    return view


def _ended_clusters(
    workspace: Workspace, views: Mapping[str, StackView | None], replace: Sequence[str], report: Reporter
) -> list[str]:
    """The standing clusters to make anew: those asked for and, on the local target, those that have ended."""
    if all(view is None for view in views.values()):
        return []
    deployed = read_deployed(workspace.target, workspace.project.name)
    _refuse_unknown(replace, deployed.clusters)
    chosen = list(replace)
    standing = workspace.resolved.standing_clusters
    for name, contract in deployed.clusters.items():
        if contract.id is None or name in chosen or name not in standing:
            continue
        cluster = workspace.target.clusters.describe(contract.id)
        if cluster is not None and cluster.alive:
            continue
        if workspace.target.kind == "local":
            chosen.append(name)
        else:
            report.warn(
                Diagnostic(
                    "W-DEP-001",
                    f"cluster '{name}' has ended, and CloudFormation does not notice",
                    hint=f"make a new one: `emrkit deploy --target {workspace.target.name} --replace {name}`",
                )
            )
    return chosen


def _require_clusters(workspace: Workspace, replace: Sequence[str]) -> None:
    """Names that nothing has and nothing will have are refused while nothing is touched yet.

    A first deployment makes every cluster anew, so one that is only declared is a name too.
    """
    if replace:
        deployed = read_deployed(workspace.target, workspace.project.name).clusters
        _refuse_unknown(replace, [*deployed, *workspace.declared.standing_clusters])


def _refuse_unknown(replace: Sequence[str], known: Collection[str]) -> None:
    unknown = next((name for name in replace if name not in known), None)
    if unknown is not None:
        close = get_close_matches(unknown, known, 1)
        raise EmrkitError(
            Diagnostic(
                "E-DEP-007",
                f"there is no cluster '{unknown}' to replace",
                got=f"--replace {unknown}",
                allowed=", ".join(dict.fromkeys(known)) or "none is deployed",
                hint=f"did you mean `{close[0]}`?" if close else "name a standing cluster of the project file",
            )
        )


def _generations(stacks: Sequence[SynthesizedStack], clusters: Sequence[str]) -> dict[str, str]:
    """The stack parameters that give each of these clusters a new name, and so a new cluster."""
    value = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    found: dict[str, str] = {}
    for name in clusters:
        wanted = f"{name}generation".replace("-", "").replace("_", "").lower()
        for stack in stacks:
            declared = cast("Mapping[str, object]", stack.template.get("Parameters") or {})
            for parameter in declared:
                if parameter.lower() == wanted:
                    found[f"{stack.name}:{parameter}"] = value
        if len(found) == 0:
            raise EmrkitError(
                Diagnostic(
                    "E-DEP-008",
                    f"cluster '{name}' cannot be replaced: no stack has its generation parameter",
                    hint="make the cluster with `emr.Cluster`, or destroy and deploy its stack",
                )
            )
    return found


def _differs(workspace: Workspace, stacks: Sequence[SynthesizedStack], views: Mapping[str, StackView | None]) -> bool:
    for stack in stacks:
        view = views[stack.name]
        if view is None or view.status not in _CURRENT:
            return True
        text = workspace.target.stacks.template(stack.name)
        if text is None or _parse(text) != stack.template:
            return True
    return False


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None  # deployed by something else, in YAML


def _require_bootstrap(workspace: Workspace, cdk: Cdk, report: Reporter) -> None:
    view = workspace.target.stacks.describe(BOOTSTRAP_STACK)
    if view is not None and view.status in _DONE:
        return
    who = workspace.identity
    if workspace.is_local:
        report.say("bootstrapping the local endpoint for the CDK (once)")
        cdk.bootstrap(who.account, who.region)
        return
    raise EmrkitError(
        Diagnostic(
            "E-DEP-004",
            f"account {who.account} is not bootstrapped for the CDK in {who.region}",
            reason="the CDK keeps templates and assets in a bucket that is made once for each account and region",
            hint=f"{' '.join(cdk.command)} bootstrap aws://{who.account}/{who.region}",
        ),
        ExitCode.TARGET_REFUSED,
    )


def _with_causes(workspace: Workspace, stacks: Sequence[SynthesizedStack], error: EmrkitError) -> EmrkitError:
    """The failed resources' own reasons, in place of what the CDK CLI makes of them."""
    causes: list[Diagnostic] = []
    for stack in stacks:
        view = workspace.target.stacks.describe(stack.name)
        if view is not None and view.status in _CURRENT:
            continue
        reasons = workspace.target.stacks.failures(stack.name)
        if reasons:
            causes.append(
                Diagnostic(
                    "E-DEP-009",
                    f"stack {stack.name} could not be deployed",
                    got=reasons[0],
                    reason="; ".join(reasons[1:4]) or None,
                    hint=error.diagnostics[0].hint,
                )
            )
    return EmrkitError(causes, error.exit_code) if causes else error


def _status(view: StackView | None) -> str:
    return view.status if view else "DELETED"
