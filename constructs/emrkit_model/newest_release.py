"""The newest release of a line, from the packaged data: a look-up that asks no network."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emrkit_facts import releases

from .findings import error
from .values import InvalidModel

__all__ = ["match_release", "newest_release"]

_FILTER = re.compile(r"^(?:emr-(?P<spark>spark)?-?)?(?P<numbers>\d+(?:\.\d+){0,2})?\.?\*?$")
_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html"


def newest_release(line: str = "", *, application: str | None = None) -> str:
    """The newest release label of a line that this emrkit's data knows: no network, and the same answer every time.

    What it answers changes when emrkit is upgraded and its data knows a newer release. A new release label replaces a
    cluster that CloudFormation owns: write the label down in production, or upgrade emrkit as you would change it.
    `emrkit plan` says what an upgrade would replace.

    Args:
        line: What the label begins with, number by number: `7`, `emr-7.` or `emr-7.*` for any 7.y.z, `7.1` for 7.1.z
            but not 7.10.0, `emr-spark-8` for that train. Default: the multi-engine train, whatever its number.
        application: It must have this application: `Trino`, or `Spark@3.5` for a line of its versions. Default: any.

    Raises:
        InvalidModel: No release is of that line (E-CLUS-014).

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html

    >>> newest_release("6", application="Ganglia")
    'emr-6.15.0'
    >>> newest_release("emr-5.36.")
    'emr-5.36.2'
    """
    found = match_release(line, application)
    if found is None:
        known = sorted(
            {label.rpartition("-")[0] + "-" + label.rpartition("-")[2].split(".")[0] for label in releases.labels()}
        )
        wanted = f"{line!r}" if application is None else f"{line!r} with {application}"
        raise InvalidModel(
            error(
                "CLUS-014",
                f"no release that this emrkit knows is of the line {wanted}",
                "release",
                got=line,
                allowed=", ".join(known),
                reason=f"the packaged data ends with {releases.newest()} ({_PAGE})",
                hint="write the label down in full, or upgrade emrkit: pip install --upgrade emrkit",
            )
        )
    return found


def match_release(line: str, application: str | None = None) -> str | None:
    """The same look-up with None for a line that nothing is of.

    >>> match_release("emr-99.*") is None
    True
    """
    read = _FILTER.match(line.strip())
    if read is None:
        return None
    train = "emr-spark-" if read["spark"] else "emr-"
    numbers = tuple(int(number) for number in (read["numbers"] or "").split(".") if number)
    for label in reversed(releases.labels()):
        release = releases.find(label)
        if not isinstance(release, releases.Release) or label.rpartition("-")[0] + "-" != train:
            continue
        if release.version[: len(numbers)] == numbers and (application is None or any(_has(release, application))):
            return label
    return None


def _has(release: releases.Release, application: str) -> Iterator[bool]:
    name, _, version = application.partition("@")
    for other, full in release.applications.items():
        if other.lower() == name.lower():
            yield not version or f"{re.split(r'[-+]', full)[0]}.".startswith(f"{version.rstrip('.*')}.")
