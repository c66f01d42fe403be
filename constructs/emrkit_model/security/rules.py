"""What the parts of a security configuration need of each other, and forbid each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from emrkit_facts import security_grammar
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token

from .documents import leaves
from .fields import field_of

if TYPE_CHECKING:
    from .configuration import SecurityConfiguration

__all__ = ["check_extra", "check_parts"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_LDAP = f"{_GUIDE}ldap-setup-security.html"
_CENTER = f"{_GUIDE}emr-idc-start.html"
_LAKE = f"{_GUIDE}emr-lf-enable.html"
_RANGER = f"{_GUIDE}emr-ranger-security-config.html"


def check_parts(value: SecurityConfiguration) -> Iterator[Diagnostic]:
    """The exclusions and needs that hold inside one document."""
    in_transit = value.encryption is not None and value.encryption.in_transit is not None
    if value.ldap is not None:
        yield from _check_ldap(value, in_transit)
    if value.identity_center is not None and not in_transit:
        yield error(
            "AUTH-063",
            "Identity Center needs encryption in transit",
            "identity_center",
            reason=_CENTER,
            hint="give encryption.in_transit",
        )
    if value.lake_formation is not None:
        # With Identity Center, Lake Formation is there from 6.15.0 and runtime roles only from 7.8.0.
        if value.runtime_roles is None and value.identity_center is None:
            yield error(
                "AUTH-064",
                "Lake Formation needs runtime roles",
                "lake_formation",
                reason=_LAKE,
                hint="add runtime_roles",
            )
        if not in_transit:
            yield warning(
                "AUTH-065",
                "Lake Formation without encryption in transit serves no notebooks",
                "lake_formation",
                reason=_LAKE,
                hint="give encryption.in_transit",
            )
    if value.ranger is not None and value.kerberos is None and value.ldap is None:
        yield error(
            "AUTH-066",
            "Ranger needs to know who asks: Kerberos or LDAP",
            "ranger",
            reason=_RANGER,
            hint="add kerberos or ldap",
        )
    if value.role_mappings and not is_token(value.role_mappings):
        from .authorization import check_mappings

        for found in check_mappings(value.role_mappings):
            yield found.within("role_mappings")


def _check_ldap(value: SecurityConfiguration, in_transit: bool) -> Iterator[Diagnostic]:
    if value.kerberos is not None:
        yield error(
            "AUTH-060",
            "LDAP and Kerberos exclude each other",
            "ldap",
            reason=f"with LDAP, EMR sets up a KDC of its own. {_LDAP}",
            hint="keep one of them",
        )
    for name, part in (("runtime_roles", value.runtime_roles), ("lake_formation", value.lake_formation)):
        if part is not None:
            yield error(
                "AUTH-061",
                f"{name} cannot stand beside LDAP",
                name,
                reason=_LDAP,
                hint=f"drop ldap or {name}",
            )
    if not in_transit:
        yield error(
            "AUTH-062",
            "LDAP needs encryption in transit",
            "ldap",
            reason=_LDAP,
            hint="give encryption.in_transit",
        )


def check_extra(extra: Mapping[str, object]) -> Iterator[Diagnostic]:
    """The escape hatch is for what has no field, and never for a secret."""
    if not extra:
        return
    for place, value in leaves(extra):
        if (field := field_of(place)) is not None:
            yield error(
                "SEC-030",
                f"'{'.'.join(place)}' has a field: `{field}`",
                "extra",
                *place,
                reason="one setting has one door",
                hint=f"set `{field}` instead",
            )
        yield from _check_secret(value, place)
    known = security_grammar.blocks()
    for block in extra:
        if block not in known:
            yield warning(
                "SEC-032",
                f"emrkit does not know the block '{block}'; it is passed on as it is",
                "extra",
                block,
                allowed=", ".join(known),
                reason=f"{_GUIDE}emr-create-security-configuration.html",
            )


def _check_secret(value: object, place: tuple[str | int, ...]) -> Iterator[Diagnostic]:
    # Here, because the rules of templates stand on the model.
    from emrkit_model.rules.secrets import suspect

    if isinstance(value, tuple):
        for i, item in enumerate(cast("tuple[object, ...]", value)):
            yield from _check_secret(item, (*place, i))
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield from _check_secret(item, (*place, key))
    elif found := suspect(str(next(key for key in reversed(place) if isinstance(key, str))), value):
        yield error(
            "SEC-031",
            f"{found.what} stands here in clear text",
            "extra",
            *place,
            got=found.shown,
            reason="who may describe the security configuration reads it",
            hint="keep it in Secrets Manager, and name its ARN",
        )
