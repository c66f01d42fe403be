"""The life of a cluster: one thread each, asleep on its condition unless there is something to do."""

from __future__ import annotations

import logging
import threading
import time

from .bootstrap import Bootstrap
from .logs import parse_uri
from .ports import Executor, Objects
from .records import CLUSTER_ENDED, CLUSTER_ENDING, STEP_ACTIVE, Cluster, Step
from .running import StepRunner
from .state import State

_log = logging.getLogger(__name__)


class Drivers:
    """Starts and joins the threads that drive clusters."""

    def __init__(
        self, state: State, executor: Executor, objects: Objects, runner: StepRunner, bootstrap: Bootstrap
    ) -> None:
        self.state = state
        self.executor = executor
        self.objects = objects
        self.runner = runner
        self.bootstrap = bootstrap
        self._threads: dict[str, threading.Thread] = {}

    def drive(self, cluster: Cluster, interrupted: tuple[Step, ...] = ()) -> None:
        """Carry this cluster on from whatever state it is in; first write the logs of steps that died before."""
        thread = threading.Thread(target=_Driver(self, cluster, interrupted).run, name=f"emr-{cluster.id}", daemon=True)
        with self.state.lock:
            if self.state.closing:
                return
            self._threads = {k: t for k, t in self._threads.items() if t.is_alive() or k == cluster.id}
            self._threads[cluster.id] = thread
        thread.start()

    def close(self, seconds: float = 10.0) -> None:
        """Wait for the drivers to notice that we are closing."""
        deadline = time.monotonic() + seconds
        with self.state.lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


