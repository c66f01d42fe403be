"""Local EMR's control plane: the EMR API over plain data, with clusters that live and steps that run.

```python
control = ControlPlane(folder, executor, objects, events)
answer = control.call("RunJobFlow", {...}, account="000000000000", region="us-east-1")
control.wait_cluster(answer["JobFlowId"], {"WAITING"}, deadline=time.time() + 60)
control.close()
```
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from .announcements import Announcer
from .bootstrap import Bootstrap
from .clock import SystemClock
from .clusters import cluster_view
from .context import Core, Scope
from .driver import Drivers
from .errors import ServiceError, invalid_request, serialization
from .operations import OPERATIONS
from .ports import Clock, Events, Executor, Objects
from .reading import Document
from .records import CLUSTER_ENDED, STEP_ACTIVE, Cluster
from .recovery import kill_orphans, mark_interrupted
from .running import StepRunner
from .settings import Settings
from .shapes import check_request
from .state import State
from .steps import step_view
from .store import Store

_log = logging.getLogger(__name__)


class Aborted(Exception):  # noqa: N818 - an outcome, as TimeoutError is
    """A wait was given up because its `abort` said so."""


class ControlPlane:
    """One EMR service with its durable state in a folder of its own.

    On construction it takes up what it finds in `state`: processes left by a crash are killed, their steps marked,
    and every cluster that has not ended goes on. Raises `store.StateInUse` when another one works on the folder.
    """

    def __init__(
        self,
        state: Path,
        executor: Executor,
        objects: Objects,
        events: Events,
        clock: Clock | None = None,
        settings: Settings | None = None,
    ) -> None:
        folder = state.resolve()
        store = Store(folder)
        self._announcer = Announcer(events)
        self._state = State(store, clock or SystemClock(), settings or Settings(), self._announcer)
        kill_orphans(self._state, folder)
        runner = StepRunner(self._state, executor, objects, folder)
        bootstrap = Bootstrap(self._state, executor, objects, folder)
        drivers = Drivers(self._state, executor, objects, runner, bootstrap)
        self._core = Core(self._state, executor, runner, bootstrap, drivers)
        for cluster, died in mark_interrupted(self._state):
            drivers.drive(cluster, died)

    def call(self, operation: str, request: Mapping[str, object], *, account: str, region: str) -> Document:
        """Do one operation of the EMR API; request and response have its JSON 1.1 shapes, times in epoch seconds.

        Raises `ServiceError` and nothing else: unknown operations, operations that local EMR does not have, requests
        of the wrong shape and whatever the operation itself refuses.
        """
        try:
            checked = check_request(operation, request)
        except RecursionError:
            raise serialization("The request is nested too deeply.") from None
        handler = OPERATIONS.get(operation)
        if handler is None:
            raise invalid_request(f"The operation {operation} is not supported by local EMR.")
        if self._state.closing:
            raise ServiceError("InternalServerException", "Local EMR is shutting down.", 500)
        try:
            return handler(self._core, Scope(account, region), checked)
        except ServiceError:
            raise
        except Exception as error:
            _log.exception("%s failed", operation)
            raise ServiceError("InternalServerException", f"{operation} failed in local EMR: {error!r}", 500) from error

    def wait_cluster(
        self,
        cluster_id: str,
        states: Collection[str],
        deadline: float | None = None,
        abort: Callable[[], bool] | None = None,
    ) -> Document:
        """Block until the cluster is in one of the states or has ended; the `Cluster` of DescribeCluster.

        `deadline` is in epoch seconds of the control plane's clock (None: no end); `abort` is asked at each change
        and once a second. Raises `TimeoutError`, `Aborted`, or `ServiceError` for an unknown id.
        """

        def look(cluster: Cluster) -> Document | None:
            return cluster_view(cluster) if cluster.state in states or cluster.state in CLUSTER_ENDED else None

        return self._wait(cluster_id, look, deadline, abort)

    def wait_step(
        self,
        cluster_id: str,
        step_id: str,
        deadline: float | None = None,
        abort: Callable[[], bool] | None = None,
    ) -> Document:
        """Block until the step has ended; the `Step` of DescribeStep. Otherwise as `wait_cluster`."""

        def look(cluster: Cluster) -> Document | None:
            step = cluster.step(step_id)
            if step is None:
                raise invalid_request(f"Step id '{step_id}' is not valid.")
            return None if step.state in STEP_ACTIVE else step_view(step)

        return self._wait(cluster_id, look, deadline, abort)

    def summary(self) -> Document:
        """How many clusters and steps there are, by state, and the clusters that have not ended, with their notes."""
        with self._state.lock:
            clusters = self._state.clusters()
            living = [c for c in clusters if c.state not in CLUSTER_ENDED]
            return {
                "clusters": _counts(c.state for c in clusters),
                "steps": _counts(s.state for c in clusters for s in c.steps),
                "active": [
                    {
                        "id": c.id,
                        "name": c.name,
                        "state": c.state,
                        "release": c.release,
                        "account": c.account,
                        "region": c.region,
                        "active_steps": [s.id for s in c.steps if s.state in STEP_ACTIVE],
                        "notes": list(c.notes),
                    }
                    for c in living
                ],
            }

    def close(self) -> None:
        """Stop: kill what runs and give the folder back. Steps that ran are marked when the folder is opened again."""
        with self._state.lock:
            if self._state.closing:
                return
            self._state.closing = True
        self._state.wake_all()
        self._core.bootstrap.stop()
        # Drivers first: once they have noticed, no further step can start behind the runner's back.
        self._core.drivers.close()
        self._core.runner.close()
        self._announcer.close()
        self._state.close()

    def _wait(
        self,
        cluster_id: str,
        look: Callable[[Cluster], Document | None],
        deadline: float | None,
        abort: Callable[[], bool] | None,
    ) -> Document:
        condition = self._state.changed(cluster_id)
        while True:
            with self._state.lock:
                cluster = self._state.find(cluster_id)
                if cluster is None:
                    raise invalid_request(f"Cluster id '{cluster_id}' is not valid.")
                if (found := look(cluster)) is not None:
                    return found
                if self._state.closing:
                    raise Aborted("local EMR is shutting down")
                left = None if deadline is None else deadline - self._state.clock.now()
                if left is not None and left <= 0:
                    raise TimeoutError(f"{cluster_id} did not get there in time; it is {cluster.state}")
            # Asked outside the lock: it is the caller's code.
            if abort is not None and abort():
                raise Aborted(f"the wait for {cluster_id} was given up")
            with self._state.lock:
                if look(cluster) is None and not self._state.closing:
                    pause = left if abort is None else min(1.0, left if left is not None else 1.0)
                    self._state.clock.wait_on(condition, pause)


def _counts(states: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in states:
        found[state] = found.get(state, 0) + 1
    return found
