"""All typed settings of a cluster's applications in one value."""

from __future__ import annotations

from typing import ClassVar

from emrkit_model.contributions import Contributor

from .spark import SparkSettings

__all__ = ["ApplicationSettings"]


class ApplicationSettings(Contributor):
    """Typed settings of the applications, each rendered to the classifications of the cluster's release.

    A part that is left out leaves its application at EMR's defaults.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html

    >>> settings = ApplicationSettings(spark=SparkSettings(executor_memory="4g"))
    >>> [c.properties for _, c in settings.configurations("emr-7.12.0", None)]
    [{'spark.executor.memory': '4g'}]
    """

    AREA: ClassVar[str] = "CONF"

    spark: SparkSettings | None = None
    """Spark: what its applications start with unless they say otherwise."""
