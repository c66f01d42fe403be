"""What can be said of one setting by its name, its value and the release: pure look-ups in the facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emrkit_facts import settings as facts

from .diagnostics import Diagnostic
from .findings import error, warning
from .tokens import is_token

__all__ = ["check_key", "check_spark_settings", "check_values", "megabytes"]

_GRACEFUL = "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"


def check_key(classification: str, key: str, value: str, release: str) -> Iterator[Diagnostic]:
    """One key of one classification: whose it is, whether it has a newer name, and the classes that it names."""
    if (found := facts.owned(classification, key)) is not None:
        yield error(
            "CONF-054",
            f"'{key}' is the service's own to set",
            key,
            got=value,
            reason=f"{found.text} ({found.page})",
            hint="leave it out",
        )
        return
    if is_token(release):
        return
    if (found := facts.successor(classification, key, release)) is not None:
        yield warning(
            "CONF-058",
            f"'{key}' is an old name",
            key,
            got=key,
            reason=f"{found.text} ({found.page})",
            hint=f"use {found.successor}",
        )
    if key == _GRACEFUL and value.strip() == "-1":
        yield warning(
            "CONF-081",
            f"'{key}' of -1 ends nodes at once",
            key,
            got=value,
            reason="in open-source YARN it means to wait for ever, on EMR not to wait (https://docs.aws.amazon.com/emr/"
            "latest/ManagementGuide/emr-scaledown-behavior.html)",
            hint="set many seconds, such as 86400",
        )
    yield from check_values(key, value, release)


def check_values(key: str, value: str, release: str) -> Iterator[Diagnostic]:
    """Classes that a value names and that the release does not have under this name, with the successor of each."""
    if is_token(value) or is_token(release):
        return
    for name in value.replace(" ", "").split(","):
        found = facts.class_successor(key, name, release)
        if found is None:
            continue
        hint = f"use {found.successor}" if found.successor else "leave the setting out, or name a class of that SDK"
        told = {"got": name, "reason": f"{found.text} ({found.page})", "hint": hint}
        if name.startswith("com.amazonaws."):
            yield warning("CONF-020", f"'{key}' names a class of the AWS SDK for Java v1", key, **told)
        elif name.startswith("software.amazon.awssdk."):
            yield warning("CONF-071", f"'{key}' names a class of the AWS SDK for Java v2", key, **told)
        else:
            yield warning("CONF-072", f"'{key}' names a class that EMR does not ship", key, **told)


def check_spark_settings(settings: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Spark settings that overrule each other."""
    if settings.get("spark.dynamicAllocation.enabled", "true").lower() != "true":
        return
    instances = _count(settings, "spark.executor.instances")
    initial = _count(settings, "spark.dynamicAllocation.initialExecutors")
    maximum = _count(settings, "spark.dynamicAllocation.maxExecutors")
    minimum = _count(settings, "spark.dynamicAllocation.minExecutors")
    if instances is not None and initial is not None and instances > initial:
        yield warning(
            "CONF-021",
            f"spark.executor.instances {instances} overrides spark.dynamicAllocation.initialExecutors {initial}",
            "spark.executor.instances",
            got=str(instances),
            reason="dynamic allocation starts with the largest of initialExecutors, minExecutors and instances",
            hint="leave one of the two out",
        )
    if minimum is not None and maximum is not None and minimum > maximum:
        yield warning(
            "CONF-022",
            f"spark.dynamicAllocation.minExecutors {minimum} is above maxExecutors {maximum}",
            "spark.dynamicAllocation.minExecutors",
            got=str(minimum),
            reason="Spark refuses to start with such limits",
            hint="raise maxExecutors or lower minExecutors",
        )


def _count(settings: Mapping[str, str], key: str) -> int | None:
    value = settings.get(key, "")
    return int(value) if value.isdigit() else None


def megabytes(text: str | None) -> int | None:
    """A size of Spark's or Hadoop's in MB, as `4g`, `512m` or a bare number of MB; None for what is not one.

    >>> megabytes("4g"), megabytes("512"), megabytes("a lot")
    (4096, 512, None)
    """
    units = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}
    if not text or is_token(text):
        return None
    value = text.strip().lower().removesuffix("b")
    if value.isdigit():
        return int(value)
    return round(int(value[:-1]) * units[value[-1]]) if value[:-1].isdigit() and value[-1] in units else None
