"""Configuration classifications known to EMR, by release.

Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
"""

from __future__ import annotations

from functools import cache

from . import releases
from .tables import load
from .versions import ReleaseVersion, parse

__all__ = ["in_release", "known", "name_in", "names", "suggestions"]

# A classification belongs to the application whose name it begins with; longer names first.
_PREFIXES = (
    ("hcatalog", "HCatalog"),
    ("hbase", "HBase"),
    ("hive", "Hive"),
    ("hue", "Hue"),
    ("flink", "Flink"),
    ("jupyter-hub", "JupyterHub"),
    ("livy", "Livy"),
    ("oozie", "Oozie"),
    ("phoenix", "Phoenix"),
    ("pig", "Pig"),
    ("prestosql", "PrestoSQL"),
    ("presto", "Presto"),
    ("sqoop", "Sqoop"),
    ("tez", "Tez"),
    ("trino", "Trino"),
    ("zeppelin", "Zeppelin"),
    ("iceberg", "Iceberg"),
    ("delta", "Delta"),
)


def known(name: str) -> bool:
    """Whether any release that is known has the classification (`export` is the nested one)."""
    return name == "export" or name in _names()


def names() -> tuple[str, ...]:
    """Every classification that any known release has, sorted."""
    return tuple(sorted(_names()))


@cache
def suggestions(name: str) -> tuple[str, ...]:
    """Close names, best first. Remembered: comparing a name with all others is dear, and each copy of a value asks."""
    from difflib import get_close_matches

    # A name that has too few of the letters at all cannot be close; asking that first spares most comparisons. Sorted,
    # so that names equally close come in the same order in every process.
    wanted = (n for n in sorted(_names()) if 2 * sum(map(n.__contains__, name)) >= 0.6 * (len(n) + len(name)))
    return tuple(get_close_matches(name, list(wanted), n=2, cutoff=0.6))


@cache
def in_release(name: str, label: str) -> bool | None:
    """Whether a release has a classification; None where the pages read do not say.

    Five releases were read in full. For the others: a name that ended or was renamed at a known release, one whose
    application the release has not, and else what the neighbours that were read in full agree on.

    >>> in_release("trino-config", "emr-7.14.0"), in_release("trino-config", "emr-6.3.1")
    (True, False)
    """
    table = load("classifications")
    lists, version = table["lists"], parse(label)
    if name == "export":
        return True
    if label in lists:
        return name in lists[label]
    if version is None or not known(name):
        return None
    certain = _certain(name, label, version)
    if certain is not None:
        return certain
    train = label.rsplit("-", 1)[0]
    read = sorted((parse(x) or version, x) for x in lists if x.rsplit("-", 1)[0] == train)
    below = [x for number, x in read if number < version][-1:]
    above = [x for number, x in read if number > version][:1]
    answers = {name in lists[x] for x in (*below, *above)}
    return answers.pop() if len(answers) == 1 and (below or above) else None


def name_in(name: str, label: str) -> str | None:
    """The name that a classification has on a release, where it was renamed; None where it was not.

    >>> name_in("spark-log4j", "emr-7.12.0"), name_in("trino-config", "emr-6.2.0")
    ('spark-log4j2', 'prestosql-config')
    """
    version = parse(label)
    for old, new, since in _renames(name):
        if version is not None and name == old and version >= since:
            return new
        if version is not None and name == new and version < since:
            return old
    return None


def _certain(name: str, label: str, version: ReleaseVersion) -> bool | None:
    release = releases.find(label)
    owner = next((application for prefix, application in _PREFIXES if name.startswith(prefix)), None)
    if owner is not None and isinstance(release, releases.Release) and owner not in release.applications:
        return False
    if (since := load("classifications")["since"].get(name)) is not None:
        return version >= (parse(since) or version)
    # Where such a name began is not read exactly; where it ended is.
    if (ended := load("classifications")["ended"].get(name, {}).get(str(version.major))) is not None:
        return version <= (parse(ended[1]) or version)
    for old, new, since in _renames(name):
        if name in (old, new):
            return (name == new) == (version >= since)
    return None


def _renames(name: str) -> list[tuple[str, str, ReleaseVersion]]:
    """Old name, new name, since: rows that end in a star hold for all names that begin so."""
    found: list[tuple[str, str, ReleaseVersion]] = []
    for old, (new, since) in load("classifications")["renamed"].items():
        number = parse(since)
        assert number is not None, since
        if not old.endswith("*"):
            found.append((old, new, number))
        for begin in (old[:-1], new[:-1]) if old.endswith("*") else ():
            if name.startswith(begin) and begin + name[len(begin) :] == name:
                rest = name[len(begin) :]
                found.append((old[:-1] + rest, new[:-1] + rest, number))
    return found


@cache
def _names() -> frozenset[str]:
    table = load("classifications")
    return frozenset(name for listed in table["lists"].values() for name in listed) | frozenset(table["ended"])
