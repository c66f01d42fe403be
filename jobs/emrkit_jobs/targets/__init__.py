"""Where things run: one protocol for AWS, LocalStack and local EMR. The only part of the job side that knows boto3.

Example: `target = open_target(project.choose_target("local"), state_folder(project.root))`
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emrkit_jobs.bundle.declarations import Target as DeclaredTarget
    from emrkit_jobs.targets.protocol import Target

__all__ = ["open_target"]


def open_target(declared: DeclaredTarget, state: Path) -> Target:
    """The target that the project file declares; local EMR is started if it does not run.

    `state` is the project's state folder. Nothing is asked of AWS yet. Raises `EmrkitError`.
    """
    environment = declared.environment_name
    if declared.kind == "aws":
        from emrkit_jobs.targets.aws import open_aws

        return open_aws(
            declared.name,
            environment=environment,
            region=declared.region,
            account=declared.account,
            endpoint=declared.endpoint,
        )
    if declared.kind == "localstack" or declared.endpoint:
        from emrkit_jobs.targets.localstack import open_localstack

        assert declared.endpoint is not None, "the project file's own rule"
        return open_localstack(
            declared.name, environment=environment, region=declared.region, endpoint=declared.endpoint
        )
    from emrkit_jobs.targets.local import open_local
    from emrkit_local import client
    from emrkit_local.folders import cache_folder

    daemon = client.start(state, cache_folder())
    return open_local(
        declared.name,
        environment=environment,
        region=declared.region,
        endpoint=daemon.url,
        buckets=daemon.buckets,
    )
