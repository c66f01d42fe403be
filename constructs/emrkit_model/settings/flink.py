"""Flink on YARN: memory, slots, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from emrkit_model.contributions import Contribution, under
from emrkit_model.fields import Count, Text
from emrkit_model.tokens import is_token

from .amounts import KeyedSettings, Megabytes

__all__ = ["FlinkSettings"]


class FlinkSettings(KeyedSettings):
    """`flink-conf`: what Flink's processes get, and where its state is kept.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/flink-configure.html

    >>> settings = FlinkSettings(task_slots=2, task_manager_memory="4g")
    >>> [dict(c.properties) for _, c in settings.configurations("emr-7.12.0", None)]
    [{'taskmanager.numberOfTaskSlots': '2'}, {'taskmanager.memory.process.size': '4096m'}]
    """

    task_slots: Count | None = None
    """Tasks that one TaskManager runs side by side; at most the cores of a node. Default: 1."""
    parallelism: Count | None = None
    """Parallelism of a job that does not say it. Default: 1."""
    job_manager_memory: Megabytes | None = None
    """MB of the JobManager's process. Default: Flink's 1600 MB."""
    task_manager_memory: Megabytes | None = None
    """MB of a TaskManager's process. Default: Flink's 1728 MB."""
    checkpoints: Text | None = None
    """Where checkpoints go: `s3://…` or a path on HDFS. Default: memory of the JobManager."""
    savepoints: Text | None = None
    """Where savepoints go. Default: none, each command says it."""
    checkpoint_milliseconds: Count | None = None
    """Time between checkpoints. Default: none are made."""
    attempts: Count | None = None
    """How often YARN starts the JobManager; at most YARN's own limit. Default: Flink's."""
    java_home: Text | None = None
    """The Java for Flink, such as `/usr/lib/jvm/jre-11`; from 6.12.0 on. Default: the release's."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Flink",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "task_slots": ("flink-conf", "taskmanager.numberOfTaskSlots"),
        "parallelism": ("flink-conf", "parallelism.default"),
        "checkpoints": ("flink-conf", "state.checkpoints.dir"),
        "savepoints": ("flink-conf", "state.savepoints.dir"),
        "checkpoint_milliseconds": ("flink-conf", "execution.checkpointing.interval"),
        "attempts": ("flink-conf", "yarn.application-attempts"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = (
        "task_slots",
        "parallelism",
        "job_manager_memory",
        "task_manager_memory",
        "checkpoint_milliseconds",
        "attempts",
    )

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """Memory with its unit, and Java for all of Flink's processes."""
        for field, key in (("job_manager_memory", "jobmanager"), ("task_manager_memory", "taskmanager")):
            memory: int | None = getattr(self, field)
            if memory is not None:
                text = memory if is_token(memory) else f"{memory}m"
                yield from under(field, "flink-conf", {f"{key}.memory.process.size": text})
        if self.java_home is not None:
            keys = ("containerized.taskmanager.env.JAVA_HOME", "containerized.master.env.JAVA_HOME", "env.java.home")
            yield from under("java_home", "flink-conf", dict.fromkeys(keys, self.java_home))
