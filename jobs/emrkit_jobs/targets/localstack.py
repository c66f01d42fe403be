"""An endpoint given by URL, through localstack-client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import cast

from emrkit_jobs.targets.aws import LOCAL_ACCOUNT, LOCAL_KEYS, ApiTarget
from emrkit_jobs.targets.calls import Caller, Session

__all__ = ["LocalStackTarget", "open_localstack"]


class LocalStackTarget(ApiTarget):
    """LocalStack, or whatever else answers at the URL; what it lacks is reported by the operation's name."""

    def process_environment(self) -> Mapping[str, str | None]:
        return local_environment(str(self.endpoint), self.region)


def local_environment(endpoint: str, region: str) -> dict[str, str | None]:
    """The environment of a process that may talk to this endpoint alone, with credentials that AWS would refuse."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": LOCAL_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": None,
        "AWS_PROFILE": None,
        "AWS_DEFAULT_PROFILE": None,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ROLE_ARN": None,
        "AWS_WEB_IDENTITY_TOKEN_FILE": None,
    }


def open_localstack(name: str, *, environment: str, region: str | None, endpoint: str) -> LocalStackTarget:
    """The endpoint at this URL, with credentials of its own; the user's profile is never read."""
    where = region or "us-east-1"

    def session() -> Session:
        from localstack_client.session import Session as LocalStackSession

        # The client takes its endpoint from this variable before anything else, and knows no other way to say https.
        before = os.environ.get("AWS_ENDPOINT_URL")
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        try:
            made = LocalStackSession(region_name=where, **LOCAL_KEYS)
        finally:
            if before is None:
                del os.environ["AWS_ENDPOINT_URL"]
            else:
                os.environ["AWS_ENDPOINT_URL"] = before
        return cast("Session", made)

    hint = f"start what should listen at {endpoint}, or correct `endpoint:` of target '{name}' in the project file"
    return LocalStackTarget(name, "localstack", environment, where, Caller(name, endpoint, session, hint, private=True))
