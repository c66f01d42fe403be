"""What the core remembers of a cluster and of its steps, and how that is written to disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, cast

from .reading import Document

ClusterState = Literal[
    "STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"
]
StepState = Literal["PENDING", "CANCEL_PENDING", "RUNNING", "COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED"]

CLUSTER_ENDED = frozenset({"TERMINATED", "TERMINATED_WITH_ERRORS"})
CLUSTER_ENDING = CLUSTER_ENDED | {"TERMINATING"}
STEP_ACTIVE = frozenset({"PENDING", "RUNNING", "CANCEL_PENDING"})
STEP_ENDED = frozenset({"COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED"})


@dataclass(slots=True)
class Capacity:
    """One instance fleet or one instance group: what was asked for. `config` is the request's own entry."""

    id: str
    role: str
    kind: Literal["fleet", "group"]
    on_demand: int
    """Target units of a fleet, or the instance count of an On-Demand group."""
    spot: int
    config: Document
    created: float


@dataclass(slots=True)
class Step:
    """One step of a cluster."""

    id: str
    cluster_id: str
    ordinal: int
    request: Document
    """The `StepConfig` as it came."""
    created: float
    state: StepState = "PENDING"
    reason: str = ""
    failure: Document | None = None
    started: float | None = None
    ended: float | None = None
    execution_role: str | None = None
    cancel_option: str | None = None
    pid: int | None = None
    pid_started: str | None = None
    """With the pid, tells our process from a later one that was given the same number."""

    @property
    def name(self) -> str:
        return str(self.request.get("Name", ""))

    @property
    def action_on_failure(self) -> str:
        return str(self.request.get("ActionOnFailure") or "CONTINUE")


@dataclass(slots=True)
class Cluster:
    """One cluster. `request` is the RunJobFlow request as it came, without passwords and without its steps."""

    id: str
    account: str
    region: str
    ordinal: int
    request: Document
    created: float
    state: ClusterState = "STARTING"
    since: float = 0.0
    """When the present state began; 0 stands for the creation."""
    reason_code: str = ""
    reason_message: str = ""
    error_details: list[Document] = field(default_factory=list[Document])
    ready: float | None = None
    ended: float | None = None
    idle_since: float | None = None
    termination_protected: bool = False
    keep_alive: bool = False
    visible: bool = True
    unhealthy_replacement: bool = True
    step_concurrency: int = 1
    extended_support: bool | None = None
    managed_scaling: Document | None = None
    auto_termination: Document | None = None
    tags: dict[str, str] = field(default_factory=dict[str, str])
    capacities: list[Capacity] = field(default_factory=list[Capacity])
    notes: list[str] = field(default_factory=list[str])
    """What local EMR accepts and does not enforce, and what went wrong beside the steps, in the user's words."""
    bootstrap_pid: int | None = None
    bootstrap_pid_started: str | None = None
    steps: list[Step] = field(default_factory=list[Step], repr=False)

    @property
    def name(self) -> str:
        return str(self.request.get("Name", ""))

    @property
    def arn(self) -> str:
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        return f"arn:{partition}:elasticmapreduce:{self.region}:{self.account}:cluster/{self.id}"

    @property
    def release(self) -> str:
        return str(self.request.get("ReleaseLabel", ""))

    @property
    def log_uri(self) -> str:
        """With a slash at its end; empty when the cluster keeps no logs."""
        uri = str(self.request.get("LogUri") or "")
        return uri if not uri or uri.endswith("/") else uri + "/"

    @property
    def idle_timeout(self) -> int | None:
        """Seconds in WAITING after which the auto-termination policy ends the cluster; None without a policy."""
        if self.auto_termination is None:
            return None
        timeout = self.auto_termination.get("IdleTimeout")
        return timeout if isinstance(timeout, int) else 3600

    @property
    def uses_fleets(self) -> bool:
        return any(c.kind == "fleet" for c in self.capacities)

    def step(self, step_id: str) -> Step | None:
        """The step with this id, or None."""
        return next((s for s in self.steps if s.id == step_id), None)


def cluster_to_text(cluster: Cluster) -> str:
    """The cluster without its steps, as JSON."""
    values = {f.name: getattr(cluster, f.name) for f in fields(cluster) if f.name not in ("steps", "capacities")}
    values["capacities"] = [asdict(c) for c in cluster.capacities]
    return json.dumps(values)


def cluster_from_text(value: str) -> Cluster:
    """The inverse of `cluster_to_text`."""
    members = cast("dict[str, object]", json.loads(value))
    capacities = cast("list[dict[str, object]]", members.pop("capacities"))
    cluster = Cluster(**members)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    cluster.capacities = [Capacity(**c) for c in capacities]  # pyright: ignore[reportArgumentType]
    return cluster


def step_to_text(step: Step) -> str:
    """The step as JSON."""
    return json.dumps({f.name: getattr(step, f.name) for f in fields(step)})


def step_from_text(value: str) -> Step:
    """The inverse of `step_to_text`."""
    return Step(**json.loads(value))
