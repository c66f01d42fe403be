"""The security configuration of clusters: encryption, authentication, authorization, metadata in one resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_emr as emr
from constructs import Construct

from emrkit_model import security as model
from emrkit_model.findings import error
from emrkit_model.render import cloudformation
from emrkit_model.values import InvalidModel

from .acknowledgements import Acknowledgement, Judge, acknowledge
from .resources import make
from .security_needs import assumed_roles, node_statements, service_statements, tagged_roles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emrkit_model.fields import KeyLike
    from emrkit_model.security import Imds
    from emrkit_model.security.authorization import LakeFormation, RoleMapping, RuntimeRoles
    from emrkit_model.security.encryption import Encryption
    from emrkit_model.security.identity_center import IdentityCenter
    from emrkit_model.security.kerberos import Kerberos
    from emrkit_model.security.ldap import Ldap
    from emrkit_model.security.ranger import Ranger

    from .roles import Roles
    from .roles.grants import Statement

__all__ = ["SecurityConfiguration", "SecurityConfigurationReference"]

_READ_ONCE = "EMR reads the password when a cluster starts; a rotated one would not be that of the running KDC"


class SecurityConfigurationReference(Construct):
    """A security configuration by its name: what clusters refer to, whoever made it.

    Args:
        security_configuration_name: The name; a token is welcome.
        kerberos: The realm that it has. A cluster needs its passwords too, which nobody can read back.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        security_configuration_name: str,
        kerberos: Kerberos | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.security_configuration_name: str = security_configuration_name
        """The name that clusters refer to."""
        self.value: model.SecurityConfiguration | str = security_configuration_name
        """The value object behind it with its name; of one made elsewhere only the name is known."""
        self.kerberos: Kerberos | None = kerberos
        """The realm of the clusters that use it."""
        self.key: KeyLike | None = None
        """The KMS key of disks, or of objects in S3; None if it has none, or if nobody knows."""

    def required_statements(self, besides: KeyLike | None = None) -> list[Statement]:  # noqa: ARG002 - nothing is known
        """What the nodes' role needs: nothing that is known of a configuration made elsewhere."""
        return []

    def allow(self, roles: Roles, besides: KeyLike | None = None) -> None:
        """Give the roles of a cluster what this configuration asks of them; a cluster does it by itself."""


