"""Kerberos: the KDC of a security configuration and the attributes of a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar

from .diagnostics import Diagnostic
from .fields import Seconds, SecretLike, Text, read, words
from .findings import error
from .tokens import is_token
from .values import Json, Value

__all__ = ["Kerberos", "secret_id", "secret_reference"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-configure-settings.html"
_SECRET = re.compile(r"^(\{\{resolve:(secretsmanager|ssm-secure):.+\}\}|arn:[\w-]+:secretsmanager:.+)$")


class Kerberos(Value):
    """A realm with its key distribution centre: on the cluster's primary node, or an existing one.

    The administrator's password is named by a Secrets Manager secret, never written down. `ticket_lifetime` is in
    seconds here and in hours at EMR. Releases from 5.10.0 (external KDC 5.20.0).
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
    """The secret with the administrator's password: an object with `secret_arn`, its ARN or a dynamic reference.
    Default: the construct makes one."""
    ticket_lifetime: Seconds = 86_400
    """How long a ticket is valid; whole hours."""
    admin_server: Text | None = None
    """External KDC: host and port of its administration server."""
    kdc_server: Text | None = None
    """External KDC: host and port."""

    @classmethod
    def cluster_dedicated(
        cls, *, realm: str, kdc_admin_password: SecretLike | None = None, ticket_lifetime: int = 86_400
    ) -> Kerberos:
        """A KDC on the primary node, made and gone with the cluster."""
        return cls(
            kind="cluster-dedicated",
            realm=realm,
            kdc_admin_password=kdc_admin_password,
            ticket_lifetime=ticket_lifetime,
        )

    @classmethod
    def external(
        cls, *, realm: str, admin_server: str, kdc_server: str, kdc_admin_password: SecretLike | None = None
    ) -> Kerberos:
        """A KDC that exists already and that several clusters share."""
        return cls(
            kind="external",
            realm=realm,
            admin_server=admin_server,
            kdc_server=kdc_server,
            kdc_admin_password=kdc_admin_password,
        )

    def problems(self) -> Iterator[Diagnostic]:
        """A password by reference only; whole hours; servers exactly for an external KDC."""
        password = self.kdc_admin_password
        if isinstance(password, str) and not is_token(password) and not _SECRET.match(password):
            yield error(
                "KRB-010",
                "the KDC administrator's password must be a reference to a secret",
                "kdc_admin_password",
                got="text (not shown)",
                allowed="the ARN of a Secrets Manager secret, or {{resolve:secretsmanager:...}}",
                reason="a password in a file or a template is readable for everybody who can read that",
                hint="store it: aws secretsmanager create-secret --generate..., and name its ARN here",
            )
        if not is_token(self.ticket_lifetime) and (self.ticket_lifetime < 3600 or self.ticket_lifetime % 3600):
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

    def document(self) -> dict[str, Json]:
        """`AuthenticationConfiguration`."""
        hours = self.ticket_lifetime // 3600
        configuration: dict[str, Json]
        if self.kind == "external":
            configuration = {
                "Provider": "ExternalKdc",
                "ExternalKdcConfiguration": {
                    "TicketLifetimeInHours": hours,
                    "KdcServerType": "Single",
                    "AdminServer": self.admin_server,
                    "KdcServer": self.kdc_server,
                },
            }
        else:
            configuration = {
                "Provider": "ClusterDedicatedKdc",
                "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": hours},
            }
        return {"KerberosConfiguration": configuration}


def secret_reference(secret: SecretLike) -> str:
    """The text that stands for a secret's value in a template: CloudFormation resolves it at deployment.

    >>> secret_reference("arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf")
    '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf:SecretString:::}}'
    """
    text = read(secret)
    return text if text.startswith("{{resolve:") else f"{{{{resolve:secretsmanager:{text}:SecretString:::}}}}"


def secret_id(secret: SecretLike) -> str:
    """What `GetSecretValue` takes for a secret: its ARN or name, also out of a dynamic reference.

    >>> secret_id("{{resolve:secretsmanager:kdc:SecretString:::}}")
    'kdc'
    """
    text = read(secret)
    if not text.startswith("{{resolve:secretsmanager:"):
        return text
    inner = text.removeprefix("{{resolve:secretsmanager:").removesuffix("}}")
    return inner.split(":SecretString", 1)[0]
