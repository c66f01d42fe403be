"""Totals of paid orders by country: CSV in, Parquet out. Plain PySpark, the same on Amazon EMR and on local EMR."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

COUNTRIES = {"AT": "Austria", "DE": "Germany", "FR": "France", "IT": "Italy"}


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments, as the step gives them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="folder of CSV files with a header")
    parser.add_argument("--destination", required=True, help="folder for the result; it is overwritten")
    return parser.parse_args(words)


def country_name(code: str | None) -> str:
    """The country's name; a code that is not known stays as it is."""
    clean = (code or "").strip().upper()
    return COUNTRIES.get(clean, clean or "unknown")


def totals(orders: DataFrame) -> DataFrame:
    """Number and sum of the paid orders of each country."""
    from pyspark.sql import functions
    from pyspark.sql.types import StringType

    name = functions.udf(country_name, StringType())
    return (
        orders.filter(functions.col("status") == "paid")
        .withColumn("country", name("country"))
        .groupBy("country")
        .agg(functions.count("*").alias("orders"), functions.round(functions.sum("amount"), 2).alias("amount"))
    )


def main() -> None:
    from pyspark.sql import SparkSession

    arguments = parse_arguments()
    spark = SparkSession.builder.appName("orders").getOrCreate()
    orders = spark.read.csv(arguments.source, header=True, inferSchema=True)
    totals(orders).write.mode("overwrite").parquet(arguments.destination)
    spark.stop()


if __name__ == "__main__":
    main()
