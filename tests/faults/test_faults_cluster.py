"""Clusters and daemons that die: each is told apart, and nothing is left running."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from emrkit_local import client
from tests.conftest import Command, Shop, write_contract

pytestmark = pytest.mark.daemon


def test_a_failing_bootstrap_action_is_told_apart_from_a_failing_step(shop, aws) -> None:
    bucket = shop.standing["artifacts"]
    aws("s3").put_object(Bucket=bucket, Key="boot.sh", Body=b"#!/bin/bash\necho no disk >&2\nexit 7\n")
    cluster = {
        "transient": True,
        "release": "emr-7.10.0",
        "applications": ["Spark"],
        "primary": {"on_demand": ["m5.xlarge"]},
        "bootstrap_actions": [{"name": "boot", "path": f"s3://{bucket}/boot.sh"}],
    }
    job = {"run_on": "own", "steps": [{"name": "only", "command": ["bash", "-c", "echo never"]}]}
    shop.write({"quick": job}, clusters={"own": cluster})
    done = shop("run", "quick")
    assert done.code == 1, done.err
    assert "error[E-RUN-023]" in done.err
    clusters = aws("emr").list_clusters(ClusterStates=["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"])["Clusters"]
    assert [c for c in clusters if c["Name"] == "own"] == []


def test_a_daemon_killed_in_mid_step_marks_the_step_and_the_next_command_says_so(tmp_path: Path) -> None:
    import boto3
    from botocore.config import Config

    from emrkit_local.folders import cache_folder

    state = tmp_path / "state"
    endpoint = client.start(state, cache_folder())
    try:

        def aws(service: str, url: str = "") -> object:
            return boto3.client(
                service,
                endpoint_url=url or endpoint.url,
                region_name="us-east-1",
                aws_access_key_id="000000000000",
                aws_secret_access_key="local",
                config=Config(s3={"addressing_style": "path"}),
            )

        for bucket in ("artifacts", "logs"):
            aws("s3").create_bucket(Bucket=bucket)
        cluster = aws("emr").run_job_flow(
            Name="standing", ReleaseLabel="emr-7.10.0", Applications=[{"Name": "Spark"}], LogUri="s3://logs/",
            ServiceRole="s", JobFlowRole="n",
            Instances={
                "KeepJobFlowAliveWhenNoSteps": True,
                "InstanceFleets": [{
                    "InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1,
                    "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
                }],
            },
        )["JobFlowId"]  # fmt: skip
        folder = tmp_path / "shop"
        folder.mkdir()
        standing = {"cluster": cluster, "artifacts": "artifacts", "logs": "logs"}
        shop = Shop(Command(folder, state), "shop", standing)
        shop.write({"slow": {"run_on": "etl", "steps": [{"name": "only", "command": ["sleep", "300"]}]}})
        write_contract(aws, "shop", standing)
        process = shop.command.start("run", "slow")
        assert process.stderr is not None
        while "RUNNING" not in (line := process.stderr.readline()):
            assert line
        os.kill(endpoint.pid, signal.SIGKILL)
        _, rest = process.communicate(timeout=300)
        assert process.returncode == 4, rest
        assert "same command again" in rest
        again = shop("run", "slow")
        assert again.code in (1, 3), again.err
        assert "Traceback" not in again.err
        restarted = client.find(state)
        assert restarted is not None
        steps = aws("emr", restarted.url).list_steps(ClusterId=cluster)["Steps"]
        assert len(steps) == 1
        assert steps[0]["Status"]["State"] in ("FAILED", "CANCELLED", "INTERRUPTED")
    finally:
        client.stop(state)
