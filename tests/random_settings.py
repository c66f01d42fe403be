"""Random typed settings, metastores and storage, valid by construction: each where release and applications have it.

Containers are small enough for the smallest type that is drawn, beside HBase as well.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.random_ground import ACCOUNT, NAMES, TEXTS, Ground, Plain, composite, key, keys, pick, secret, some

__all__ = ["metastores", "settings", "storage"]

Field = st.SearchStrategy[Any]
_FLAGS = st.booleans()
_MOSTLY = st.sampled_from([True, True, True, False])
_RARELY = st.sampled_from([False, False, False, True])
_COUNTS = st.integers(1, 500)
_SMALL = st.sampled_from([1024, "1g", 1536, "2g"])
"""A container's memory in MB: the smallest node has 3072 for YARN beside HBase."""
_BYTES = st.sampled_from([1_048_576, "128m", "1g"])
_SECONDS = st.sampled_from([60, "30m", "2h"])
_MODES = st.sampled_from(["cluster", "client"])
_PROPERTIES = st.dictionaries(NAMES.map(lambda name: f"x.{name}"), TEXTS, min_size=1, max_size=2)


@composite
def _spark(draw: st.DrawFn, ground: Ground) -> Plain:
    fields: dict[str, Field] = {
        "executor_memory": st.sampled_from(["512m", "1g", "1500m"]),
        "executor_memory_overhead": st.sampled_from(["384m", "512m"]),
        "executor_cores": st.integers(1, 4),
        "executor_instances": _COUNTS,
        "driver_memory": st.sampled_from(["512m", "1g"]),
        "driver_memory_overhead": st.just("512m"),
        "driver_cores": st.integers(1, 4),
        "deploy_mode": _MODES,
        "adaptive": _FLAGS,
        "kryo": _FLAGS,
        "shuffle_partitions": _COUNTS,
        "s3_committer": _FLAGS,
    }
    if ground.renders("spark"):
        fields["maximize_resources"] = _FLAGS
    found = pick(draw, fields)
    if draw(_FLAGS):
        least, first, most = sorted(draw(st.tuples(_COUNTS, _COUNTS, _COUNTS)))
        chosen: dict[str, Field] = {"minimum": st.just(least), "initial": st.just(first), "maximum": st.just(most)}
        found["dynamic_allocation"] = {"minimum": 0} | pick(draw, chosen)
    return found


@cache
def _core() -> st.SearchStrategy[Plain]:
    s3a: dict[str, Field] = {
        "implementation": st.just("org.apache.hadoop.fs.s3a.S3AFileSystem"),
        "credentials_provider": st.just("software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider"),
        "block_size": _BYTES,
        "multipart_size": _BYTES,
        "connections": _COUNTS,
        "threads": _COUNTS,
        "attempts": _COUNTS,
        "requester_pays": _FLAGS,
    }
    fields: dict[str, Field] = {
        "s3a": some(s3a),
        "buffer_size": _BYTES,
        "trash_minutes": st.integers(0, 90),
        "compression_codecs": st.just("org.apache.hadoop.io.compress.GzipCodec"),
    }
    return some(fields)


@cache
def _hdfs(core: int) -> st.SearchStrategy[Plain]:
    """HDFS with no more copies of a block than core nodes to begin with."""
    return some(
        {
            "replication": st.integers(1, min(core, 5)),
            "block_size": st.sampled_from(["64m", 134_217_728]),
            "umask": st.just("027"),
            "namenode_handlers": _COUNTS,
            "transfer_threads": _COUNTS,
            "encryption_zones": st.just({"/confidential": "first-key", "/personal": "second-key"}),
        }
    )


@composite
def _mapreduce(draw: st.DrawFn) -> Plain:
    found = pick(
        draw,
        {
            "map_memory": _SMALL,
            "reduce_memory": _SMALL,
            "master_memory": _SMALL,
            "map_cores": st.integers(1, 4),
            "reduce_cores": st.integers(1, 4),
            "sort_memory": st.sampled_from([100, "200m"]),
            "slow_start": st.sampled_from([0, 0.5, 1]),
            "compress_map_output": _FLAGS,
            "compress_output": _FLAGS,
            "speculative": _FLAGS,
            "reuse_ubertask": _FLAGS,
        },
    )
    if {"map_memory", "reduce_memory"} <= found.keys() and draw(_FLAGS):
        found["java_options"] = "-XX:+UseG1GC"
    return found


@cache
def _yarn() -> st.SearchStrategy[Plain]:
    return some(
        {
            "node_memory": st.sampled_from([8192, "8g"]),
            "node_cores": st.integers(4, 16),
            "minimum_container": st.sampled_from([256, "512m"]),
            "maximum_container": st.sampled_from([3072, "4g"]),
            "scheduler": st.sampled_from(["capacity", "fair"]),
            "virtual_memory_check": _FLAGS,
            "physical_memory_check": _FLAGS,
            "log_retention": _SECONDS,
            "master_attempts": st.integers(1, 4),
            "decommission_timeout": _SECONDS,
            "wait_for_shuffle_data": _FLAGS,
            "masters_on_core_only": _FLAGS,
        }
    )


