"""Storage: HBase on S3, its log, HDFS copies against the core nodes, consistent view, connectors."""

from __future__ import annotations

from typing import Any

import pytest

from emrkit_model import (
    Cluster,
    ConsistentView,
    HBaseStorage,
    InvalidModel,
    Place,
    WriteAheadLog,
    check,
    needed_permissions,
    s3_connector,
)
from emrkit_model.storage import check_shared_roots

PLACE = Place("aws", "eu-west-1", "111122223333")
PLAIN: dict[str, object] = {
    "name": "etl",
    "release": "emr-7.12.0",
    "applications": ["Spark"],
    "primary": {"on_demand": ["m5.xlarge"]},
}
GROUPS: dict[str, object] = {"primary": {"group": "m5.xlarge"}, "core": {"group": "m5.xlarge", "count": 2}}
HBASE: dict[str, object] = {"applications": ["HBase"], "idle_timeout": None}
WAL: dict[str, object] = {**HBASE, **GROUPS}
ROOT = "s3://lake/hbase/"


def found(**changes: object) -> set[str]:
    try:
        return {d.code for d in check(Cluster.parse({**PLAIN, **changes}))}
    except InvalidModel as error:
        return {d.code for d in error.diagnostics}


def hdfs(**properties: object) -> list[dict[str, object]]:
    names = {"replication": "dfs.replication", "block": "dfs.blocksize", "old_block": "dfs.block.size"}
    given = {names[key]: value for key, value in properties.items()}
    return [{"Classification": "hdfs-site", "Properties": given}]


def core(count: int, *types: str, **more: object) -> dict[str, object]:
    return {"on_demand": list(types or ("m5.xlarge",)), "capacity": count, **more}


def scaled(minimum: int, maximum: int = 50, **more: object) -> dict[str, object]:
    return {"minimum": minimum, "maximum": maximum, **more}


# One declaration that breaks a rule, and the nearest one that does not.
RULES: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("E-STORE-010", {**WAL, "hbase": {"root": ROOT, "wal": "a-b"}}, {**WAL, "hbase": {"root": ROOT, "wal": "ab"}}),
    ("E-STORE-011", {**HBASE, "hbase": {"root": "hdfs:///hbase"}}, {**HBASE, "hbase": {"root": ROOT}}),
    (
        "E-STORE-012",
        {**WAL, "hbase": {"root": ROOT, "wal": "ab", "read_replica": True}},
        {**WAL, "hbase": {"root": ROOT, "read_replica": True}},
    ),
    (
        "E-STORE-013",
        {"release": "emr-5.31.0", "consistent_view": {"read_capacity": 3001}},
        {"release": "emr-5.31.0", "consistent_view": {"read_capacity": 3000}},
    ),
    (
        "E-STORE-013",
        {"release": "emr-5.31.0", "consistent_view": {"write_capacity": 0}},
        {"release": "emr-5.31.0", "consistent_view": {"write_capacity": 1000}},
    ),
    ("E-STORE-020", {"hbase": {"root": ROOT}}, {**HBASE, "hbase": {"root": ROOT}}),
    (
        "E-STORE-021",
        {**HBASE, "release": "emr-5.1.1", "hbase": {"root": ROOT}},
        {**HBASE, "release": "emr-5.36.2", "hbase": {"root": ROOT}},
    ),
    (
        "E-STORE-022",
        {**HBASE, "release": "emr-5.6.1", "hbase": {"root": ROOT, "read_replica": True}},
        {**HBASE, "release": "emr-5.7.0", "hbase": {"root": ROOT, "read_replica": True}},
    ),
    (
        "E-STORE-023",
        {**WAL, "release": "emr-6.14.0", "hbase": {"root": ROOT, "wal": "ab"}},
        {**WAL, "release": "emr-6.15.0", "hbase": {"root": ROOT, "wal": "ab"}},
    ),
    (
        "E-STORE-024",
        {**WAL, "release": "emr-7.4.0", "hbase": {"root": ROOT, "wal": {"record_size": 2147483648}}},
        {**WAL, "release": "emr-7.5.0", "hbase": {"root": ROOT, "wal": {"record_size": 2147483648}}},
    ),
    (
        "E-STORE-025",
        {**HBASE, "hbase": {"root": ROOT, "wal": "ab"}},
        {**WAL, "hbase": {"root": ROOT, "wal": "ab"}},
    ),
    ("W-STORE-026", {"applications": ["HBase"], "idle_timeout": 3600}, HBASE),
    (
        "E-STORE-030",
        {"release": "emr-6.2.0", "consistent_view": {}},
        {"release": "emr-6.1.0", "consistent_view": {}},
    ),
    ("W-STORE-031", {"release": "emr-5.31.0", "consistent_view": {}}, {"release": "emr-5.31.0"}),
    (
        "E-STORE-040",
        {"core": core(4), "configurations": hdfs(replication=0)},
        {"core": core(4), "configurations": hdfs(replication=1)},
    ),
    (
        "E-STORE-041",
        {"core": core(2), "configurations": hdfs(replication=3)},
        {"core": core(3), "configurations": hdfs(replication=3)},
    ),
    ("E-STORE-041", {"configurations": hdfs(replication=2)}, {"configurations": hdfs(replication=1)}),
    (
        "W-STORE-042",
        {"core": core(4), "scaling": scaled(2), "configurations": hdfs(replication=3)},
        {"core": core(4), "scaling": scaled(3), "configurations": hdfs(replication=3)},
    ),
    (
        "W-STORE-042",
        {"core": core(4), "scaling": scaled(4, maximum_core=2), "configurations": hdfs(replication=3)},
        {"core": core(4), "scaling": scaled(4, maximum_core=4), "configurations": hdfs(replication=3)},
    ),
    (
        "W-STORE-043",
        {"core": core(4), "scaling": scaled(3), "configurations": hdfs(replication=1)},
        {"core": core(4), "configurations": hdfs(replication=1)},
    ),
    (
        "W-STORE-043",
        {"core": {"spot": ["m5.xlarge"], "capacity": 4}, "configurations": hdfs(replication=1)},
        {"core": {"spot": ["m5.xlarge"], "capacity": 4}, "configurations": hdfs(replication=2)},
    ),
    ("W-STORE-044", {"core": core(10), "scaling": scaled(2)}, {"core": core(10), "scaling": scaled(3)}),
    (
        "W-STORE-044",
        {"core": core(4), "scaling": scaled(1)},
        {"core": core(4), "scaling": scaled(1), "configurations": hdfs(replication=1)},
    ),
    ("E-STORE-045", {"core": core(2), "configurations": hdfs(block="1000")}, {"configurations": hdfs(block="256m")}),
    (
        "E-STORE-045",
        {"core": core(2), "configurations": hdfs(block=1048577)},
        {"core": core(2), "configurations": hdfs(block=1048576)},
    ),
    (
        "W-STORE-046",
        {"core": core(3), "configurations": hdfs(replication=3), "unhealthy_node_replacement": True},
        {"core": core(4), "configurations": hdfs(replication=3), "unhealthy_node_replacement": True},
    ),
]


