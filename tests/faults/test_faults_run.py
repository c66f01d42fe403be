"""`run` under faults: killed at every call, answers lost, reads throttled. Never a second step or cluster."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

from emrkit_local import client

pytestmark = pytest.mark.daemon

QUICK = {"run_on": "etl", "steps": [{"name": "only", "command": ["bash", "-c", "echo done"]}]}
OWN = {**QUICK, "run_on": "own"}


@pytest.fixture
def faults(daemon) -> Iterator[Callable[..., None]]:
    """`faults(match=…, then=…)` switches one on; all are off afterwards."""

    def add(**rule: object) -> None:
        client.add_fault(daemon, rule)

    yield add
    client.clear_faults(daemon)


def steps_of(aws, cluster: str, run: str | None = None) -> list[str]:
    pages = aws("emr").get_paginator("list_steps").paginate(ClusterId=cluster)
    names = [step["Name"] for page in pages for step in page["Steps"]]
    return [name for name in names if run is None or f"[{run}]" in name]


def clusters_of(aws, run: str) -> list[str]:
    emr = aws("emr")
    found = []
    for page in emr.get_paginator("list_clusters").paginate():
        for cluster in page["Clusters"]:
            tags = {t["Key"]: t["Value"] for t in emr.describe_cluster(ClusterId=cluster["Id"])["Cluster"]["Tags"]}
            if tags.get("emrkit:run") == run:
                found.append(cluster["Id"])
    return found


def test_a_lost_answer_to_add_steps_gives_one_step(shop, aws, faults) -> None:
    shop.write({"quick": QUICK})
    faults(match="elasticmapreduce:AddJobFlowSteps", when="after", then={"drop": True})
    done = shop("run", "quick", "--output", "json")
    assert done.code == 0, done.err
    assert "was lost" in done.err
    assert len(steps_of(aws, shop.standing["cluster"], done.data["run"])) == 1


def test_a_request_to_add_steps_that_never_arrived_is_sent_again(shop, aws, faults) -> None:
    shop.write({"quick": QUICK})
    faults(match="elasticmapreduce:AddJobFlowSteps", when="before", then={"drop": True})
    done = shop("run", "quick", "--output", "json")
    assert done.code == 0, done.err
    assert len(steps_of(aws, shop.standing["cluster"], done.data["run"])) == 1


def test_a_lost_answer_to_run_job_flow_gives_one_cluster(shop, aws, faults) -> None:
    shop.write({"quick": OWN})
    faults(match="elasticmapreduce:RunJobFlow", when="after", then={"drop": True})
    done = shop("run", "quick", "--output", "json")
    assert done.code == 0, done.err
    assert len(clusters_of(aws, done.data["run"])) == 1


def test_throttled_reads_only_cost_time(shop, faults) -> None:
    shop.write({"quick": QUICK})
    slow_down = {"status": 400, "code": "ThrottlingException", "message": "Rate exceeded"}
    for skip in (0, 2, 4):
        faults(match="elasticmapreduce:*e*s*", let_pass=skip, times=1, when="before", then={"error": slow_down})
    done = shop("run", "quick", "--output", "json")
    assert done.code == 0, done.err
    assert "error[" not in done.err


def test_a_throttled_submit_is_repeated_once_it_may_be(shop, aws, faults) -> None:
    shop.write({"quick": QUICK})
    slow_down = {"status": 400, "code": "ThrottlingException", "message": "Rate exceeded"}
    faults(match="elasticmapreduce:AddJobFlowSteps", when="before", times=2, then={"error": slow_down})
    done = shop("run", "quick", "--output", "json")
    assert done.code == 0, done.err
    assert "throttled" in done.err
    assert len(steps_of(aws, shop.standing["cluster"], done.data["run"])) == 1


def test_denied_access_names_the_smallest_statement(shop, faults) -> None:
    shop.write({"quick": QUICK})
    denied = {
        "status": 400,
        "code": "AccessDeniedException",
        "message": "User: arn:aws:iam::1:user/me is not authorized to perform: elasticmapreduce:AddJobFlowSteps"
        " on resource: arn:aws:elasticmapreduce:us-east-1:1:cluster/j-1",
    }
    faults(match="elasticmapreduce:AddJobFlowSteps", when="before", then={"error": denied})
    done = shop("run", "quick")
    assert done.code == 3
    assert "error[E-TGT-003]" in done.err
    assert '"Action": "elasticmapreduce:AddJobFlowSteps"' in done.err
    assert "arn:aws:iam::1:user/me" in done.err


def kill_points(shop, daemon, job: str) -> list[tuple[str, int]]:
    """Every call that an undisturbed run makes, with its place among the calls of its operation."""
    client.forget_requests(daemon)
    done = shop("run", job, "--output", "json")
    assert done.code == 0, done.err
    counts = client.requests(daemon)
    # Polls are as many as the step is long; the first few of each tell everything.
    return [(name, n) for name, count in sorted(counts.items()) for n in range(min(count, 3))]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call_the_same_command_converges(shop, aws, daemon, faults, when: str) -> None:
    shop.write({"quick": QUICK})
    cluster = shop.standing["cluster"]
    points = kill_points(shop, daemon, "quick")
    assert any(name.endswith(":AddJobFlowSteps") for name, _ in points)
    for name, number in points:
        before = len(steps_of(aws, cluster))
        faults(match=name, let_pass=number, when=when, then={"kill_caller": True})
        first = shop("run", "quick", "--output", "json")
        client.clear_faults(daemon)
        done = shop("run", "quick", "--output", "json")
        assert done.code == 0, f"{name} #{number}: {done.err}"
        assert done.data["state"] == "COMPLETED"
        killed = first.code == -signal.SIGKILL
        ran = len(steps_of(aws, cluster)) - before
        assert ran == (1 if killed else 2), f"killed {when} {name} #{number}: {ran} steps"


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_the_launch_the_same_command_finds_its_cluster(shop, aws, daemon, faults, when: str) -> None:
    shop.write({"quick": OWN})
    faults(match="elasticmapreduce:RunJobFlow", when=when, then={"kill_caller": True})
    assert shop("run", "quick").code == -signal.SIGKILL
    done = shop("run", "quick", "--output", "json")
    assert done.code == 0, done.err
    assert len(clusters_of(aws, done.data["run"])) == 1


def test_a_step_that_fails_shows_its_own_last_lines(shop) -> None:
    words = "python3 -c 'raise ValueError(\"no such region: atlantis\")'"
    shop.write({"bad": {"run_on": "etl", "steps": [{"name": "only", "command": ["bash", "-c", words]}]}})
    done = shop("run", "bad")
    assert done.code == 1
    assert "error[E-RUN-022]: step 'only' failed" in done.err
    assert "ValueError: no such region: atlantis" in done.err
    assert "emrkit logs" in done.err


def test_a_step_out_of_time_is_cancelled_and_seen_to_have_ended(shop, aws) -> None:
    step = {"name": "only", "timeout": "2s", "command": ["sleep", "300"]}
    shop.write({"slow": {"run_on": "etl", "steps": [step]}})
    done = shop("run", "slow")
    assert done.code == 1, done.err
    assert "ran out of its timeout" in done.err
    steps = aws("emr").list_steps(ClusterId=shop.standing["cluster"])["Steps"]
    assert steps[0]["Status"]["State"] in ("CANCELLED", "FAILED")


def test_an_endpoint_that_is_down_is_named(shop) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    target = {"kind": "localstack", "endpoint": endpoint, "environment": "dev", "region": "us-east-1", "default": True}
    shop.write({"quick": QUICK}, targets={"local": target})
    done = shop("run", "quick")
    assert done.code == 4
    assert "error[E-TGT-001]" in done.err
    assert endpoint in done.err


def test_the_localstack_target_runs_the_same_job_by_url(shop, daemon) -> None:
    target = {
        "kind": "localstack", "endpoint": daemon.url, "environment": "dev", "region": "us-east-1", "default": True,
    }  # fmt: skip
    shop.write({"quick": QUICK}, targets={"sandbox": target})
    done = shop("run", "quick", "--output", "json")
    assert done.code == 0, done.err
    assert done.data["state"] == "COMPLETED"


def test_an_interrupt_detaches_and_says_how_to_go_on(shop) -> None:
    shop.write({"slow": {"run_on": "etl", "steps": [{"name": "only", "command": ["sleep", "300"]}]}})
    process = shop.command.start("run", "slow")
    assert process.stderr is not None
    seen = ""
    while "RUNNING" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=300)
    assert process.returncode == 130, seen + rest
    assert "goes on" in rest
    run = next(word for word in rest.split() if word.count("-") == 2 and word[0].isdigit())
    assert f"emrkit cancel {run}" in rest
    cancelled = shop("cancel", run, "--output", "json")
    assert cancelled.code == 0, cancelled.err
    assert cancelled.data["state"] == "CANCELLED"


def test_no_journal_no_submit(shop, aws) -> None:
    shop.write({"quick": QUICK})
    before = steps_of(aws, shop.standing["cluster"])
    runs = shop.command.state / "runs"
    runs.mkdir(exist_ok=True)
    place = runs / "blocked"
    place.write_text("a file where a folder should be")
    target = {"kind": "local", "default": True, "environment": "dev", "region": "us-east-1"}
    shop.write({"quick": QUICK}, targets={"blocked": target})
    done = shop("run", "quick")
    place.unlink()
    assert done.code != 0
    assert "Traceback" not in done.err
    assert steps_of(aws, shop.standing["cluster"]) == before


def test_a_bucket_that_does_not_exist_is_named(shop) -> None:
    shop.write({"quick": {**QUICK, "outputs": ["s3://no-such-bucket-here/out/"]}})
    done = shop("run", "quick")
    assert done.code == 3
    assert "error[E-RUN-012]: bucket 'no-such-bucket-here' does not exist" in done.err


def test_a_cluster_that_ended_is_named_with_the_fix(shop, aws) -> None:
    from tests.conftest import write_contract

    shop.write({"quick": QUICK})
    write_contract(aws, shop.name, {**shop.standing, "cluster": "j-2AXXXXXXGAPLF"})
    done = shop("run", "quick")
    assert done.code == 3
    assert "error[E-RUN-016]" in done.err
    assert "emrkit deploy --target local" in done.err


def test_what_was_journaled_holds_no_credentials(shop) -> None:
    shop.write({"quick": QUICK})
    done = shop("run", "quick", "--output", "json")
    text = (shop.command.state / "runs" / "local" / f"{done.data['run']}.jsonl").read_text()
    assert json.loads(text.splitlines()[0])["entry"]["kind"] == "run"
    assert os.environ.get("AWS_SECRET_ACCESS_KEY", "local-secret") not in text
