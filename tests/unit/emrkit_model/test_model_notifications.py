"""Topics that a pipeline tells how it ended."""

from __future__ import annotations

from typing import Any

import pytest

from emrkit_model import InvalidModel, Job
from emrkit_model.notifications import Notifications

TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"


def refused(**fields: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    with pytest.raises(InvalidModel) as caught:
        Notifications(**fields)
    return [(found.code, found.path) for found in caught.value.diagnostics]


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_a_topic_of_every_partition_is_taken(partition: str) -> None:
    assert Notifications(failure=TOPIC.replace("arn:aws:", f"arn:{partition}:")).success is None


def test_a_token_and_an_object_are_taken_as_they_are() -> None:
    class Topic:
        topic_arn = TOPIC

    topic = Topic()
    assert Notifications(success=topic).success is topic
    assert Notifications(success="${Token[TOKEN.7]}").success == "${Token[TOKEN.7]}"


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({}, "E-JOB-050", ("failure",)),
        ({"key": "arn:aws:kms:eu-west-1:111122223333:key/k"}, "E-JOB-050", ("failure",)),
        ({"success": "alarms"}, "E-JOB-051", ("success",)),
        ({"failure": "arn:aws:sqs:eu-west-1:111122223333:alarms"}, "E-JOB-051", ("failure",)),
        ({"failure": f"{TOPIC}.fifo"}, "E-JOB-052", ("failure",)),
    ],
)
def test_what_is_no_standard_topic_is_refused(fields: dict[str, Any], code: str, path: tuple[str, ...]) -> None:
    assert refused(**fields) == [(code, path)]


def test_a_job_may_say_all_of_it_in_a_file() -> None:
    pipeline = {
        "cluster": "nightly",
        "notifications": {"failure": TOPIC},
        "overrides": {"core": {"path": "core.target_on_demand", "minimum": 0, "maximum": 4}},
        "when_running": "refuse",
    }
    steps = [{"name": "s", "command": ["true"]}]
    job = Job.parse({"name": "j", "run_on": "etl", "steps": steps, "pipeline": pipeline})
    assert job.pipeline is not None
    assert job.pipeline.notifications == Notifications(failure=TOPIC)
    assert job.pipeline.overrides["core"].bounds == "0 to 4"
    assert job.pipeline.when_running == "refuse"


def test_what_is_wrong_with_it_has_its_path_in_the_file() -> None:
    pipeline = {"cluster": "n", "notifications": {}, "overrides": {"core": {"path": "core.count"}}, "when_running": "x"}
    with pytest.raises(InvalidModel) as caught:
        Job.parse({"name": "j", "steps": [{"name": "s", "command": ["true"]}], "pipeline": pipeline})
    found = {(d.code, d.path) for d in caught.value.diagnostics}
    assert ("E-JOB-050", ("pipeline", "notifications", "failure")) in found
    assert ("E-JOB-041", ("pipeline", "overrides", "core")) in found
    assert any(path == ("pipeline", "when_running") for _, path in found)
