"""Makes the tables that jobs expect."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("create-tables").enableHiveSupport().getOrCreate()
for name in sys.argv[1:]:
    spark.sql(f"create database if not exists {name}")