class _Driver:
    def __init__(self, drivers: Drivers, cluster: Cluster, interrupted: tuple[Step, ...]) -> None:
        self._drivers = drivers
        self._state = drivers.state
        self._cluster = cluster
        self._interrupted = interrupted
        self._condition = drivers.state.changed(cluster.id)
        self._rested = False

    def run(self) -> None:
        try:
            for step in self._interrupted:
                self._drivers.runner.finish_interrupted(self._cluster, step)
            self._begin()
            self._serve()
            self._end()
        except Exception as error:
            if self._state.closing:
                return
            _log.exception("cluster %s cannot go on", self._cluster.id)
            with self._state.changing():
                self._cluster.notes.append(f"internal error: {error}")
                self._state.terminate(self._cluster, "INTERNAL_ERROR", f"Local EMR failed: {error}")
                self._state.move(self._cluster, "TERMINATED_WITH_ERRORS")

    # STARTING, BOOTSTRAPPING ----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        cluster, settings = self._cluster, self._state.settings
        if cluster.state == "STARTING":
            self._note_missing_log_bucket()
            if not self._pause(settings.starting_delay):
                return
            with self._state.changing():
                self._state.move(cluster, "BOOTSTRAPPING")
        if cluster.state == "BOOTSTRAPPING":
            if not self._pause(settings.bootstrapping_delay):
                return
            failure = self._drivers.bootstrap.run(cluster)
            with self._state.changing():
                if self._state.closing or cluster.state in CLUSTER_ENDING:
                    return
                if failure is not None:
                    self._state.terminate(cluster, "BOOTSTRAP_FAILURE", failure.message, [failure.detail])
                elif self._active() or not cluster.keep_alive:
                    self._state.move(cluster, "RUNNING")
                else:
                    self._state.move(cluster, "WAITING")

    def _note_missing_log_bucket(self) -> None:
        place = parse_uri(self._cluster.log_uri)
        if place is None:
            return
        try:
            exists = self._drivers.objects.bucket_exists(place[0])
        except Exception:
            _log.warning("bucket %s could not be looked up", place[0], exc_info=True)
            return
        if not exists:
            with self._state.changing():
                self._cluster.notes.append(f"the bucket {place[0]} of the log URI does not exist; logs cannot be kept")
                self._state.touch(self._cluster)

    def _pause(self, seconds: float) -> bool:
        """Let the present state last this long; False when the cluster is told to end meanwhile."""
        until = (self._cluster.since or self._cluster.created) + seconds
        with self._state.lock:
            while not self._state.closing and self._cluster.state not in CLUSTER_ENDING:
                left = until - self._state.clock.now()
                if left <= 0:
                    return True
                self._state.clock.wait_on(self._condition, left)
        return False

    # RUNNING, WAITING -----------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            with self._state.changing():
                if self._state.closing or self._cluster.state in CLUSTER_ENDING:
                    return
                step = self._next_step()
                if step is None:
                    self._settle()
            if step is None:
                self._sleep()
            elif not self._drivers.runner.begin(self._cluster, step):
                self._await_memory()

    def _next_step(self) -> Step | None:
        busy = sum(s.state in ("RUNNING", "CANCEL_PENDING") for s in self._cluster.steps)
        if busy >= self._cluster.step_concurrency:
            return None
        return next((s for s in self._cluster.steps if s.state == "PENDING"), None)

    def _active(self) -> bool:
        return any(s.state in STEP_ACTIVE for s in self._cluster.steps)

    def _settle(self) -> None:
        """Nothing to start: a transient cluster without steps ends, a standing one waits, an idle one may end."""
        cluster = self._cluster
        if self._active():
            return
        if not cluster.keep_alive:
            self._state.terminate(cluster, "ALL_STEPS_COMPLETED", "Steps completed")
            return
        self._state.move(cluster, "WAITING")
        left = self._idle_left()
        if left is not None and left <= 0:
            self._state.terminate(cluster, "ALL_STEPS_COMPLETED", "Auto-terminated: the cluster was idle for too long")

    def _idle_left(self) -> float | None:
        timeout, since = self._cluster.idle_timeout, self._cluster.idle_since
        if timeout is None or since is None:
            return None
        return since + timeout - self._state.clock.now()

    def _sleep(self) -> None:
        if self._cluster.state == "WAITING" and not self._rested:
            # Once, for the first step; after a step its follower says when nothing runs.
            self._rested = True
            self._drivers.runner.rest_if_idle()
        with self._state.lock:
            # Looked at again under the lock: a step that came in the meantime has notified nobody yet.
            if self._state.closing or self._cluster.state in CLUSTER_ENDING or self._next_step() is not None:
                return
            if not self._active() and (self._cluster.state != "WAITING" or not self._cluster.keep_alive):
                return
            left = self._idle_left()
            if left is None or left > 0:
                self._state.clock.wait_on(self._condition, left)

    def _await_memory(self) -> None:
        with self._state.lock:
            if not self._state.closing and self._cluster.state not in CLUSTER_ENDING:
                self._state.clock.wait_on(self._condition, self._state.settings.admission_retry)

    # TERMINATING ----------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        cluster, state = self._cluster, self._state
        if state.closing or cluster.state in CLUSTER_ENDED:
            return
        self._end_steps()
        with state.lock:
            last = max([cluster.since, *(s.ended or 0.0 for s in cluster.steps)])
            until = last + state.settings.terminating_delay
            while not state.closing and (left := until - state.clock.now()) > 0:
                state.clock.wait_on(self._condition, left)
        with state.changing():
            if not state.closing:
                failed = cluster.reason_code not in ("USER_REQUEST", "ALL_STEPS_COMPLETED")
                state.move(cluster, "TERMINATED_WITH_ERRORS" if failed else "TERMINATED")

    def _end_steps(self) -> None:
        runner, state = self._drivers.runner, self._state
        for step in [s for s in self._cluster.steps if s.state in ("RUNNING", "CANCEL_PENDING")]:
            runner.cancel(step.id, force=False)
        deadline = state.clock.now() + state.settings.cancel_grace
        killed = False
        while True:
            with state.lock:
                left = [s for s in self._cluster.steps if s.state in STEP_ACTIVE]
                if state.closing or (not left and not runner.is_running(self._cluster)):
                    return
                patience = deadline - state.clock.now()
                if patience > 0 or killed:
                    state.clock.wait_on(self._condition, patience if patience > 0 else None)
                    continue
            killed = True
            for step in left:
                runner.cancel(step.id, force=True)
