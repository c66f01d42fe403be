"""Settings that need a word: keys that the service owns, names that were replaced, classes that a release has not.

Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html, and what each answer names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from . import releases
from .security import sdk_v2_successor
from .tables import load
from .versions import parse

__all__ = ["Reason", "class_successor", "emrfs_only", "owned", "s3a_sdk", "successor"]

_V1 = "com.amazonaws."
_V2 = "software.amazon.awssdk."


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a key or a value does not belong here, and what does: None where nothing takes its place."""

    text: str
    successor: str | None
    page: str


@cache
def owned(classification: str, key: str) -> Reason | None:
    """Why a key is the service's own to set; None where it is anybody's.

    >>> owned("core-site", "fs.defaultFS").text.split(" when")[0]
    'EMR writes the address of the primary node here'
    """
    table = load("settings")
    text = table["owned"].get(classification, {}).get(key)
    return None if text is None else Reason(text, None, table["pages"]["owned"])


@cache
def successor(classification: str, key: str, release: str) -> Reason | None:
    """The name that replaced a key, on a release that knows the new one; None where the key stands.

    >>> successor("hdfs-site", "dfs.block.size", "emr-7.12.0").successor
    'dfs.blocksize'
    """
    table = load("settings")
    for family, rows in table["renamed"].items():
        if classification not in rows["classifications"] or key not in rows["keys"]:
            continue
        if (since := rows.get("since_spark")) is not None and not _spark_from(release, since):
            continue
        tool = family.partition("-")[0]
        return Reason(f"{tool.capitalize()} renamed it", rows["keys"][key], table["pages"][tool])
    return None


def s3a_sdk(release: str) -> int | None:
    """The generation of the AWS SDK for Java that S3A is built on: 1 or 2; None for what is no release label.

    Page: https://hadoop.apache.org/docs/current/hadoop-aws/tools/hadoop-aws/aws_sdk_upgrade.html

    >>> s3a_sdk("emr-7.3.0"), s3a_sdk("emr-7.4.0")
    (1, 2)
    """
    version, since = parse(release), parse(load("settings")["s3a_on_sdk_v2_since"])
    if version is None or since is None:
        return None
    return 2 if version >= since or release.startswith("emr-spark-") else 1


@cache
def class_successor(key: str, name: str, release: str) -> Reason | None:
    """Why a class that a setting names is the wrong one on a release; None where it is right, or nobody knows.

    `com.mysql.jdbc.Driver` is never on EMR; a class of the AWS SDK v1 is wrong where S3A is built on v2, and one of v2
    is wrong in S3A's own settings where that is built on v1.

    >>> class_successor("fs.s3a.aws.credentials.provider",
    ...     "com.amazonaws.auth.InstanceProfileCredentialsProvider", "emr-7.12.0").successor
    'software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider'
    """
    table = load("settings")
    if (row := table["classes"].get(name)) is not None:
        return Reason(row["reason"], row["successor"], table["pages"][row["page"]])
    sdk, page = s3a_sdk(release), table["pages"]["sdk"]
    if sdk == 2 and sdk_v2_successor(name) is not None:
        with_v1 = not release.startswith("emr-spark-")
        rest = "runs others through the v1 SDK beside it" if with_v1 else "has no v1 SDK for the others"
        text = f"S3A of {release} is built on the SDK v2: it maps the standard v1 names and {rest}"
        return Reason(text, sdk_v2_successor(name) or None, page)
    if sdk == 1 and name.startswith(_V2) and "fs.s3a." in key:
        return Reason(f"S3A of {release} is built on the SDK v1 and cannot load it", _v1_of(name), page)
    return None


@cache
def emrfs_only(key: str) -> Reason | None:
    """Why a setting of EMRFS does nothing where S3A is behind s3://; None where EMR translates it, or nobody knows."""
    table = load("settings")
    for text, begins in table["s3a_without"].items():
        if any(key == begin or key.startswith(begin) for begin in begins):
            return Reason(text, None, table["pages"]["s3a"])
    return None


def _spark_from(release: str, since: str) -> bool:
    found = releases.find(release)
    line = found.spark_line if isinstance(found, releases.Release) else None
    return line is not None and tuple(map(int, line.split("."))) >= tuple(map(int, since.split(".")))


def _v1_of(name: str) -> str | None:
    simple = name.rsplit(".", 1)[-1]
    old = f"{_V1}auth.{simple}"
    return old if sdk_v2_successor(old) == name else None
