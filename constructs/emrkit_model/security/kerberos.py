"""Kerberos: the KDC of a security configuration and the attributes of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Seconds, SecretLike, Text, words
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.secret_references import SecretField, check_reference, is_reference, secret_id, secret_reference
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

__all__ = ["ActiveDirectory", "CrossRealmTrust", "Kerberos", "SecretField", "secret_id", "secret_reference"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-configure-settings.html"
_EXAMPLES = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-config-examples.html"


class CrossRealmTrust(Value):
    """A trust between the KDC on the cluster and another realm, as a rule one of an Active Directory.

    The trust principal's password is the one given to the other side when the trust was made there. Beside
    the trust, `Kerberos.join_user` and `join_password` let the nodes join the directory's domain.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-cross-realm.html

    >>> CrossRealmTrust(
    ...     realm="AD.EXAMPLE.COM", domain="ad.example.com", admin_server="ad.example.com", kdc_server="ad.example.com"
    ... ).document()["Domain"]
    'ad.example.com'
    """

    AREA: ClassVar[str] = "KRB"

    realm: Text
    """The other realm, in capitals by custom."""
    domain: Text
    """Its domain."""
    admin_server: Text
    """Host, with a port if it is not 749, of its administration server."""
    kdc_server: Text
    """Host, with a port if it is not 88, of its KDC."""

    def document(self) -> dict[str, Json]:
        """`CrossRealmTrustConfiguration`."""
        return {
            "Realm": self.realm,
            "Domain": self.domain,
            "AdminServer": self.admin_server,
            "KdcServer": self.kdc_server,
        }


class ActiveDirectory(Value):
    """The Active Directory that an external KDC trusts.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-config-examples.html

    >>> ActiveDirectory(realm="AD.EXAMPLE.COM", domain="ad.example.com").document()
    {'AdRealm': 'AD.EXAMPLE.COM', 'AdDomain': 'ad.example.com'}
    """

    AREA: ClassVar[str] = "KRB"

    realm: Text
    """The directory's realm."""
    domain: Text
    """Its domain."""
    server: Text | None = None
    """Full name of the domain controller. Default: found by the domain."""

    def document(self) -> dict[str, Json]:
        """`AdIntegrationConfiguration`."""
        result: dict[str, Json] = {"AdRealm": self.realm, "AdDomain": self.domain}
        return result if self.server is None else {**result, "AdServer": self.server}


