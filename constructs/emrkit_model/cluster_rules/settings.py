"""Classifications and typed settings against the release, the applications and each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from emrkit_facts import applications, classifications
from emrkit_model.configurations import check_list
from emrkit_model.contributions import check_doors, entries
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.setting_keys import check_spark_settings, check_values
from emrkit_model.settings.amounts import KeyedSettings
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_secured_settings", "check_settings"]

_SPARK_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html"
_APPS_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html"
_FORMATS_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-iceberg-use-spark-cluster.html"
_WIRE_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html"


def check_settings(cluster: Cluster) -> Iterator[Diagnostic]:
    """Classifications and typed settings against the release, the applications and each other."""
    yield from check_list(cluster.configurations, cluster.release, "configurations")
    yield from check_doors(cluster.configurations, cluster.contributions())
    yield from _check_typed(cluster)
    yield from _check_installed(cluster)
    if is_token(cluster.configurations):
        return
    yield from _check_spark(cluster)
    yield from _check_table_formats(cluster)


def check_secured_settings(cluster: Cluster) -> Iterator[Diagnostic]:
    """Classifications and typed settings against the security configuration and Kerberos."""
    if not is_token(cluster.configurations):
        yield from _check_security_door(cluster)
        yield from _check_wire(cluster)


def _check_typed(cluster: Cluster) -> Iterator[Diagnostic]:
    """What typed fields render to: classifications that the release has, classes that it has."""
    absent: set[str] = set()
    for path, configuration in cluster.contributions():
        name = configuration.classification
        if name not in absent and classifications.in_release(name, cluster.release) is False:
            absent.add(name)
            yield error(
                "CONF-057",
                f"release '{cluster.release}' does not have '{name}', which this field is rendered to",
                *path,
                reason=_APPS_PAGE,
                hint="leave the field out, or choose a release that has it",
            )
        for (_, key), value, _ in entries(configuration):
            for found in check_values(key, value, cluster.release):
                # The key is the field's business: the path ends at the field.
                yield replace(found, path=path)


def _check_installed(cluster: Cluster) -> Iterator[Diagnostic]:
    """Settings of an application that the cluster does not install do nothing."""
    settings, names = cluster.settings, cluster.application_names()
    if settings is None or names is None:
        return
    for field in type(settings).model_fields:
        part = getattr(settings, field)
        wanted = part.APPLICATIONS if isinstance(part, KeyedSettings) else ()
        if wanted == ("Hadoop",):
            # Hadoop comes with nearly everything.
            if "hadoop" not in names and applications.without_yarn(names, cluster.release) is True:
                yield _nothing_to_set(field, "HDFS and YARN", "add Hadoop to the applications")
        elif wanted and not names & {name.lower() for name in wanted}:
            yield _nothing_to_set(field, wanted[0], f"add {wanted[0]} to the applications, or leave the settings out")


def _nothing_to_set(field: str, what: str, hint: str) -> Diagnostic:
    return warning(
        "CONF-056",
        f"the cluster does not install {what}, so its settings do nothing",
        "settings",
        field,
        reason=_APPS_PAGE,
        hint=hint,
    )


def _check_security_door(cluster: Cluster) -> Iterator[Diagnostic]:
    inner = cluster.security_configuration
    if inner is None or isinstance(inner, str) or is_token(inner):
        return
    if inner.encryption is None or inner.encryption.at_rest is None:
        return
    for i, configuration in enumerate(cluster.configurations):
        if configuration.classification != "emrfs-site":
            continue
        for key in ("fs.s3.enableServerSideEncryption", "fs.s3.serverSideEncryption.kms.keyId", "fs.s3.cse.enabled"):
            if key in configuration.properties:
                yield error(
                    "CONF-030",
                    f"'{key}' is set by the security configuration",
                    "configurations",
                    i,
                    "properties",
                    key,
                    got=configuration.properties[key],
                    reason="one setting has one door",
                    hint="leave it out here; encryption.at_rest says it",
                )


def _check_spark(cluster: Cluster) -> Iterator[Diagnostic]:
    """Settings of Spark that overrule each other, wherever each is said; EMR's own sizing where it misses."""
    effective = cluster.effective_settings()
    for found in check_spark_settings(effective.properties("spark-defaults")):
        yield replace(found, path=effective.place("spark-defaults", str(found.path[-1])))
    if (effective.value("spark", "maximizeResourceAllocation") or "").lower() != "true":
        return
    place = effective.place("spark", "maximizeResourceAllocation")
    if any(len(nodes.instance_types()) > 1 for _, nodes in cluster.nodes()):
        yield warning(
            "CONF-045",
            "maximize_resources sizes executors from one core type, and the fleets have several",
            *place,
            reason=_SPARK_PAGE,
            hint="set executor_memory and executor_cores for the smallest type",
        )
    if "hbase" in (cluster.application_names() or ()):
        yield warning(
            "CONF-068",
            "maximize_resources does not know that HBase takes half of each node",
            *place,
            reason=f"executors sized for the whole node fail ({_SPARK_PAGE})",
            hint="set executor_memory and executor_cores",
        )


def _check_table_formats(cluster: Cluster) -> Iterator[Diagnostic]:
    """Naming Iceberg or Delta installs it; a classification switches it on."""
    names, effective = cluster.application_names() or frozenset(), cluster.effective_settings()
    for name, classification in (("iceberg", "iceberg-defaults"), ("delta", "delta-defaults")):
        if name in names and effective.value(classification, f"{name}.enabled") is None:
            yield warning(
                "CONF-082",
                f"{name.capitalize()} is installed and nothing switches it on",
                "applications",
                reason=_FORMATS_PAGE,
                hint=f"set settings.table_formats.{name}: true",
            )


def _check_wire(cluster: Cluster) -> Iterator[Diagnostic]:
    """Both halves of Hadoop's wire or none; and Kerberos, without which calls stay in clear."""
    effective = cluster.effective_settings()
    calls, data = ("core-site", "hadoop.rpc.protection"), ("hdfs-site", "dfs.encrypt.data.transfer")
    on = {
        calls: "privacy" in (effective.value(*calls) or ""),
        data: (effective.value(*data) or "").lower() == "true",
    }
    if on[calls] != on[data]:
        said, other = (calls, data) if on[calls] else (data, calls)
        yield warning(
            "CONF-073",
            f"'{said[1]}' encrypts one half of Hadoop's wire, '{other[1]}' leaves the other in clear",
            *effective.place(*said),
            got=effective.value(*said),
            reason=_WIRE_PAGE,
            hint="set settings.wire_encryption: true in place of the two keys",
        )
    inner = cluster.security_configuration
    if on[calls] and cluster.realm is None and not isinstance(inner, str):
        yield warning(
            "CONF-066",
            "Hadoop's calls are encrypted only where Kerberos says who calls",
            *effective.place(*calls),
            reason=f"the protection is one of SASL, which needs Kerberos ({_WIRE_PAGE})",
            hint="give the cluster a Kerberos realm",
        )
