"""The metastore against the release and the applications that would use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import releases
from emrkit_facts import storage as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster
    from emrkit_model.metastores import GlueCatalog

__all__ = ["check_metastore", "installed"]

_SERVED = ("hive", "hcatalog", "spark", "zeppelin", "presto", "prestosql", "trino")


def installed(cluster: Cluster) -> frozenset[str] | None:
    """The names of a cluster's applications in lower case; None when one is only known at deployment."""
    if is_token(cluster.applications) or any(is_token(a.name) for a in cluster.applications):
        return None
    return frozenset(a.name.lower() for a in cluster.applications)


def check_metastore(cluster: Cluster) -> Iterator[Diagnostic]:
    """The metastore against the release and the applications that would use it."""
    if cluster.metastore is None:
        return
    from emrkit_model.metastores import GlueCatalog

    if isinstance(cluster.metastore, GlueCatalog):
        yield from _check_glue(cluster, cluster.metastore)
    else:
        yield from _check_external(cluster)


def _check_glue(cluster: Cluster, catalog: GlueCatalog) -> Iterator[Diagnostic]:
    release, names = cluster.release, installed(cluster)
    yield from gate_problem("glue-catalog", release, "META-020", "metastore")
    if catalog.catalog_id is not None:
        yield from gate_problem("glue-other-account", release, "META-021", "metastore", "catalog_id")
    if names is None:
        return
    if "presto" in names:
        yield from gate_problem("glue-presto", release, "META-022", "metastore")
    if not names & set(_SERVED):
        yield warning(
            "META-023",
            "no application of this cluster reads a metastore",
            "metastore",
            got=", ".join(sorted(names)),
            allowed="Hive, HCatalog, Spark, Presto, Trino",
            reason=facts.fact("glue", "page"),
            hint="leave `metastore` out, or add the application that it is for",
        )


def _check_external(cluster: Cluster) -> Iterator[Diagnostic]:
    page = facts.fact("external_metastore", "page")
    found, names = releases.find(cluster.release) if not is_token(cluster.release) else None, installed(cluster)
    if isinstance(found, releases.Release) and "Hive" not in found.applications:
        yield error(
            "META-024",
            f"{cluster.release} has no Hive, which would serve the external metastore",
            "metastore",
            got=cluster.release,
            reason=page,
            hint="use `metastore: glue`, or a release of the emr- train",
        )
        return
    if names is not None and not names & {"hive", "hcatalog"}:
        yield warning(
            "META-025",
            "neither Hive nor HCatalog is installed, and they run the metastore service that the others ask",
            "metastore",
            got=", ".join(sorted(names)),
            allowed="Hive or HCatalog among the applications",
            reason=page,
            hint="add Hive (or HCatalog, which is the smaller of the two) to `applications`",
        )