@pytest.mark.parametrize(("code", "breaks", "keeps"), RULES, ids=[f"{i}-{r[0]}" for i, r in enumerate(RULES)])
def test_storage_that_breaks_a_rule_is_told_and_storage_that_keeps_it_is_not(code, breaks, keeps):
    assert code in found(**breaks)
    assert code not in found(**keeps)


def test_copies_are_judged_wherever_they_are_set():
    typed = {"core": core(2), "settings": {"hdfs": {"replication": 3}}}
    with pytest.raises(InvalidModel) as caught:
        Cluster.parse({**PLAIN, **typed})
    told = next(d for d in caught.value.diagnostics if d.code == "E-STORE-041")
    assert told.path == ("settings", "hdfs", "replication")


def test_larger_types_of_a_fleet_mean_fewer_nodes_later():
    mixed = core(4, "m5.xlarge", "m5.4xlarge")
    assert "W-STORE-042" in found(core=mixed, configurations=hdfs(replication=2))
    assert "W-STORE-042" not in found(core=core(4), configurations=hdfs(replication=2))


def test_groups_count_in_nodes():
    small = {"primary": {"group": "m5.xlarge"}, "core": {"group": "m5.xlarge", "count": 2}}
    assert "E-STORE-041" in found(**small, configurations=hdfs(replication=3))
    assert "E-STORE-041" not in found(**small, configurations=hdfs(replication=2))


def test_numbers_that_are_tokens_are_not_judged():
    token = "${Token[Copies.1]}"
    assert not {c for c in found(core=core(10), scaling=scaled(3), configurations=hdfs(replication=token)) if "04" in c}


def properties(storage: HBaseStorage, release: str) -> dict[str, dict[str, str]]:
    result: dict[str, dict[str, str]] = {}
    for _, item in storage.configurations(release, None):
        result.setdefault(item.classification, {}).update(item.properties)
    return result


def test_hbase_on_s3_is_two_classifications():
    assert properties(HBaseStorage(root="s3://lake/hbase/"), "emr-7.14.0") == {
        "hbase-site": {"hbase.rootdir": "s3://lake/hbase/"},
        "hbase": {"hbase.emr.storageMode": "s3"},
    }


def test_a_bucket_alone_gets_the_slash_that_emr_asks_for():
    assert HBaseStorage(root="s3://lake").root_directory() == "s3://lake/"
    assert HBaseStorage(root="s3://lake/x").root_directory() == "s3://lake/x"


