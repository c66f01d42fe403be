"""Configuration classifications: EMR's free map, with the warnings that save a failed run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

from pydantic import model_validator

from emrkit_facts import classifications, security

from .diagnostics import Diagnostic
from .fields import NO_SETTINGS, Items, Settings, Text
from .findings import error, warning
from .tokens import is_token
from .values import Value

__all__ = ["Configuration", "check_list", "check_spark_settings", "settings_of"]

# EMR's own spelling in requests, and CloudFormation's; both are accepted wherever a configuration is read.
_SPELLINGS = {
    "Classification": "classification",
    "Properties": "properties",
    "ConfigurationProperties": "properties",
    "Configurations": "configurations",
}
_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html"


class Configuration(Value):
    """One classification with its properties, in EMR's form; values end as text ("true", "10").

    In a file EMR's own spelling works: `{Classification: spark-defaults, Properties: {spark.executor.memory: 4g}}`.
    Passwords do not belong here; use the `EMR.secret@<key>` annotation.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html

    >>> Configuration.of("spark-defaults", {"spark.executor.instances": 10}).properties
    {'spark.executor.instances': '10'}
    """

    AREA: ClassVar[str] = "CONF"
    WORDS: ClassVar[tuple[str, ...]] = tuple(_SPELLINGS)

    classification: Text
    """The name of the classification, for example `spark-defaults`."""
    properties: Settings = NO_SETTINGS
    """Settings; every value is text in the end."""
    configurations: Items[Configuration] = ()
    """Nested classifications, for example `export` inside `spark-env`."""

    @classmethod
    def of(
        cls, classification: str, properties: Mapping[str, object] | None = None, *configurations: Configuration
    ) -> Configuration:
        """A configuration; bare true and numbers are accepted as values."""
        return cls.parse(
            {"classification": classification, "properties": properties or {}, "configurations": configurations}
        )

    @model_validator(mode="before")
    @classmethod
    def _accept_spellings(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        rows = cast("Mapping[str, object]", data)
        result = {_SPELLINGS.get(key, key): value for key, value in rows.items()}
        return {key: value for key, value in result.items() if value is not None or key == "classification"}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        name = {"type": "string", "description": "The name of the classification, for example spark-defaults."}
        values = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
        return {
            "type": "object",
            "description": "A configuration classification in EMR's own form.",
            "required": ["Classification"],
            "additionalProperties": False,
            "properties": {
                "Classification": name,
                "Properties": values,
                "Configurations": {"type": "array", "items": {"type": "object"}},
            },
        }

    def problems(self) -> Iterator[Diagnostic]:
        """A classification that no known release has is a warning."""
        if not is_token(self.classification) and not classifications.known(self.classification):
            close = classifications.suggestions(self.classification)
            yield warning(
                "CONF-010",
                f"classification '{self.classification}' is not known",
                "classification",
                got=self.classification,
                reason=f"no release read in full has it ({_PAGE})",
                hint=f"did you mean {' or '.join(close)}?" if close else None,
            )
        if self.classification.endswith("-env") and self.properties:
            yield warning(
                "CONF-011",
                f"'{self.classification}' ignores properties of its own",
                "properties",
                reason=f"environment variables go into a nested classification `export` ({_PAGE})",
                hint="move them to configurations: [{Classification: export, Properties: {...}}]",
            )


def settings_of(configurations: Sequence[Configuration], *names: str) -> dict[str, str]:
    """The top-level properties of the named classifications, merged in order."""
    merged: dict[str, str] = {}
    for configuration in configurations:
        if configuration.classification in names:
            merged.update(configuration.properties)
    return merged


def check_list(configurations: Sequence[Configuration], release: str, *path: str | int) -> Iterator[Diagnostic]:
    """The rules of a whole list: no classification twice; class names that the release no longer has."""
    if is_token(configurations):
        return
    seen: set[str] = set()
    for i, configuration in enumerate(configurations):
        if configuration.classification in seen:
            yield error(
                "CONF-012",
                f"classification '{configuration.classification}' is given twice",
                *path,
                i,
                "classification",
                reason="the service refuses a classification that appears twice at one level",
                hint="merge the two",
            )
        seen.add(configuration.classification)
        for found in check_class_names(configuration.properties, release):
            yield found.within(*path, i, "properties")
        for found in check_list(configuration.configurations, release, "configurations"):
            yield found.within(*path, i)
    for i, configuration in enumerate(configurations):
        if configuration.classification == "spark-defaults":
            for found in check_spark_settings(configuration.properties):
                yield found.within(*path, i, "properties")


def check_class_names(settings: Mapping[str, str], release: str) -> Iterator[Diagnostic]:
    """Names of SDK v1 classes in values, on a release that has only SDK v2: a warning with the successor each."""
    if is_token(release) or security.gate("sdk-v1-absent").admits(release) is not True:
        return
    for key, value in settings.items():
        if is_token(value):
            continue
        for name in value.replace(" ", "").split(","):
            successor = security.sdk_v2_successor(name)
            if successor is None:
                continue
            yield warning(
                "CONF-020",
                f"'{key}' names a class of the AWS SDK for Java v1",
                key,
                got=name,
                reason=f"{release} is built on SDK v2: S3A maps some v1 names and fails on others",
                hint=f"use {successor}" if successor else "use its successor from the SDK v2, or leave the setting out",
            )


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
