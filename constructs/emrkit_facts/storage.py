"""Metastores and storage: the Glue Data Catalog, HBase on S3 and its log, HDFS, consistent view, S3A and EMRFS.

Page: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-file-systems.html, and what each answer names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .tables import load
from .versions import parse

__all__ = [
    "Committer",
    "GlueSetting",
    "S3Connector",
    "catalog_key_actions",
    "consistent_view_predates_s3",
    "default_replication",
    "fact",
    "glue_setting",
    "number",
    "partition_limits",
    "s3_connector",
    "sequential_reads",
    "texts",
    "wal_actions",
    "wal_regions",
    "within",
]


@dataclass(frozen=True, slots=True)
class GlueSetting:
    """How one application of a release is pointed at the Glue Data Catalog."""

    classification: str
    properties: Mapping[str, str]
    catalog_key: str | None
    """The key that names a catalog of another account; None where the release has none."""
    page: str


@dataclass(frozen=True, slots=True)
class Committer:
    """What commits Spark's writes to S3 without renames."""

    name: str
    formats: str
    page: str


@dataclass(frozen=True, slots=True)
class S3Connector:
    """The file system behind a scheme, and what commits writes through it; no committer of EMR's own is None."""

    name: str
    committer: Committer | None
    page: str

    def __str__(self) -> str:
        how = (
            f"writes of Spark by the {self.committer.name} ({self.committer.formats})" if self.committer else "renames"
        )
        return f"{self.name}; {how}"


def fact(*path: str) -> str:
    """One text of the table, by the way to it: `fact("hbase", "wal", "default_workspace")`."""
    return str(_entry(path))


def texts(*path: str) -> tuple[str, ...]:
    """A list of texts of the table: `texts("secrets", "service_role_actions")`."""
    return tuple(_entry(path))


def number(*path: str) -> int:
    """One number of the table: `number("hdfs", "checksum_bytes")`."""
    return int(_entry(path))


def partition_limits() -> Mapping[str, int]:
    """What one partition of DynamoDB gives, by `read` and `write`."""
    return _entry(("consistent_view", "partition_limits"))


def sequential_reads(release: str) -> tuple[bool, Mapping[str, str]]:
    """Whether a release reads HFiles slowly unless told to read in sequence, and the settings that tell it."""
    slow = within(_entry(("hbase", "read_policy_windows")), release) is True
    return slow, _entry(("hbase", "read_policy"))


def _entry(path: Sequence[str]) -> Any:
    node: Any = load("storage")
    for name in path:
        node = node[name]
    return node


def within(windows: Sequence[Sequence[str | None]], release: str) -> bool | None:
    """Whether a release lies in one of the half-open windows; None when the text is no release label."""
    version = parse(release)
    if version is None:
        return None
    return any(version >= _least(first) and (end is None or version < _least(end)) for first, end in windows)


def glue_setting(application: str, release: str) -> GlueSetting | None:
    """How an application is pointed at the Glue catalog; None for one that has no such setting, or is too old.

    >>> glue_setting("Trino", "emr-7.10.0").properties
    {'hive.metastore': 'glue'}
    """
    word = {"hcatalog": "hive", "zeppelin": "spark"}.get(application.lower(), application.lower())
    row = load("storage")["glue"].get(word) if word in _GLUE else None
    version = parse(release)
    if row is None or version is None or version < _least(row["since"]):
        return None
    other = version >= _least(fact("glue", "other_account_since"))
    key = "hive.metastore.glue.catalogid" if other else None
    if word in ("presto", "prestosql", "trino"):
        old = word == "presto" and version < _least(row["property_since"])
        said = {"hive.metastore.glue.datacatalog.enabled": "true"} if old else {"hive.metastore": "glue"}
        return GlueSetting(row["classification"], said, key, row["page"])
    said = {"hive.metastore.client.factory.class": fact("glue", "factory")}
    if word == "hive" and within(_entry(("glue", "schema_verification_off")), release):
        said["hive.metastore.schema.verification"] = "false"
    return GlueSetting(row["classification"], said, key, row["page"])


_GLUE = ("hive", "spark", "presto", "prestosql", "trino")


def catalog_key_actions() -> tuple[str, ...]:
    """The actions on the KMS key of an encrypted Glue catalog that its nodes need."""
    return texts("glue", "key_actions")


def wal_actions() -> tuple[str, ...]:
    """The IAM actions that HBase's nodes need for EMR's write-ahead log."""
    return texts("hbase", "wal", "actions")


def wal_regions(release: str) -> tuple[str, ...]:
    """The Regions that have EMR's write-ahead log for a release; all of them for a text that is no label."""
    version = parse(release)
    rows: Mapping[str, Sequence[str]] = _entry(("hbase", "wal", "regions"))
    return tuple(
        sorted(r for first, names in rows.items() if version is None or version >= _least(first) for r in names)
    )


def default_replication(core_nodes: int) -> int:
    """EMR's `dfs.replication` for a cluster that starts with so many core nodes.

    Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hdfs-config.html

    >>> [default_replication(n) for n in (3, 4, 9, 10)]
    [1, 2, 2, 3]
    """
    rows: Sequence[tuple[int | None, int]] = _entry(("hdfs", "default_replication"))
    return next(copies for below, copies in rows if below is None or core_nodes < below)


def consistent_view_predates_s3(release: str) -> bool | None:
    """Whether a release came out before S3 itself was consistent (2020-12-01); None for no release label.

    >>> consistent_view_predates_s3("emr-5.31.0"), consistent_view_predates_s3("emr-6.2.0")
    (True, False)
    """
    return within(_entry(("consistent_view", "released_before")), release)


def s3_connector(release: str, *, scheme: str = "s3", engine: str = "Spark") -> S3Connector | None:
    """The file system behind `s3://`, `s3n://` or `s3a://` of an engine on a release; None for no release label.

    Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-s3a-migrate.html

    >>> s3_connector("emr-7.9.0").name, s3_connector("emr-7.10.0").name, s3_connector("emr-7.9.0", scheme="s3a").name
    ('EMRFS', 'S3A', 'S3A')
    """
    version = parse(release)
    if version is None:
        return None
    s3a = scheme == "s3a" or version >= _least(fact("s3", "s3a_default_since"))
    own = engine.lower() in texts("s3", "emrfs_engines") and version < _least(fact("s3", "without_emrfs_since"))
    name = "S3A" if s3a and not own else "EMRFS"
    rows = [row for row in _entry(("s3", "committers", name)) if version >= _least(row["since"])]
    best = rows[-1] if rows and engine.lower() == "spark" else None
    committer = None if best is None else Committer(best["name"], best["formats"], best["page"])
    return S3Connector(name, committer, fact("s3", "page"))


def _least(text: str | None) -> tuple[int, ...]:
    version = parse(text or "")
    assert version is not None, text
    return version
