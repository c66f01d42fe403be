"""Which field writes which member of EMR's document; the escape hatch is refused where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["FIELDS", "field_of"]

_TLS = "EncryptionConfiguration.InTransitEncryptionConfiguration.TLSCertificateConfiguration"
_S3 = "EncryptionConfiguration.AtRestEncryptionConfiguration.S3EncryptionConfiguration"
_DISK = "EncryptionConfiguration.AtRestEncryptionConfiguration.LocalDiskEncryptionConfiguration"
_KERBEROS = "AuthenticationConfiguration.KerberosConfiguration"
_DEDICATED = f"{_KERBEROS}.ClusterDedicatedKdcConfiguration"
_EXTERNAL = f"{_KERBEROS}.ExternalKdcConfiguration"
_LDAP = "AuthenticationConfiguration.LDAPConfiguration"
_CENTER = "AuthenticationConfiguration.IdentityCenterConfiguration"
_AUTHORIZATION = "AuthorizationConfiguration"
_RANGER = f"{_AUTHORIZATION}.RangerConfiguration"

FIELDS: Mapping[str, str] = {
    "EncryptionConfiguration.EnableInTransitEncryption": "encryption.in_transit",
    "EncryptionConfiguration.EnableAtRestEncryption": "encryption.at_rest",
    f"{_TLS}.CertificateProviderType": "encryption.in_transit.kind",
    f"{_TLS}.S3Object": "encryption.in_transit.location",
    f"{_TLS}.CertificateProviderClass": "encryption.in_transit.class_name",
    f"{_TLS}.AwsKmsKey": "encryption.in_transit.key",
    f"{_TLS}.SecretTags": "encryption.in_transit.secret_tags",
    f"{_TLS}.ValidityInDays": "encryption.in_transit.validity_days",
    f"{_TLS}.WildcardDnsSuffix": "encryption.in_transit.wildcard_dns_suffix",
    f"{_S3}.EncryptionMode": "encryption.at_rest.s3_mode",
    f"{_S3}.AwsKmsKey": "encryption.at_rest.s3_key",
    f"{_S3}.S3Object": "encryption.at_rest.s3_provider.jar",
    f"{_S3}.EncryptionKeyProviderClass": "encryption.at_rest.s3_provider.class_name",
    f"{_S3}.Overrides": "encryption.at_rest.s3_overrides",
    f"{_DISK}.EncryptionKeyProviderType": "encryption.at_rest.disk_provider",
    f"{_DISK}.AwsKmsKey": "encryption.at_rest.disk_key",
    f"{_DISK}.EnableEbsEncryption": "encryption.at_rest.ebs",
    f"{_DISK}.S3Object": "encryption.at_rest.disk_provider.jar",
    f"{_DISK}.EncryptionKeyProviderClass": "encryption.at_rest.disk_provider.class_name",
    "EncryptionConfiguration.EMRWALEncryptionConfiguration.AwsKmsKey": "encryption.wal.key",
    f"{_KERBEROS}.Provider": "kerberos.kind",
    f"{_DEDICATED}.TicketLifetimeInHours": "kerberos.ticket_lifetime",
    f"{_DEDICATED}.CrossRealmTrustConfiguration.Realm": "kerberos.trust.realm",
    f"{_DEDICATED}.CrossRealmTrustConfiguration.Domain": "kerberos.trust.domain",
    f"{_DEDICATED}.CrossRealmTrustConfiguration.AdminServer": "kerberos.trust.admin_server",
    f"{_DEDICATED}.CrossRealmTrustConfiguration.KdcServer": "kerberos.trust.kdc_server",
    f"{_EXTERNAL}.TicketLifetimeInHours": "kerberos.ticket_lifetime",
    f"{_EXTERNAL}.KdcServerType": "kerberos.kind",
    f"{_EXTERNAL}.AdminServer": "kerberos.admin_server",
    f"{_EXTERNAL}.KdcServer": "kerberos.kdc_server",
    f"{_EXTERNAL}.AdIntegrationConfiguration.AdRealm": "kerberos.active_directory.realm",
    f"{_EXTERNAL}.AdIntegrationConfiguration.AdDomain": "kerberos.active_directory.domain",
    f"{_EXTERNAL}.AdIntegrationConfiguration.AdServer": "kerberos.active_directory.server",
    f"{_LDAP}.EnableLDAPAuthentication": "ldap",
    f"{_LDAP}.LDAPServerURL": "ldap.server_url",
    f"{_LDAP}.BindCertificateARN": "ldap.bind_certificate",
    f"{_LDAP}.BindCredentialsARN": "ldap.bind_credentials",
    f"{_LDAP}.LDAPAccessFilter": "ldap.access_filter",
    f"{_LDAP}.LDAPUserSearchBase": "ldap.user_search_base",
    f"{_LDAP}.LDAPGroupSearchBase": "ldap.group_search_base",
    f"{_LDAP}.EnableSSHLogin": "ldap.ssh_login",
    f"{_LDAP}.LDAPServerType": "ldap.server_type",
    f"{_LDAP}.ActiveDirectoryConfigurations.ADDomain": "ldap.ad_domain",
    f"{_CENTER}.EnableIdentityCenter": "identity_center",
    f"{_CENTER}.IdentityCenterInstanceARN": "identity_center.instance",
    f"{_CENTER}.IAMRoleForEMRIdentityCenterApplicationARN": "identity_center.role",
    f"{_CENTER}.IdentityCenterApplicationAssigmentRequired": "identity_center.assignment_required",
    f"{_CENTER}.IdentityCenterApplicationAssignmentRequired": "identity_center.assignment_required",
    f"{_AUTHORIZATION}.EmrFsConfiguration.RoleMappings": "role_mappings",
    f"{_AUTHORIZATION}.IAMConfiguration.EnableApplicationScopedIAMRole": "runtime_roles",
    f"{_AUTHORIZATION}.IAMConfiguration.ApplicationScopedIAMRoleConfiguration.PropagateSourceIdentity": (
        "runtime_roles.propagate_source_identity"
    ),
    f"{_AUTHORIZATION}.LakeFormationConfiguration.AuthorizedSessionTagValue": "lake_formation.session_tag",
    f"{_AUTHORIZATION}.LakeFormationConfiguration.EnableLakeFormation": "lake_formation.enabled",
    f"{_RANGER}.AdminServerURL": "ranger.admin_url",
    f"{_RANGER}.RoleForRangerPluginsARN": "ranger.plugins_role",
    f"{_RANGER}.RoleForOtherAWSServicesARN": "ranger.other_services_role",
    f"{_RANGER}.AdminServerSecretARN": "ranger.admin_secret",
    f"{_RANGER}.RangerPluginConfigurations": "ranger.plugins",
    f"{_RANGER}.AuditConfiguration.Destinations.AmazonCloudWatchLogs.CloudWatchLogGroup": "ranger.audit_log_group",
    "InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion": "imds.version",
    "InstanceMetadataServiceConfiguration.HttpPutResponseHopLimit": "imds.hop_limit",
}
"""Member of EMR's document -> field of `SecurityConfiguration`."""


def field_of(place: Sequence[str]) -> str | None:
    """The field for a member: its own, that of the list it is in, or the first one below it; None when there is none.

    >>> field_of(("AuthorizationConfiguration", "EmrFsConfiguration", "RoleMappings"))
    'role_mappings'
    >>> field_of(("AuthorizationConfiguration", "Later")) is None
    True
    """
    path = ".".join(place)
    for member, field in FIELDS.items():
        if member == path or path.startswith(f"{member}.") or member.startswith(f"{path}."):
            return field
    return None
