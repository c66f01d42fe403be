"""LDAP: users of a cluster sign in with a directory's accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Flag, SecretLike, Text, read
from emrkit_model.findings import error
from emrkit_model.secret_references import check_arn
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

__all__ = ["Ldap"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/ldap-setup-security.html"


class Ldap(Value):
    """Authentication of users against a directory over LDAPS.

    EMR sets up a KDC of its own for it, so it excludes Kerberos; it needs encryption in transit, and excludes runtime
    roles and Lake Formation. Certificate and bind credentials are secrets that EMR reads by their ARNs.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/ldap-setup-security.html

    >>> Ldap(
    ...     server_url="ldaps://ldap.example.com",
    ...     bind_certificate="arn:aws:secretsmanager:eu-west-1:111122223333:secret:ldap-certificate",
    ...     access_filter="(objectClass=person)",
    ...     user_search_base="ou=people,dc=example,dc=com",
    ...     group_search_base="ou=groups,dc=example,dc=com",
    ... ).ssh_login
    False
    """

    AREA: ClassVar[str] = "AUTH"

    server_url: Text
    """The server: `ldaps://…`."""
    bind_certificate: SecretLike
    """The secret with the certificate that signed the server's; an empty one for a public authority."""
    bind_credentials: SecretLike | None = None
    """The secret with one pair `{"<bind DN>": "<password>"}`; needed for `ssh_login`."""
    access_filter: Text
    """The LDAP filter that an entry must match to get in."""
    user_search_base: Text
    """Where users are looked for."""
    group_search_base: Text
    """Where groups are looked for."""
    ssh_login: Flag = False
    """Users may sign in to the nodes with their passwords."""
    server_type: Text | None = None
    """`LDAPServerType`, passed on as it stands here: AWS names Active Directory and OpenLDAP, but prints no token for
    them. Default: not stated."""
    ad_domain: Text | None = None
    """The domain of an Active Directory; such a server needs it."""

    def problems(self) -> Iterator[Diagnostic]:
        """LDAPS only, filters that say something, secrets by their ARNs."""
        if not is_token(self.server_url) and not self.server_url.startswith("ldaps://"):
            hint = "ldaps://ldap.example.com"
            yield error("AUTH-010", "LDAP goes over TLS", "server_url", got=self.server_url, reason=_PAGE, hint=hint)
        yield from check_arn(self.bind_certificate, "AUTH-011", "the LDAP certificate", "bind_certificate")
        yield from check_arn(self.bind_credentials, "AUTH-012", "the bind credentials", "bind_credentials")
        if self.ssh_login is True and self.bind_credentials is None:
            yield error("AUTH-013", "sign-in over SSH needs bind credentials", "bind_credentials", reason=_PAGE)
        for name in ("access_filter", "user_search_base", "group_search_base"):
            if not getattr(self, name):
                yield error("AUTH-014", f"{name} is empty", name, reason=_PAGE)
        named = "" if self.server_type is None or is_token(self.server_type) else self.server_type
        kind = "".join(c for c in named.lower() if c.isalpha())
        if kind == "activedirectory" and self.ad_domain is None:
            yield error("AUTH-015", "an Active Directory needs its domain", "ad_domain", reason=_PAGE)

    def document(self) -> dict[str, Json]:
        """`LDAPConfiguration`."""
        result: dict[str, Json] = {
            "EnableLDAPAuthentication": True,
            "LDAPServerURL": self.server_url,
            "BindCertificateARN": read(self.bind_certificate),
        }
        if self.bind_credentials is not None:
            result["BindCredentialsARN"] = read(self.bind_credentials)
        result |= {
            "LDAPAccessFilter": self.access_filter,
            "LDAPUserSearchBase": self.user_search_base,
            "LDAPGroupSearchBase": self.group_search_base,
            "EnableSSHLogin": self.ssh_login,
        }
        if self.server_type is not None:
            result["LDAPServerType"] = self.server_type
        if self.ad_domain is not None:
            result["ActiveDirectoryConfigurations"] = {"ADDomain": self.ad_domain}
        return result
