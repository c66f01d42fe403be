"""The security configuration of clusters: encryption, Kerberos and instance metadata in one resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_emr as emr
from constructs import Construct

from emrkit_model import security as model
from emrkit_model.render import cloudformation

from .acknowledgements import Acknowledgement, Judge, acknowledge

if TYPE_CHECKING:
    from emrkit_model.encryption import Encryption
    from emrkit_model.kerberos import Kerberos
    from emrkit_model.security import Imds

__all__ = ["SecurityConfiguration"]

_READ_ONCE = "EMR reads the password when a cluster starts; a rotated one would not be that of the running KDC"


class SecurityConfiguration(Construct):
    """What a cluster's security configuration says. Immutable at EMR: any change replaces it, and its cluster.

    Define it in the stack of its cluster, or the replacement fails with an export in use.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html

    Args:
        encryption: At rest and in transit.
        kerberos: The KDC. With `kdc_admin_password` left out, a secret with a generated password is made; templates
            hold a reference to it, never the password.
        imds: Instance metadata. Default: version 2 only.

    Raises:
        InvalidModel: The parts contradict each other; every problem is listed.

    Example:
        ```python
        emr.SecurityConfiguration(
            self, "Security",
            encryption=emr.Encryption(at_rest=emr.AtRest.kms(key), in_transit=emr.InTransit.emr_managed()),
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
        imds: Imds | None = None,
    ) -> None:
        super().__init__(scope, id)
        if kerberos is not None and kerberos.kdc_admin_password is None:
            kerberos = kerberos.replace(kdc_admin_password=self._build_secret())
        given: dict[str, Any] = {"encryption": encryption, "kerberos": kerberos, "imds": imds}
        value = model.SecurityConfiguration(**{k: v for k, v in given.items() if v is not None})
        properties = cloudformation.security_configuration_properties(value)
        arguments: dict[str, Any] = cloudformation.l1_arguments("AWS::EMR::SecurityConfiguration", properties)
        resource = emr.CfnSecurityConfiguration(self, "Resource", **arguments)
        self.security_configuration_name: str = resource.ref
        """The name that clusters refer to."""
        self.value = value.replace(name=self.security_configuration_name)
        """The value object behind it, with its name filled in."""

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
