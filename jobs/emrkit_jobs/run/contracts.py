"""What the deployed stacks say of themselves, joined: clusters, buckets, keys, pipelines of one environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.targets.protocol import Target
from emrkit_model.contract import Contract, ContractCluster, ContractPipeline
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["Deployed", "read_deployed"]


@dataclass(frozen=True)
class Deployed:
    """The contract documents of a project's environment on a target."""

    project: str
    target: str
    environment: str
    contracts: tuple[Contract, ...]
    warnings: tuple[Diagnostic, ...] = ()
    """What the documents say that this emrkit does not know."""

    @property
    def clusters(self) -> Mapping[str, ContractCluster]:
        """Clusters by their names in the project file."""
        return {name: cluster for c in self.contracts for name, cluster in c.clusters.items()}

    @property
    def buckets(self) -> Mapping[str, str]:
        """Bucket names by purpose."""
        return {name: bucket for c in self.contracts for name, bucket in c.buckets.items()}

    @property
    def pipelines(self) -> Mapping[str, ContractPipeline]:
        """State machines by job."""
        return {name: pipeline for c in self.contracts for name, pipeline in c.pipelines.items()}

    def warn(self, report: Reporter) -> None:
        """Tells what was skipped, once for each key."""
        for found in self.warnings:
            report.warn(found)

    def require(self) -> None:
        """Raises `EmrkitError` (exit 3) if nothing is deployed there."""
        if not self.contracts:
            raise _refuse(
                "E-RUN-010",
                f"project '{self.project}' is not deployed on target '{self.target}'",
                f"deploy it first: `emrkit deploy --target {self.target}`",
                got=f"no contract under /emrkit/{self.project}/{self.environment}",
            )

    def cluster(self, name: str) -> ContractCluster:
        """The contract of a cluster; raises `EmrkitError` (exit 3) if it is not deployed."""
        self.require()
        if name not in self.clusters:
            raise self._missing("cluster", name, self.clusters)
        return self.clusters[name]

    def bucket(self, purpose: str) -> str:
        """The bucket for a purpose: `artifacts`, `logs`, …"""
        self.require()
        if purpose not in self.buckets:
            raise self._missing("bucket", purpose, self.buckets)
        return self.buckets[purpose]

    def pipeline(self, job: str) -> ContractPipeline:
        """The state machine of a job."""
        self.require()
        if job not in self.pipelines:
            raise self._missing("pipeline of job", job, self.pipelines, "; the app makes it with `emr.Pipeline`")
        return self.pipelines[job]

    def look_up(self, name: str, attribute: str) -> str:
        """The text for `${resource.<name>.<attribute>}`."""
        cluster = self.clusters.get(name)
        found: str | None = None
        if attribute == "bucket":
            found = self.buckets.get(name)
        elif attribute == "key_arn":
            found = next((c.keys[name] for c in self.contracts if name in c.keys), None)
        elif attribute == "role_arn":
            found = next((c.roles[name] for c in self.contracts if name in c.roles), None)
        elif cluster is not None:
            value: object = getattr(cluster, attribute, None)
            found = value if isinstance(value, str) else None
        if found is None:
            self.require()
            raise _refuse(
                "E-RUN-011",
                f"target '{self.target}' has no {attribute} of '{name}'",
                f"deploy again: `emrkit deploy --target {self.target}`; `emrkit summary` shows what is there",
            )
        return found

    def _missing(self, kind: str, name: str, known: Mapping[str, object], more: str = "") -> EmrkitError:
        return _refuse(
            "E-RUN-011",
            f"target '{self.target}' has no {kind} '{name}'",
            f"deploy again: `emrkit deploy --target {self.target}`{more}",
            allowed=", ".join(known) or "none is deployed",
        )


def read_deployed(target: Target, project: str) -> Deployed:
    """Reads the contract documents. Raises `EmrkitError` for a document of a newer emrkit."""
    read = [Contract.read({**document}) for document in target.contracts(project)]
    warnings = [found.within(contract.stack) for contract, said in read for found in said]
    return Deployed(project, target.name, target.environment, tuple(c for c, _ in read), tuple(warnings))


def _refuse(code: str, summary: str, hint: str, *, got: str | None = None, allowed: str | None = None) -> EmrkitError:
    return EmrkitError(Diagnostic(code, summary, got=got, allowed=allowed, hint=hint), ExitCode.TARGET_REFUSED)
