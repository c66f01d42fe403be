"""The living state: every cluster in memory, one lock, and the transitions that are durable before they are seen."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from .announcements import Announcement, Announcer, capacity_announcement, cluster_announcement, step_announcement
from .errors import NO_LONGER_MODIFIABLE, invalid_request, validation
from .ports import Clock
from .reading import Document
from .records import CLUSTER_ENDED, CLUSTER_ENDING, STEP_ENDED, Cluster, ClusterState, Step, StepState
from .settings import Settings
from .store import Store


class State:
    """Clusters and their steps.

    `lock` guards everything. Mutations happen inside `changing()`: what was touched is committed to disk before the
    lock is given up, then the announcements leave and whoever waits on a touched cluster wakes up. No port (objects,
    executor, events) is ever called while the lock is held.
    """

    def __init__(self, store: Store, clock: Clock, settings: Settings, announcer: Announcer) -> None:
        self.lock = threading.RLock()
        self.store = store
        self.clock = clock
        self.settings = settings
        self.closing = False
        self._announcer = announcer
        self._clusters: dict[str, Cluster] = {}
        self._changed: dict[str, threading.Condition] = {}
        self._depth = 0
        self._closed = False
        self._touched: dict[str, Cluster] = {}
        self._touched_steps: dict[str, Step] = {}
        self._announcements: list[Announcement] = []
        for cluster in store.load():
            self._clusters[cluster.id] = cluster

    # Access ---------------------------------------------------------------------------------------------------------

    def clusters(self) -> list[Cluster]:
        """Every cluster ever made here, oldest first."""
        return list(self._clusters.values())

    def find(self, cluster_id: str) -> Cluster | None:
        """The cluster with this id, whatever its account and Region."""
        return self._clusters.get(cluster_id)

    def cluster(self, cluster_id: str, account: str, region: str) -> Cluster:
        """The cluster as the newer operations look it up; `InvalidRequestException` when there is none."""
        cluster = self._clusters.get(cluster_id)
        if cluster is None or (cluster.account, cluster.region) != (account, region):
            raise invalid_request(f"Cluster id '{cluster_id}' is not valid.")
        return cluster

    def job_flow(self, cluster_id: str, account: str, region: str) -> Cluster:
        """The cluster as the older operations look it up; `ValidationException` when there is none."""
        cluster = self._clusters.get(cluster_id)
        if cluster is None or (cluster.account, cluster.region) != (account, region):
            raise validation(f"Specified job flow ID does not exist: {cluster_id}")
        return cluster

    def changed(self, cluster_id: str) -> threading.Condition:
        """Notified after each change of this cluster or one of its steps."""
        with self.lock:
            return self._changed.setdefault(cluster_id, threading.Condition(self.lock))

    def wake_all(self) -> None:
        """Let every driver look again (memory came free, the clock of a test moved, we are closing)."""
        with self.lock:
            for condition in self._changed.values():
                condition.notify_all()

    def close(self) -> None:
        """Give the folder back. A thread that outlives this (a process nobody could kill) changes nothing any more."""
        with self.lock:
            self._closed = True
            self.store.close()

    # Change ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Generator[float]:
        """Hold the lock for a change; yields the present time. What was touched is on disk when the block ends."""
        with self.lock:
            self._depth += 1
            try:
                yield self.clock.now()
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._commit()

    def add(self, cluster: Cluster) -> None:
        """A new cluster, in its first state."""
        self._clusters[cluster.id] = cluster
        self.touch(cluster)
        self._announce(cluster_announcement(cluster, cluster.created))

    def forget(self, cluster: Cluster) -> None:
        """A new cluster that could not be written down has never been."""
        with self.lock:
            self._clusters.pop(cluster.id, None)
            self._touched.pop(cluster.id, None)
            for step in cluster.steps:
                self._touched_steps.pop(step.id, None)
            self._announcements.clear()

    def add_step(self, cluster: Cluster, step: Step) -> None:
        """A new step, PENDING."""
        cluster.steps.append(step)
        self.touch_step(cluster, step)
        self._announce(step_announcement(cluster, step, step.created))

    def touch(self, cluster: Cluster) -> None:
        """This cluster was changed."""
        self._touched[cluster.id] = cluster

    def touch_step(self, cluster: Cluster, step: Step) -> None:
        """This step was changed."""
        self._touched_steps[step.id] = step
        self._touched.setdefault(cluster.id, cluster)

    def announce(self, announcement: Announcement) -> None:
        """Publish this once the change is on disk."""
        self._announcements.append(announcement)

    def move(self, cluster: Cluster, state: ClusterState, code: str = "", message: str = "") -> None:
        """Bring a cluster into a state; a cluster that has ended stays as it is."""
        if cluster.state in CLUSTER_ENDED or cluster.state == state:
            return
        now = self.clock.now()
        cluster.state, cluster.since = state, now
        if code or state not in CLUSTER_ENDING:
            cluster.reason_code, cluster.reason_message = code, message
        if state in ("RUNNING", "WAITING") and cluster.ready is None:
            cluster.ready = now
            self._announce_capacities(cluster, "RUNNING", now)
        cluster.idle_since = now if state == "WAITING" else None
        if state in CLUSTER_ENDED:
            cluster.ended = now
            self._announce_capacities(cluster, "TERMINATED", now)
        self.touch(cluster)
        self._announce(cluster_announcement(cluster, now))

    def move_step(self, cluster: Cluster, step: Step, state: StepState, *, at: float | None = None) -> None:
        """Bring a step into a state; a step that has ended stays as it is."""
        if step.state in STEP_ENDED or step.state == state:
            return
        now = self.clock.now() if at is None else at
        step.state = state
        if state == "RUNNING":
            step.started = now
        elif state in STEP_ENDED:
            step.ended = now
            step.pid = step.pid_started = None
        self.touch_step(cluster, step)
        self._announce(step_announcement(cluster, step, now))

    def cancel_pending_steps(self, cluster: Cluster, reason: str) -> None:
        """Every step that has not begun is CANCELLED."""
        for step in cluster.steps:
            if step.state == "PENDING":
                step.reason = reason
                self.move_step(cluster, step, "CANCELLED")

    def terminate(self, cluster: Cluster, code: str, message: str, details: list[Document] | None = None) -> None:
        """Begin the end of a cluster; harmless when it has begun."""
        if cluster.state in CLUSTER_ENDING:
            return
        cluster.error_details = details or []
        self.move(cluster, "TERMINATING", code, message)
        self.cancel_pending_steps(cluster, "Job terminated")

    def must_be_modifiable(self, cluster: Cluster) -> None:
        """Raises the `ValidationException` that EMR gives for a cluster on its way out."""
        if cluster.state in CLUSTER_ENDING:
            raise validation(NO_LONGER_MODIFIABLE)

    def _announce_capacities(self, cluster: Cluster, state: str, now: float) -> None:
        for capacity in cluster.capacities:
            self._announcements.append(capacity_announcement(cluster, capacity, state, now))

    def _announce(self, announcement: Announcement | None) -> None:
        if announcement is not None:
            self._announcements.append(announcement)

    def _commit(self) -> None:
        if self._closed:
            return
        clusters, steps = list(self._touched.values()), list(self._touched_steps.values())
        if clusters or steps:
            # When this fails (no disk) the rows stay touched, and are written with the next change that succeeds.
            self.store.save(clusters, steps)
        announcements = self._announcements
        self._touched, self._touched_steps, self._announcements = {}, {}, []
        for announcement in announcements:
            self._announcer.put(announcement)
        for cluster in clusters:
            if condition := self._changed.get(cluster.id):
                condition.notify_all()
