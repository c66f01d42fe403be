"""Open table formats: the switches that make Spark and the others ready for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emrkit_model.fields import Flag

from .amounts import KeyedSettings

__all__ = ["TableFormats"]


class TableFormats(KeyedSettings):
    """Iceberg and Delta Lake: naming the application is not enough, a classification switches each on.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-iceberg-use-spark-cluster.html and
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/Deltausing-cluster.html

    >>> [dict(c.properties) for _, c in TableFormats(iceberg=True).configurations("emr-7.12.0", None)]
    [{'iceberg.enabled': 'true'}]
    """

    iceberg: Flag | None = None
    """Iceberg, for releases from 6.5.0 on. Default: off."""
    delta: Flag | None = None
    """Delta Lake, for releases from 6.9.0 on. Default: off."""

    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "iceberg": ("iceberg-defaults", "iceberg.enabled"),
        "delta": ("delta-defaults", "delta.enabled"),
    }
