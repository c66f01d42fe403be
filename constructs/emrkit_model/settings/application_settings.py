"""All typed settings of a cluster's applications in one value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from emrkit_facts.storage import texts
from emrkit_model.contributions import Contribution, Contributor, gather
from emrkit_model.fields import Flag, read

from .flink import FlinkSettings
from .hadoop import CoreSettings, HdfsSettings, wire_encryption
from .hbase import HBaseSettings
from .hive import HiveSettings, TezSettings
from .mapreduce import MapReduceSettings, YarnSettings
from .notebooks import HueSettings, JupyterHubSettings, LivySettings, ZeppelinSettings
from .oozie import OozieSettings
from .query_engines import PrestoSettings, TrinoSettings
from .spark import SparkSettings
from .table_formats import TableFormats

__all__ = ["ApplicationSettings"]


class ApplicationSettings(Contributor):
    """Typed settings of the applications, each rendered to the classifications of the cluster's release.

    A part that is left out leaves its application at EMR's defaults; one for an application that the cluster does not
    install is a warning.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html

    >>> settings = ApplicationSettings(spark=SparkSettings(executor_memory="4g"))
    >>> [c.properties for _, c in settings.configurations("emr-7.12.0", None)]
    [{'spark.executor.memory': '4g'}]
    """

    AREA: ClassVar[str] = "CONF"

    spark: SparkSettings | None = None
    """Spark: what its applications start with unless they say otherwise."""
    core: CoreSettings | None = None
    """`core-site`: what all of Hadoop shares, and S3A."""
    hdfs: HdfsSettings | None = None
    """`hdfs-site`: copies, blocks, encrypted zones."""
    mapreduce: MapReduceSettings | None = None
    """`mapred-site`: containers of MapReduce and the heap in them."""
    yarn: YarnSettings | None = None
    """`yarn-site`: what a node gives to containers."""
    wire_encryption: Flag | None = None
    """Encrypt Hadoop's calls and HDFS data between the nodes, both or neither; calls need Kerberos. Default: as the
    security configuration has it."""
    hive: HiveSettings | None = None
    """Hive: how queries run."""
    tez: TezSettings | None = None
    """Tez: its containers."""
    hbase: HBaseSettings | None = None
    """HBase's servers."""
    presto: PrestoSettings | None = None
    """Presto: memory of queries, connectors."""
    trino: TrinoSettings | None = None
    """Trino: memory of queries, retries, connectors."""
    flink: FlinkSettings | None = None
    """Flink: memory, slots, checkpoints."""
    hue: HueSettings | None = None
    """Hue."""
    zeppelin: ZeppelinSettings | None = None
    """Zeppelin."""
    jupyterhub: JupyterHubSettings | None = None
    """JupyterHub."""
    livy: LivySettings | None = None
    """Livy: sessions that notebooks open."""
    oozie: OozieSettings | None = None
    """Oozie."""
    table_formats: TableFormats | None = None
    """Iceberg and Delta Lake: the switches that naming the application does not set."""

    def configurations(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
        """What all parts add, and both halves of the wire."""
        yield from gather(self, release, applications)
        yield from wire_encryption(self.wire_encryption)

    def service_statements(self) -> list[dict[str, object]]:
        """What EMR's service role must be allowed: reading the secrets that the settings name."""
        database = None if self.hue is None else self.hue.database
        if database is None:
            return []
        actions = list(texts("secrets", "service_role_actions"))
        statements: list[dict[str, object]] = [
            {"Effect": "Allow", "Action": actions, "Resource": read(database.password)}
        ]
        if database.password_kms_key is not None:
            key = read(database.password_kms_key)
            statements.append({"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": key})
        return statements