@cache
def _hive(ground: Ground) -> st.SearchStrategy[Plain]:
    llap: dict[str, Field] = {
        "share": st.sampled_from([0.4, 1]),
        "instances": _COUNTS,
        "container_memory": _SMALL,
        "memory": _SMALL,
        "cache": _BYTES,
        "executors": _COUNTS,
    }
    fields: dict[str, Field] = {
        "engine": st.sampled_from(["tez", "mr"]),
        "container_memory": _SMALL,
        "server_heap": _SMALL,
        "vectorized": _FLAGS,
        "cost_based": _FLAGS,
        "parallel": _FLAGS,
        "dynamic_partitions": st.sampled_from(["strict", "nonstrict"]),
        "compress_intermediate": _FLAGS,
        "compress_output": _FLAGS,
        "bytes_per_reducer": _BYTES,
        "scratch_directory": st.just("/tmp/hive"),
    }
    return some({**fields, "llap": some(llap)} if ground.renders("hive") else fields)


@cache
def _tez() -> st.SearchStrategy[Plain]:
    return some(
        {
            "master_memory": _SMALL,
            "task_memory": _SMALL,
            "reuse_containers": _FLAGS,
            "minimum_group": _BYTES,
            "maximum_group": _BYTES,
            "sort_memory": st.sampled_from([100, "200m"]),
        }
    )


@composite
def _hbase(draw: st.DrawFn) -> Plain:
    found = pick(
        draw,
        {
            "heap": _SMALL,
            "handlers": _COUNTS,
            "region_size": _BYTES,
            "flush_size": _BYTES,
            "major_compaction_milliseconds": st.integers(0, 86_400_000),
            "session_timeout": _SECONDS,
        },
    )
    if draw(_FLAGS):
        found |= {"block_cache": draw(st.sampled_from([0.2, 0.4])), "memory_stores": draw(st.sampled_from([0.2, 0.3]))}
    return found


def _engine(ground: Ground, prefix: str) -> dict[str, Field]:
    fields: dict[str, Field] = {
        "query_memory": st.just("50GB"),
        "query_memory_per_node": st.just("2GB"),
        "query_time": st.just("2h"),
        "port": st.integers(8000, 9000),
        "hive": _PROPERTIES,
    }
    names = [name for name in ("mysql", "kafka") if ground.renders(f"{prefix}-connector-{name}")]
    return {**fields, "connectors": st.dictionaries(st.sampled_from(names), _PROPERTIES, min_size=1)}


@composite
def _trino(draw: st.DrawFn, ground: Ground) -> Plain:
    fields = _engine(ground, "trino")
    if ground.renders("trino-exchange-manager"):
        fields["retry"] = st.sampled_from(["QUERY", "TASK"])
        fields["exchange"] = st.sampled_from(["s3://exchange/here", "/exchange"])
    found = pick(draw, fields)
    if draw(_FLAGS):
        found |= {"spill": draw(_FLAGS), "spill_path": "/mnt/spill,/mnt1/spill"}
    return found


@cache
def _flink() -> st.SearchStrategy[Plain]:
    return some(
        {
            "task_slots": _COUNTS,
            "parallelism": _COUNTS,
            "job_manager_memory": _SMALL,
            "task_manager_memory": _SMALL,
            "checkpoints": st.just("s3://state/checkpoints"),
            "savepoints": st.just("hdfs:///savepoints"),
            "checkpoint_milliseconds": _COUNTS,
            "attempts": _COUNTS,
            "java_home": st.just("/usr/lib/jvm/jre-11"),
        }
    )


@composite
def _hue(draw: st.DrawFn, ground: Ground) -> Plain:
    database: dict[str, Field] = {
        "password_kms_key": keys(),
        "name": NAMES,
        "user": NAMES,
        "port": st.integers(1024, 65_535),
        "host": st.just("hue.example.com"),
        "password": st.just(secret("hue")),
    }
    host, password = database.pop("host"), database.pop("password")
    fields: dict[str, Field] = {"time_zone": st.just("Europe/Berlin"), "idle_timeout": _SECONDS}
    found = pick(draw, fields)
    if ground.three or draw(_FLAGS):  # three primary nodes share what they remember
        found["database"] = pick(draw, database, host=host, password=password)
    return found


@cache
def _zeppelin() -> st.SearchStrategy[Plain]:
    return some({"bucket": st.just("notes"), "folder": NAMES, "key": keys(), "anonymous": _FLAGS})