@pytest.mark.parametrize(("release", "off"), [("emr-7.3.0", True), ("emr-7.4.0", False)])
def test_a_read_replica_compacts_nothing_before_store_file_tracking(release, off):
    site = properties(HBaseStorage(root=ROOT, read_replica=True), release)["hbase-site"]
    assert (site.get("hbase.regionserver.compaction.enabled") == "false") is off


@pytest.mark.parametrize(
    ("release", "said", "sequential"),
    [
        ("emr-7.9.0", None, False),
        ("emr-7.10.0", None, True),
        ("emr-7.13.0", None, True),
        ("emr-7.14.0", None, False),
        ("emr-7.14.0", True, True),
        ("emr-7.12.0", False, False),
    ],
)
def test_reads_are_sequential_where_s3a_would_make_compactions_slow(release, said, sequential):
    site = properties(HBaseStorage(root=ROOT, sequential_reads=said), release)["hbase-site"]
    assert (site.get("fs.s3a.experimental.input.fadvise") == "sequential") is sequential


def test_the_log_names_its_workspace_and_its_sizes():
    storage = HBaseStorage(root=ROOT, wal=WriteAheadLog(workspace="orders", groups=4, record_size=1 << 31))
    given = properties(storage, "emr-7.14.0")
    assert given["hbase"]["hbase.emr.wal.enabled"] == "true"
    assert given["hbase-site"]["emr.wal.workspace"] == "orders"
    assert given["hbase-site"]["hbase.wal.regiongrouping.numgroups"] == "4"
    assert given["hbase-site"]["emr.wal.max.payload.size"] == "2147483648"


def test_nodes_may_use_the_workspace_and_make_the_service_linked_role():
    statements = needed_permissions(
        Cluster.parse({**PLAIN, **WAL, "hbase": {"root": ROOT, "wal": "orders"}}), PLACE
    ).nodes
    assert statements[0]["Resource"] == [
        "arn:aws:emrwal:eu-west-1:111122223333:workspace/orders",
        "arn:aws:emrwal:eu-west-1:111122223333:workspace/orders/*",
    ]
    actions: Any = statements[0]["Action"]
    assert "emrwal:AppendEdit" in actions
    assert "AWSServiceRoleForEMRWAL" in str(statements[1]["Resource"])
    assert HBaseStorage(root=ROOT).node_statements(PLACE) == ()


def test_without_a_name_the_workspace_is_emrs_own():
    statements = HBaseStorage(root=ROOT, wal=WriteAheadLog()).node_statements(PLACE)
    assert "workspace/defaultWALworkspace" in str(statements[0]["Resource"])


def test_two_clusters_that_write_below_one_root_are_told_and_a_replica_is_not():
    writer = Cluster.parse({**PLAIN, **HBASE, "hbase": {"root": "s3://lake/hbase"}})
    other = writer.replace(hbase=HBaseStorage(root="s3://lake/hbase/"))
    replica = writer.replace(hbase=HBaseStorage(root="s3://lake/hbase/", read_replica=True))
    told = list(check_shared_roots({"a": writer, "b": other}))
    assert [(d.code, d.path) for d in told] == [("W-STORE-027", ("b", "hbase", "root"))]
    assert not list(check_shared_roots({"a": writer, "b": replica, "c": Cluster.parse(PLAIN)}))


def test_consistent_view_is_emrfs_with_a_table_that_the_nodes_may_use():
    view = ConsistentView(table="Orders", retries=3, retry_period="10s")
    (site,) = {c.classification for _, c in view.configurations("emr-5.31.0", None)}
    assert site == "emrfs-site"
    given = {k: v for _, c in view.configurations("emr-5.31.0", None) for k, v in c.properties.items()}
    assert given == {
        "fs.s3.consistent": "true",
        "fs.s3.consistent.metadata.tableName": "Orders",
        "fs.s3.consistent.metadata.read.capacity": "500",
        "fs.s3.consistent.metadata.write.capacity": "100",
        "fs.s3.consistent.retryCount": "3",
        "fs.s3.consistent.retryPeriodSeconds": "10",
    }
    (statement,) = needed_permissions(
        Cluster.parse({**PLAIN, "release": "emr-5.31.0", "consistent_view": {"table": "Orders"}}), PLACE
    ).nodes
    assert statement["Resource"] == "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders"


def test_the_refusal_of_consistent_view_says_since_when_s3_needs_none():
    with pytest.raises(InvalidModel) as caught:
        Cluster.parse({**PLAIN, "consistent_view": {}})
    (told,) = caught.value.diagnostics
    assert "2020-12-01" in (told.reason or "")


def test_the_connector_of_a_release_is_the_models_to_say():
    found = s3_connector("emr-7.12.0")
    assert found is not None
    assert found.name == "S3A"
