"""What a plain cluster makes Python load: each module and each table costs every synthesis some milliseconds."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys

opened = set()
sys.addaudithook(lambda event, given: opened.add(str(given[0])) if event == "open" else None)

from emrkit_model import Cluster, InstanceFleet
from emrkit_model.render import cloudformation

cluster = Cluster(
    name="plain",
    release="emr-7.12.0",
    primary=InstanceFleet.on_demand("m5.xlarge"),
    core=InstanceFleet.on_demand("r5.xlarge", capacity=2),
    {more}
)
cloudformation.to_l1("AWS::EMR::Cluster", cloudformation.cluster_properties(cluster))
tables = [name.rsplit("/", 1)[1] for name in opened if "/emrkit_facts/data/" in name]
print(json.dumps({"modules": sorted(sys.modules), "tables": sorted(tables)}))
"""

ONLY_WHEN_GIVEN = {
    "security.authorization",
    "contract",
    "security.encryption",
    "security.identity_center",
    "job",
    "security.kerberos",
    "security.ldap",
    "metastores",
    "security.ranger",
    "reading",
    "rules",
    "schema",
    "security",
    "security.configuration",
    "settings.application_settings",
    "settings.spark",
    "settings.hive",
    "capacity.sizing",
}
TABLES = {"applications", "instance_types", "releases", "sizing", "storage", "surface"}
"""What a plain cluster asks: its applications, types, release, retired types, connectors, properties."""


def loaded(more: str = "") -> tuple[set[str], set[str]]:
    """Modules of the model and tables of facts that a fresh process has after one cluster was rendered."""
    program = PROGRAM.replace("{more}", more)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    modules = {name.removeprefix("emrkit_model.") for name in found["modules"] if name.startswith("emrkit_model.")}
    return modules, {name.removesuffix(".json") for name in found["tables"]}


def test_a_plain_cluster_loads_no_module_of_what_it_does_not_have() -> None:
    modules, _ = loaded()
    assert not modules & ONLY_WHEN_GIVEN


def test_a_plain_cluster_reads_only_the_tables_that_its_rules_ask() -> None:
    _, tables = loaded()
    assert tables <= TABLES


def test_what_a_cluster_has_is_loaded() -> None:
    """The list above names modules that exist: each of these comes with the field that it is for."""
    more = 'settings={"spark": {}}, metastore="glue", security_configuration={}'
    modules, _ = loaded(more)
    assert {"settings.spark", "metastores", "security.configuration"} <= modules


def test_every_module_that_is_not_to_be_loaded_exists() -> None:
    for name in ONLY_WHEN_GIVEN:
        __import__(f"emrkit_model.{name}")
