"""Calls of the daemon's services, and waiting for what they begin."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from emrkit_local import client

RELEASE = "emr-7.10.0"
Start = Callable[[Path], client.Endpoint]


def aws(endpoint: client.Endpoint, service: str, attempts: int = 1) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint.url,
        region_name="us-east-1",
        aws_access_key_id=client.ACCOUNT,
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": attempts}, read_timeout=120, s3={"addressing_style": "path"}),
    )


def until(ready: Callable[[], Any], seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def run_cluster(endpoint: client.Endpoint, name: str = "c", **more: object) -> str:
    instances = {"InstanceCount": 1, "MasterInstanceType": "m5.xlarge", "KeepJobFlowAliveWhenNoSteps": True}
    request = {"Name": name, "ReleaseLabel": RELEASE, "Instances": instances, "JobFlowRole": "n", "ServiceRole": "s"}
    return aws(endpoint, "emr").run_job_flow(**request, **more)["JobFlowId"]


def stack_status(endpoint: client.Endpoint, name: str) -> str:
    """The state of a stack, by its name or its id (a deleted one has only that)."""
    return aws(endpoint, "cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def settled(endpoint: client.Endpoint, name: str) -> str:
    """The state in which a stack comes to rest."""

    def look() -> str | None:
        status = stack_status(endpoint, name)
        return None if status.endswith("_IN_PROGRESS") else status

    return until(look)
