"""What a security configuration asks of the roles of the clusters that use it, as statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_model.fields import read
from emrkit_model.security.objects import object_arn
from emrkit_model.tokens import is_token

from .pseudo_parameters import Aws
from .roles.grants import Statement, disk_key_statements, key_statement, secret_statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emrkit_model.fields import KeyLike, LocationLike, RoleLike, SecretLike
    from emrkit_model.security import SecurityConfiguration

__all__ = ["assumed_roles", "node_statements", "service_statements", "tagged_roles"]


def node_statements(value: SecurityConfiguration, besides: KeyLike | None = None) -> list[Statement]:
    """What the nodes' role needs: use of the keys, the jars and certificates in S3, the secrets that EMR reads there.

    `besides` is a key that the role may use already. The roles that the nodes act as are `assumed_roles` and
    `tagged_roles`: their trust policies name the nodes' role, so they are no part of its own document.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-encryption-enable.html
    """
    statements: list[Statement] = []
    for key in _others(_keys(value), besides):
        statements += key_statement(key)
    fetched = list(dict.fromkeys(object_arn(place, Aws.PARTITION) for place in _objects(value)))
    if fetched:
        statements.append({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": fetched})
    return [*statements, *secret_statement(list(_secrets(value)))]


def service_statements(value: SecurityConfiguration, besides: KeyLike | None = None) -> list[Statement]:
    """What the service role needs: the key of encrypted EBS volumes."""
    at_rest = None if value.encryption is None else value.encryption.at_rest
    if at_rest is None or at_rest.disk_key is None or not at_rest.ebs:
        return []
    return [s for key in _others([at_rest.disk_key], besides) for s in disk_key_statements(key)]


def assumed_roles(value: SecurityConfiguration) -> list[RoleLike]:
    """The roles of EMRFS's mappings, which the nodes act as."""
    return [] if is_token(value.role_mappings) else [mapping.role for mapping in value.role_mappings]


def tagged_roles(value: SecurityConfiguration) -> list[RoleLike]:
    """The roles of Ranger, which the nodes act as in tagged sessions.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-ranger-iam.html
    """
    return [] if value.ranger is None else [value.ranger.plugins_role, value.ranger.other_services_role]


def _keys(value: SecurityConfiguration) -> Iterator[KeyLike]:
    if value.encryption is None:
        return
    at_rest, wal = value.encryption.at_rest, value.encryption.wal
    if at_rest is not None:
        found = [at_rest.s3_key, at_rest.disk_key, *(override.key for override in at_rest.overrides())]
        yield from (key for key in found if key is not None)
    if wal is not None and wal.key is not None:
        yield wal.key


def _others(keys: Iterable[KeyLike], besides: KeyLike | None) -> list[KeyLike]:
    rest = [key for key in keys if key is not besides]
    if not rest:
        return []  # to read a key's ARN may cross a bridge
    found = {read(key): key for key in rest}
    known = None if besides is None else read(besides)
    return [key for arn, key in found.items() if arn != known]


def _objects(value: SecurityConfiguration) -> Iterator[LocationLike]:
    if value.encryption is None:
        return
    at_rest, in_transit = value.encryption.at_rest, value.encryption.in_transit
    if in_transit is not None and in_transit.location is not None:
        yield in_transit.location
    if at_rest is not None:
        providers = [at_rest.s3_provider, at_rest.disk_provider, *(o.provider for o in at_rest.overrides())]
        yield from (provider.jar for provider in providers if provider is not None)


def _secrets(value: SecurityConfiguration) -> Iterator[SecretLike]:
    if value.ldap is not None:
        yield value.ldap.bind_certificate
        if value.ldap.bind_credentials is not None:
            yield value.ldap.bind_credentials
    if value.ranger is not None:
        yield value.ranger.admin_secret
        if not is_token(value.ranger.plugins):
            yield from (plugin.client_secret for plugin in value.ranger.plugins)
