"""How fast the cluster's life goes by, and the service's limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """Delays in seconds and limits in pieces; the defaults make a cluster ready in well under a second.

    Example: `Settings(starting_delay=0, environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})`.
    """

    starting_delay: float = 0.1
    """How long a cluster stays in STARTING (on AWS: while EC2 provides the instances)."""
    bootstrapping_delay: float = 0.1
    """How long a cluster stays in BOOTSTRAPPING beyond its bootstrap actions."""
    terminating_delay: float = 0.1
    """How long a cluster stays in TERMINATING after its steps have ended."""
    cancel_grace: float = 10.0
    """How long a step may take to heed an interrupt when its cluster terminates, before it is killed."""
    admission_retry: float = 2.0
    """How often a step that waits for memory asks again, beside being told that something ended."""
    active_step_limit: int = 256
    """PENDING, RUNNING and CANCEL_PENDING steps of one cluster."""
    bootstrap_action_limit: int = 16
    page_size: int = 50
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added to every process: the local endpoint, credentials and region."""
