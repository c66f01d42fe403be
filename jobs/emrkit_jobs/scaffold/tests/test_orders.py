"""The job's logic: what can be tested without Spark is; the rest runs where pyspark is installed."""

import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "jobs" / "orders"


@pytest.fixture(scope="module")
def job():
    spec = importlib.util.spec_from_file_location("orders_job", FOLDER / "job.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("code", "name"), [("AT", "Austria"), (" de ", "Germany"), ("XX", "XX"), ("", "unknown"), (None, "unknown")]
)
def test_a_country_has_a_name(job, code, name):
    assert job.country_name(code) == name


def test_source_and_destination_are_required(job):
    arguments = job.parse_arguments(["--source", "s3://a/in/", "--destination", "s3://a/out/"])
    assert (arguments.source, arguments.destination) == ("s3://a/in/", "s3://a/out/")
    with pytest.raises(SystemExit):
        job.parse_arguments(["--source", "s3://a/in/"])


def test_only_paid_orders_count(job):
    pyspark = pytest.importorskip("pyspark.sql")
    spark = pyspark.SparkSession.builder.config("spark.ui.enabled", "false").getOrCreate()
    orders = spark.read.csv(str(FOLDER / "data"), header=True, inferSchema=True)
    rows = {row.country: (row.orders, row.amount) for row in job.totals(orders).collect()}
    assert rows == {"Austria": (2, 60.0), "Germany": (2, 135.75), "France": (2, 72.25)}
