"""emrkit's constructs for Amazon EMR, and the value objects they take: `import emrkit as emr` and nothing else.

Names are loaded on first use: an app pays only for the parts of the CDK that it needs.

Example:
    ```python
    import emrkit as emr

    network = emr.Network(self, "Network")
    security = emr.SecurityConfiguration(
        self, "Security",
        encryption=emr.Encryption(at_rest=emr.AtRest.kms(key), in_transit=emr.InTransit.emr_managed()),
    )
    emr.Cluster(
        self, "Etl", network=network, security=security, release="emr-7.14.0", logs=bucket,
        applications=[emr.Application.SPARK],
        primary=emr.InstanceFleet.on_demand("m6g.xlarge"),
        core=emr.InstanceFleet.on_demand("r6g.xlarge", "r6g.2xlarge", capacity=4),
        scaling=emr.ManagedScaling(minimum=2, maximum=20),
    )
    ```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_model.exports import export

if TYPE_CHECKING:
    from emrkit_model.applications import Application
    from emrkit_model.capacity import CapacityReservation, EbsVolume, InstanceFleet, InstanceType
    from emrkit_model.capacity.auto_scaling import AutoScaling, ScalingRule
    from emrkit_model.capacity.groups import InstanceGroup
    from emrkit_model.capacity.managed_scaling import ManagedScaling
    from emrkit_model.capacity.sizing import Sizing
    from emrkit_model.cluster import BootstrapAction
    from emrkit_model.configurations import Configuration
    from emrkit_model.job import Job, Retry
    from emrkit_model.metastores import ExternalMetastore, GlueCatalog
    from emrkit_model.network import (
        Egress,
        FlowLogs,
        GroupRules,
        InboundRule,
        InterfaceEndpoint,
        interface_endpoints_for,
    )
    from emrkit_model.newest_release import newest_release
    from emrkit_model.notifications import Notifications
    from emrkit_model.overrides import Override
    from emrkit_model.ownership import Ownership
    from emrkit_model.secret_references import SecretField
    from emrkit_model.security import Imds
    from emrkit_model.security.at_rest import KeyProvider
    from emrkit_model.security.authorization import LakeFormation, RoleMapping, RuntimeRoles
    from emrkit_model.security.encryption import AtRest, BucketEncryption, Encryption, InTransit, WalEncryption
    from emrkit_model.security.identity_center import IdentityCenter
    from emrkit_model.security.kerberos import ActiveDirectory, CrossRealmTrust, Kerberos
    from emrkit_model.security.ldap import Ldap
    from emrkit_model.security.ranger import Ranger, RangerPlugin
    from emrkit_model.settings import (
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
    from emrkit_model.steps import ActionOnFailure, CommandStep, JarStep, ScriptStep, SparkSqlStep, SparkStep
    from emrkit_model.storage import ConsistentView, HBaseStorage, WriteAheadLog

    from . import guardrails as guardrails
    from .cluster import Cluster
    from .contract import Contract
    from .foundation import Foundation
    from .metastore import HiveMetastore
    from .network import Network, SecurityGroups
    from .orchestration import Pipeline
    from .roles import Roles
    from .roles.access_policies import DeployerPolicy, OperatorPolicy, SubmitterPolicy
    from .roles.grants import CatalogGrant, DataGrant
    from .roles.runtime_role import RuntimeRole
    from .security_configuration import SecurityConfiguration
    from .step import Step
    from .tagging import tag_everything
    from .task_capacity import TaskFleet, TaskGroup
    from .wal_workspace import WalWorkspace

_HOMES = {
    ".roles.access_policies": ("DeployerPolicy", "OperatorPolicy", "SubmitterPolicy"),
    ".cluster": ("Cluster",),
    ".contract": ("Contract",),
    ".foundation": ("Foundation",),
    ".roles.grants": ("CatalogGrant", "DataGrant"),
    ".metastore": ("HiveMetastore",),
    ".network": ("Network", "SecurityGroups"),
    ".orchestration": ("Pipeline",),
    ".roles": ("Roles",),
    ".roles.runtime_role": ("RuntimeRole",),
    ".security_configuration": ("SecurityConfiguration",),
    ".step": ("Step",),
    ".task_capacity": ("TaskFleet", "TaskGroup"),
    ".tagging": ("tag_everything",),
    ".wal_workspace": ("WalWorkspace",),
    "emrkit_model.applications": ("Application",),
    "emrkit_model.security.at_rest": ("KeyProvider",),
    "emrkit_model.security.authorization": ("LakeFormation", "RoleMapping", "RuntimeRoles"),
    "emrkit_model.capacity.auto_scaling": ("AutoScaling", "ScalingRule"),
    "emrkit_model.capacity": ("CapacityReservation", "EbsVolume", "InstanceFleet", "InstanceType"),
    "emrkit_model.cluster": ("BootstrapAction",),
    "emrkit_model.configurations": ("Configuration",),
    "emrkit_model.security.encryption": ("AtRest", "BucketEncryption", "Encryption", "InTransit", "WalEncryption"),
    "emrkit_model.security.identity_center": ("IdentityCenter",),
    "emrkit_model.capacity.groups": ("InstanceGroup",),
    "emrkit_model.job": ("Job", "Retry"),
    "emrkit_model.security.kerberos": ("ActiveDirectory", "CrossRealmTrust", "Kerberos"),
    "emrkit_model.security.ldap": ("Ldap",),
    "emrkit_model.network": (
        "Egress",
        "FlowLogs",
        "GroupRules",
        "InboundRule",
        "InterfaceEndpoint",
        "interface_endpoints_for",
    ),
    "emrkit_model.newest_release": ("newest_release",),
    "emrkit_model.notifications": ("Notifications",),
    "emrkit_model.overrides": ("Override",),
    "emrkit_model.ownership": ("Ownership",),
    "emrkit_model.metastores": ("ExternalMetastore", "GlueCatalog"),
    "emrkit_model.security.ranger": ("Ranger", "RangerPlugin"),
    "emrkit_model.capacity.managed_scaling": ("ManagedScaling",),
    "emrkit_model.secret_references": ("SecretField",),
    "emrkit_model.security": ("Imds",),
    "emrkit_model.settings": (
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
    "emrkit_model.capacity.sizing": ("Sizing",),
    "emrkit_model.storage": ("ConsistentView", "HBaseStorage", "WriteAheadLog"),
    "emrkit_model.steps": ("ActionOnFailure", "CommandStep", "JarStep", "ScriptStep", "SparkSqlStep", "SparkStep"),
}
__all__ = [
    "ActionOnFailure",
    "ActiveDirectory",
    "Application",
    "ApplicationSettings",
    "AtRest",
    "AutoScaling",
    "BootstrapAction",
    "BucketEncryption",
    "CapacityReservation",
    "CatalogGrant",
    "Cluster",
    "CommandStep",
    "Configuration",
    "ConsistentView",
    "Contract",
    "CoreSettings",
    "CrossRealmTrust",
    "DataGrant",
    "DeployerPolicy",
    "DynamicAllocation",
    "EbsVolume",
    "Egress",
    "Encryption",
    "ExternalMetastore",
    "FlinkSettings",
    "FlowLogs",
    "Foundation",
    "GlueCatalog",
    "GroupRules",
    "HBaseSettings",
    "HBaseStorage",
    "HdfsSettings",
    "HiveMetastore",
    "HiveSettings",
    "HueDatabase",
    "HueSettings",
    "IdentityCenter",
    "Imds",
    "InTransit",
    "InboundRule",
    "InstanceFleet",
    "InstanceGroup",
    "InstanceType",
    "InterfaceEndpoint",
    "JarStep",
    "Job",
    "JupyterHubSettings",
    "Kerberos",
    "KeyProvider",
    "LakeFormation",
    "Ldap",
    "LivySettings",
    "LlapSettings",
    "ManagedScaling",
    "MapReduceSettings",
    "Network",
    "Notifications",
    "OozieSettings",
    "OperatorPolicy",
    "Override",
    "Ownership",
    "Pipeline",
    "PrestoSettings",
    "Ranger",
    "RangerPlugin",
    "Retry",
    "RoleMapping",
    "Roles",
    "RuntimeRole",
    "RuntimeRoles",
    "S3aSettings",
    "ScalingRule",
    "ScriptStep",
    "SecretField",
    "SecurityConfiguration",
    "SecurityGroups",
    "Sizing",
    "SparkSettings",
    "SparkSqlStep",
    "SparkStep",
    "Step",
    "SubmitterPolicy",
    "TableFormats",
    "TaskFleet",
    "TaskGroup",
    "TezSettings",
    "TrinoSettings",
    "WalEncryption",
    "WalWorkspace",
    "WriteAheadLog",
    "YarnSettings",
    "ZeppelinSettings",
    "interface_endpoints_for",
    "newest_release",
    "tag_everything",
]

if not TYPE_CHECKING:  # a type checker shall see a name that does not exist
    __getattr__, __dir__ = export(__name__, _HOMES, modules=("guardrails",))  # `emr.guardrails.apply(app)`
