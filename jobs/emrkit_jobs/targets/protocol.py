"""What the job side asks of a target, as protocols over plain data: one set of words for AWS, LocalStack and local EMR.

Every method may raise a `TargetError` (see `emrkit_jobs.targets.errors`): `Refused` for a cause the user can read,
`Unreachable` when nothing happened, and, for the few calls that are sent exactly once, `OutcomeUnknown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from emrkit_jobs.targets.account import Account

__all__ = [
    "CLUSTER_ALIVE",
    "RUN_TAG",
    "STEP_ENDED",
    "ClusterView",
    "Clusters",
    "ExecutionView",
    "Identity",
    "Json",
    "ObjectView",
    "Objects",
    "Pipelines",
    "StackView",
    "Stacks",
    "StateView",
    "StepView",
    "Target",
    "TargetKind",
]

Json = Mapping[str, object]
TargetKind = Literal["aws", "localstack", "local"]

STEP_ENDED = frozenset({"COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED"})
"""Step states that nothing follows; a state this program does not know counts as not ended.
https://docs.aws.amazon.com/emr/latest/APIReference/API_StepStatus.html"""

RUN_TAG = "emrkit:run"
"""The tag of a cluster that belongs to a run; its value is the run's id."""

CLUSTER_ALIVE = frozenset({"STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"})
"""Cluster states in which steps can be added.
https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStatus.html"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the target thinks we are."""

    account: str
    principal: str
    region: str


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster as it stands now."""

    id: str
    name: str
    state: str
    reason_code: str = ""
    reason: str = ""
    log_uri: str = ""
    step_concurrency: int = 1
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def alive(self) -> bool:
        """Whether steps can be added."""
        return self.state in CLUSTER_ALIVE


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as it stands now; times are None until reached."""

    id: str
    name: str
    state: str
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    message: str = ""
    log_file: str = ""

    @property
    def over(self) -> bool:
        """Whether the step has reached its last state."""
        return self.state in STEP_ENDED

    @property
    def seconds(self) -> float | None:
        """How long the step has run, or ran; None before its start."""
        if self.started is None:
            return None
        until = self.ended or datetime.now(self.started.tzinfo)
        return max(0.0, (until - self.started).total_seconds())


@dataclass(frozen=True, slots=True)
class ObjectView:
    """An object's key, size in bytes and tag."""

    key: str
    size: int
    etag: str = ""


@dataclass(frozen=True, slots=True)
class StateView:
    """One state of a state machine's execution, as its history tells."""

    name: str
    state: Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]
    started: datetime | None = None
    ended: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionView:
    """One execution of a state machine."""

    arn: str
    name: str
    status: str
    started: datetime | None = None
    ended: datetime | None = None
    output: str = ""
    error: str = ""
    cause: str = ""

    @property
    def over(self) -> bool:
        """Whether the execution has ended, well or badly."""
        return self.status in {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


@dataclass(frozen=True, slots=True)
class StackView:
    """A stack as CloudFormation has it."""

    name: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def busy(self) -> bool:
        """Whether CloudFormation still works on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


class Clusters(Protocol):
    """Amazon EMR on EC2."""

    def describe(self, cluster_id: str) -> ClusterView | None:
        """The cluster, or None if the target does not know the id."""
        ...

    def find_by_run(self, run: str, since: datetime) -> tuple[ClusterView, ...]:
        """Every cluster made after `since`, in any state, that carries the tag `emrkit:run` of this run."""
        ...

    def steps(self, cluster_id: str) -> tuple[StepView, ...]:
        """All steps of the cluster, oldest first."""
        ...

    def submit(self, request: Json) -> tuple[str, ...]:
        """AddJobFlowSteps, sent exactly once; the ids of the new steps."""
        ...

    def launch(self, request: Json) -> str:
        """RunJobFlow, sent exactly once; the id of the new cluster."""
        ...

    def cancel(self, cluster_id: str, step_ids: Sequence[str], *, kill: bool = False) -> Mapping[str, str]:
        """Asks for steps to be cancelled; the reason for each that cannot be."""
        ...

    def terminate(self, cluster_id: str) -> None:
        """Asks for the cluster's end; its termination protection is respected."""
        ...


class Objects(Protocol):
    """Amazon S3."""

    def bucket_exists(self, bucket: str) -> bool: ...

    def create_bucket(self, bucket: str) -> None:
        """Creates it; harmless if it is ours already."""
        ...

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectView]:
        """Every object below the prefix, in the order of keys."""
        ...

    def head(self, bucket: str, key: str) -> ObjectView | None: ...

    def get(self, bucket: str, key: str) -> bytes | None:
        """The object's bytes, or None if there is no such object."""
        ...

    def put(self, bucket: str, key: str, body: bytes) -> None: ...

    def put_new(self, bucket: str, key: str, body: bytes) -> bool:
        """Writes the object only if there is none (`If-None-Match: *`); False if there was one."""
        ...

    def upload(self, bucket: str, key: str, chunks: Iterable[bytes]) -> None:
        """Writes one object from its parts. An exception from `chunks` leaves no object and no dangling upload."""
        ...

    def upload_file(self, bucket: str, key: str, path: Path) -> None: ...

    def delete(self, bucket: str, keys: Iterable[str]) -> None: ...

    def empty(self, bucket: str) -> int:
        """Deletes every object and every version; how many there were."""
        ...


