"""The contract document, the JSON Schema, and what importing the package costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.jsonschema import StandardValidator

from emrkit_model import Cluster, Contract, ContractCluster, ContractPipeline, InvalidModel, Job
from emrkit_model.contract import SecurityGroups, parameter_name
from emrkit_model.contract_versions import READERS, SCHEMA_VERSION
from emrkit_model.diagnostics import Severity
from emrkit_model.schema import cluster_schema, job_schema

CONTRACT = Contract(
    project="demo",
    environment="dev",
    stack="emr",
    clusters={
        "etl": ContractCluster(
            id="j-1",
            name="demo-etl",
            release="emr-7.10.0",
            log_uri="s3://logs/",
            service_role="role",
            instance_profile="profile",
            subnets=("subnet-1",),
            security_groups=SecurityGroups(primary="sg-1", core="sg-2", service_access="sg-3"),
        )
    },
    buckets={"logs": "logs"},
    pipelines={"flights": ContractPipeline(state_machine_arn="arn:aws:states:::x", name="flights")},
)


def test_a_contract_is_small_camel_case_json_and_reads_back():
    text = CONTRACT.render()
    document = json.loads(text)
    assert document["schema"] == SCHEMA_VERSION == 2
    assert document["clusters"]["etl"]["securityGroups"] == {"primary": "sg-1", "core": "sg-2", "serviceAccess": "sg-3"}
    assert document["pipelines"]["flights"]["stateMachineArn"] == "arn:aws:states:::x"
    assert "kerberosSecret" not in text
    assert "null" not in text
    assert Contract.parse(text) == CONTRACT
    assert parameter_name("demo", "dev", "emr") == "/emrkit/demo/dev/emr"


def test_groups_beside_those_of_the_nodes_are_in_the_contract():
    groups = SecurityGroups(primary="sg-1", additional_primary=("sg-4", "sg-5"), additional_core=("sg-6",))
    told = Contract(
        project="demo",
        environment="dev",
        stack="emr",
        clusters={"etl": ContractCluster(name="etl", release="emr-7.10.0", security_groups=groups)},
    ).render()
    assert json.loads(told)["clusters"]["etl"]["securityGroups"] == {
        "primary": "sg-1",
        "additionalPrimary": ["sg-4", "sg-5"],
        "additionalCore": ["sg-6"],
    }
    assert Contract.read(told)[0].clusters["etl"].security_groups == groups
    assert Contract.read(told)[1] == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "E-CTR-010"),
        ("[]", "E-CTR-010"),
        ('{"schema": 3, "project": "a"}', "E-CTR-011"),
        ('{"project": "a", "environment": "b", "stack": "c"}', "E-CTR-012"),
        ('{"schema": "1", "project": "a", "environment": "b", "stack": "c"}', "E-CTR-012"),
        ('{"schema": true, "project": "a", "environment": "b", "stack": "c"}', "E-CTR-012"),
        ('{"schema": 0, "project": "a", "environment": "b", "stack": "c"}', "E-CTR-012"),
        ('{"schema": 1, "project": "a", "environment": "b"}', "E-CTR-002"),
    ],
)
def test_a_contract_that_cannot_be_read_is_refused_with_its_code(text, code):
    with pytest.raises(InvalidModel) as caught:
        Contract.parse(text)
    assert code in {d.code for d in caught.value.diagnostics}


def test_keys_that_a_later_release_added_are_skipped_and_named():
    document = json.loads(CONTRACT.render()) | {"novelty": 1}
    document["clusters"]["etl"]["securityGroups"]["studio"] = "sg-4"
    contract, warnings = Contract.read(document)
    assert contract == CONTRACT == Contract.parse(document)
    said = {(d.code, d.severity, d.path) for d in warnings}
    assert said == {
        ("W-CTR-013", Severity.WARNING, ("clusters", "etl", "securityGroups", "studio")),
        ("W-CTR-013", Severity.WARNING, ("novelty",)),
    }


def test_what_emrkit_writes_itself_gives_no_warning():
    assert Contract.read(CONTRACT.render()) == (CONTRACT, ())


DOCUMENTS = Path(__file__).parent / "contracts"


def test_there_is_a_reader_and_a_document_of_every_version_before_this_one():
    assert list(READERS) == list(range(1, SCHEMA_VERSION))
    assert {p.stem for p in DOCUMENTS.glob("*.json")} == {str(n) for n in range(1, SCHEMA_VERSION + 1)}


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_a_document_of_any_version_is_read_for_ever(version):
    """The documents are as that release of emrkit wrote them; they are never edited."""
    text = (DOCUMENTS / f"{version}.json").read_text()
    assert json.loads(text)["schema"] == version
    contract, warnings = Contract.read(text)
    assert warnings == ()
    assert contract.schema_version == SCHEMA_VERSION
    etl = contract.clusters["etl"]
    assert (etl.id, etl.release, etl.subnets) == ("j-3KVTXXXXXX7UG", "emr-7.12.0", ("subnet-1", "subnet-2"))
    assert etl.security_groups.service_access == "sg-3"
    assert contract.buckets["artifacts"] == "demo-artifacts"
    assert contract.pipelines["flights"].name == "demo-flights"
    assert etl.auto_scaling_role == (None if version == 1 else "arn:aws:iam::111122223333:role/scaling")


def test_a_newer_document_says_who_wrote_it_and_what_to_do():
    with pytest.raises(InvalidModel) as caught:
        Contract.parse({"schema": 99, "stack": "emr"})
    (found,) = caught.value.diagnostics
    assert (found.got, found.allowed, found.path) == ("99", "1 to 2", ("schema",))
    assert "stack 'emr'" in str(found)
    assert "pip install --upgrade emrkit" in str(found)


CLUSTER = {
    "release": "emr-7.10.0",
    "applications": ["Spark", "Hive"],
    "primary": {"on_demand": ["m5.xlarge"]},
    "core": {"on_demand": ["r5.xlarge", {"type": "r5.2xlarge", "weight": 3}], "capacity": 4},
    "task": {"spot": ["m5.xlarge"], "capacity": 12, "on_demand_capacity": 5},
    "scaling": {"minimum": 2, "maximum": 100},
    "idle_timeout": "1h",
    "configurations": [
        {"Classification": "spark-defaults", "Properties": {"a": True, "b": 10}},
        {"Classification": "spark-env", "Configurations": [{"Classification": "export", "Properties": {"A": "b"}}]},
    ],
    "kerberos": {"kind": "cluster-dedicated", "realm": "EXAMPLE.COM"},
    "security_configuration": {"encryption": {"at_rest": {"s3_mode": "SSE-S3"}}, "imds": {"version": 2}},
    "termination_protected": True,
    "tags": {"a": "b"},
}
JOB = {
    "run_on": "etl",
    "steps": [
        {"name": "a", "spark": {"entry_point": "job.py", "args": ["x"], "conf": {"a": True}}, "timeout": 60},
        {"name": "b", "command": ["echo"], "needs": ["a"], "on_failure": "continue"},
        {"name": "c", "spark-sql": {"file": "q.sql", "variables": {"a": 1}}},
    ],
    "fixtures": [{"to": "s3://b/raw/", "generate": "data.py"}],
    "outputs": ["s3://b/out/"],
    "retry": {"infrastructure": 2},
    "pipeline": {"cluster": "nightly"},
}


def test_the_schema_and_the_model_accept_the_same_declarations():
    assert list(StandardValidator(cluster_schema()).iter_errors(CLUSTER)) == []
    assert Cluster.parse(CLUSTER, name="etl")
    assert list(StandardValidator(job_schema()).iter_errors(JOB)) == []
    assert Job.parse(JOB, name="job")


@pytest.mark.parametrize(
    "wrong",
    [
        {**CLUSTER, "releas": "x"},
        {**CLUSTER, "primary": {"on_demand": ["m5.xlarge"], "spot": ["m5.xlarge"]}},
        {**CLUSTER, "primary": {"on_demand": "m5.xlarge", "capacity": "two"}},
        {key: value for key, value in CLUSTER.items() if key != "release"},
        {**CLUSTER, "idle_timeout": "soon"},
        {**CLUSTER, "kerberos": {"kind": "cluster-dedicated"}},
    ],
)
def test_the_schema_and_the_model_refuse_the_same_mistakes(wrong):
    assert list(StandardValidator(cluster_schema()).iter_errors(wrong))
    with pytest.raises(InvalidModel):
        Cluster.parse(wrong, name="etl")


@pytest.mark.parametrize(
    "step",
    [{"name": "a", "sprak": {}}, {"name": "a"}, {"name": "a", "spark": {"entry": 1}}, {"name": "a", "command": [[5]]}],
)
def test_the_schema_refuses_broken_steps(step):
    assert list(StandardValidator(job_schema()).iter_errors({**JOB, "steps": [step]}))


def test_every_field_is_described_and_the_schema_is_plain():
    for schema in (cluster_schema(), job_schema()):
        text = json.dumps(schema)
        assert ">>>" not in text
        assert "$ref" not in text
        for name, body in schema["properties"].items():
            assert body.get("description"), name


def test_importing_the_package_and_its_diagnostics_does_not_pull_pydantic():
    program = "import sys, emrkit_model, emrkit_model.diagnostics; print('pydantic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"


def test_loading_all_of_it_builds_no_validator():
    program = (
        "import emrkit_model\n"
        "values = [getattr(emrkit_model, name) for name in emrkit_model.__all__]\n"
        "print([v.__name__ for v in values if getattr(v, '__pydantic_complete__', False)])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_everything_named_can_be_loaded():
    import emrkit_model

    for name in emrkit_model.__all__:
        assert getattr(emrkit_model, name) is not None
    assert set(emrkit_model.__all__) <= set(dir(emrkit_model))
    with pytest.raises(AttributeError):
        _ = emrkit_model.Clutser
