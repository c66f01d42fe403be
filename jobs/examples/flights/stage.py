"""First step: the raw CSV tables as typed Parquet. `stage.py --raw s3://…/ --curated s3://…/`."""

import argparse

from pyspark.sql import SparkSession

TABLES = ("flights", "airlines", "weather")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", required=True)
    parser.add_argument("--curated", required=True)
    options = parser.parse_args()

    spark = SparkSession.builder.appName("flights-stage").getOrCreate()
    for table in TABLES:
        # The tables write a missing value as NA.
        rows = spark.read.csv(f"{options.raw}{table}/", header=True, inferSchema=True, nullValue="NA")
        rows.write.mode("overwrite").parquet(f"{options.curated}{table}/")
    spark.stop()


if __name__ == "__main__":
    main()
