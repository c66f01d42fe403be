"""Readers that the engine environments in the cache offer for a preview: pyarrow if one has it, else Spark itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["readers"]

_SPARK = """
import json, sys
from pyspark.sql import SparkSession
folder, count = sys.argv[1], int(sys.argv[2])
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.log.level", "OFF").getOrCreate())
frame = spark.read.parquet("file://" + folder)
rows = [row.asDict() for row in frame.limit(count).collect()]
print(json.dumps({"columns": frame.columns, "rows": rows, "total": frame.count()}, default=str))
"""


def readers(program: Path) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
    """Commands that take FOLDER and ROWS, the fastest first, each with what its environment needs."""
    from emrkit_local import environments

    spark = environments.find("spark-3.5")
    if spark is None:
        return
    if any(spark.site_packages.glob("pyarrow")):
        yield (str(spark.python), str(program)), {}
    home = {"JAVA_HOME": str(spark.java_home), "SPARK_HOME": str(spark.spark_home)}
    yield (str(spark.python), "-c", _SPARK), {**home, "PYSPARK_PYTHON": str(spark.python)}
