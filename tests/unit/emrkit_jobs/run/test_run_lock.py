"""The submit lock: one winner, stale holders lose it, late ones are fenced out."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from emrkit_jobs.run.lock import LEASE_SECONDS, Lock, acquire, hold, is_process_alive, is_stale
from emrkit_jobs.targets.aws import EndpointSession
from emrkit_jobs.targets.calls import Caller
from emrkit_jobs.targets.s3 import S3Objects
from emrkit_model.diagnostics import EmrkitError, ExitCode


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Objects]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        found = S3Objects(
            Caller("t", None, lambda: EndpointSession(boto3.Session(region_name="us-east-1"), None), ""), "us-east-1"
        )
        found.create_bucket("locks")
        yield found


def test_of_sixteen_racers_one_wins(objects: S3Objects) -> None:
    objects.head("locks", "warm-up")  # clients are made before the race, not in it
    won: list[Lock] = []
    lost: list[EmrkitError] = []
    start = threading.Barrier(16)

    def race() -> None:
        start.wait()
        try:
            won.append(acquire(objects, "locks", "job"))
        except EmrkitError as error:
            lost.append(error)

    racers = [threading.Thread(target=race) for _ in range(16)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert (len(won), len(lost)) == (1, 15)
    assert {error.exit_code for error in lost} == {ExitCode.TARGET_UNREACHABLE}


def test_the_refusal_names_the_holder_and_the_way_to_steal(objects: S3Objects) -> None:
    with hold(objects, "locks", "job") as lock, pytest.raises(EmrkitError) as caught:
        acquire(objects, "locks", "job")
    text = str(caught.value)
    assert "E-RUN-004" in text
    assert f"process {lock.record['pid']} on {lock.record['host']}" in text
    assert "--steal-lock" in text


def test_a_released_lock_is_free_and_serials_only_grow(objects: S3Objects) -> None:
    with hold(objects, "locks", "job") as first:
        pass
    with hold(objects, "locks", "job") as second:
        assert second.serial > first.serial


def test_a_lease_that_ran_out_is_stale_and_its_holder_is_fenced(objects: S3Objects) -> None:
    clock = [1000.0]
    late = acquire(objects, "locks", "job", now=lambda: clock[0])
    clock[0] += LEASE_SECONDS + 1
    acquire(objects, "locks", "job", now=lambda: clock[0])
    with pytest.raises(EmrkitError, match=r"E-RUN-005[\s\S]*taken by somebody else") as caught:
        late.check()
    assert caught.value.exit_code == ExitCode.OUTCOME_UNKNOWN


def test_a_check_renews_a_lease_that_is_half_used(objects: S3Objects) -> None:
    clock = [1000.0]
    lock = acquire(objects, "locks", "job", now=lambda: clock[0])
    clock[0] += LEASE_SECONDS * 0.7
    lock.check()
    assert lock.record["until"] == clock[0] + LEASE_SECONDS


def test_a_holder_of_this_machine_that_died_is_stale_at_once(objects: S3Objects) -> None:
    lock = acquire(objects, "locks", "job")
    assert not is_stale(lock.record, 0.0)
    assert is_stale({**lock.record, "pid": 2**22 + 1, "started": "1"}, 0.0)
    assert is_stale({**lock.record, "started": "1"}, 0.0)  # the number belongs to another process now
    assert not is_stale({**lock.record, "pid": 2**22 + 1, "host": "elsewhere"}, 0.0)


def test_stealing_takes_the_lock_from_the_living(objects: S3Objects) -> None:
    first = acquire(objects, "locks", "job")
    acquire(objects, "locks", "job", steal=True)
    with pytest.raises(EmrkitError):
        first.check()


def test_a_late_release_leaves_the_new_holder_alone(objects: S3Objects) -> None:
    first = acquire(objects, "locks", "job")
    second = acquire(objects, "locks", "job", steal=True)
    first.release()
    second.check()


def test_no_such_process_is_not_alive() -> None:
    assert not is_process_alive(2**22 + 1, "")
