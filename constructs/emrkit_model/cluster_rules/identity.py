"""A cluster's name, its release, and what of its applications the release has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import releases
from emrkit_model.applications import check_against_release
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_identity", "check_release"]

_API = "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html"


def check_identity(cluster: Cluster) -> Iterator[Diagnostic]:
    """A cluster's name, its release, and what of its applications the release has."""
    name = cluster.name
    if is_token(name):
        return
    if not 1 <= len(name) <= 256:
        yield error("CLUS-010", "a cluster's name has 1 to 256 characters", "name", got=len(name), reason=_API)
    if bad := sorted(set(name) & set("<>$|`")):
        yield error("CLUS-011", f"a cluster's name must not contain {' '.join(bad)}", "name", got=name, reason=_API)


def _why_unknown(release: releases.UnknownRelease) -> str:
    train = release.label.rpartition("-")[0] + "-"
    known = [label for label in releases.labels() if label.rpartition("-")[0] + "-" == train]
    versions = [found.version for found in map(releases.find, known) if found.version is not None]
    if release.version is None or not versions or release.version > max(versions):
        return "it is newer than the packaged data, or misspelt"
    if any(version[:2] == release.version[:2] for version in versions):
        line = f"{train}{release.version[0]}.{release.version[1]}"
        return f"it is a newer patch of {line} than the packaged data has, or misspelt"
    return f"it is misspelt: a newer one it cannot be, the packaged data goes up to {known[-1]}"


def check_release(cluster: Cluster) -> Iterator[Diagnostic]:
    """A release label, known or new, and applications that it has."""
    release = cluster.release
    if is_token(release):
        return
    found = releases.find(release)
    if isinstance(found, releases.UnknownRelease):
        close = ", ".join(found.suggestions)
        if not found.well_formed:
            yield error(
                "CLUS-012",
                f"'{release}' is not a release label",
                "release",
                got=release,
                allowed="emr-X.Y.Z or emr-spark-X.Y.Z",
                hint=f"for example {releases.newest()}",
            )
            return
        yield warning(
            "CLUS-013",
            f"release '{release}' is not known",
            "release",
            got=release,
            reason=_why_unknown(found),
            hint=f"known ones nearby: {close}",
        )
    yield from check_against_release(cluster.applications, release)
