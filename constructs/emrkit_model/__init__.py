"""What an EMR cluster, fleet, step, job or security configuration is: frozen value objects with their rules.

One object has several faces: it is written in Python or in a project file, rendered to CloudFormation, to an API
request or to a Step Functions task (`emrkit_model.render`), and read back from a request (`emrkit_model.reading`).
Names are loaded on first use, so that `emrkit_model.diagnostics` alone stays cheap to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exports import export

if TYPE_CHECKING:
    from .applications import Application
    from .capacity import CapacityReservation, EbsVolume, InstanceFleet, InstanceType
    from .capacity.auto_scaling import AutoScaling, ScalingRule
    from .capacity.groups import InstanceGroup
    from .capacity.managed_scaling import AutoTermination, ManagedScaling
    from .capacity.sizing import Sizing
    from .checking import check
    from .cluster import BootstrapAction, Cluster
    from .configurations import Configuration
    from .contract import Contract, ContractCluster, ContractPipeline
    from .diagnostics import Diagnostic, EmrkitError, ExitCode, Location, Severity
    from .fit import check_fit
    from .job import Fixture, Job, Pipeline, Retry
    from .metastores import ExternalMetastore, GlueCatalog
    from .permissions import Permissions, Place, needed_permissions
    from .secret_references import SecretField
    from .security import Imds, SecurityConfiguration
    from .security.at_rest import KeyProvider
    from .security.authorization import LakeFormation, RoleMapping, RuntimeRoles
    from .security.encryption import AtRest, BucketEncryption, Encryption, InTransit, WalEncryption
    from .security.identity_center import IdentityCenter
    from .security.kerberos import ActiveDirectory, CrossRealmTrust, Kerberos
    from .security.ldap import Ldap
    from .security.ranger import Ranger, RangerPlugin
    from .settings import (
        ApplicationSettings,
        CoreSettings,
        DynamicAllocation,
        FlinkSettings,
        HBaseSettings,
        HdfsSettings,
        HiveSettings,
        HueDatabase,
        HueSettings,
        JupyterHubSettings,
        LivySettings,
        LlapSettings,
        MapReduceSettings,
        OozieSettings,
        PrestoSettings,
        S3aSettings,
        SparkSettings,
        TableFormats,
        TezSettings,
        TrinoSettings,
        YarnSettings,
        ZeppelinSettings,
    )
    from .steps import (
        ActionOnFailure,
        CommandStep,
        HadoopJar,
        JarStep,
        ScriptStep,
        SparkSqlStep,
        SparkStep,
        Step,
    )
    from .storage import ConsistentView, HBaseStorage, S3Connector, WriteAheadLog, s3_connector
    from .values import InvalidModel, Json

_HOMES = {
    ".applications": ("Application",),
    ".security.at_rest": ("KeyProvider",),
    ".security.authorization": ("LakeFormation", "RoleMapping", "RuntimeRoles"),
    ".capacity.auto_scaling": ("AutoScaling", "ScalingRule"),
    ".capacity.fleets": ("CapacityReservation", "EbsVolume", "InstanceFleet", "InstanceType"),
    ".cluster": ("BootstrapAction", "Cluster"),
    ".configurations": ("Configuration",),
    ".contract": ("Contract", "ContractCluster", "ContractPipeline"),
    ".diagnostics": ("Diagnostic", "EmrkitError", "ExitCode", "Location", "Severity"),
    ".security.encryption": ("AtRest", "BucketEncryption", "Encryption", "InTransit", "WalEncryption"),
    ".security.identity_center": ("IdentityCenter",),
    ".capacity.groups": ("InstanceGroup",),
    ".job": ("Fixture", "Job", "Pipeline", "Retry"),
    ".security.kerberos": ("ActiveDirectory", "CrossRealmTrust", "Kerberos"),
    ".security.ldap": ("Ldap",),
    ".metastores": ("ExternalMetastore", "GlueCatalog"),
    ".permissions": ("Permissions", "Place", "needed_permissions"),
    ".security.ranger": ("Ranger", "RangerPlugin"),
    ".secret_references": ("SecretField",),
    ".capacity.sizing": ("Sizing",),
    ".storage": ("ConsistentView", "HBaseStorage", "S3Connector", "WriteAheadLog", "s3_connector"),
    ".capacity.managed_scaling": ("AutoTermination", "ManagedScaling"),
    ".security.configuration": ("Imds", "SecurityConfiguration"),
    ".fit": ("check_fit",),
    ".settings": (
        "ApplicationSettings",
        "CoreSettings",
        "DynamicAllocation",
        "FlinkSettings",
        "HBaseSettings",
        "HdfsSettings",
        "HiveSettings",
        "HueDatabase",
        "HueSettings",
        "JupyterHubSettings",
        "LivySettings",
        "LlapSettings",
        "MapReduceSettings",
        "OozieSettings",
        "PrestoSettings",
        "S3aSettings",
        "SparkSettings",
        "TableFormats",
        "TezSettings",
        "TrinoSettings",
        "YarnSettings",
        "ZeppelinSettings",
    ),
    ".steps": (
        "ActionOnFailure",
        "CommandStep",
        "HadoopJar",
        "JarStep",
        "ScriptStep",
        "SparkSqlStep",
        "SparkStep",
        "Step",
    ),
    ".checking": ("check",),
    ".values": ("InvalidModel", "Json"),
}
__all__ = [
    "ActionOnFailure",
    "ActiveDirectory",
    "Application",
    "ApplicationSettings",
    "AtRest",
    "AutoScaling",
    "AutoTermination",
    "BootstrapAction",
    "BucketEncryption",
    "CapacityReservation",
    "Cluster",
    "CommandStep",
    "Configuration",
    "ConsistentView",
    "Contract",
    "ContractCluster",
    "ContractPipeline",
    "CoreSettings",
    "CrossRealmTrust",
    "Diagnostic",
    "DynamicAllocation",
    "EbsVolume",
    "EmrkitError",
    "Encryption",
    "ExitCode",
    "ExternalMetastore",
    "Fixture",
    "FlinkSettings",
    "GlueCatalog",
    "HBaseSettings",
    "HBaseStorage",
    "HadoopJar",
    "HdfsSettings",
    "HiveSettings",
    "HueDatabase",
    "HueSettings",
    "IdentityCenter",
    "Imds",
    "InTransit",
    "InstanceFleet",
    "InstanceGroup",
    "InstanceType",
    "InvalidModel",
    "JarStep",
    "Job",
    "Json",
    "JupyterHubSettings",
    "Kerberos",
    "KeyProvider",
    "LakeFormation",
    "Ldap",
    "LivySettings",
    "LlapSettings",
    "Location",
    "ManagedScaling",
    "MapReduceSettings",
    "OozieSettings",
    "Permissions",
    "Pipeline",
    "Place",
    "PrestoSettings",
    "Ranger",
    "RangerPlugin",
    "Retry",
    "RoleMapping",
    "RuntimeRoles",
    "S3Connector",
    "S3aSettings",
    "ScalingRule",
    "ScriptStep",
    "SecretField",
    "SecurityConfiguration",
    "Severity",
    "Sizing",
    "SparkSettings",
    "SparkSqlStep",
    "SparkStep",
    "Step",
    "TableFormats",
    "TezSettings",
    "TrinoSettings",
    "WalEncryption",
    "WriteAheadLog",
    "YarnSettings",
    "ZeppelinSettings",
    "check",
    "check_fit",
    "needed_permissions",
    "s3_connector",
]

if not TYPE_CHECKING:  # a type checker shall see a name that does not exist
    __getattr__, __dir__ = export(__name__, _HOMES)
