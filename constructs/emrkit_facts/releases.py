"""Release labels: the applications in them, their operating system, Java and Python.

Pages: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-app-versions-7.x.html and its siblings; each
`Release` names its own page and the date on which it was read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .tables import load
from .versions import ReleaseVersion, parse

__all__ = ["Release", "UnknownRelease", "find", "labels", "newest"]

_PATTERN = re.compile(r"^emr(-spark)?-\d+\.\d+\.\d+$")


@dataclass(frozen=True, slots=True)
class Release:
    """What AWS documents of one release label.

    `python` is PySpark's default interpreter ("3.9"), None where the pages do not say; `pythons` are all installed.
    `initial_release` and `standard_support_until` are ISO dates, known for the newest releases only.
    """

    label: str
    version: ReleaseVersion
    applications: Mapping[str, str]
    os: str
    java: str
    java_also: tuple[str, ...]
    python: str | None
    pythons: tuple[str, ...]
    page: str
    read: str
    initial_release: str | None = None
    standard_support_until: str | None = None

    @property
    def known(self) -> bool:
        """True: the label is in the data."""
        return True

    @property
    def spark(self) -> str | None:
        """The full Spark version ("3.5.5-amzn-1")."""
        return self.applications.get("Spark")

    @property
    def spark_line(self) -> str | None:
        """The Spark line that decides which engine fits ("3.5")."""
        return ".".join(self.spark.split(".")[:2]) if self.spark else None


@dataclass(frozen=True, slots=True)
class UnknownRelease:
    """A label that the data does not have: newer than it, or misspelt. `version` is set when it looks like a label."""

    label: str
    version: ReleaseVersion | None
    suggestions: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """False: only what can be read off the label is known."""
        return False

    @property
    def well_formed(self) -> bool:
        """Whether the text has the form of a release label."""
        return bool(_PATTERN.match(self.label))


@cache
def find(label: str) -> Release | UnknownRelease:
    """Everything known about a release label; total: an unknown label is an `UnknownRelease`.

    >>> find("emr-7.10.0").spark_line
    '3.5'
    """
    table = load("releases")
    row = table["releases"].get(label)
    if row is None:
        from difflib import get_close_matches

        close = tuple(get_close_matches(label, table["releases"], n=3, cutoff=0.7)) or labels()[-1:]
        return UnknownRelease(label, parse(label) if _PATTERN.match(label) else None, close)
    version = parse(label)
    assert version is not None, label
    source, lifecycle = table["sources"][row["source"]], row.get("lifecycle", {})
    return Release(
        label=label,
        version=version,
        applications=row["applications"],
        os=row["os"],
        java=row["java"],
        java_also=tuple(row["java_also"]),
        python=row["python"],
        pythons=tuple(row["pythons"]),
        page=source["page"],
        read=source["read"],
        initial_release=lifecycle.get("initial_release"),
        standard_support_until=lifecycle.get("standard_support_until"),
    )


def labels() -> tuple[str, ...]:
    """Every label in the data, oldest first; the `emr-spark-` train follows the `emr-` train."""
    return tuple(load("releases")["releases"])


def newest() -> str:
    """The newest label of the multi-engine `emr-` train."""
    return [label for label in labels() if not label.startswith("emr-spark-")][-1]
