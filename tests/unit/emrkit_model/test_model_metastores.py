"""Metastores: the Glue Data Catalog and databases, what they set, what they need, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from emrkit_model import (
    Cluster,
    Configuration,
    ExternalMetastore,
    GlueCatalog,
    InvalidModel,
    Place,
    Severity,
    check,
    needed_permissions,
)
from emrkit_model.render import cloudformation, request, task
from emrkit_model.schema import cluster_schema
from emrkit_model.secret_references import SecretField

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hive-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
PLACE = Place("aws", "eu-west-1", "111122223333")
PLAIN: dict[str, object] = {
    "name": "etl",
    "release": "emr-7.12.0",
    "applications": ["Spark", "Hive"],
    "primary": {"on_demand": ["m5.xlarge"]},
}


def found(**changes: object) -> set[str]:
    """The codes of every finding of a cluster, errors and warnings alike."""
    try:
        return {d.code for d in check(Cluster.parse({**PLAIN, **changes}))}
    except InvalidModel as error:
        return {d.code for d in error.diagnostics}


def external(**changes: object) -> dict[str, object]:
    return {"host": "db.example.com", "password": ARN, **changes}


def settings(cluster: Cluster) -> dict[str, dict[str, str]]:
    return {c.classification: dict(c.properties) for c in cluster.all_configurations()}


# One declaration that breaks a rule, and the nearest one that does not.
RULES: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("E-META-010", {"metastore": {"catalog_id": "1234"}}, {"metastore": {"catalog_id": "111122223333"}}),
    ("E-META-011", {"metastore": {"databases": ["arn:aws:glue:x"]}}, {"metastore": {"databases": ["sales_*"]}}),
    ("E-META-012", {"metastore": external(password="hunter2")}, {"metastore": external()}),
    (
        "E-META-012",
        {"metastore": external(password="{{resolve:secretsmanager:x:SecretString:password::}}")},
        {"metastore": external(password_key="password")},
    ),
    ("W-META-013", {"metastore": external(password_key="password")}, {"metastore": external()}),
    ("E-META-014", {"metastore": external(port=0)}, {"metastore": external(port=3307)}),
    ("E-META-015", {"metastore": external(tls=False, ca_file="/ca.pem")}, {"metastore": external(ca_file="/ca.pem")}),
    ("W-META-016", {"metastore": external(tls=False)}, {"metastore": external()}),
    ("W-META-017", {"metastore": external()}, {"metastore": external(ca_file="/ca.pem")}),
    ("E-META-020", {"metastore": "glue", "release": "emr-5.7.0"}, {"metastore": "glue", "release": "emr-5.36.2"}),
    (
        "E-META-021",
        {"metastore": {"catalog_id": "111122223333"}, "release": "emr-5.15.0"},
        {"metastore": {"catalog_id": "111122223333"}, "release": "emr-5.16.0"},
    ),
    (
        "E-META-022",
        {"metastore": "glue", "release": "emr-5.9.0", "applications": ["Presto"]},
        {"metastore": "glue", "release": "emr-5.10.0", "applications": ["Presto"]},
    ),
    (
        "W-META-023",
        {"metastore": "glue", "applications": ["Flink"]},
        {"metastore": "glue", "applications": ["Flink", "Spark"]},
    ),
    (
        "E-META-024",
        {"metastore": external(), "release": "emr-spark-8.1.0", "applications": ["Spark"]},
        {"metastore": external()},
    ),
    (
        "W-META-025",
        {"metastore": external(), "applications": ["Spark"]},
        {"metastore": external(), "applications": ["Spark", "HCatalog"]},
    ),
    (
        "E-CONF-044",
        {
            "metastore": external(username="hive"),
            "configurations": [Configuration.of("hive-site", {"javax.jdo.option.ConnectionUserName": "root"})],
        },
        {
            "metastore": external(username="root"),
            "configurations": [Configuration.of("hive-site", {"javax.jdo.option.ConnectionUserName": "root"})],
        },
    ),
]


@pytest.mark.parametrize(("code", "breaks", "keeps"), RULES, ids=[f"{i}-{r[0]}" for i, r in enumerate(RULES)])
def test_a_metastore_that_breaks_a_rule_is_told_and_one_that_keeps_it_is_not(code, breaks, keeps):
    assert code in found(**breaks)
    assert code not in found(**keeps)


def test_glue_is_the_metastore_of_everything_that_reads_one():
    cluster = Cluster.parse({**PLAIN, "applications": ["Spark", "Hive", "Trino", "Flink"], "metastore": "glue"})
    assert set(settings(cluster)) == {"hive-site", "spark-hive-site", "trino-connector-hive"}


def test_glues_client_is_no_class_of_the_old_sdk():
    assert "W-CONF-020" not in found(metastore="glue")


def test_a_catalog_of_another_account_is_named_to_each_application():
    cluster = Cluster.parse({**PLAIN, "metastore": {"catalog_id": "999988887777"}})
    for properties in settings(cluster).values():
        assert properties["hive.metastore.glue.catalogid"] == "999988887777"


def test_applications_that_are_only_known_at_deployment_get_hive_and_spark():
    catalog = GlueCatalog()
    assert {c.classification for _, c in catalog.configurations("emr-7.12.0", None)} == {"hive-site", "spark-hive-site"}
    token = "${Token[Release.1]}"
    assert {c.classification for _, c in catalog.configurations(token, frozenset({"trino"}))} == {
        "trino-connector-hive"
    }


def resources(statements: tuple[dict[str, object], ...], action: str) -> list[str]:
    named: list[str] = []
    for statement in statements:
        actions: Any = statement["Action"]
        if action in actions:
            value: Any = statement["Resource"]
            named += value if isinstance(value, list) else [value]
    return named


def test_nodes_may_use_the_databases_that_are_named_and_look_at_the_two_that_engines_ask_for():
    given = GlueCatalog(databases=["sales"], key=KEY).node_statements(PLACE)
    start = "arn:aws:glue:eu-west-1:111122223333:"
    assert resources(given, "glue:CreateTable") == [
        f"{start}catalog",
        f"{start}database/sales",
        f"{start}table/sales/*",
        f"{start}userDefinedFunction/sales/*",
    ]
    assert f"{start}database/default" in resources(given, "glue:GetDatabase")
    assert resources(given, "kms:Decrypt") == [KEY]


def test_a_catalog_to_read_lets_nobody_write():
    given = GlueCatalog(access="read").node_statements(PLACE)
    assert resources(given, "glue:GetTable")
    assert not resources(given, "glue:CreateTable")


def test_the_catalog_of_another_account_is_what_nodes_may_use():
    given = GlueCatalog(catalog_id="999988887777").node_statements(PLACE)
    assert all(":999988887777:" in name for name in resources(given, "glue:GetTable"))


def test_the_password_is_named_to_emr_and_stands_in_no_rendering():
    cluster = Cluster.parse({**PLAIN, "metastore": external(username="etl", pool_size=4)})
    site = settings(cluster)["hive-site"]
    assert site == {
        "javax.jdo.option.ConnectionURL": "jdbc:mysql://db.example.com:3306/hive?createDatabaseIfNotExist=true"
        "&useSSL=true&trustServerCertificate=true",
        "javax.jdo.option.ConnectionDriverName": "org.mariadb.jdbc.Driver",
        "javax.jdo.option.ConnectionUserName": "etl",
        "EMR.secret@javax.jdo.option.ConnectionPassword": ARN,
        "datanucleus.connectionPool.maxPoolSize": "4",
    }
    for rendered in (
        request.run_job_flow(cluster),
        task.create_cluster(cluster),
        cloudformation.cluster_properties(cluster),
    ):
        assert ARN in str(rendered)
        assert "{{resolve:" not in str(rendered)


def test_certificates_are_checked_where_the_nodes_have_them():
    url = ExternalMetastore(host="db", password=ARN, ca_file="/etc/rds.pem").connection_url()
    assert url.endswith("&useSSL=true&serverSslCert=/etc/rds.pem")


def test_the_service_role_reads_the_bare_password_and_nothing_of_a_json_secret():
    bare = ExternalMetastore(host="db", password=ARN, password_kms_key=KEY)
    assert [s["Action"] for s in bare.service_statements()] == [["secretsmanager:GetSecretValue"], ["kms:Decrypt"]]
    assert ExternalMetastore(host="db", password=ARN, password_key="password").service_statements() == ()


def test_a_json_secret_is_looked_up_by_cloudformation_and_by_the_cli_in_memory():
    cluster = Cluster.parse({**PLAIN, "metastore": external(password_key="pw")})
    reference = f"{{{{resolve:secretsmanager:{ARN}:SecretString:pw::}}}}"
    assert reference in str(cloudformation.cluster_properties(cluster))
    asked: list[object] = []

    def resolve(secret: object) -> str:
        asked.append(secret)
        return "opened"

    sent = request.run_job_flow(cluster, resolve_secret=resolve)
    assert "opened" in str(sent["Configurations"])
    assert asked == [reference]


def test_a_field_of_a_secret_is_a_json_secret_too():
    store = ExternalMetastore(host="db", password=SecretField(ARN, "pw"), ca_file="/ca.pem")
    site = {k: v for _, c in store.configurations("emr-7.12.0", None) for k, v in c.properties.items()}
    assert site["javax.jdo.option.ConnectionPassword"] == f"{{{{resolve:secretsmanager:{ARN}:SecretString:pw::}}}}"
    assert {d.code for d in check(store)} == {"W-META-013"}


def test_no_state_machine_gets_a_secret_into_its_history():
    held = Cluster.parse({**PLAIN, "metastore": external(password_key="pw")})
    with pytest.raises(InvalidModel) as caught:
        task.create_cluster(held)
    assert [d.code for d in caught.value.diagnostics] == ["E-META-030"]
    nested = Configuration.of(
        "hive-env", None, Configuration.of("export", {"PW": "{{resolve:secretsmanager:x:SecretString:y::}}"})
    )
    with pytest.raises(InvalidModel):
        task.create_cluster(Cluster.parse({**PLAIN, "configurations": [nested]}))
    assert task.create_cluster(Cluster.parse({**PLAIN, "metastore": external()}))


def test_permissions_gather_what_a_cluster_needs():
    glue = needed_permissions(Cluster.parse({**PLAIN, "metastore": "glue"}), PLACE)
    assert resources(glue.nodes, "glue:GetTable")
    assert glue.service == ()
    database = needed_permissions(Cluster.parse({**PLAIN, "metastore": external()}), PLACE)
    assert resources(database.service, "secretsmanager:GetSecretValue") == [ARN]
    assert database.nodes == ()
    assert needed_permissions(Cluster.parse(PLAIN), PLACE).nodes == ()


def test_secrets_that_free_classifications_name_may_be_read_by_the_service_role():
    def naming(secret: str) -> list[Configuration]:
        return [Configuration.of("hue-ini", None, Configuration.of("desktop", {"EMR.secret@password": secret}))]

    plain = Configuration.of("spark-defaults", {"spark.jars": "arn:aws:s3:::jars/a.jar"})
    other = {"type": "m5.xlarge", "configurations": naming(f"{ARN}2")}
    cluster = Cluster.parse(
        {
            **PLAIN,
            "configurations": [*naming(ARN), plain],
            "core": {"types": [other], "target_on_demand": 1},
        }
    )
    needed = needed_permissions(cluster, PLACE)
    assert [s["Action"] for s in needed.service] == [["secretsmanager:GetSecretValue"]]
    assert [s["Resource"] for s in needed.service] == [[ARN, f"{ARN}2"]]
    assert needed.nodes == ()
    groups = {"primary": {"group": "m5.xlarge", "configurations": naming(ARN)}}
    assert needed_permissions(Cluster.parse({**PLAIN, **groups}), PLACE).service[0]["Resource"] == [ARN]


@pytest.mark.parametrize("value", ["hive", 3, ["glue"]])
def test_a_metastore_that_is_neither_kind_is_refused(value):
    with pytest.raises(InvalidModel):
        Cluster.parse({**PLAIN, "metastore": value})


def test_the_project_files_schema_offers_the_word_and_both_kinds():
    offered = cluster_schema()["properties"]["metastore"]["anyOf"]
    assert {"const": "glue"} in offered
    assert {"host", "catalog_id"} <= {name for kind in offered for name in kind.get("properties", {})}


def test_every_refusal_names_a_page_and_a_way_out():
    for code, breaks, _ in RULES:
        if not code.startswith("E-META"):
            continue
        with pytest.raises(InvalidModel) as caught:
            Cluster.parse({**PLAIN, **breaks})
        told = next(d for d in caught.value.diagnostics if d.code == code)
        assert told.severity is Severity.ERROR
        assert told.reason or told.allowed
