"""A local EMR of the bench's own, with one cluster, and how a step on it is timed."""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emrkit_local import client, folders

from .measuring import ROOT

__all__ = ["Bench", "opened"]

_RELEASE = "emr-7.10.0"
_ENDS = {"COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"}
_BUCKET = "emrkit-bench"
_PATIENCE = 120.0


class Bench:
    """A running local EMR with one waiting cluster."""

    def __init__(self, endpoint: client.Endpoint) -> None:
        import boto3

        keys = {"aws_access_key_id": client.ACCOUNT, "aws_secret_access_key": "local", "region_name": "us-east-1"}
        session = boto3.Session(**keys)
        self.endpoint = endpoint
        self.emr: Any = session.client("emr", endpoint_url=endpoint.url)
        self.s3: Any = session.client("s3", endpoint_url=endpoint.url)
        self.s3.create_bucket(Bucket=_BUCKET)
        self.cluster: str = self.emr.run_job_flow(
            Name="bench",
            ReleaseLabel=_RELEASE,
            Applications=[{"Name": "Spark"}],
            ServiceRole="EMR_DefaultRole_V2",
            JobFlowRole="bench",
            LogUri=f"s3://{_BUCKET}/logs/",
            Instances={"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True},
        )["JobFlowId"]
        self._await(
            lambda: self.emr.describe_cluster(ClusterId=self.cluster)["Cluster"]["Status"]["State"] == "WAITING"
        )

    def upload(self, path: Path, text: str | None = None) -> str:
        """Put a file where steps can read it; its location."""
        body = path.read_bytes() if text is None else text.encode()
        self.s3.put_object(Bucket=_BUCKET, Key=path.name, Body=body)
        return f"s3://{_BUCKET}/{path.name}"

    def step(self, *args: str | Path) -> tuple[float, str]:
        """Seconds from AddJobFlowSteps to COMPLETED, and the step's id; any other end raises."""
        jar = {"Jar": "command-runner.jar", "Args": [str(arg) for arg in args]}
        request = [{"Name": "bench", "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar}]
        started = time.perf_counter()
        step = self.emr.add_job_flow_steps(JobFlowId=self.cluster, Steps=request)["StepIds"][0]
        while (state := self._state(step)) not in _ENDS:
            time.sleep(0.05)  # asking more often would take a good part of a processor from the step
        taken = time.perf_counter() - started
        if state != "COMPLETED":
            raise RuntimeError(
                f"{args} ended {state}:\n{self.log(step, 'stdout')[-1500:]}\n{self.log(step, 'stderr')[-1500:]}"
            )
        return taken, step

    def log(self, step: str, name: str) -> str:
        """One of a step's logs, as it lies in the log bucket."""
        path = self.endpoint.buckets / _BUCKET / "logs" / self.cluster / "steps" / step / f"{name}.gz"
        self._await(path.exists, 20)
        return gzip.decompress(path.read_bytes()).decode()

    def await_slot(self) -> None:
        """Wait until a booted JVM is ready, so that every measurement begins on a quiet machine."""
        self._await(lambda: bool(self._slots()))

    def forget_slot(self) -> None:
        """Make the next step start cold: a slot that does not say it is ready is not taken."""
        for mark in self._slots():
            mark.unlink()

    def started(self, step: str) -> str:
        """How the engine says that it started the step."""
        lines = [line for line in self.log(step, "controller").splitlines() if " start " in line]
        return lines[-1].split(": ", 1)[1] if lines else ""

    def _slots(self) -> list[Path]:
        return list(self.endpoint.state.glob("engines/slots/*/.ready"))

    def _state(self, step: str) -> str:
        return self.emr.describe_step(ClusterId=self.cluster, StepId=step)["Step"]["Status"]["State"]

    @staticmethod
    def _await(holds: Any, patience: float = _PATIENCE) -> None:
        end = time.monotonic() + patience
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError(f"nothing came within {patience:.0f} s")
            time.sleep(0.02)


@contextmanager
def opened() -> Iterator[Bench]:
    """A local EMR in a state folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="emrkit-bench-", dir=ROOT / "bench") as name:
        state = Path(name)
        endpoint = client.start(state, folders.cache_folder())
        try:
            yield Bench(endpoint)
        finally:
            client.stop(state)
