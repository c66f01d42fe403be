"""Second step: delays by carrier and month, with the weather at departure. `delays.py --curated s3://…/`."""

import argparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def delays_by_carrier_and_month(flights: DataFrame, airlines: DataFrame, weather: DataFrame) -> DataFrame:
    """One row for each carrier and month: flights, cancellations, mean delays, and how many left in rain or snow."""
    # The weather table repeats the hour in which daylight saving time ends; one reading an hour is enough.
    wet = weather.groupBy("origin", "time_hour").agg((F.max("precip") > 0).alias("wet"))
    return (
        flights.join(airlines, "carrier")
        .join(wet, ["origin", "time_hour"], "left")
        .groupBy("carrier", "name", "month")
        .agg(
            F.count("*").alias("flights"),
            F.sum(F.col("dep_time").isNull().cast("int")).alias("cancelled"),
            F.round(F.avg("dep_delay"), 2).alias("mean_departure_delay"),
            F.round(F.avg("arr_delay"), 2).alias("mean_arrival_delay"),
            F.sum(F.coalesce("wet", F.lit(False)).cast("int")).alias("in_wet_weather"),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curated", required=True)
    options = parser.parse_args()

    spark = SparkSession.builder.appName("flights-delays").getOrCreate()
    flights, airlines, weather = (
        spark.read.parquet(f"{options.curated}{table}/") for table in ("flights", "airlines", "weather")
    )
    delays_by_carrier_and_month(flights, airlines, weather).write.mode("overwrite").parquet(f"{options.curated}delays/")
    spark.stop()


if __name__ == "__main__":
    main()
