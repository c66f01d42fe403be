"""Classifications and typed settings against release, nodes and each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import instance_types
from emrkit_model.configurations import check_list, settings_of
from emrkit_model.contributions import check_doors
from emrkit_model.diagnostics import Diagnostic, FieldPath
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_settings"]

_SPARK_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html"


def check_settings(cluster: Cluster) -> Iterator[Diagnostic]:
    """Classifications and typed settings against release, nodes and each other."""
    yield from check_list(cluster.configurations, cluster.release, "configurations")
    yield from check_doors(cluster.configurations, cluster.contributions())
    if is_token(cluster.configurations):
        return
    yield from _check_one_door(cluster)
    yield from _check_executor_fits(cluster)
    spark = None if cluster.settings is None else cluster.settings.spark
    if spark is not None and spark.maximize_resources and any(len(f.types) > 1 for _, f in cluster.fleets()):
        yield warning(
            "CONF-045",
            "maximize_resources sizes executors from one core type, and the fleets have several",
            "settings",
            "spark",
            "maximize_resources",
            reason=_SPARK_PAGE,
            hint="set executor_memory and executor_cores for the smallest type",
        )


def _check_one_door(cluster: Cluster) -> Iterator[Diagnostic]:
    inner = cluster.security_configuration
    if inner is None or isinstance(inner, str) or inner.encryption is None or inner.encryption.at_rest is None:
        return
    for i, configuration in enumerate(cluster.configurations):
        if configuration.classification != "emrfs-site":
            continue
        for key in ("fs.s3.enableServerSideEncryption", "fs.s3.serverSideEncryption.kms.keyId", "fs.s3.cse.enabled"):
            if key in configuration.properties:
                yield error(
                    "CONF-030",
                    f"'{key}' is set by the security configuration",
                    "configurations",
                    i,
                    "properties",
                    key,
                    got=configuration.properties[key],
                    reason="one setting has one door",
                    hint="leave it out here; encryption.at_rest says it",
                )


def _check_executor_fits(cluster: Cluster) -> Iterator[Diagnostic]:
    settings = settings_of(cluster.all_configurations(), "spark-defaults")
    memory = _megabytes(settings.get("spark.executor.memory"))
    fleet = cluster.core or cluster.primary
    if memory is None or is_token(fleet.types):
        return
    nodes = [
        (found.yarn_memory_mb, t.type)
        for t in fleet.types
        if isinstance(found := instance_types.find(t.type), instance_types.InstanceTypeFacts)
    ]
    if not nodes:
        return
    smallest, name = min(nodes)
    overhead = _megabytes(settings.get("spark.executor.memoryOverhead")) or max(384, round(memory * 0.1875))
    if memory + overhead > smallest:
        yield warning(
            "CONF-031",
            f"an executor of {memory} MB with {overhead} MB overhead does not fit {name}",
            *_place_of_executor_memory(cluster),
            got=settings["spark.executor.memory"],
            allowed=f"{smallest} MB with overhead: what YARN has on {name}",
            reason=_SPARK_PAGE,
            hint="lower spark.executor.memory, or take larger core instances",
        )


def _place_of_executor_memory(cluster: Cluster) -> FieldPath:
    spark = None if cluster.settings is None else cluster.settings.spark
    if spark is not None and spark.executor_memory is not None:
        return ("settings", "spark", "executor_memory")
    index = next(i for i, c in enumerate(cluster.configurations) if c.classification == "spark-defaults")
    return ("configurations", index, "properties", "spark.executor.memory")


def _megabytes(text: str | None) -> int | None:
    units = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}
    if not text or is_token(text):
        return None
    value = text.strip().lower().removesuffix("b")
    if value.isdigit():
        return int(value)
    return round(int(value[:-1]) * units[value[-1]]) if value[:-1].isdigit() and value[-1] in units else None
