"""The examples of typed settings: what their templates hold, and that the model has nothing left to say of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

import emrkit as emr
from docs import examples
from emrkit_jobs.bundle.project import load
from emrkit_model import check

ROOT = Path(__file__).parents[2]
NAMES = ("flink", "hadoop_settings", "hbase", "hive_and_tez", "notebooks", "spark_settings", "trino")
Settings = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def app() -> App:
    made = App(builtin_cloud_formation_validation=False)
    for name in NAMES:
        examples.load(name)(made)
    return made


def template(app: App, name: str) -> dict[str, Any]:
    wanted = "".join(part.capitalize() for part in name.split("_"))
    stack = next(part for part in app.node.children if isinstance(part, Stack) and part.node.id == wanted)
    return Template.from_stack(stack).to_json()["Resources"]


def settings_of(app: App, name: str) -> Settings:
    """Classification (nested ones after a slash) -> properties, of the example's cluster."""
    (properties,) = (r["Properties"] for r in template(app, name).values() if r["Type"] == "AWS::EMR::Cluster")
    found: Settings = {}

    def walk(items: list[dict[str, Any]], above: str) -> None:
        for item in items:
            found[above + item["Classification"]] = item.get("ConfigurationProperties", {})
            walk(item.get("Configurations", []), f"{above}{item['Classification']}/")

    walk(properties["Configurations"], "")
    return found


def test_the_model_has_nothing_to_say_of_these_examples(app: App) -> None:
    clusters = [part for part in app.node.find_all() if isinstance(part, emr.Cluster)]
    assert len(clusters) == len(NAMES)
    said = {part.value.name: [d.code for d in check(part.value)] for part in clusters}
    assert {name: codes for name, codes in said.items() if codes} == {}


def test_spark_has_typed_settings_and_free_ones_in_one_classification(app: App) -> None:
    spark = settings_of(app, "spark_settings")
    assert list(spark) == ["spark-defaults"]
    assert spark["spark-defaults"]["spark.executor.memory"] == "16g"
    assert spark["spark-defaults"]["spark.dynamicAllocation.maxExecutors"] == "40"
    assert spark["spark-defaults"]["spark.sql.session.timeZone"] == "UTC"


def test_heaps_follow_from_containers(app: App) -> None:
    assert settings_of(app, "hive_and_tez")["hive-site"]["hive.tez.java.opts"] == "-Xmx3276m"
    assert settings_of(app, "hadoop_settings")["mapred-site"]["mapreduce.map.java.opts"] == "-Xmx1638m"


def test_one_switch_sets_both_halves_of_the_wire(app: App) -> None:
    hadoop = settings_of(app, "hadoop_settings")
    assert hadoop["core-site"]["hadoop.rpc.protection"] == "privacy"
    assert hadoop["hdfs-site"]["dfs.encrypt.data.transfer"] == "true"
    assert hadoop["hdfs-encryption-zones"] == {"/secret": "secret_key"}


def test_trino_and_hbase_and_flink_have_their_classifications(app: App) -> None:
    assert {"trino-config", "trino-connector-tpch", "trino-exchange-manager"} == set(settings_of(app, "trino"))
    assert settings_of(app, "hbase")["hbase-env/export"] == {"HBASE_HEAPSIZE": "12288"}
    assert settings_of(app, "flink")["flink-conf"]["taskmanager.memory.process.size"] == "6144m"


def test_hues_password_is_a_reference_that_the_service_role_may_read(app: App) -> None:
    database = settings_of(app, "notebooks")["hue-ini/desktop/database"]
    secret = database["EMR.secret@password"]
    assert "password" not in database
    readers = [
        name
        for name, resource in template(app, "notebooks").items()
        if resource["Type"].startswith("AWS::IAM::")
        and secret in json.dumps(resource)
        and "secretsmanager:GetSecretValue" in json.dumps(resource)
    ]
    assert any("Service" in name for name in readers)


def test_the_project_file_says_the_same_as_python(app: App) -> None:
    project = load(ROOT / "docs/examples/settings.yaml").for_target("local")
    cluster = project.clusters["etl"]
    assert [d.code for d in check(cluster)] == []
    written = {c.classification: dict(c.properties) for c in cluster.all_configurations()}
    assert written["spark-defaults"] == settings_of(app, "spark_settings")["spark-defaults"]
    assert written["yarn-site"]["yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"] == "1800"
