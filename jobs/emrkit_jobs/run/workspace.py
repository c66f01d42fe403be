"""A project and a target brought together: what every verb that touches a target starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from emrkit_jobs.bundle.project import LoadedProject, ResolvedProject
from emrkit_jobs.run.contracts import Deployed, read_deployed
from emrkit_jobs.run.journal import write_durably
from emrkit_jobs.run.records import RunRecords
from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.targets import open_target
from emrkit_jobs.targets.protocol import Identity, Target
from emrkit_local.folders import ensure_folder, state_folder
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["Workspace", "open_workspace"]


@dataclass
class Workspace:
    """A project on a target, with the folder where what is known about it is kept."""

    project: LoadedProject
    target: Target
    state: Path
    warnings: list[Diagnostic] = field(default_factory=list[Diagnostic])
    """What a preflight warned of while this workspace was used."""

    @cached_property
    def identity(self) -> Identity:
        """Who we are there; the first call, so an endpoint that is down shows here."""
        return self.target.identity()

    @cached_property
    def deployed(self) -> Deployed:
        """What the deployed stacks say."""
        return read_deployed(self.target, self.project.name)

    @cached_property
    def declared(self) -> ResolvedProject:
        """The project as this target sees it, whatever is deployed: resource references stay as they are written."""
        return self.project.for_target(self.project.choose_target(self.target.name))

    @cached_property
    def resolved(self) -> ResolvedProject:
        """The same with the resource references filled in from what is deployed."""
        plain = self.declared
        return self.project.for_target(plain.target, resources=self.deployed.look_up) if plain.references else plain

    @cached_property
    def records(self) -> RunRecords:
        """The runs of this project on this target."""
        return RunRecords(self.state, self.project.name, self.target.name, self.identity.account)

    @property
    def is_local(self) -> bool:
        """Whether the target is a local endpoint (sample data, created buckets)."""
        return self.target.kind != "aws"

    def guard(self, report: Reporter, *, yes: bool, verb: str) -> None:
        """Before a project's first change on an AWS account: shows which one, and needs a yes. Asked once."""
        who = self.identity
        if self.target.kind != "aws":
            return
        known = self.state / "accounts" / f"{self.target.name}-{who.account}-{who.region}"
        if known.exists():
            return
        place = f"account {who.account}, region {who.region}, as {who.principal}"
        report.say(f"target '{self.target.name}' is AWS {place}")
        if not yes and not report.confirm(f"let `emrkit {verb}` change things there?"):
            raise EmrkitError(
                Diagnostic(
                    "E-RUN-007",
                    f"the first change of project '{self.project.name}' on this account needs a yes",
                    got=place,
                    hint=f"if that is the right one: `emrkit {verb} --target {self.target.name} --yes`",
                ),
                ExitCode.TARGET_REFUSED,
            )
        write_durably(known, place.encode())


def open_workspace(project: LoadedProject, target: str | None) -> Workspace:
    """The project on the chosen target. Local EMR is started when it does not run."""
    declared = project.choose_target(target)
    state = ensure_folder(state_folder(project.root), "EMRKIT_STATE_DIR")
    return Workspace(project, open_target(declared, state), state)
