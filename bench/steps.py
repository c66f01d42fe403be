"""Spark steps on local EMR against plain `spark-submit` of the same file, from the same distribution."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from emrkit_local import environments

from .local import Bench, opened
from .measuring import ROOT, Result, interleave, median, run

__all__ = ["measure"]

_SMALL_ROUNDS = 5
_LARGE_ROUNDS = 3
_ROWS = 1_000_000
_SALES = ROOT / "jobs/examples/sales_etl"


def measure() -> Iterator[Result]:
    """The small job cold and in a slot, then the large one; every measurement begins with the machine quiet."""
    with opened() as bench, tempfile.TemporaryDirectory(prefix="emrkit-bench-") as name:
        folder = Path(name)
        yield from _small(bench, folder)
        yield _large(bench, folder)


def _small(bench: Bench, folder: Path) -> Iterator[Result]:
    job = ROOT / "bench/one_second_job.py"
    location = bench.upload(job)
    targets = {name: folder / name for name in ("bare", "cold", "slot")}
    for target in targets.values():
        target.mkdir()
    bench.step("spark-submit", location, targets["slot"])  # the first one fetches, compiles and boots

    def bare() -> float:
        bench.await_slot()
        return _bare(job, targets["bare"])

    def cold() -> float:
        bench.await_slot()
        bench.forget_slot()
        return _on_cluster(bench, "cold start with class archive", location, targets["cold"])

    def slot() -> float:
        bench.await_slot()
        return _on_cluster(bench, "warm start", location, targets["slot"])

    taken = interleave({"bare": bare, "cold": cold, "slot": slot}, _SMALL_ROUNDS)
    plain = median(taken["bare"])
    for name, goal in (("cold", 0.5), ("slot", 0.35)):
        ours = median(taken[name])
        words = {
            "cold": "one-second Spark job, cold ÷ spark-submit",
            "slot": "one-second Spark job, slot ÷ spark-submit",
        }
        yield Result(words[name], ours / plain, goal, detail=f"{ours:.2f} s against {plain:.2f} s")


def _large(bench: Bench, folder: Path) -> Result:
    bench.s3.create_bucket(Bucket="my-bucket")
    raw = bench.endpoint.buckets / "my-bucket/raw-data"
    run([sys.executable, _SALES / "data.py", raw, "--rows", str(_ROWS)])
    location = bench.upload(_SALES / "job.py")
    beside = folder / "my-bucket"
    beside.mkdir()
    (beside / "raw-data").symlink_to(raw)
    # Plain Spark has no s3://; the same code reads the same files as files.
    job = folder / "job.py"
    job.write_text((_SALES / "job.py").read_text().replace("s3://my-bucket", beside.as_uri()))

    def bare() -> float:
        bench.await_slot()
        return _bare(job)

    def ours() -> float:
        bench.await_slot()
        return _on_cluster(bench, "start", location)

    taken = interleave({"bare": bare, "ours": ours}, _LARGE_ROUNDS)
    plain, step = median(taken["bare"]), median(taken["ours"])
    detail = f"{step:.2f} s against {plain:.2f} s"
    return Result("sales_etl, 1,000,000 rows ÷ spark-submit", step / plain, 0.9, detail=detail)


def _bare(job: Path, *args: Path) -> float:
    engine = environments.find("spark-3.5")
    assert engine is not None
    given = {
        "JAVA_HOME": str(engine.java_home),
        "SPARK_HOME": str(engine.spark_home),
        "PYSPARK_PYTHON": str(engine.python),
    }
    cores = f"local[{len(os.sched_getaffinity(0))}]"
    started = time.perf_counter()
    run([engine.spark_home / "bin/spark-submit", "--master", cores, job, *args], given)
    return time.perf_counter() - started


def _on_cluster(bench: Bench, expected: str, *words: str | Path) -> float:
    taken, step = bench.step("spark-submit", *words)
    said = bench.started(step)
    if expected not in said:
        raise RuntimeError(f"meant to measure a {expected}, but the engine says: {said}")
    return taken
