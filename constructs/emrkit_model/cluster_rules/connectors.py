"""Which connector is behind `s3://` on the release, and settings that speak to the other one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import settings as facts
from emrkit_facts.storage import s3_connector
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_connectors"]

_EMRFS = "com.amazon.ws.emr.hadoop.fs.EmrFileSystem"
_S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"


def check_connectors(cluster: Cluster) -> Iterator[Diagnostic]:
    """Settings of S3A where `s3://` is EMRFS, settings of EMRFS where it is S3A, and EMRFS where there is none."""
    release = cluster.release
    if is_token(release) or is_token(cluster.configurations):
        return
    usual = s3_connector(release)
    if usual is None:
        return
    effective = cluster.effective_settings()
    chosen = effective.value("core-site", "fs.s3.impl")
    if chosen == _EMRFS and release.startswith("emr-spark-"):
        yield error(
            "CONF-061",
            f"release '{release}' has no EMRFS",
            *effective.place("core-site", "fs.s3.impl"),
            got=chosen,
            reason=usual.page,
            hint="leave fs.s3.impl out: S3A is behind s3:// there",
        )
        return
    name = {_EMRFS: "EMRFS", _S3A: "S3A"}.get(chosen or "", usual.name)
    if name == "EMRFS":
        keys = [key for key in effective.properties("core-site") if key.startswith("fs.s3a.")]
        for place, said in _by_place([(effective.place("core-site", key), key) for key in keys]):
            yield warning(
                "CONF-059",
                f"{_listed(said)} {'has' if len(said) == 1 else 'have'} no effect on s3:// with {release}",
                *place,
                got=", ".join(said),
                reason=f"EMRFS is behind s3:// there, S3A only behind s3a:// ({usual.page})",
                hint="set emrfs-site in its place, or choose emr-7.10.0 or later, where S3A is behind s3://",
            )
        return
    for key, value in effective.properties("emrfs-site").items():
        if (found := facts.emrfs_only(key)) is not None:
            yield warning(
                "CONF-060",
                f"'{key}' has no effect with {release}",
                *effective.place("emrfs-site", key),
                got=value,
                reason=f"S3A is behind s3:// there: {found.text} ({found.page})",
                hint="leave it out",
            )


def _by_place(found: list[tuple[tuple[str | int, ...], str]]) -> list[tuple[tuple[str | int, ...], list[str]]]:
    """Keys of one map are told together, at the map: ten lines of the same would hide what else there is."""
    groups: dict[tuple[str | int, ...], list[str]] = {}
    for place, key in found:
        at = place[:-1] if place and place[0] == "configurations" else place
        groups.setdefault(at, []).append(key)
    return list(groups.items())


def _listed(keys: list[str]) -> str:
    return f"'{keys[0]}'" if len(keys) == 1 else f"'{keys[0]}' and {len(keys) - 1} more settings of S3A"