class Kerberos(Value):
    """A realm with its key distribution centre: on the cluster's primary node, or an existing one.

    Passwords are named by Secrets Manager secrets, never written down: an object with `secret_arn`, an ARN, a dynamic
    reference, or a `SecretField` of a secret that holds JSON. `ticket_lifetime` is in seconds here and in hours at EMR.
    Releases from 5.10.0 (external KDC 5.20.0).
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-configure-settings.html

    >>> Kerberos.cluster_dedicated(realm="EXAMPLE.COM").kind
    'cluster-dedicated'
    """

    AREA: ClassVar[str] = "KRB"

    kind: Annotated[str, words("cluster-dedicated", "external")] = "cluster-dedicated"
    """Where the KDC runs."""
    realm: Text
    """The Kerberos realm, in capitals by custom."""
    kdc_admin_password: SecretLike | None = None
    """The secret with the administrator's password. Default: for a KDC on the cluster the construct makes one."""
    ticket_lifetime: Seconds = 86_400
    """How long a ticket is valid; whole hours."""
    admin_server: Text | None = None
    """External KDC: host and port of its administration server."""
    kdc_server: Text | None = None
    """External KDC: host and port."""
    trust: CrossRealmTrust | None = None
    """KDC on the cluster: another realm that it trusts."""
    trust_password: SecretLike | None = None
    """The secret with the password of the trust's principal, as it was given to the other realm."""
    active_directory: ActiveDirectory | None = None
    """External KDC: the Active Directory that it trusts."""
    join_user: SecretLike | None = None
    """A user of the Active Directory who may join machines to its domain: a name, or a secret with the name."""
    join_password: SecretLike | None = None
    """The secret with that user's password."""

    @classmethod
    def cluster_dedicated(
        cls,
        *,
        realm: str,
        kdc_admin_password: SecretLike | None = None,
        ticket_lifetime: int = 86_400,
        trust: CrossRealmTrust | None = None,
        trust_password: SecretLike | None = None,
        join_user: SecretLike | None = None,
        join_password: SecretLike | None = None,
    ) -> Kerberos:
        """A KDC on the primary node, made and gone with the cluster; with `trust` it trusts another realm."""
        return cls(
            kind="cluster-dedicated",
            realm=realm,
            kdc_admin_password=kdc_admin_password,
            ticket_lifetime=ticket_lifetime,
            trust=trust,
            trust_password=trust_password,
            join_user=join_user,
            join_password=join_password,
        )

    @classmethod
    def external(
        cls,
        *,
        realm: str,
        admin_server: str,
        kdc_server: str,
        kdc_admin_password: SecretLike | None = None,
        ticket_lifetime: int = 86_400,
        active_directory: ActiveDirectory | None = None,
        join_user: SecretLike | None = None,
        join_password: SecretLike | None = None,
    ) -> Kerberos:
        """A KDC that exists already and that several clusters share; its administrator's password exists as well."""
        return cls(
            kind="external",
            realm=realm,
            admin_server=admin_server,
            kdc_server=kdc_server,
            kdc_admin_password=kdc_admin_password,
            ticket_lifetime=ticket_lifetime,
            active_directory=active_directory,
            join_user=join_user,
            join_password=join_password,
        )

    def problems(self) -> Iterator[Diagnostic]:
        """Passwords by reference only; whole hours; each part with the kind of KDC that it belongs to."""
        what = "the KDC administrator's password"
        yield from check_reference(self.kdc_admin_password, "KRB-010", what, "kdc_admin_password")
        yield from check_reference(self.trust_password, "KRB-042", "the trust's password", "trust_password")
        yield from check_reference(self.join_password, "KRB-043", "the joining user's password", "join_password")
        if is_token(self.ticket_lifetime):
            yield error(
                "KRB-051",
                "ticket_lifetime must be known at synthesis",
                "ticket_lifetime",
                reason=f"EMR takes hours, and seconds that nobody knows yet cannot be divided. {_PAGE}",
                hint="write it out",
            )
        elif self.ticket_lifetime < 3600 or self.ticket_lifetime % 3600:
            yield error(
                "KRB-011",
                "ticket_lifetime must be whole hours, at least one",
                "ticket_lifetime",
                got=f"{self.ticket_lifetime} s",
                reason=_PAGE,
            )
        external = self.kind == "external"
        for name in ("admin_server", "kdc_server"):
            value: str | None = getattr(self, name)
            if external and value is None:
                yield error("KRB-012", f"an external KDC needs {name}", name, reason=_PAGE, hint="host:port")
            if not external and value is not None:
                yield error("KRB-013", f"{name} belongs to an external KDC", name, reason=_PAGE, hint="kind: external")
        if "kind" in self.model_fields_set or self.trust is not None or self.active_directory is not None:
            yield from self._check_directory(external)
        if (self.join_user is None) is not (self.join_password is None):
            missing = "join_user" if self.join_user is None else "join_password"
            yield error("KRB-046", "joining a domain needs a user and a password", missing, reason=_PAGE)

    def _check_directory(self, external: bool) -> Iterator[Diagnostic]:
        """A request names the passwords but not the kind, so these hold where somebody stated it."""
        if external and self.trust is not None:
            yield error(
                "KRB-040",
                "a trust between realms belongs to a KDC on the cluster",
                "trust",
                reason=_EXAMPLES,
                hint="an external KDC says `active_directory`",
            )
        if not external and self.active_directory is not None:
            yield error(
                "KRB-041",
                "active_directory belongs to an external KDC",
                "active_directory",
                reason=_EXAMPLES,
                hint="a KDC on the cluster says `trust`",
            )
        if self.trust is not None and self.trust_password is None:
            yield error(
                "KRB-044",
                "a trust between realms needs the password of its principal",
                "trust_password",
                reason=_PAGE,
                hint="name the secret with the password that was given to the other realm",
            )
        if self.trust is None and self.trust_password is not None:
            yield error("KRB-045", "trust_password belongs to a trust", "trust_password", reason=_PAGE)
        if self.trust is not None and not is_token(self.realm) and self.trust.realm == self.realm:
            yield error("KRB-047", "a realm cannot trust itself", "trust", "realm", got=self.trust.realm)
        if self.trust is None and self.active_directory is None and self.join_user is not None:
            yield error(
                "KRB-048",
                "there is no domain to join",
                "join_user",
                reason=_PAGE,
                hint="give `trust`, or for an external KDC `active_directory`",
            )
        if (self.trust is not None or self.active_directory is not None) and self.join_user is None:
            yield warning(
                "KRB-050",
                "the nodes cannot join the domain of an Active Directory",
                "join_user",
                reason=_PAGE,
                hint="give join_user and join_password, unless the other realm is none of an Active Directory",
            )
        if external and self.kdc_admin_password is None:
            yield error(
                "KRB-049",
                "an external KDC has its password already",
                "kdc_admin_password",
                reason=_PAGE,
                hint="name the secret that holds it",
            )

    def document(self) -> dict[str, Json]:
        """`AuthenticationConfiguration.KerberosConfiguration`, in its block."""
        inner: dict[str, Json] = {"TicketLifetimeInHours": self.ticket_lifetime // 3600}
        if self.kind == "external":
            inner |= {"KdcServerType": "Single", "AdminServer": self.admin_server, "KdcServer": self.kdc_server}
            if self.active_directory is not None:
                inner["AdIntegrationConfiguration"] = self.active_directory.document()
            found: dict[str, Json] = {"Provider": "ExternalKdc", "ExternalKdcConfiguration": inner}
        else:
            if self.trust is not None:
                inner["CrossRealmTrustConfiguration"] = self.trust.document()
            found = {"Provider": "ClusterDedicatedKdc", "ClusterDedicatedKdcConfiguration": inner}
        return {"KerberosConfiguration": found}

    def secrets(self) -> dict[str, SecretLike]:
        """The secrets behind a cluster's `KerberosAttributes`, by attribute."""
        given = {
            "KdcAdminPassword": self.kdc_admin_password,
            "CrossRealmTrustPrincipalPassword": self.trust_password,
            "ADDomainJoinUser": self.join_user,
            "ADDomainJoinPassword": self.join_password,
        }
        if self.plain_join_user is not None:
            given["ADDomainJoinUser"] = None
        return {name: secret for name, secret in given.items() if secret is not None}

    @property
    def plain_join_user(self) -> str | None:
        """The name of the user who joins the domain, where it stands here and not in a secret."""
        user = self.join_user
        return user if isinstance(user, str) and not is_reference(user) else None

    def attributes(self, resolve_secret: Callable[[SecretLike], str] = secret_reference) -> dict[str, Json] | None:
        """A cluster's `KerberosAttributes`; None until the administrator's password has a reference.

        `resolve_secret` turns the reference of a secret into the text that stands there.
        """
        if self.kdc_admin_password is None:
            return None
        resolved: dict[str, Json] = {name: resolve_secret(secret) for name, secret in self.secrets().items()}
        if self.plain_join_user is not None:
            resolved["ADDomainJoinUser"] = self.plain_join_user
        return {"Realm": self.realm, **resolved}

    def release_problems(self, release: str) -> Iterator[Diagnostic]:
        """What a release cannot do of this."""
        gate = "kerberos" if self.kind == "cluster-dedicated" else "external-kdc"
        yield from gate_problem(gate, release, "KRB-020")
