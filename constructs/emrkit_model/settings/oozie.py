"""Oozie: how much it does at one time, and what it remembers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emrkit_model.fields import Count

from .amounts import KeyedSettings

__all__ = ["OozieSettings"]


class OozieSettings(KeyedSettings):
    """`oozie-site`.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-oozie.html and
    https://oozie.apache.org/docs/5.2.1/oozie-default.xml

    >>> [dict(c.properties) for _, c in OozieSettings(purge_after_days=14).configurations("emr-7.12.0", None)]
    [{'oozie.service.PurgeService.older.than': '14'}]
    """

    threads: Count | None = None
    """Threads that carry out commands. Default: 10."""
    concurrency: Count | None = None
    """Commands of one kind side by side. Default: 3."""
    queue_size: Count | None = None
    """Commands that wait at most. Default: 10000."""
    output_bytes: Count | None = None
    """Bytes that an action may hand on. Default: 2048."""
    purge_after_days: Count | None = None
    """Days after which a workflow that ended is forgotten. Default: 30."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Oozie",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "threads": ("oozie-site", "oozie.service.CallableQueueService.threads"),
        "concurrency": ("oozie-site", "oozie.service.CallableQueueService.callable.concurrency"),
        "queue_size": ("oozie-site", "oozie.service.CallableQueueService.queue.size"),
        "output_bytes": ("oozie-site", "oozie.action.max.output.data"),
        "purge_after_days": ("oozie-site", "oozie.service.PurgeService.older.than"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("threads", "concurrency", "queue_size", "output_bytes", "purge_after_days")
