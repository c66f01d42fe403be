"""What a stack decides of a cluster, and what a stack tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_model import cluster as model
from emrkit_model.fields import FrozenMap, read
from emrkit_model.findings import error
from emrkit_model.permissions import Place, needed_permissions
from emrkit_model.secret_references import secret_address
from emrkit_model.values import InvalidModel, Value

from .acknowledgements import Acknowledgement, Judge, acknowledge
from .pseudo_parameters import Aws

if TYPE_CHECKING:
    from emrkit_model.contract import ContractCluster
    from emrkit_model.diagnostics import Diagnostic
    from emrkit_model.fields import KeyLike

    from .network import Network
    from .roles import Roles
    from .security_configuration import SecurityConfigurationReference

__all__ = ["allow_needs", "describe_cluster", "place_cluster"]

_EC2_LOOKS = "capacity reservations and versions of launch templates: EC2 knows no resource that these could name"


def place_cluster(
    value: model.Cluster,
    *,
    network: Network,
    security: SecurityConfigurationReference,
    roles: Roles,
    log_uri: str | None,
    log_key: KeyLike | None,
) -> model.Cluster:
    """The cluster with everything that a stack decides: subnets, groups, roles, security configuration, logs.

    What the value says itself wins. It also carries the tag without which EMR's service policy does not act.
    """
    from emrkit_facts.iam import EMR_TAG

    if value.kerberos is not None and security.kerberos is None:
        raise InvalidModel(_no_realm())
    groups = network.security_groups
    subnets = network.subnet_ids
    given: dict[str, object] = {
        # EMR chooses among the subnets of fleets; groups have one, the network's first.
        "subnets": () if value.availability_zone is not None else subnets[:1] if value.groups() else subnets,
        "primary_security_group": groups.primary,
        "core_security_group": groups.core,
        "service_access_security_group": groups.service_access,
        "service_role": roles.service_role_arn,
        "instance_profile": roles.instance_profile_name,
        "security_configuration": security.value,
        "kerberos": security.kerberos,
        "log_uri": log_uri,
        "log_key": log_key,
    }
    if any(group.scaling is not None for _, group in value.groups()):
        given["auto_scaling_role"] = value.auto_scaling_role or roles.require_auto_scaling_role()
    beside = (("primary", groups.additional_primary), ("core", groups.additional_core))
    given |= {f"additional_{node}_security_groups": ids for node, ids in beside if ids}
    kept = {k: v for k, v in given.items() if k in ("security_configuration", "kerberos") or not getattr(value, k)}
    placed = value.filled(**kept, tags=FrozenMap({**value.tags, EMR_TAG[0]: EMR_TAG[1]}))
    network.check_cluster(placed)
    return placed


def allow_needs(value: model.Cluster, roles: Roles) -> None:
    """Give the roles what the cluster's metastore, storage and settings need; `Cluster` does so for its own.

    Example: `allow_needs(project.clusters["etl"], roles)`
    """
    needed = needed_permissions(value, Place(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID))
    roles.allow(nodes=needed.nodes, service=needed.service)
    if any(statement["Resource"] == "*" for statement in needed.service) and roles.node.try_find_child("Service"):
        acknowledge(roles, Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-IAM5[Resource::*]", _EC2_LOOKS))


def _no_realm() -> Diagnostic:
    return error(
        "SEC-041",
        "the cluster has Kerberos and its security configuration has none",
        "kerberos",
        reason="EMR takes them together or not at all. "
        "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-configure-settings.html",
        hint="give the security configuration `kerberos=` too",
    )


def describe_cluster(value: model.Cluster, cluster_id: str | None) -> ContractCluster:
    """A placed cluster as an entry of the contract; without an id it is one that runs launch."""
    from emrkit_model.contract import ContractCluster, SecurityGroups

    realm = value.realm
    secrets = {} if realm is None else {name: secret_address(secret) for name, secret in realm.secrets().items()}
    inner = value.security_configuration
    return ContractCluster(
        id=cluster_id,
        name=value.name,
        release=value.release,
        log_uri=value.log_uri,
        service_role=None if value.service_role is None else read(value.service_role),
        instance_profile=None if value.instance_profile is None else read(value.instance_profile),
        auto_scaling_role=_text(value.auto_scaling_role),
        security_configuration=inner.name if isinstance(inner, Value) else inner,
        subnets=tuple(value.subnets),
        security_groups=SecurityGroups(
            primary=_text(value.primary_security_group),
            core=_text(value.core_security_group),
            service_access=_text(value.service_access_security_group),
            additional_primary=tuple(read(group) for group in value.additional_primary_security_groups),
            additional_core=tuple(read(group) for group in value.additional_core_security_groups),
        ),
        kerberos_secret=secrets.pop("KdcAdminPassword", None),
        kerberos_secrets=secrets,
    )


def _text(value: object) -> str | None:
    return None if value is None else read(value)
