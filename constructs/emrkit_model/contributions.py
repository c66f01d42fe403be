"""What typed values add to a cluster's classifications, and the one door to every setting.

A value that has something to say to EMR's classifications (Spark's settings, a metastore, a switch for encryption on
the wire) is a `Contributor`: it yields pairs of the field that says it and the `Configuration` that it becomes on a
release. `Cluster.all_configurations()` joins them with the free map; a key that two places set differently is refused
with both places named.
https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from .configurations import Configuration
from .diagnostics import Diagnostic, FieldPath, render_path
from .findings import error
from .tokens import is_token
from .values import Value

__all__ = [
    "Contribution",
    "Contributor",
    "EffectiveSettings",
    "Entry",
    "check_doors",
    "entries",
    "export",
    "gather",
    "merge",
    "places",
    "under",
]

Contribution = tuple[FieldPath, Configuration]
"""The field that says it, as a path from the value that yields it, and what it says."""
Entry = tuple[tuple[str, ...], str]
"""A key with the classifications that it stands in, from the outermost: `(("spark-env", "export"), "JAVA_HOME")`."""


class Contributor(Value):
    """A value with settings of its own for a cluster's classifications."""

    def configurations(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
        """What the value adds on a release: one `Configuration` for each field that is set.

        By default what the contributors among its fields add, each with the field's name before its path.

        Args:
            release: The cluster's release label, or a token.
            applications: The names of its applications in lower case; None when they are not known yet (a token).
        """
        yield from gather(self, release, applications)


def gather(value: Value, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
    """What the contributors among a value's fields add, with paths from the value."""
    for name, inner in vars(value).items():
        if isinstance(inner, Contributor):
            for path, configuration in inner.configurations(release, applications):
                yield (name, *path), configuration


def under(field: str | FieldPath, classification: str, properties: Mapping[str, object]) -> Iterator[Contribution]:
    """A contribution of one field; none when every value is None.

    >>> [c.properties for _, c in under("heap", "tez-site", {"tez.am.resource.memory.mb": 1024, "tez.x": None})]
    [{'tez.am.resource.memory.mb': '1024'}]
    """
    said = {key: value for key, value in properties.items() if value is not None}
    if said:
        yield ((field,) if isinstance(field, str) else field), Configuration.of(classification, said)


def export(field: str, classification: str, variables: Mapping[str, object]) -> Iterator[Contribution]:
    """A contribution of environment variables: `classification` is `spark-env`, `hbase-env` and the like.

    >>> [[(n.classification, n.properties) for n in c.configurations] for _, c in export("x", "hbase-env", {"A": 1})]
    [[('export', {'A': '1'})]]
    """
    said = {key: value for key, value in variables.items() if value is not None}
    if said:
        yield (field,), Configuration.of(classification, None, Configuration.of("export", said))


def merge(free: Sequence[Configuration], contributions: Iterable[Contribution]) -> tuple[Configuration, ...]:
    """One list of both: a classification that the free map has keeps its place there, others follow in order."""
    if is_token(free):
        return cast("tuple[Configuration, ...]", free)
    result = tuple(free)
    for _, configuration in contributions:
        result = _join(result, configuration)
    return result


def _join(items: tuple[Configuration, ...], added: Configuration) -> tuple[Configuration, ...]:
    names = [item.classification for item in items]
    if added.classification not in names:
        return (*items, added)
    i = names.index(added.classification)
    inner = merge(items[i].configurations, (((), nested) for nested in added.configurations))
    joined = items[i].replace(properties={**items[i].properties, **added.properties}, configurations=inner)
    return (*items[:i], joined, *items[i + 1 :])


def entries(configuration: Configuration) -> Iterator[tuple[Entry, str, FieldPath]]:
    """Every key of a configuration and of those nested in it: entry, value, path from the configuration."""
    names = (configuration.classification,)
    for key, value in configuration.properties.items():
        yield (names, key), value, ("properties", key)
    for i, nested in enumerate(() if is_token(configuration.configurations) else configuration.configurations):
        for (inner, key), value, path in entries(nested):
            yield ((*names, *inner), key), value, ("configurations", i, *path)


def places(
    free: Sequence[Configuration], contributions: Iterable[Contribution]
) -> dict[Entry, list[tuple[FieldPath, str]]]:
    """Every key that is set, with each place that sets it and the value there; the free map's places come first."""
    found: dict[Entry, list[tuple[FieldPath, str]]] = {}
    for i, configuration in enumerate(() if is_token(free) else free):
        for entry, value, path in entries(configuration):
            found.setdefault(entry, []).append((("configurations", i, *path), value))
    for field, configuration in contributions:
        for entry, value, _ in entries(configuration):
            found.setdefault(entry, []).append((field, value))
    return found


class EffectiveSettings:
    """What the nodes get in the end, key by key, with the place that says it: for rules that look at several keys.

    Where two places say the same key, the free map's place is the one shown.
    """

    def __init__(self, free: Sequence[Configuration], contributions: Iterable[Contribution]) -> None:
        # By classification, the free map first; key by key only when somebody asks: of most keys nobody does.
        self._said: dict[str, list[_Said]] = {}
        for i, configuration in enumerate(() if is_token(free) else free):
            said = _Said(configuration.properties, ("configurations", i, "properties"), each=True)
            self._said.setdefault(configuration.classification, []).append(said)
        for field, configuration in contributions:
            self._said.setdefault(configuration.classification, []).append(_Said(configuration.properties, field))

    def value(self, classification: str, key: str) -> str | None:
        """The value of a top-level key; None where nobody sets it, or where it is a token."""
        found = [said.properties[key] for said in self._said.get(classification, ()) if key in said.properties]
        return found[-1] if found and not is_token(found[-1]) else None

    def place(self, classification: str, key: str) -> FieldPath:
        """The path of the field or of the free map's entry that sets a key; the root where nobody does."""
        for said in self._said.get(classification, ()):
            if key in said.properties:
                return (*said.place, key) if said.each else said.place
        return ()

    def properties(self, classification: str) -> dict[str, str]:
        """The top-level keys of a classification, tokens left out."""
        joined: dict[str, str] = {}
        for said in self._said.get(classification, ()):
            joined.update(said.properties)
        return {key: value for key, value in joined.items() if not is_token(value)}


@dataclass(frozen=True, slots=True)
class _Said:
    """Top-level keys that one place sets; in the free map each key has a path of its own."""

    properties: Mapping[str, str]
    place: FieldPath
    each: bool = False


def check_doors(free: Sequence[Configuration], contributions: Sequence[Contribution]) -> Iterator[Diagnostic]:
    """Keys that two places set differently; a free map that nobody can read yet beside typed settings."""
    for what, place, field in _unknown_lists(free, contributions):
        yield error(
            "CONF-050",
            f"{what} is a token, and `{render_path(field)}` would have to be merged into it",
            *place,
            reason="a list that is only known at deployment cannot be joined with typed settings",
            hint="write the list out (its values may be tokens), or leave the typed settings away",
        )
    if not contributions and not is_token(free) and len({item.classification for item in free}) == len(free):
        return  # one place for each key
    for (names, key), said in places(free, contributions).items():
        for path, value in said[1:]:
            other, before = said[0]
            if value == before:
                continue
            # The free map's place is shown: that is the one to change.
            yield error(
                "CONF-044",
                f"'{key}' of {names[0]} is set to {value} by the field `{render_path(path)}`",
                *other,
                got=before,
                reason="one setting has one door: two that differ would leave it to chance which one wins",
                hint="keep one of the two",
            )


def _unknown_lists(
    free: Sequence[Configuration], contributions: Sequence[Contribution]
) -> Iterator[tuple[str, FieldPath, FieldPath]]:
    """Lists of the free map that nobody can read yet, and that a field has something to add to."""
    if is_token(free):
        if contributions:
            yield "`configurations`", ("configurations",), contributions[0][0]
        return
    nested = {item.classification: field for field, item in contributions if item.configurations}
    for i, item in enumerate(free):
        if is_token(item.configurations) and item.classification in nested:
            yield (
                f"what is inside {item.classification}",
                ("configurations", i, "configurations"),
                nested[item.classification],
            )
