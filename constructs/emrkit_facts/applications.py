"""Applications: which releases have them, and what came after those that left.

Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-app-versions-7.x.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .tables import load
from .versions import parse

__all__ = [
    "ApplicationWindow",
    "UnknownApplication",
    "exclusions",
    "names",
    "window",
    "without_yarn",
]


@dataclass(frozen=True, slots=True)
class ApplicationWindow:
    """The releases that have an application: first and last label of each series ("5.x", "6.x", "7.x", "spark-8")."""

    name: str
    series: Mapping[str, tuple[str, str]]
    successor: str | None
    """The application that took its place, as AWS says."""
    advice: str | None
    """What to use where it has left, as this project advises."""
    page: str

    @property
    def known(self) -> bool:
        """True: the application is in the data."""
        return True

    @property
    def first(self) -> str:
        """The oldest release that has it."""
        return min((first for first, _ in self.series.values()), key=_order)

    @property
    def last(self) -> str:
        """The newest release that has it."""
        return max((last for _, last in self.series.values()), key=_order)

    def last_before(self, release: str) -> str | None:
        """The newest release up to a given one that has it: where somebody who needs it can stay.

        The `emr-spark-` train is a branch of its own: from there the newest `emr-` release counts.
        """
        train = release.rsplit("-", 1)[0]
        own = [last for _, last in self.series.values() if last.rsplit("-", 1)[0] == train]
        lasts = [last for last in own if _order(last) < _order(release)]
        others = [last for _, last in self.series.values() if not last.startswith("emr-spark-")]
        return max(lasts or (others if train != "emr" else []), key=_order, default=None)

    def __str__(self) -> str:
        return ", ".join(a if a == b else f"{a} to {b}" for a, b in self.series.values())


@dataclass(frozen=True, slots=True)
class UnknownApplication:
    """A name that no release in the data has; `suggestions` are close names."""

    name: str
    suggestions: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """False: the name is not in the data."""
        return False


@cache
def window(name: str) -> ApplicationWindow | UnknownApplication:
    """The window of an application, by name in any case (EMR compares names without case).

    >>> window("ganglia").last
    'emr-6.15.0'
    """
    table = load("applications")
    rows = table["applications"]
    spelling = _spellings().get(name.lower())
    if spelling is None:
        from difflib import get_close_matches

        close = get_close_matches(name.lower(), _spellings(), n=2, cutoff=0.6)
        return UnknownApplication(name, tuple(_spellings()[c] for c in close))
    row = rows[spelling]
    series = {key: (first, last) for key, (first, last) in row["windows"].items()}
    return ApplicationWindow(spelling, series, row["successor"], row["advice"], table["page"])


def names() -> tuple[str, ...]:
    """Every application name in the data, sorted."""
    return tuple(load("applications")["applications"])


def exclusions() -> tuple[tuple[str, str], ...]:
    """Pairs of applications that one cluster cannot have: the service refuses the request.

    Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-presto-considerations.html
    """
    return tuple((a, b) for a, b in load("applications")["excludes"])


def without_yarn(applications: frozenset[str], release: str) -> bool | None:
    """Whether a cluster with these applications (lower case) starts without YARN and HDFS; None: nobody knows.

    Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-7140-release.html

    >>> without_yarn(frozenset({"trino"}), "emr-7.14.0"), without_yarn(frozenset({"trino"}), "emr-7.13.0")
    (True, False)
    """
    rule, version = load("applications")["without_yarn"], parse(release)
    if version is None:
        return None
    alone = applications == frozenset(str(name).lower() for name in rule["applications"])
    return alone and version >= (parse(rule["since"]) or ())


@cache
def _spellings() -> dict[str, str]:
    return {name.lower(): name for name in names()}


def _order(label: str) -> tuple[int, ...]:
    return parse(label) or (0,)
