"""What a crash left behind: orphans are killed, steps that ran are FAILED, clusters go on from where they stood.

A step that was RUNNING when the daemon died becomes FAILED (not INTERRUPTED: the API's own waiters know only FAILED
and CANCELLED as bad ends) with a reason that says so, and its ActionOnFailure decides about the cluster, as it would
on EMR.
"""

from __future__ import annotations

import time
from pathlib import Path

from .processes import kill_by_environment, kill_group
from .records import CLUSTER_ENDED, Cluster, Step
from .running import STOPPED, fail_step
from .state import State
from .work import STATE_MARKER

REASON = "LOCAL_EMR_STOPPED"
_LOOKS = 100
_QUIET = 2


def kill_orphans(state: State, folder: Path) -> None:
    """End every process that a previous control plane on this folder left running."""
    ids: set[str] = set()
    for cluster in state.clusters():
        if cluster.bootstrap_pid is not None:
            kill_group(cluster.bootstrap_pid, cluster.bootstrap_pid_started)
        if cluster.state == "BOOTSTRAPPING":
            ids |= {f"ba-{n}-{role}-{cluster.id}" for n in range(1, 17) for role in ("master", "core", "task")}
        for step in cluster.steps:
            if step.state in ("RUNNING", "CANCEL_PENDING"):
                ids.add(step.id)
                if step.pid is not None:
                    kill_group(step.pid, step.pid_started)
    # Looking again finds what forks while it is being killed, and what was started but not yet written down. One look
    # that finds nothing does not do: a process has no environment to read while it is in the middle of its exec.
    quiet = 0
    for _ in range(_LOOKS if ids else 0):
        killed = kill_by_environment("EMR_STEP_ID", frozenset(ids), (STATE_MARKER, str(folder)))
        quiet = 0 if killed else quiet + 1
        if quiet == _QUIET:
            break
        time.sleep(0.01)


def mark_interrupted(state: State) -> list[tuple[Cluster, tuple[Step, ...]]]:
    """Mark what died; every cluster that has not ended, with its steps that did."""
    living: list[tuple[Cluster, tuple[Step, ...]]] = []
    with state.changing():
        for cluster in state.clusters():
            died = tuple(s for s in cluster.steps if s.state in ("RUNNING", "CANCEL_PENDING"))
            for step in died:
                if step.cancel_option:
                    step.reason = "Cancelled by user"
                    state.move_step(cluster, step, "CANCELLED")
                else:
                    fail_step(state, cluster, step, REASON, STOPPED, "controller.gz")
            if cluster.bootstrap_pid is not None:
                cluster.bootstrap_pid = cluster.bootstrap_pid_started = None
                state.touch(cluster)
            if cluster.state not in CLUSTER_ENDED:
                living.append((cluster, died))
    return living
