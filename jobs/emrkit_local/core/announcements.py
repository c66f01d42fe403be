"""State changes as EventBridge details, and the thread that hands them to the host in order.

Delivery is best effort, as EMR's own: a host that fails to take an event loses it, and nothing else happens.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from .ports import Events
from .reading import Document
from .records import Capacity, Cluster, Step

_log = logging.getLogger(__name__)

CLUSTER_CHANGE = "EMR Cluster State Change"
STEP_CHANGE = "EMR Step Status Change"
FLEET_CHANGE = "EMR Instance Fleet State Change"
GROUP_CHANGE = "EMR Instance Group State Change"

_ANNOUNCED = {"STARTING", "WAITING", "TERMINATED", "TERMINATED_WITH_ERRORS"}
_STEP_WORDS = {
    "PENDING": "was added to Amazon EMR cluster {cluster} at {at} and is pending execution.",
    "RUNNING": "in Amazon EMR cluster {cluster} started running at {at}.",
    "CANCEL_PENDING": "in Amazon EMR cluster {cluster} is being cancelled since {at}.",
    "COMPLETED": "in Amazon EMR cluster {cluster} completed execution at {at}.",
    "CANCELLED": "in Amazon EMR cluster {cluster} was cancelled at {at}.",
    "FAILED": "in Amazon EMR cluster {cluster} failed at {at}.",
    "INTERRUPTED": "in Amazon EMR cluster {cluster} was interrupted at {at}.",
}
_CLUSTER_WORDS = {
    "STARTING": "was requested at {at} and is being created.",
    "WAITING": "became ready for steps at {at}.",
    "TERMINATED": "has terminated at {at} with a reason of {code}.",
    "TERMINATED_WITH_ERRORS": "has terminated with errors at {at} with a reason of {code}.",
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event on its way."""

    account: str
    region: str
    detail_type: str
    detail: Document


def cluster_announcement(cluster: Cluster, now: float) -> Announcement | None:
    """What EMR says about this cluster's present state; None for states it says nothing about."""
    if cluster.state not in _ANNOUNCED:
        return None
    words = _CLUSTER_WORDS[cluster.state].format(at=_moment(now), code=cluster.reason_code or "NONE")
    severity = "CRITICAL" if cluster.state == "TERMINATED_WITH_ERRORS" else "INFO"
    detail: Document = {
        "severity": severity,
        # A JSON document inside a string: this is what EMR sends.
        "stateChangeReason": json.dumps({"code": cluster.reason_code, "message": cluster.reason_message}),
        "name": cluster.name,
        "clusterId": cluster.id,
        "state": cluster.state,
        "message": f"Amazon EMR cluster {cluster.id} ({cluster.name}) {words}",
    }
    return Announcement(cluster.account, cluster.region, CLUSTER_CHANGE, detail)


def step_announcement(cluster: Cluster, step: Step, now: float) -> Announcement:
    """What EMR says about this step's present state."""
    words = _STEP_WORDS[step.state].format(cluster=cluster.id, at=_moment(now))
    detail: Document = {
        "severity": "ERROR" if step.state in ("FAILED", "INTERRUPTED") else "INFO",
        "actionOnFailure": step.action_on_failure,
        "stepId": step.id,
        "name": step.name,
        "clusterId": cluster.id,
        "state": step.state,
        "message": f"Step {step.id} ({step.name}) {words}",
    }
    return Announcement(cluster.account, cluster.region, STEP_CHANGE, detail)


def capacity_announcement(cluster: Cluster, capacity: Capacity, state: str, now: float) -> Announcement:
    """What EMR says about a fleet or a group."""
    shared: Document = {"severity": "INFO", "clusterId": cluster.id, "state": state}
    if capacity.kind == "fleet":
        what = f"instance fleet {capacity.id} in Amazon EMR cluster {cluster.id} ({cluster.name})"
        detail = shared | {
            "instanceFleetId": capacity.id,
            "instanceFleetType": capacity.role,
            "targetOnDemandCapacity": str(capacity.on_demand),
            "targetSpotCapacity": str(capacity.spot),
            "provisionedOnDemandCapacity": str(capacity.on_demand),
            "provisionedSpotCapacity": str(capacity.spot),
            "message": f"The {what} is {state} at {_moment(now)}.",
        }
        return Announcement(cluster.account, cluster.region, FLEET_CHANGE, detail)
    running = str(capacity.on_demand + capacity.spot)
    what = f"instance group {capacity.id} in Amazon EMR cluster {cluster.id} ({cluster.name})"
    detail = shared | {
        "instanceGroupId": capacity.id,
        "instanceGroupType": capacity.role,
        "instanceType": str(capacity.config.get("InstanceType", "")),
        "market": "SPOT" if capacity.spot else "ON_DEMAND",
        "requestedInstanceCount": running,
        "runningInstanceCount": running,
        "message": f"The {what} is {state} at {_moment(now)}.",
    }
    return Announcement(cluster.account, cluster.region, GROUP_CHANGE, detail)


class Announcer:
    """Publishes announcements in their order, on a thread of its own, so that no transition waits for a listener."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._queue: queue.SimpleQueue[Announcement | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._publish, name="emr-events", daemon=True)
        self._thread.start()

    def put(self, announcement: Announcement) -> None:
        """Queue an announcement; never blocks."""
        self._queue.put(announcement)

    def close(self, seconds: float = 5.0) -> None:
        """Publish what is queued, then end."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _publish(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._events.publish(item.account, item.region, item.detail_type, item.detail)
            except Exception:
                _log.exception("the host did not take the event %s", item.detail_type)


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
