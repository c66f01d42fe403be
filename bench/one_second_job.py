"""A small job, about a second of Spark: CSV in, group, partitioned Parquet out, read back.

The same file runs under plain spark-submit and as a step; the folder is its only argument.
"""

import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import sum as total_of

REGIONS = ("eu", "us", "ap")


def main(folder: str) -> None:
    spark = SparkSession.builder.appName("one-second").getOrCreate()
    rows = [f"{n},{REGIONS[n % 3]},{n % 17},{n / 4}" for n in range(2000)]
    source = Path(folder) / "source.csv"
    source.write_text("\n".join(["id,region,kind,amount", *rows]) + "\n", encoding="utf-8")
    sales = spark.read.csv(source.as_uri(), header=True, inferSchema=True)
    sums = sales.groupBy("region", "kind").agg(total_of("amount").alias("total"))
    target = (Path(folder) / "target").as_uri()
    sums.write.mode("overwrite").partitionBy("region").parquet(target)
    print("rows", spark.read.parquet(target).count())
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
