"""Hadoop's own settings: core-site with S3A, HDFS, and encryption of what travels between the nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from emrkit_model.contributions import Contribution, under
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import NO_SETTINGS, Count, Flag, Settings, Text
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

from .amounts import Bytes, KeyedSettings

__all__ = ["CoreSettings", "HdfsSettings", "S3aSettings", "wire_encryption"]

_ZONES = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-encryption-tdehdfs.html"
_WIRE = {
    "core-site": {"hadoop.rpc.protection": "privacy"},
    "hdfs-site": {"dfs.encrypt.data.transfer": "true"},
}


class S3aSettings(KeyedSettings):
    """S3A, Hadoop's connector to S3: behind every `s3://` from emr-7.10.0 on, before that behind `s3a://` alone.

    A field that is left out leaves EMR's own value. Before 7.10.0 none of them says anything of `s3://`, which is
    EMRFS there.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-s3a-migrate.html and
    https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/index.html

    >>> settings = S3aSettings(block_size="128m")
    >>> [dict(c.properties) for _, c in settings.configurations("emr-7.12.0", None)]
    [{'fs.s3a.block.size': '134217728'}]
    """

    implementation: Text | None = None
    """The class of the file system behind `s3a://`. Default: EMR's, which is S3A."""
    credentials_provider: Text | None = None
    """The class that finds credentials, of the SDK that the release's S3A is built on. Default: the instance's."""
    block_size: Bytes | None = None
    """Bytes that count as one block when input is split. Default: S3A's own; Apache Hadoop has 32m."""
    multipart_size: Bytes | None = None
    """Bytes of one part of an upload. Default: S3A's own; Apache Hadoop has 64m."""
    connections: Count | None = None
    """Connections of one process to S3 at most. Default: S3A's own."""
    threads: Count | None = None
    """Threads of one process for uploads and copies. Default: S3A's own."""
    attempts: Count | None = None
    """How often the SDK tries one request. Default: S3A's own."""
    requester_pays: Flag | None = None
    """Read buckets whose readers pay. Default: false."""

    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "implementation": ("core-site", "fs.s3a.impl"),
        "credentials_provider": ("core-site", "fs.s3a.aws.credentials.provider"),
        "block_size": ("core-site", "fs.s3a.block.size"),
        "multipart_size": ("core-site", "fs.s3a.multipart.size"),
        "connections": ("core-site", "fs.s3a.connection.maximum"),
        "threads": ("core-site", "fs.s3a.threads.max"),
        "attempts": ("core-site", "fs.s3a.attempts.maximum"),
        "requester_pays": ("core-site", "fs.s3a.requester.pays.enabled"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("block_size", "multipart_size", "connections", "threads", "attempts")

    @classmethod
    def reference(cls) -> Self:
        """The reference values: blocks and parts of 128 MB, S3A by its class, credentials by the default chain.

        The class of the credentials is of the SDK v1, which S3A maps or runs beside its own; the cluster warns of it.
        """
        return cls(
            implementation="org.apache.hadoop.fs.s3a.S3AFileSystem",
            credentials_provider="com.amazonaws.auth.DefaultAWSCredentialsProviderChain",
            block_size=134217728,
            multipart_size=134217728,
        )


class CoreSettings(KeyedSettings):
    """`core-site`: what all of Hadoop shares.

    https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-common/core-default.xml

    >>> settings = CoreSettings(trash_minutes=60, s3a=S3aSettings(connections=200))
    >>> [(path, dict(c.properties)) for path, c in settings.configurations("emr-7.12.0", None)]
    [(('trash_minutes',), {'fs.trash.interval': '60'}), (('s3a', 'connections'), {'fs.s3a.connection.maximum': '200'})]
    """

    s3a: S3aSettings | None = None
    """S3A's own settings."""
    buffer_size: Bytes | None = None
    """Bytes of the buffer for reading and writing files. Default: EMR's."""
    trash_minutes: Count | None = None
    """Minutes after which what was deleted on HDFS is gone. Default: EMR's."""
    compression_codecs: Text | None = None
    """Class names of the codecs, with commas. Default: EMR's list."""

    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "buffer_size": ("core-site", "io.file.buffer.size"),
        "trash_minutes": ("core-site", "fs.trash.interval"),
        "compression_codecs": ("core-site", "io.compression.codecs"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("buffer_size",)

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
        """S3A's."""
        for path, configuration in self.s3a.configurations(release, applications) if self.s3a else ():
            yield ("s3a", *path), configuration


class HdfsSettings(KeyedSettings):
    """`hdfs-site`, and the zones of HDFS that are encrypted with keys of their own.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hdfs-config.html

    >>> [dict(c.properties) for _, c in HdfsSettings(replication=2).configurations("emr-7.12.0", None)]
    [{'dfs.replication': '2'}]
    """

    replication: Count | None = None
    """Copies of each block. Default: 1 below four core nodes, 2 below ten, else 3."""
    block_size: Bytes | None = None
    """Bytes of a block. Default: 128m."""
    umask: Text | None = None
    """Permissions that new files do not get, such as `022`. Default: Hadoop's 022."""
    namenode_handlers: Count | None = None
    """Threads of the NameNode for requests. Default: EMR's, by the size of the node."""
    transfer_threads: Count | None = None
    """Threads of a DataNode for data. Default: EMR's."""
    encryption_zones: Settings = NO_SETTINGS
    """Path -> name of the key, in small letters, which EMR makes in Hadoop's key server. Default: none."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Hadoop",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "replication": ("hdfs-site", "dfs.replication"),
        "block_size": ("hdfs-site", "dfs.blocksize"),
        "umask": ("hdfs-site", "fs.permissions.umask-mode"),
        "namenode_handlers": ("hdfs-site", "dfs.namenode.handler.count"),
        "transfer_threads": ("hdfs-site", "dfs.datanode.max.transfer.threads"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("replication", "block_size", "namenode_handlers", "transfer_threads")

    def contradictions(self) -> Iterator[Diagnostic]:
        """Hadoop's key server takes names in small letters only."""
        for path, key in self.encryption_zones.items():
            if not is_token(key) and key != key.lower():
                yield error(
                    "CONF-069",
                    f"the key '{key}' has capital letters",
                    "encryption_zones",
                    path,
                    got=key,
                    reason=f"the cluster fails while it starts ({_ZONES})",
                    hint=f"use {key.lower()}",
                )

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """`hdfs-encryption-zones`."""
        yield from under("encryption_zones", "hdfs-encryption-zones", dict(self.encryption_zones))


def wire_encryption(on: bool | None) -> Iterator[Contribution]:
    """Both halves of the wire at once: Hadoop's calls, and the data between DataNodes and their clients."""
    for classification, properties in _WIRE.items() if on is True else ():
        yield from under("wire_encryption", classification, properties)
