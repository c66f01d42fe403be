"""What an EMR cluster, fleet, step, job or security configuration is: frozen value objects with their rules.

One object has several faces: it is written in Python or in a project file, rendered to CloudFormation, to an API
request or to a Step Functions task (`emrkit_model.render`), and read back from a request (`emrkit_model.reading`).
Names are loaded on first use, so that `emrkit_model.diagnostics` alone stays cheap to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .applications import Application
    from .capacity import CapacityReservation, EbsVolume, InstanceFleet, InstanceType
    from .cluster import BootstrapAction, Cluster
    from .configurations import Configuration
    from .contract import Contract, ContractCluster, ContractPipeline
    from .diagnostics import Diagnostic, EmrkitError, ExitCode, Location, Severity
    from .encryption import AtRest, BucketEncryption, Encryption, InTransit
    from .fit import check_fit
    from .job import Fixture, Job, Pipeline, Retry
    from .kerberos import Kerberos
    from .scaling import AutoTermination, ManagedScaling
    from .security import Imds, SecurityConfiguration
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
    from .values import InvalidModel, Json, check

_HOMES = {
    "applications": ("Application",),
    "capacity": ("CapacityReservation", "EbsVolume", "InstanceFleet", "InstanceType"),
    "cluster": ("BootstrapAction", "Cluster"),
    "configurations": ("Configuration",),
    "contract": ("Contract", "ContractCluster", "ContractPipeline"),
    "diagnostics": ("Diagnostic", "EmrkitError", "ExitCode", "Location", "Severity"),
    "encryption": ("AtRest", "BucketEncryption", "Encryption", "InTransit"),
    "job": ("Fixture", "Job", "Pipeline", "Retry"),
    "kerberos": ("Kerberos",),
    "scaling": ("AutoTermination", "ManagedScaling"),
    "security": ("Imds", "SecurityConfiguration"),
    "fit": ("check_fit",),
    "settings": (
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
        "TezSettings",
        "TrinoSettings",
        "YarnSettings",
        "ZeppelinSettings",
    ),
    "steps": (
        "ActionOnFailure",
        "CommandStep",
        "HadoopJar",
        "JarStep",
        "ScriptStep",
        "SparkSqlStep",
        "SparkStep",
        "Step",
    ),
    "values": ("InvalidModel", "Json", "check"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ActionOnFailure",
    "Application",
    "ApplicationSettings",
    "AtRest",
    "AutoTermination",
    "BootstrapAction",
    "BucketEncryption",
    "CapacityReservation",
    "Cluster",
    "CommandStep",
    "Configuration",
    "Contract",
    "ContractCluster",
    "ContractPipeline",
    "CoreSettings",
    "Diagnostic",
    "DynamicAllocation",
    "EbsVolume",
    "EmrkitError",
    "Encryption",
    "ExitCode",
    "Fixture",
    "FlinkSettings",
    "HBaseSettings",
    "HadoopJar",
    "HdfsSettings",
    "HiveSettings",
    "HueDatabase",
    "HueSettings",
    "Imds",
    "InTransit",
    "InstanceFleet",
    "InstanceType",
    "InvalidModel",
    "JarStep",
    "Job",
    "Json",
    "JupyterHubSettings",
    "Kerberos",
    "LivySettings",
    "LlapSettings",
    "Location",
    "ManagedScaling",
    "MapReduceSettings",
    "OozieSettings",
    "Pipeline",
    "PrestoSettings",
    "Retry",
    "S3aSettings",
    "ScriptStep",
    "SecurityConfiguration",
    "Severity",
    "SparkSettings",
    "SparkSqlStep",
    "SparkStep",
    "Step",
    "TezSettings",
    "TrinoSettings",
    "YarnSettings",
    "ZeppelinSettings",
    "check",
    "check_fit",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
