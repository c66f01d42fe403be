"""A small job that touches what most jobs touch: it fills the class archive and warms a slot."""

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
folder = "s3://warm-up/tables"
rows = spark.range(2000).select(
    "id", (F.col("id") % 7).cast("string").alias("k"), F.rand().alias("v"), F.current_timestamp().alias("t")
)
for format_ in ("parquet", "csv", "json"):
    rows.write.mode("overwrite").partitionBy("k").format(format_).save(f"{folder}/{format_}")
    spark.read.format(format_).option("inferSchema", True).load(f"{folder}/{format_}").count()
rows.createOrReplaceTempView("rows")
best = rows.groupBy("k").agg(F.max("t"))
totals = spark.sql("select k, sum(v) v, count(*) n from rows where id > 3 group by k order by n")
totals.join(best, "k").withColumn("r", F.row_number().over(Window.orderBy("v"))).collect()
spark.createDataFrame([(1, "a")], "i int, s string").rdd.map(lambda row: row.i).collect()
rows.select(F.udf(lambda x: x + 1, "long")("id")).count()
spark.stop()
