"""Applications of a cluster: an open enum, checked against the release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from pydantic import model_validator

from emrkit_facts import applications as facts
from emrkit_facts import releases

from .diagnostics import Diagnostic
from .fields import Text
from .findings import error, warning
from .tokens import is_token
from .values import Value

__all__ = ["Application", "check_against_release"]


class Application(Value):
    """An application that EMR installs: a constant for each that a known release has, `Application.of("X")` for others.

    EMR compares names without case; another spelling than its own is a warning. The version comes from the release.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html

    >>> Application.SPARK.name
    'Spark'
    """

    AREA: ClassVar[str] = "APP"

    name: Text
    """The name as the Release Guide prints it, for example `Spark`."""

    SPARK: ClassVar[Application]
    HADOOP: ClassVar[Application]
    HIVE: ClassVar[Application]
    HCATALOG: ClassVar[Application]
    HBASE: ClassVar[Application]
    HUDI: ClassVar[Application]
    HUE: ClassVar[Application]
    ICEBERG: ClassVar[Application]
    DELTA: ClassVar[Application]
    FLINK: ClassVar[Application]
    JUPYTER_ENTERPRISE_GATEWAY: ClassVar[Application]
    JUPYTER_HUB: ClassVar[Application]
    LIVY: ClassVar[Application]
    OOZIE: ClassVar[Application]
    PHOENIX: ClassVar[Application]
    PIG: ClassVar[Application]
    PRESTO: ClassVar[Application]
    TENSORFLOW: ClassVar[Application]
    TEZ: ClassVar[Application]
    TRINO: ClassVar[Application]
    ZEPPELIN: ClassVar[Application]
    ZOOKEEPER: ClassVar[Application]
    CLOUDWATCH_AGENT: ClassVar[Application]
    GANGLIA: ClassVar[Application]
    MAHOUT: ClassVar[Application]
    MXNET: ClassVar[Application]
    PRESTO_SQL: ClassVar[Application]
    SQOOP: ClassVar[Application]

    @classmethod
    def of(cls, name: str) -> Application:
        """Any application by name; a name that the facts do not know is a warning of the cluster."""
        return cls(name=name)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: object) -> object:
        return {"name": data} if isinstance(data, str) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return {"type": "string", "examples": ["Spark", "Hive"], "description": "The name of an EMR application."}

    def __str__(self) -> str:
        return self.name


# Made without validation: building the validator at import would cost every command some milliseconds.
for _constant, _name in {
    "SPARK": "Spark",
    "HADOOP": "Hadoop",
    "HIVE": "Hive",
    "HCATALOG": "HCatalog",
    "HBASE": "HBase",
    "HUDI": "Hudi",
    "HUE": "Hue",
    "ICEBERG": "Iceberg",
    "DELTA": "Delta",
    "FLINK": "Flink",
    "JUPYTER_ENTERPRISE_GATEWAY": "JupyterEnterpriseGateway",
    "JUPYTER_HUB": "JupyterHub",
    "LIVY": "Livy",
    "OOZIE": "Oozie",
    "PHOENIX": "Phoenix",
    "PIG": "Pig",
    "PRESTO": "Presto",
    "TENSORFLOW": "TensorFlow",
    "TEZ": "Tez",
    "TRINO": "Trino",
    "ZEPPELIN": "Zeppelin",
    "ZOOKEEPER": "ZooKeeper",
    "CLOUDWATCH_AGENT": "AmazonCloudWatchAgent",
    # In older releases only.
    "GANGLIA": "Ganglia",
    "MAHOUT": "Mahout",
    "MXNET": "MXNet",
    "PRESTO_SQL": "PrestoSQL",
    "SQOOP": "Sqoop",
}.items():
    setattr(Application, _constant, Application.model_construct(name=_name))


_RELEASES = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html"
_EXCLUDES = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-presto-considerations.html"


def check_against_release(applications: Sequence[Application], release: str) -> Iterator[Diagnostic]:
    """The rules between a release and its applications; paths are `applications[i]`.

    An application that the release does not have is an error, with the last release that does and what to use in its
    place; names and releases newer than the facts are warnings.
    """
    if is_token(release) or is_token(applications):
        return
    known = releases.find(release)
    seen: dict[str, int] = {}
    for i, application in enumerate(applications):
        name = application.name
        if is_token(name):
            continue
        if name.lower() in seen:
            yield error("APP-012", f"application '{name}' is listed twice", "applications", i)
            continue
        seen[name.lower()] = i
        window = facts.window(name)
        if isinstance(window, facts.UnknownApplication):
            yield warning(
                "APP-010",
                f"application '{name}' is not known",
                "applications",
                i,
                got=name,
                hint=f"did you mean {' or '.join(window.suggestions)}?" if window.suggestions else None,
            )
            continue
        if name != window.name:
            yield warning(
                "APP-030",
                f"application '{name}' is spelled {window.name}",
                "applications",
                i,
                got=name,
                reason=f"EMR takes any case, templates and people compare letters ({_RELEASES})",
                hint=f"write {window.name}",
            )
        if isinstance(known, releases.Release) and window.name not in known.applications:
            yield _not_in_release(window, known, i)
    for first, second in facts.exclusions():
        if {first.lower(), second.lower()} <= seen.keys():
            yield error(
                "APP-013",
                f"{first} and {second} cannot both be installed",
                "applications",
                max(seen[first.lower()], seen[second.lower()]),
                reason=f"the service refuses such a cluster ({_EXCLUDES})",
                hint="keep one of them; Trino is the one that goes on",
            )


def _not_in_release(window: facts.ApplicationWindow, release: releases.Release, i: int) -> Diagnostic:
    last, successor = window.last_before(release.label), window.successor
    instead = successor if successor in release.applications else window.advice
    stay = f"{last} is the last release that has it" if last else f"{window.first} is the first release that has it"
    return error(
        "APP-011",
        f"release '{release.label}' does not have {window.name}",
        "applications",
        i,
        got=window.name,
        allowed=", ".join(release.applications),
        reason=f"{window.name} is in {window} ({release.page})",
        hint=f"{stay}; in its place use {instead}" if instead and last else stay,
    )
