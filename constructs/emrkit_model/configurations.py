"""Configuration classifications: EMR's free map, with the warnings that save a failed run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, cast

from pydantic import model_validator

from emrkit_facts import classifications

from .diagnostics import Diagnostic
from .fields import NO_SETTINGS, Items, Settings, Text
from .findings import error, warning
from .setting_keys import check_key, check_spark_settings
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
    Passwords do not belong here; use `EMR.secret@<key>` with the ARN of a secret; the service role may then read it.
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
        """An `-env` classification with properties of its own is a warning."""
        if not is_token(self.classification) and self.classification.endswith("-env") and self.properties:
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
    """The rules of a whole list: each classification once and known to the release, each key one that may be set."""
    if is_token(configurations):
        return
    for i, configuration in enumerate(configurations):
        yield from _check_name(configuration.classification, release, *path, i)
    yield from _check_level(configurations, release, *path)


def _check_level(configurations: Sequence[Configuration], release: str, *path: str | int) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for i, configuration in enumerate(configurations):
        name = configuration.classification
        if name in seen:
            yield error(
                "CONF-012",
                f"classification '{name}' is given twice",
                *path,
                i,
                "classification",
                reason="the service refuses a classification that appears twice at one level",
                hint="merge the two",
            )
        seen.add(name)
        for key, value in configuration.properties.items():
            # What is only known at deployment need not be text, nor have a hash.
            look = _of_key if value.__class__ is str else check_key
            for found in look(name, key, value, release):
                yield found.within(*path, i, "properties")
        # Nested names are sections of one file (`export`, a section of hue.ini), not classifications of the release.
        nested = () if is_token(configuration.configurations) else configuration.configurations
        for found in _check_level(nested, release, "configurations"):
            yield found.within(*path, i)


@lru_cache(maxsize=4096)
def _of_key(classification: str, key: str, value: str, release: str) -> tuple[Diagnostic, ...]:
    """Remembered: a value is checked again when another is made of it, and clusters share most of their settings."""
    return tuple(check_key(classification, key, value, release))


def _check_name(name: str, release: str, *path: str | int) -> Iterator[Diagnostic]:
    if is_token(name):
        return
    if not classifications.known(name):
        close = classifications.suggestions(name)
        yield warning(
            "CONF-010",
            f"classification '{name}' is not known",
            *path,
            "classification",
            got=name,
            reason=f"no release read in full has it ({_PAGE})",
            hint=f"did you mean {' or '.join(close)}?" if close else None,
        )
    elif not is_token(release) and classifications.in_release(name, release) is False:
        new = classifications.name_in(name, release)
        yield warning(
            "CONF-055",
            f"release '{release}' does not have classification '{name}'",
            *path,
            "classification",
            got=name,
            reason=_PAGE,
            hint=f"there it is called {new}" if new else "leave it out",
        )