class SecurityConfiguration(SecurityConfigurationReference):
    """What a cluster's security configuration says. Immutable at EMR: any change replaces it, and its cluster.

    Define it in the stack of its cluster, or the replacement fails with an export in use. `emr.Encryption.safe(key,
    release)` encrypts everything that a release can encrypt.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html

    Args:
        encryption: At rest, in transit, of HBase's write-ahead log.
        kerberos: The KDC. With `kdc_admin_password` left out, a secret with a generated password is made for a KDC on
            the cluster; templates hold references to secrets, never their values.
        ldap: Users sign in with a directory's accounts; excludes Kerberos.
        identity_center: Jobs run with the identity of the person who sent them.
        role_mappings: Roles for EMRFS by user, group or place in S3.
        runtime_roles: Each step runs with a role of its own.
        lake_formation: Lake Formation decides what runtime roles may read.
        ranger: A Ranger server decides what users may read.
        imds: Instance metadata. Default: version 2 only.
        extra: Members of EMR's document that have no field here, in EMR's own nesting.
        name: Its name at EMR. Default: CloudFormation makes one, so that it can be replaced.

    Raises:
        InvalidModel: The parts contradict each other, or a secret is written out; every problem is listed.

    Example:
        ```python
        emr.SecurityConfiguration(
            self, "Security",
            encryption=emr.Encryption.safe(key, "emr-7.12.0"),
            kerberos=emr.Kerberos.cluster_dedicated(realm="EXAMPLE.COM"),
        )
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        encryption: Encryption | None = None,
        kerberos: Kerberos | None = None,
        ldap: Ldap | None = None,
        identity_center: IdentityCenter | None = None,
        role_mappings: Sequence[RoleMapping] = (),
        runtime_roles: RuntimeRoles | None = None,
        lake_formation: LakeFormation | None = None,
        ranger: Ranger | None = None,
        imds: Imds | None = None,
        extra: Mapping[str, object] | None = None,
        name: str | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "encryption": encryption,
            "kerberos": kerberos,
            "ldap": ldap,
            "identity_center": identity_center,
            "role_mappings": tuple(role_mappings) or None,
            "runtime_roles": runtime_roles,
            "lake_formation": lake_formation,
            "ranger": ranger,
            "imds": imds,
            "extra": extra,
            "name": name,
        }
        value = model.SecurityConfiguration(**{k: v for k, v in given.items() if v is not None})
        self._define(scope, id, value)

    @classmethod
    def from_model(cls, scope: Construct, id: str, value: model.SecurityConfiguration) -> SecurityConfiguration:  # noqa: A002
        """A security configuration from its value object, for instance one of a project file.

        Example: `SecurityConfiguration.from_model(self, "Security", cluster.security_configuration)`
        """
        self = cls.__new__(cls)
        self._define(scope, id, value)
        return self

    @staticmethod
    def from_security_configuration_name(
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        security_configuration_name: str,
        *,
        kerberos: Kerberos | None = None,
    ) -> SecurityConfigurationReference:
        """A security configuration that exists, by its name; nothing is made, and nothing of it is checked.

        With Kerberos in it, say its realm and name the secrets of its passwords: clusters need them.

        Raises:
            InvalidModel: `kerberos` names no secret for the administrator's password (E-SEC-040).

        Example: `emr.SecurityConfiguration.from_security_configuration_name(self, "Security", "company-wide")`
        """
        if kerberos is not None and kerberos.kdc_admin_password is None:
            raise InvalidModel(
                error(
                    "SEC-040",
                    "a security configuration made elsewhere has its Kerberos password already",
                    "kerberos",
                    "kdc_admin_password",
                    reason="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-configure-settings.html",
                    hint="name the secret that holds it",
                )
            )
        return SecurityConfigurationReference(
            scope, id, security_configuration_name=security_configuration_name, kerberos=kerberos
        )

    def required_statements(self, besides: KeyLike | None = None) -> list[Statement]:
        """What the nodes' role needs for this: its keys, jars and certificates in S3, secrets that EMR reads there.

        `emr.Cluster` gives them to the roles that it uses. The roles that nodes act as (mappings of EMRFS, Ranger) are
        in `assumed_roles`: their own trust policies must name the nodes' role too.

        Args:
            besides: A key that the role may use already.

        Example: `roles.allow(nodes=security.required_statements())`
        """
        return node_statements(self._made, besides)

    def allow(self, roles: Roles, besides: KeyLike | None = None) -> None:
        """Give the roles of a cluster what this configuration asks of them; a cluster does it by itself.

        Args:
            roles: The roles.
            besides: A key that they may use already.

        Example: `security.allow(roles)`
        """
        nodes, service = node_statements(self._made, besides), service_statements(self._made, besides)
        if nodes or service:
            roles.allow(nodes=nodes, service=service)
        if assumed := assumed_roles(self._made):
            roles.allow_roles(*assumed)
        for role in tagged_roles(self._made):
            roles.allow_runtime_role(role)

    def _define(self, scope: Construct, id: str, value: model.SecurityConfiguration) -> None:  # noqa: A002
        Construct.__init__(self, scope, id)
        if value.kerberos is not None and value.kerberos.kdc_admin_password is None:
            value = value.replace(kerberos=value.kerberos.replace(kdc_admin_password=self._build_secret()))
        properties = cloudformation.security_configuration_properties(value)
        arguments = cloudformation.to_l1(cloudformation.SECURITY_CONFIGURATION, properties)
        resource = make(emr.CfnSecurityConfiguration, self, "Resource", arguments)
        self.security_configuration_name = resource.ref
        self._made = value.replace(name=self.security_configuration_name)
        self.value = self._made
        self.kerberos = value.kerberos
        at_rest = None if value.encryption is None else value.encryption.at_rest
        self.key = None if at_rest is None else at_rest.disk_key or at_rest.s3_key

    def _build_secret(self) -> str:
        from aws_cdk import aws_secretsmanager as secretsmanager

        secret = secretsmanager.CfnSecret(
            self,
            "KdcAdminPassword",
            description="Password of the administrator of an EMR cluster's own KDC",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                password_length=32, exclude_punctuation=True
            ),
        )
        acknowledge(secret, Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-SMG4", _READ_ONCE))
        return secret.ref
