"""Active sales by category and region: raw CSV in, Parquet partitioned by region out.

Plain PySpark with plain `s3://` locations: the same file runs on Amazon EMR and on local EMR.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

SOURCE = "s3://my-bucket/raw-data/"
DESTINATION = "s3://my-bucket/processed-data/"


def summarise(sales: DataFrame) -> DataFrame:
    """Total, number and average of the active sales of each category in each region."""
    return (
        sales.filter(F.col("status") == "active")
        .withColumn("processing_date", F.current_date())
        .groupBy("category", "region")
        .agg(
            F.sum("amount").alias("total_amount"),
            F.count("*").alias("record_count"),
            F.avg("amount").alias("avg_amount"),
        )
    )


def main() -> None:
    spark = SparkSession.builder.appName("sales-etl").getOrCreate()
    sales = spark.read.csv(SOURCE, header=True, inferSchema=True)
    summarise(sales).write.mode("overwrite").partitionBy("region").parquet(DESTINATION)
    spark.stop()


if __name__ == "__main__":
    main()
