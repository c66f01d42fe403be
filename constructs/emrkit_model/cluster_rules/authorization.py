"""Who signs in to a cluster and who may read what, against its nodes, applications and classifications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import security as gates
from emrkit_model.configurations import settings_of
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster
    from emrkit_model.security import SecurityConfiguration
    from emrkit_model.security.ranger import Ranger

__all__ = ["check_authorization"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_GRANTS = "fs.s3.s3AccessGrants.enabled"
_HERE = "security_configuration"


def check_authorization(cluster: Cluster) -> Iterator[Diagnostic]:
    """Three primary nodes, applications and S3 Access Grants against the parts of the security configuration."""
    inner = cluster.security_configuration
    if inner is None or isinstance(inner, str) or is_token(inner):
        return
    yield from _check_primaries(cluster, inner)
    if inner.ldap is not None and cluster.kerberos is not None:
        yield error(
            "AUTH-067",
            "the cluster has Kerberos and its security configuration has LDAP",
            "kerberos",
            reason=f"with LDAP, EMR sets up a KDC of its own. {_GUIDE}ldap-setup-security.html",
            hint="keep one of them",
        )
    installed = _applications(cluster)
    if inner.runtime_roles is not None and "amazoncloudwatchagent" in installed:
        yield from gate_problem(
            "runtime-roles-agent",
            cluster.release,
            "AUTH-073",
            "applications",
            hint="leave AmazonCloudWatchAgent or runtime_roles out",
        )
    yield from _check_access_grants(cluster, inner)
    if inner.ranger is not None:
        yield from _check_plugins(inner.ranger, installed)
    yield from _check_encryption(cluster, inner, installed)


def _check_primaries(cluster: Cluster, inner: SecurityConfiguration) -> Iterator[Diagnostic]:
    if cluster.primaries != 3:
        return
    if inner.runtime_roles is not None:
        yield error(
            "AUTH-070",
            "runtime roles need a single primary node",
            _HERE,
            "runtime_roles",
            got="3 primary nodes",
            reason=f"{_GUIDE}emr-steps-runtime-roles.html",
            hint="give the cluster one primary node, or leave runtime_roles out",
        )
    if inner.identity_center is not None:
        yield error(
            "AUTH-071",
            "Identity Center needs a single primary node",
            _HERE,
            "identity_center",
            got="3 primary nodes",
            reason=f"{_GUIDE}emr-idc-start.html",
            hint="give the cluster one primary node, or leave identity_center out",
        )


def _check_access_grants(cluster: Cluster, inner: SecurityConfiguration) -> Iterator[Diagnostic]:
    if is_token(cluster.configurations):
        return
    granted = settings_of(cluster.all_configurations(), "emrfs-site").get(_GRANTS)
    on = granted is not None and not is_token(granted) and granted.lower() == "true"
    for name, part in (("ranger", inner.ranger), ("ldap", inner.ldap)):
        if on and part is not None:
            yield error(
                "AUTH-072",
                f"S3 Access Grants cannot stand beside {name}",
                _HERE,
                name,
                got=f"emrfs-site {_GRANTS}: true",
                reason=f"{_GUIDE}emr-access-grants.html",
                hint="switch one of them off",
            )
    if inner.identity_center is not None and inner.lake_formation is None and granted is None:
        yield warning(
            "AUTH-074",
            "nothing decides what a person of Identity Center may read",
            _HERE,
            "identity_center",
            allowed=f"lake_formation, or emrfs-site {_GRANTS}: true",
            reason=f"{_GUIDE}emr-idc-start.html",
            hint="add lake_formation, or switch S3 Access Grants on",
        )


def _check_plugins(ranger: Ranger, installed: frozenset[str]) -> Iterator[Diagnostic]:
    if is_token(ranger.plugins):
        return
    if any(is_token(plugin.application) for plugin in ranger.plugins):
        return
    configured = {plugin.application.lower() for plugin in ranger.plugins}
    for application in ("Spark", "Hive"):
        if application.lower() in installed and application.lower() not in configured:
            yield error(
                "AUTH-075",
                f"{application} is installed and has no Ranger plugin",
                _HERE,
                "ranger",
                "plugins",
                allowed=f"a plugin for {application}",
                reason=f"EMR refuses the cluster. {_GUIDE}emr-ranger-security-config.html",
                hint=f"add RangerPlugin(application={application!r}, …), or do not install it",
            )
    for i, plugin in enumerate(ranger.plugins):
        name = plugin.application.lower()
        if installed and name in ("spark", "hive", "trino") and name not in installed:
            yield warning(
                "AUTH-076",
                f"there is a Ranger plugin for {plugin.application}, which is not installed",
                _HERE,
                "ranger",
                "plugins",
                i,
                got=plugin.application,
                hint="install it, or drop the plugin",
            )


def _check_encryption(
    cluster: Cluster, inner: SecurityConfiguration, installed: frozenset[str]
) -> Iterator[Diagnostic]:
    encryption = inner.encryption
    if encryption is None:
        return
    if encryption.wal is not None and installed and "hbase" not in installed:
        yield warning(
            "ENC-052",
            "encryption of HBase's write-ahead log has no effect without HBase",
            _HERE,
            "encryption",
            "wal",
            hint="install HBase, or leave it out",
        )
    breaks = gates.gate("metastore-tls").admits(cluster.release) if not is_token(cluster.release) else None
    both = encryption.in_transit is not None and cluster.realm is not None
    if not both or breaks is not True or not {"spark", "hive"} <= installed or is_token(cluster.configurations):
        return
    hive = settings_of(cluster.all_configurations(), "hive-site")
    if not {"hive.metastore.use.SSL", "hive.metastore.client.factory.class"} & set(hive):
        yield warning(
            "SEC-042",
            "with Kerberos and encryption in transit, Spark does not reach the Hive metastore",
            _HERE,
            "encryption",
            "in_transit",
            reason=f"{_GUIDE}emr-encryption-support-matrix.html",
            hint="set hive-site hive.metastore.use.SSL: false, or use the Glue Data Catalog",
        )


def _applications(cluster: Cluster) -> frozenset[str]:
    """The names of the applications in lower case; nothing while they are only known at deployment."""
    if is_token(cluster.applications) or any(is_token(a.name) for a in cluster.applications):
        return frozenset()
    return frozenset(a.name.lower() for a in cluster.applications)
