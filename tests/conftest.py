"""What the tiers share: one engine cache and one local EMR for the whole test run, also under xdist."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import canaries

# No example is too slow: others may share the machine. Under CI (which hypothesis knows by `CI`) examples are the same
# every time.
settings.register_profile(
    "emrkit",
    settings.get_profile("ci" if os.environ.get("CI") else "default"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("emrkit")

ROOT = Path(__file__).parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """The CDK library runs on the Node that emrkit brings, if it is there; planted secrets are watched for."""
    config.pluginmanager.register(canaries.Watch(config), "canaries")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell without job control starts what is in the background so, and every command under test inherits it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    from emrkit_local import environments

    if (node := environments.find("node")) is not None:
        os.environ.setdefault("JSII_NODE", str(node.node))
    os.environ.setdefault("CDK_VALIDATION", "false")


@dataclass(frozen=True)
class Finished:
    """What one call of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, object]:
        """stdout as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """`emrkit` in a project folder, with its own state folder."""

    folder: Path
    state: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EMRKIT_TARGET"))}
        return {**kept, "EMRKIT_STATE_DIR": str(self.state), "NO_COLOR": "1"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", "from emrkit_jobs.cli.main import main; main()", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, timeout: float = 300) -> Finished:
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"emrkit {' '.join(arguments)} did not end within {timeout} s:\n{out}\n{err}")
        canaries.record(out, err)
        return Finished(process.returncode, out, err)


@pytest.fixture(scope="session")
def shared_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of the one local EMR of this test run; the last worker to leave stops it."""
    from emrkit_local import client

    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    state = base / "emrkit-state"
    state.mkdir(exist_ok=True)
    users = base / "emrkit-users"
    with (base / "emrkit.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        users.write_text(str(int(users.read_text() if users.exists() else 0) + 1))
    yield state
    with (base / "emrkit.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0:
            client.stop(state)


@pytest.fixture(scope="session")
def daemon(shared_state: Path) -> object:
    """The endpoint of the one local EMR of this test run (an `emrkit_local.client.Endpoint`)."""
    from emrkit_local import client
    from emrkit_local.folders import cache_folder

    return client.start(shared_state, cache_folder())


@pytest.fixture(scope="session")
def aws(daemon: object) -> object:
    """`aws("emr")`: a boto3 client of local EMR, for what a test puts in place or looks at."""
    import boto3
    from botocore.config import Config

    def client(service: str) -> object:
        return boto3.client(
            service,
            endpoint_url=daemon.url,  # type: ignore[attr-defined]
            region_name="us-east-1",
            aws_access_key_id="000000000000",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}),
        )

    return client


def write_project(folder: Path, jobs: Mapping[str, object], **parts: object) -> None:
    """A small project file with a local target; JSON is YAML."""
    project = {
        "project": folder.name,
        "targets": {"local": {"kind": "local", "default": True, "environment": "dev", "region": "us-east-1"}},
        "clusters": {
            "etl": {
                "release": "emr-7.10.0",
                "applications": ["Spark"],
                "primary": {"on_demand": ["m5.xlarge"]},
                "core": {"on_demand": ["m5.xlarge"], "capacity": 4},
            },
            "own": {
                "transient": True,
                "release": "emr-7.10.0",
                "applications": ["Spark"],
                "primary": {"on_demand": ["m5.xlarge"]},
            },
        },
        "jobs": jobs,
        **parts,
    }
    (folder / "emrkit.yaml").write_text(json.dumps(project, indent=2))


@pytest.fixture(scope="session")
def standing(aws: object, shared_state: Path) -> Mapping[str, str]:
    """A cluster and buckets of this worker, as a deployment would have made them."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw")
    artifacts, logs = f"artifacts-{worker}", f"logs-{worker}"
    s3, emr = aws("s3"), aws("emr")  # type: ignore[operator]
    make_roles(aws)
    s3.create_bucket(Bucket=artifacts)
    s3.create_bucket(Bucket=logs)
    cluster = emr.run_job_flow(
        Name=f"standing-{worker}",
        ReleaseLabel="emr-7.10.0",
        Applications=[{"Name": "Spark"}],
        LogUri=f"s3://{logs}/",
        ServiceRole="service",
        JobFlowRole="nodes",
        Instances={
            "KeepJobFlowAliveWhenNoSteps": True,
            "InstanceFleets": [
                {
                    "InstanceFleetType": role,
                    "TargetOnDemandCapacity": 1,
                    "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
                }
                for role in ("MASTER", "CORE")
            ],
        },
    )["JobFlowId"]
    return {"cluster": cluster, "artifacts": artifacts, "logs": logs}


def make_roles(aws: object) -> None:
    """The roles that the contracts name; another worker may have made them."""
    import contextlib

    iam = aws("iam")  # type: ignore[operator]
    for name, service in (("service", "elasticmapreduce"), ("nodes", "ec2")):
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_instance_profile(InstanceProfileName="nodes")
        iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")


def write_contract(aws: object, project: str, standing: Mapping[str, str]) -> None:
    """The contract document that a deployed stack of this project would have written."""
    from emrkit_model.contract import Contract, ContractCluster

    common = {
        "release": "emr-7.10.0",
        "log_uri": f"s3://{standing['logs']}/",
        "service_role": "service",
        "instance_profile": "nodes",
    }
    contract = Contract(
        project=project,
        environment="dev",
        stack="emr",
        clusters={
            "etl": ContractCluster(name="etl", id=standing["cluster"], **common),
            "own": ContractCluster(name="own", **common),
        },
        buckets={"artifacts": standing["artifacts"], "logs": standing["logs"]},
    )
    aws("ssm").put_parameter(  # type: ignore[operator]
        Name=f"/emrkit/{project}/dev/emr", Value=contract.render(), Type="String", Overwrite=True
    )


@dataclass(frozen=True)
class Shop:
    """A small project on the shared local EMR: `shop.write(jobs)`, then `shop("run", "quick")`."""

    command: Command
    name: str
    standing: Mapping[str, str]

    def write(self, jobs: Mapping[str, object], **parts: object) -> None:
        write_project(self.command.folder, jobs, **parts)

    def __call__(self, *arguments: str, timeout: float = 300) -> Finished:
        return self.command(*arguments, timeout=timeout)


@pytest.fixture
def shop(tmp_path: Path, aws: object, shared_state: Path, standing: Mapping[str, str]) -> Shop:
    """A project of this test alone, deployed (its contract is written) on the shared local EMR."""
    name = f"shop-{os.urandom(4).hex()}"
    folder = tmp_path / name
    folder.mkdir()
    write_contract(aws, name, standing)
    return Shop(Command(folder, shared_state), name, standing)


def quick_job(words: str = "echo done", **parts: object) -> dict[str, object]:
    """A job of one command step on the standing cluster."""
    return {"run_on": "etl", "steps": [{"name": "only", "command": ["bash", "-c", words]}], **parts}
