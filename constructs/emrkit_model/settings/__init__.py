"""Typed settings of the applications on a cluster: what EMR's classifications say most often, each key one field.

`Cluster.settings` holds an `ApplicationSettings`; each of its parts renders to the classifications of the cluster's
release. What no field says goes through `configurations`, EMR's free map; one key has one door.
https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_model.exports import export

if TYPE_CHECKING:
    from .application_settings import ApplicationSettings
    from .flink import FlinkSettings
    from .hadoop import CoreSettings, HdfsSettings, S3aSettings
    from .hbase import HBaseSettings
    from .hive import HiveSettings, LlapSettings, TezSettings
    from .mapreduce import MapReduceSettings, YarnSettings
    from .notebooks import HueDatabase, HueSettings, JupyterHubSettings, LivySettings, ZeppelinSettings
    from .oozie import OozieSettings
    from .query_engines import PrestoSettings, TrinoSettings
    from .spark import DynamicAllocation, SparkSettings
    from .table_formats import TableFormats

# Loaded on first use: a cluster with Spark's settings needs no other application's.
_HOMES = {
    ".application_settings": ("ApplicationSettings",),
    ".flink": ("FlinkSettings",),
    ".hadoop": (
        "CoreSettings",
        "HdfsSettings",
        "S3aSettings",
    ),
    ".hbase": ("HBaseSettings",),
    ".hive": (
        "HiveSettings",
        "LlapSettings",
        "TezSettings",
    ),
    ".mapreduce": (
        "MapReduceSettings",
        "YarnSettings",
    ),
    ".notebooks": (
        "HueDatabase",
        "HueSettings",
        "JupyterHubSettings",
        "LivySettings",
        "ZeppelinSettings",
    ),
    ".oozie": ("OozieSettings",),
    ".query_engines": (
        "PrestoSettings",
        "TrinoSettings",
    ),
    ".spark": (
        "DynamicAllocation",
        "SparkSettings",
    ),
    ".table_formats": ("TableFormats",),
}
__all__ = [
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
]

if not TYPE_CHECKING:  # a type checker shall see a name that does not exist
    __getattr__, __dir__ = export(__name__, _HOMES)
