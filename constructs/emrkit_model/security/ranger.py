"""Apache Ranger: a server of yours decides what users may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Items, RoleLike, SecretLike, Text, read
from emrkit_model.findings import error, warning
from emrkit_model.secret_references import check_arn
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

from .documents import documents

__all__ = ["RANGER_APPLICATIONS", "Ranger", "RangerPlugin"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-ranger-security-config.html"
RANGER_APPLICATIONS = ("Spark", "Hive", "EMRFS-S3", "Trino")
"""What EMR has plugins for."""


class RangerPlugin(Value):
    """One of EMR's Ranger plugins: for Spark, Hive, EMRFS-S3 or Trino.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-ranger-plugins.html
    """

    AREA: ClassVar[str] = "AUTH"

    application: Text
    """Spark, Hive, EMRFS-S3 or Trino; another one is only a warning."""
    client_secret: SecretLike
    """The secret with the plugin's private key and certificate."""
    repository: Text
    """The name of its service in Ranger."""

    def problems(self) -> Iterator[Diagnostic]:
        """The secret is named by its ARN; the application is one that EMR has a plugin for."""
        yield from check_arn(self.client_secret, "AUTH-050", "the plugin's certificate", "client_secret")
        if not is_token(self.application) and self.application not in RANGER_APPLICATIONS:
            yield warning(
                "AUTH-051",
                f"EMR has no Ranger plugin for '{self.application}' that emrkit knows of",
                "application",
                got=self.application,
                allowed=", ".join(RANGER_APPLICATIONS),
                reason=_PAGE,
            )

    def document(self) -> dict[str, Json]:
        """One entry of `RangerPluginConfigurations`."""
        return {
            "App": self.application,
            "ClientSecretARN": read(self.client_secret),
            "PolicyRepositoryName": self.repository,
        }


class Ranger(Value):
    """Access to tables and to S3 as the policies of a Ranger server say; it needs Kerberos or LDAP.

    Spark and Hive, if they are installed, must each have a plugin, or the launch fails. Not with S3 Access Grants.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-ranger-security-config.html

    >>> secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ranger"
    >>> Ranger(
    ...     admin_url="https://ranger.example.com:6182",
    ...     admin_secret=secret,
    ...     plugins_role="arn:aws:iam::111122223333:role/ranger-data",
    ...     other_services_role="arn:aws:iam::111122223333:role/ranger-services",
    ...     plugins=[RangerPlugin(application="Spark", client_secret=secret, repository="amazonemrspark")],
    ... ).plugins[0].application
    'Spark'
    """

    AREA: ClassVar[str] = "AUTH"

    admin_url: Text
    """The Ranger server: `https://host:6182`."""
    admin_secret: SecretLike
    """The secret with the server's certificate, without a version."""
    plugins_role: RoleLike
    """The role with which the plugins reach data, by its ARN."""
    other_services_role: RoleLike
    """The role with which users reach other services, by its ARN."""
    plugins: Items[RangerPlugin]
    """The plugins."""
    audit_log_group: Text | None = None
    """ARN of the CloudWatch log group for audits. Default: no audit in CloudWatch."""

    def problems(self) -> Iterator[Diagnostic]:
        """TLS, secrets and roles by their ARNs, a plugin at least and no application twice."""
        if not is_token(self.admin_url) and not self.admin_url.startswith("https://"):
            hint = "https://host:6182"
            yield error("AUTH-052", "Ranger is reached over TLS", "admin_url", got=self.admin_url, hint=hint)
        yield from check_arn(self.admin_secret, "AUTH-053", "the server's certificate", "admin_secret")
        for name, role in (("plugins_role", self.plugins_role), ("other_services_role", self.other_services_role)):
            if isinstance(role, str) and not is_token(role) and not role.startswith("arn:"):
                hint = "arn:aws:iam::<account>:role/<name>"
                yield error("AUTH-054", "Ranger's roles are named by their ARNs", name, got=role, hint=hint)
        if is_token(self.plugins):
            return
        applications = [plugin.application for plugin in self.plugins]
        if not applications:
            yield error("AUTH-055", "Ranger needs a plugin", "plugins", reason=_PAGE)
        for i, application in enumerate(applications):
            if application in applications[:i]:
                hint = "keep one of them"
                yield error("AUTH-056", f"{application} has two plugins", "plugins", i, got=application, hint=hint)

    def document(self) -> dict[str, Json]:
        """`RangerConfiguration`."""
        result: dict[str, Json] = {
            "AdminServerURL": self.admin_url,
            "RoleForRangerPluginsARN": read(self.plugins_role),
            "RoleForOtherAWSServicesARN": read(self.other_services_role),
            "AdminServerSecretARN": read(self.admin_secret),
            "RangerPluginConfigurations": documents(self.plugins),
        }
        if self.audit_log_group is not None:
            destination: dict[str, Json] = {"CloudWatchLogGroup": self.audit_log_group}
            result["AuditConfiguration"] = {"Destinations": {"AmazonCloudWatchLogs": destination}}
        return result
