"""What constructs are given and cannot use is said by its name, before anything is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack

import emrkit as emr
from emrkit_model import EmrkitError

_KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def place() -> dict[str, Any]:
    """A stack with a network and a security configuration: clusters that are refused leave nothing in it."""
    stack = Stack(App(builtin_cloud_formation_validation=False), "Arguments")
    network, security = emr.Network(stack, "Network"), emr.SecurityConfiguration(stack, "Security")
    return {"scope": stack, "network": network, "security": security}


def cluster(place: dict[str, Any], id: str = "Etl", **given: Any) -> emr.Cluster:  # noqa: A002
    usual = {
        "network": place["network"],
        "security": place["security"],
        "release": "emr-7.12.0",
        "primary": emr.InstanceFleet.on_demand("m5.xlarge"),
        "core": emr.InstanceFleet.on_demand("m5.xlarge"),
    }
    return emr.Cluster(place["scope"], id, **{**usual, **given})


def command(name: str) -> emr.CommandStep:
    return emr.CommandStep(name=name, command=["true"])


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a network's id": ({"network": "vpc-1"}, "E-CLUS-110", "network"),
    "no network": ({"network": None}, "E-CLUS-110", "network"),
    "a security configuration's name": ({"security": "mine"}, "E-SEC-043", "security"),
    "a role's name": ({"roles": "EMR_DefaultRole"}, "E-ROLE-020", "roles"),
    "an address in place of a bucket": ({"logs": "s3://logs/x"}, "E-STORE-051", "logs"),
    "a key's alias": ({"key": "alias/mine"}, "E-ENC-040", "key"),
    "a grant alone": ({"data": emr.DataGrant("bucket")}, "E-ROLE-021", "data"),
    "a bucket in place of a grant": ({"data": ["bucket"]}, "E-ROLE-021", "data[0]"),
    "a step alone": ({"steps": command("a")}, "E-STEP-055", "steps"),
    "two steps of one name": ({"steps": [command("a"), command("a")]}, "E-STEP-054", "steps[1].name"),
    "an application alone": ({"applications": "Spark"}, "E-CLUS-003", "applications"),
    "a configuration alone": ({"configurations": emr.Configuration.of("x", {})}, "E-CLUS-003", "configurations"),
    "a bootstrap action's address": ({"bootstrap_actions": ["s3://b/x.sh"]}, "E-CLUS-003", "bootstrap_actions[0]"),
    "tags in a list": ({"tags": ["team"]}, "E-CLUS-003", "tags"),
    "a tag's value that is too long": ({"tags": {"team": "x" * 257}}, "E-TAG-013", "tags.team"),
    "a type in place of a fleet": ({"core": "m5.xlarge"}, "E-CLUS-003", "core"),
    "a time that is none": ({"idle_timeout": "soon"}, "E-CLUS-003", "idle_timeout"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_cluster_cannot_use_is_refused_by_its_name_and_leaves_nothing_behind(
    place: dict[str, Any], what: str
) -> None:
    given, code, path = REFUSED[what]
    before = len(place["scope"].node.children)
    with pytest.raises(EmrkitError) as refused:
        cluster(place, **given)
    assert f"error[{code}]" in str(refused.value)
    assert f"at {path}\n" in f"{refused.value}\n"
    assert len(place["scope"].node.children) == before


def test_parts_of_the_wrong_kind_are_named_together(place: dict[str, Any]) -> None:
    with pytest.raises(EmrkitError) as refused:
        cluster(place, network="vpc-1", security=None, logs="s3://x", data="bucket")
    assert [d.code for d in refused.value.diagnostics] == ["E-CLUS-110", "E-SEC-043", "E-STORE-051", "E-ROLE-021"]
    assert "hint: name it" not in str(refused.value), "x is no bucket's name, but it is what the address says"


def test_an_idle_timeout_is_text_seconds_or_a_duration(place: dict[str, Any]) -> None:
    for number, given in enumerate(["90m", 5400, Duration.minutes(90)]):
        assert cluster(place, f"Idle{number}", idle_timeout=given).value.idle_timeout == 5400


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: emr.DataGrant("s3://bucket"), "E-STORE-051"),
        (lambda: emr.DataGrant("bucket", access="rw"), "E-ROLE-022"),  # type: ignore[arg-type]
        (lambda: emr.DataGrant("bucket", "/raw"), "E-ROLE-023"),
        (lambda: emr.DataGrant("bucket", key="alias/mine"), "E-ENC-040"),
        (lambda: emr.CatalogGrant("sales", tables="orders"), "E-ROLE-024"),
        (lambda: emr.CatalogGrant("sales", access="write"), "E-ROLE-022"),  # type: ignore[arg-type]
    ],
)
def test_grants_that_would_grant_something_else_are_refused(make: Callable[[], object], code: str) -> None:
    with pytest.raises(EmrkitError, match=code):
        make()


def test_grants_take_buckets_names_and_keys(place: dict[str, Any]) -> None:
    from aws_cdk import aws_s3 as s3

    bucket = s3.Bucket.from_bucket_name(place["scope"], "Known", "known-bucket")
    assert emr.DataGrant(bucket, "raw/", "read", _KEY).access == "read"
    assert emr.DataGrant(bucket.bucket_name).prefix == ""


def test_roles_and_runtime_roles_refuse_what_is_no_grant_and_no_key(place: dict[str, Any]) -> None:
    with pytest.raises(EmrkitError) as refused:
        emr.Roles(place["scope"], "Other", data="bucket", key="alias/mine")  # type: ignore[arg-type]
    assert [d.code for d in refused.value.diagnostics] == ["E-ROLE-021", "E-ENC-040"]
    with pytest.raises(EmrkitError, match="E-ROLE-020"):
        emr.RuntimeRole(place["scope"], "Runtime", roles=["EMR_DefaultRole"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda scope: emr.TaskFleet(scope, "T", cluster="j-1", fleet=None), ["E-CLUS-112", "E-CLUS-113"]),
        (lambda scope: emr.TaskGroup(scope, "T", cluster=None, group="m5.xlarge"), ["E-CLUS-112", "E-CLUS-113"]),
        (lambda scope: emr.Step(scope, "T", cluster="j-1", step="ls"), ["E-CLUS-112", "E-CLUS-113"]),
        (
            lambda scope: emr.Pipeline(scope, "T", job="etl", cluster="etl", roles="x"),
            ["E-CLUS-113", "E-CLUS-113", "E-ROLE-020"],
        ),
    ],
)
def test_what_is_added_to_clusters_wants_clusters_and_values(
    place: dict[str, Any], make: Callable[[Any], object], codes: list[str]
) -> None:
    with pytest.raises(EmrkitError) as refused:
        make(place["scope"])
    assert [d.code for d in refused.value.diagnostics] == codes


def test_the_id_of_a_cluster_is_looked_at(place: dict[str, Any]) -> None:
    with pytest.raises(EmrkitError, match="E-CLUS-111"):
        emr.Cluster.from_cluster_id(place["scope"], "Typo", "etl")


def test_a_program_that_is_nowhere_is_refused_and_one_on_the_cluster_is_not(
    place: dict[str, Any], tmp_path: Path
) -> None:
    script = tmp_path / "job.py"
    script.write_text("print('hello')\n")
    etl = cluster(place, "Programs")
    with pytest.raises(EmrkitError, match=r"E-STEP-056.*\n.*entry_point\n.*nowhere\.py"):
        emr.Step(place["scope"], "Nowhere", cluster=etl, step=emr.SparkStep(name="a", entry_point="nowhere.py"))
    for number, path in enumerate([str(script), "/mnt/var/job.py", "s3://bucket/job.py"]):
        emr.Step(place["scope"], f"S{number}", cluster=etl, step=emr.SparkStep(name="a", entry_point=path))


def test_a_secret_in_clear_text_is_a_warning_that_does_not_repeat_it(place: dict[str, Any]) -> None:
    hive = emr.Configuration.of("hive-site", {"javax.jdo.option.ConnectionPassword": "hunter2!"})
    script = emr.BootstrapAction(name="b", path="s3://b/x.sh", args=["AKIAIOSFODNN7EXAMPLE"])
    etl = cluster(place, "Clear", configurations=[hive], bootstrap_actions=[script])
    load = emr.Step(
        place["scope"], "Load", cluster=etl, step=emr.CommandStep(name="l", command=["x", "--pwd=hunter2!"])
    )
    said = [str(entry.data) for made in (etl, load) for entry in made.node.metadata if entry.type == "aws:cdk:warning"]
    assert len([text for text in said if "W-SEC-044" in text]) == 3
    assert not any("hunter2" in text or "AKIAIOSFODNN7EXAMPLE" in text for text in said)


def test_references_to_secrets_are_no_secrets(place: dict[str, Any]) -> None:
    hive = emr.Configuration.of(
        "hive-site",
        {"javax.jdo.option.ConnectionPassword": "EMR.secret@arn:aws:secretsmanager:us-east-1:111122223333:secret:x"},
    )
    etl = cluster(place, "Referred", applications=["Hive"], configurations=[hive])
    assert not [e for e in etl.node.metadata if "W-SEC-044" in str(e.data)]