class Pipelines(Protocol):
    """AWS Step Functions."""

    def start(self, machine: str, name: str, payload: Json) -> str:
        """Starts an execution; the same name and payload again give the same execution."""
        ...

    def execution_arn(self, machine: str, name: str) -> str:
        """The ARN that an execution of this name has."""
        ...

    def describe(self, execution: str) -> ExecutionView | None: ...

    def states(self, execution: str) -> tuple[StateView, ...]:
        """The states that the execution has entered, in their order."""
        ...

    def stop(self, execution: str, cause: str) -> None: ...


class Stacks(Protocol):
    """AWS CloudFormation."""

    def describe(self, name: str) -> StackView | None:
        """The stack, or None if there is none (a deleted one counts as none)."""
        ...

    def template(self, name: str) -> str | None:
        """The deployed template's text."""
        ...

    def failures(self, name: str) -> tuple[str, ...]:
        """The reasons of the last operation's failed resources, cause first: `LogicalId (Type): reason`."""
        ...

    def buckets(self, name: str) -> tuple[str, ...]:
        """The names of the buckets that the stack owns."""
        ...

    def resources(self, name: str) -> Mapping[str, str]:
        """The ids of the stack's resources by their logical ids; empty if there is no such stack."""
        ...

    def delete(self, name: str) -> None: ...


class Target(Protocol):
    """A place where stacks are deployed and jobs run."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> TargetKind: ...

    @property
    def environment(self) -> str:
        """The environment whose stacks this target uses: `dev`, `test`, `prod`."""
        ...

    @property
    def region(self) -> str: ...

    @property
    def endpoint(self) -> str | None:
        """The URL of the endpoint; None for AWS itself."""
        ...

    @property
    def poll_seconds(self) -> float:
        """How often the state of a run may be asked for."""
        ...

    @property
    def clusters(self) -> Clusters: ...

    @property
    def objects(self) -> Objects: ...

    @property
    def pipelines(self) -> Pipelines: ...

    @property
    def stacks(self) -> Stacks: ...

    @property
    def account(self) -> Account:
        """What a preflight asks."""
        ...

    def identity(self) -> Identity:
        """Account and principal; the first call that shows whether the target answers."""
        ...

    def contracts(self, project: str) -> tuple[Json, ...]:
        """The contract documents that the deployed stacks of this project and environment have written."""
        ...

    def secret(self, reference: str) -> str:
        """The value of a secret, for a request that is made now; never kept, never printed."""
        ...

    def process_environment(self) -> Mapping[str, str | None]:
        """What a child process (the CDK CLI) needs in its environment to talk to this target; None: take it away."""
        ...

    def bucket_folder(self, bucket: str) -> Path | None:
        """Where a bucket's objects lie as files, if the target keeps them so."""
        ...
