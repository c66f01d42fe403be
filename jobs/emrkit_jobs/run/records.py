"""The runs that this project knows, from their journals; and which of them a command should go on with."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from emrkit_jobs.run.journal import Journal, list_journals, read_journal, write_durably
from emrkit_model.diagnostics import Diagnostic, EmrkitError

__all__ = ["RunRecord", "RunRecords", "new_run_id"]

_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"


@dataclass
class RunRecord:
    """One run as its journal tells it."""

    journal: Journal

    @property
    def id(self) -> str:
        return str(self.journal.first.facts["run"])

    @property
    def job(self) -> str:
        return str(self.journal.first.facts["job"])

    @property
    def via(self) -> str:
        """`cluster`, `transient` or `pipeline`."""
        return str(self.journal.first.facts["via"])

    @property
    def started(self) -> datetime:
        return self.journal.first.at

    @property
    def cluster(self) -> str | None:
        """The id of the cluster, once it is known."""
        found = self.journal.find("cluster")
        return str(found.facts["id"]) if found else None

    @property
    def execution(self) -> str | None:
        """The ARN of the pipeline's execution, once it is known."""
        found = self.journal.find("execution")
        return str(found.facts["arn"]) if found else None

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the job's steps, in their order."""
        return tuple(str(name) for name in cast("list[object]", self.journal.first.facts.get("steps") or []))

    @property
    def state(self) -> str:
        """`SUBMITTED` until the end is known, then that."""
        found = self.journal.find("finished")
        if found:
            return str(found.facts["state"])
        return "SUBMITTED" if self.cluster or self.execution else "PREPARED"

    def label(self, step: str) -> str:
        """The name of a step at EMR: it carries the run, so that a lost answer can be looked up."""
        return f"{step} [{self.id}]"

    def step_of(self, label: str) -> str | None:
        """The job's own name of a step at EMR; None if it belongs to another run."""
        return label.removesuffix(f" [{self.id}]") if label.endswith(f" [{self.id}]") else None


class RunRecords:
    """A project's journals for one target, in the state folder (which two projects may share)."""

    def __init__(self, state: Path, project: str, target: str, account: str = "") -> None:
        self.folder = state / "runs" / target
        self._project = project
        self._account = account

    @property
    def lineage(self) -> str:
        """What all journals of this target share: the account, and a number drawn once for this state folder."""
        path = self.folder / "lineage"
        if not path.exists():
            write_durably(path, secrets.token_hex(8).encode())
        return f"{path.read_text().strip()}/{self._account}"

    def create(self, facts: Mapping[str, object]) -> RunRecord:
        """A new run, on disk before anything is done for it."""
        run = new_run_id()
        named = {"run": run, "project": self._project, **facts}
        return RunRecord(Journal.create(self.folder, run, lineage=self.lineage, facts=named))

    def all(self) -> Iterator[RunRecord]:
        """Every run, newest first. Raises `EmrkitError` for a journal that must not be acted on."""
        if not self.folder.is_dir():
            return
        for path in list_journals(self.folder):
            journal = read_journal(path, self.lineage)
            if journal is not None and journal.first.facts.get("project") == self._project:
                yield RunRecord(journal)

    def find(self, name: str | None) -> RunRecord:
        """A run by its id (or its unique end), the latest run of a job, or (None) the latest of all."""
        matches = [r for r in self.all() if name is None or name in (r.id, r.job) or r.id.endswith(name)]
        if not matches:
            raise EmrkitError(
                Diagnostic(
                    "E-RUN-006",
                    f"there is no run '{name}'" if name else "nothing was run here yet",
                    hint="`emrkit status` lists the runs; `emrkit run JOB` starts one",
                )
            )
        return matches[0]

    def unfinished(self, facts: Mapping[str, object]) -> RunRecord | None:
        """The newest run of the same job, bundle and way whose end is not known yet."""
        for record in self.all():
            first = record.journal.first.facts
            if not record.journal.finished and all(first.get(key) == value for key, value in facts.items()):
                return record
        return None


def new_run_id() -> str:
    """Sorts by time, and is told apart by its end: `20260301-101500-k3f9`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{''.join(secrets.choice(_LETTERS) for _ in range(4))}"
