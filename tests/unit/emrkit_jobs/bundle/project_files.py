"""A project file, and what is found in it."""

from __future__ import annotations

BASE = """\
project: shop
variables:
  rows: 1000
  bucket: shop-data
targets:
  local: {kind: local, default: true, environment: dev}
  prod:
    kind: aws
    mode: production
    account: "000000000123"
    region: eu-west-1
    overrides:
      variables: {rows: 5}
      clusters:
        etl: {termination_protected: true, scaling: null, core: {capacity: 9}}
clusters:
  etl:
    release: emr-7.10.0
    applications: [Spark]
    primary: {on_demand: [m5.xlarge]}
    core: {on_demand: [r5.xlarge], capacity: 4}
    scaling: {minimum: 2, maximum: 10}
  nightly: {extends: etl, transient: true}
jobs:
  daily:
    run_on: etl
    timeout: 30m
    pipeline: {cluster: nightly}
    steps:
      - name: main
        spark:
          entry_point: job.py
          args: ["s3://${var.bucket}/in/", 1000, no, "$${var.rows}", "${var.rows}"]
          conf: {spark.executor.cores: 2, spark.speculation: true}
"""


def change(old, new):
    assert old in BASE
    return BASE.replace(old, new, 1)
