"""Random clusters, valid by construction, in the form of a project file; Hypothesis draws, the model must agree.

What a cluster stands on is drawn first (`random_ground`: release, applications, kind of nodes), and then only what
these have: its nodes (`random_nodes`), its security (`random_security`), settings and storage (`random_settings`), its
steps (`random_steps`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Self

from hypothesis import strategies as st

from emrkit_model.cluster import Cluster
from emrkit_model.job import parse_step
from emrkit_model.steps import Step
from tests.random_ground import REGION, TEXTS, Ground, Plain, composite, grounds, key, numbers, pick, role, secret, some
from tests.random_ground import example as draw_one
from tests.random_nodes import configurations, nodes
from tests.random_security import kerberos, security_configurations
from tests.random_settings import metastores, settings, storage
from tests.random_steps import bootstrap_actions, steps

__all__ = ["Example", "cluster_documents", "cluster_of", "each", "examples", "request_documents"]

_FLAGS = st.booleans()
_MOSTLY = st.sampled_from([True, True, True, False])
_NAMES = st.text("abc é-_.(:", min_size=1, max_size=20)


@dataclass(frozen=True, slots=True)
class Example:
    """A random document, and what it says: a cluster, and steps beside it as those of a job are."""

    document: Plain
    cluster: Cluster
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, document: Plain) -> Self:
        """The values behind a document."""
        given = {field: value for field, value in document.items() if field != "steps"}
        return cls(document, Cluster.parse(given), tuple(parse_step(step) for step in document.get("steps", ())))


def cluster_of(document: Plain) -> Cluster:
    """The cluster that a document says."""
    return Example.of(document).cluster


def examples(count: int) -> tuple[Example, ...]:
    """Clusters of stacks and clusters of requests, the same in every run."""
    return tuple(_kept(number) for number in numbers(count))


@cache
def _kept(number: int) -> Example:
    """Drawn once for all tests."""
    return Example.of(draw_one(st.one_of(cluster_documents(), request_documents()), number))


def each(found: Iterable[Example], holds: Callable[[Example], None]) -> None:
    """What holds for each; of the first for which it does not, the document stands below the failure."""
    for example in found:
        try:
            holds(example)
        except Exception as failure:
            failure.add_note(json.dumps(example.document))
            raise


@composite
def cluster_documents(draw: st.DrawFn) -> Plain:
    """One cluster as it stands below `clusters.<name>` in a project file, with a `name`, and with `steps` of a job."""
    ground = draw(grounds())
    document = draw(_documents(ground))
    document["steps"] = draw(steps(of_a_stack=True, at_once=document.get("step_concurrency", 1)))
    security = draw(security_configurations(ground))
    if "kerberos" in security and draw(_FLAGS):
        # The realm stands at the cluster, or in both places, as somebody likes it.
        document["kerberos"] = security["kerberos"] if draw(_FLAGS) else security.pop("kerberos")
        if "ranger" in security and "kerberos" not in security:
            security["kerberos"] = document["kerberos"]
    # The stack's own is for releases that have IMDSv2.
    if not ground.admits("imds-v2") or "kerberos" in document or draw(st.sampled_from([True, True, True, False])):
        document["security_configuration"] = security
    return document


@composite
def request_documents(draw: st.DrawFn) -> Plain:
    """One cluster that is launched by a request, complete: with its place, its roles, and what only requests say."""
    ground = draw(grounds())
    document = draw(_documents(ground)) | draw(_placement(ground)) | draw(_request_only(ground))
    document["steps"] = draw(steps(of_a_stack=False, at_once=document.get("step_concurrency", 1)))
    which = draw(st.sampled_from(["name", "parts", None]))
    if which == "name":
        document["security_configuration"] = "company-wide"
        if draw(_FLAGS):
            document["kerberos"] = draw(kerberos(ground))
    elif which == "parts":
        document["security_configuration"] = draw(security_configurations(ground))
    if ground.grouped:
        document["auto_scaling_role"] = role("scaling")
    return document


@composite
def _documents(draw: st.DrawFn, ground: Ground) -> Plain:
    """What every cluster may say, whoever launches it."""
    image = draw(st.sampled_from([None, "cluster", "types", "release"]))
    document: Plain = {
        "name": draw(_NAMES),
        "release": ground.release,
        "applications": list(ground.applications),
        **draw(nodes(ground, images=image == "types" and ground.admits("custom-ami"))),
        **draw(_lifetime(ground)),
        **draw(storage(ground)),
    }
    if image == "cluster" and ground.admits("custom-ami"):
        document["custom_ami"] = "ami-0123456789abcdef0"
    if image == "release" and ground.admits("os-release"):
        document["os_release"] = "2.0.20240131.0"
    document |= draw(_root_volume(ground)) | pick(
        draw,
        {
            "configurations": configurations(ground),
            "settings": settings(ground, _core_nodes(document)),
            "bootstrap_actions": bootstrap_actions(),
            "tags": st.dictionaries(st.text("abc", min_size=1, max_size=4), st.text("xyz", max_size=4), max_size=3),
            "key_pair": TEXTS,
            "additional_info": st.sampled_from([{"clusterType": "x", "a": [1, 2]}, '{"a":{"b":null}}']),
        },
    )
    if draw(_MOSTLY):
        document["settings"] = draw(settings(ground, _core_nodes(document)))
    if (ground.three and ground.has("Hive")) or draw(_FLAGS):  # three primary nodes share one Hive metastore
        document["metastore"] = draw(metastores(ground))
    if ground.three:
        document |= pick(draw, {"spread_primaries": _FLAGS})
        _remember_outside(ground, document)
    return document


def _remember_outside(ground: Ground, document: Plain) -> None:
    """What Hue and Oozie remember is in a database that all three primary nodes reach."""
    if ground.has("Hue"):
        hue = document.setdefault("settings", {}).setdefault("hue", {})
        hue.setdefault("database", {"host": "hue.example.com", "password": secret("hue")})
    if ground.has("Oozie"):
        address = {"oozie.service.JPAService.jdbc.url": "jdbc:mysql://db.example.com:3306/oozie"}
        document.setdefault("configurations", []).append({"Classification": "oozie-site", "Properties": address})


def _core_nodes(document: Plain) -> int:
    """How many core nodes a cluster surely starts with."""
    core = document.get("core")
    if core is None:
        return document["sizing"].get("core", 2) if "sizing" in document else 1
    if "group" in core:
        return core.get("count", 1)
    if "types" not in core:
        return core["capacity"]
    # In units of the smallest type, which is 1 where nobody weighs.
    least = min(item.get("weight", 1) for item in core["types"])
    return -(-(core["target_on_demand"] + core["target_spot"]) // least)


@composite
def _lifetime(draw: st.DrawFn, ground: Ground) -> Plain:
    found: Plain = pick(
        draw,
        {
            "keep_alive": st.sampled_from([True, True, False]),
            "step_concurrency": st.sampled_from([1, 5, 256] if ground.admits("step-concurrency") else [1]),
            "termination_protected": _FLAGS,
            "unhealthy_node_replacement": _FLAGS,
            "scale_down": st.sampled_from(["TERMINATE_AT_TASK_COMPLETION", "TERMINATE_AT_INSTANCE_HOUR"]),
        },
    )
    timeouts = [None, None, "2h", 60, 604_800] if ground.admits("auto-termination") else [None]
    if not ground.admits("auto-termination") or draw(_FLAGS):
        found["idle_timeout"] = draw(st.sampled_from(timeouts))
    return found


@composite
def _root_volume(draw: st.DrawFn, ground: Ground) -> Plain:
    found: Plain = pick(draw, {"ebs_root_volume_size": st.integers(15, 100)})
    if ground.admits("root-volume-performance") and draw(_FLAGS):
        most = min(16_000, 500 * found.get("ebs_root_volume_size", 15))
        found["ebs_root_volume_iops"] = draw(st.integers(3000, most))
        if draw(_FLAGS):
            rate = min(1000, found["ebs_root_volume_iops"] // 4)
            found["ebs_root_volume_throughput"] = draw(st.integers(125, rate))
    return found


@composite
def _placement(draw: st.DrawFn, ground: Ground) -> Plain:
    found: Plain = {}
    zone = not ground.three and draw(st.sampled_from([False, False, True]))
    if zone:
        found["availability_zone"] = f"{REGION}a"
    elif ground.three or draw(_FLAGS):
        number = 1 if ground.grouped else draw(st.integers(1, 3))
        found["subnets"] = [f"subnet-0123456789abcdef{n}" for n in range(number)]
    groups = st.integers(0, 9).map(lambda n: f"sg-0123456789abcdef{n}")
    if draw(_FLAGS):
        found |= pick(
            draw, {"service_access_security_group": groups}, primary_security_group=groups, core_security_group=groups
        )
    several = st.lists(groups, min_size=1, max_size=2, unique=True)
    logs = {"log_uri": st.just("s3://logs/emr/")}
    if ground.admits("log-encryption"):
        logs["log_key"] = st.just(key(1))
    return found | pick(
        draw,
        {
            "additional_primary_security_groups": several,
            "additional_core_security_groups": several,
            "instance_profile": st.just("nodes"),
        },
        **logs,
        service_role=st.just(role("service")),
    )


@composite
def _request_only(draw: st.DrawFn, ground: Ground) -> Plain:
    uploads = st.sampled_from(["emr-managed", "on-customer-s3only", "disabled"])
    streams = st.lists(st.sampled_from(["STDOUT", "STDERR"]), min_size=1, max_size=2, unique=True)
    cloudwatch = some(
        {
            "group": st.just("/emr/etl"),
            "stream_prefix": st.just("etl"),
            "key": st.just(key(2)),
            "spark_driver": streams,
            "spark_executor": streams,
        },
        steps=streams,
    )
    monitoring = some(
        {
            "cloudwatch": cloudwatch,
            "system_logs": uploads,
            "application_logs": uploads,
            "persistent_ui_logs": st.sampled_from(["emr-managed", "disabled"]),
        }
    )
    fields: dict[str, st.SearchStrategy[object]] = {
        "step_execution_role": st.just(role("steps")),
        "monitoring": monitoring,
        "repository_upgrade": st.sampled_from(["SECURITY", "NONE"]),
        "extended_support": _FLAGS,
    }
    if ground.release.startswith("emr-spark-"):
        fields["sessions"] = _FLAGS
    return pick(draw, fields)
