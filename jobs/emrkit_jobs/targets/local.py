"""Local EMR: the daemon of this project, started when it is needed."""

from __future__ import annotations

from pathlib import Path

from emrkit_jobs.targets.aws import LOCAL_KEYS, EndpointSession
from emrkit_jobs.targets.calls import Caller, Session
from emrkit_jobs.targets.localstack import LocalStackTarget

__all__ = ["LocalTarget", "open_local"]


class LocalTarget(LocalStackTarget):
    """Local EMR by its own boto3 session: dedicated keys, never a profile. Buckets are folders."""

    def __init__(self, name: str, environment: str, region: str, caller: Caller, buckets: Path | None) -> None:
        super().__init__(name, "local", environment, region, caller)
        self._buckets = buckets

    def bucket_folder(self, bucket: str) -> Path | None:
        return self._buckets / bucket if self._buckets else None


def open_local(
    name: str, *, environment: str, region: str | None, endpoint: str, buckets: Path | None = None
) -> LocalTarget:
    """The daemon that listens at this URL; `buckets` is the folder that holds its buckets as folders."""
    where = region or "us-east-1"

    def session() -> Session:
        import boto3

        made = boto3.Session(region_name=where, **LOCAL_KEYS)
        return EndpointSession(made, endpoint)

    hint = "is local EMR running? `emrkit local status`; `emrkit local up` starts it"
    return LocalTarget(name, environment, where, Caller(name, endpoint, session, hint, private=True), buckets)