@cache
def _livy() -> st.SearchStrategy[Plain]:
    return some(
        {
            "session_timeout": _SECONDS,
            "impersonation": _FLAGS,
            "deploy_mode": _MODES,
            "sessions": _COUNTS,
            "hive_tables": _FLAGS,
        }
    )


@cache
def _oozie() -> st.SearchStrategy[Plain]:
    names = ("threads", "concurrency", "queue_size", "output_bytes", "purge_after_days")
    return some(dict.fromkeys(names, _COUNTS))


@composite
def settings(draw: st.DrawFn, ground: Ground, core: int) -> Plain:
    """Settings of the installed applications; `core` is the least number of core nodes to begin with."""
    parts: dict[str, Field] = {
        "core": _core(),
        "hdfs": _hdfs(core),
        "mapreduce": _mapreduce(),
        "yarn": _yarn(),
        "wire_encryption": _FLAGS,
    }
    ours: tuple[tuple[str, tuple[str, ...], Field], ...] = (
        ("spark", ("Spark",), _spark(ground)),
        ("hive", ("Hive",), _hive(ground)),
        ("tez", ("Tez", "Hive", "Pig"), _tez()),
        ("hbase", ("HBase",), _hbase()),
        ("flink", ("Flink",), _flink()),
        ("zeppelin", ("Zeppelin",), _zeppelin()),
        ("jupyterhub", ("JupyterHub",), some({"bucket": st.just("notes")})),
        ("livy", ("Livy", "JupyterHub", "JupyterEnterpriseGateway"), _livy()),
        ("oozie", ("Oozie",), _oozie()),
    )
    parts |= {field: part for field, names, part in ours if ground.has(*names)}
    if ground.has("Presto"):
        parts["presto"] = some(_engine(ground, "presto"))
    if ground.has("Trino"):
        parts["trino"] = _trino(ground)
    formats = {name: _FLAGS for name in ("iceberg", "delta") if ground.renders(f"{name}-defaults")}
    if formats:
        parts["table_formats"] = some(formats)
    found = pick(draw, parts)
    if ground.has("Hue"):
        found["hue"] = draw(_hue(ground))
    return found


@composite
def metastores(draw: st.DrawFn, ground: Ground) -> object:
    """The Glue catalog, in a word or in its parts, or a database outside the cluster where a Hive asks for it."""
    kinds = ["word", "glue", *(["external"] * 2 if ground.has("Hive", "HCatalog") else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "word":
        return "glue"
    if kind == "glue":
        glue: dict[str, Field] = {
            "catalog_id": st.just(ACCOUNT),
            "databases": st.lists(st.sampled_from(["sales", "logs_*", "default"]), min_size=1, unique=True),
            "key": keys(),
        }
        return pick(draw, glue, access=st.sampled_from(["read", "read-write"]))
    external: dict[str, Field] = {
        "port": st.integers(1024, 65_535),
        "database": NAMES,
        "username": NAMES,
        "password_kms_key": st.just(key(7)),
        "pool_size": _COUNTS,
    }
    found = pick(draw, external, host=st.just("db.example.com"), password=st.just(secret("hive")))
    if draw(_RARELY):
        found["password_key"] = "password"
    how = draw(st.sampled_from([{}, {"tls": False}, {"tls": True, "ca_file": "/etc/pki/rds.pem"}]))
    return found | how


@composite
def storage(draw: st.DrawFn, ground: Ground) -> Plain:
    """The fields `hbase` and `consistent_view` of a cluster."""
    found: Plain = {}
    if ground.has("HBase") and ground.admits("hbase-on-s3") and draw(_MOSTLY):
        more: dict[str, Field] = {"cache_size_mb": _COUNTS, "sequential_reads": _FLAGS}
        found["hbase"] = {"root": draw(st.sampled_from(["s3://lake", "s3://lake/hbase/"])), **pick(draw, more)}
        if ground.grouped and ground.admits("emr-wal") and draw(_MOSTLY):
            log: dict[str, Field] = {"workspace": NAMES, "groups": st.integers(1, 8)}
            if ground.admits("emr-wal-record-size"):
                log["record_size"] = st.integers(1_000_000, 10_000_000)
            found["hbase"]["wal"] = draw(NAMES) if draw(_RARELY) else pick(draw, log)
        elif ground.admits("hbase-read-replica") and draw(_FLAGS):
            found["hbase"]["read_replica"] = draw(_FLAGS)
    if ground.release == "emr-5.31.0" and draw(_FLAGS):
        view: dict[str, Field] = {
            "table": st.just("Metadata"),
            "read_capacity": _COUNTS,
            "write_capacity": _COUNTS,
            "retries": _COUNTS,
            "retry_period": _SECONDS,
        }
        found["consistent_view"] = pick(draw, view)
    return found
