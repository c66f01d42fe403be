"""Typed settings as a whole: every value renders, one door holds, requests and schema agree with the model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast, get_args

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from cfnlint.jsonschema import StandardValidator
from hypothesis import given, settings
from hypothesis import strategies as st

import emrkit_model as model
from emrkit_facts import classifications
from emrkit_model import ApplicationSettings, Cluster, InvalidModel, SparkSettings, check
from emrkit_model.configurations import Configuration
from emrkit_model.contributions import entries, merge
from emrkit_model.reading import cluster_from_request
from emrkit_model.render import cloudformation
from emrkit_model.render.request import run_job_flow
from emrkit_model.schema import cluster_schema
from emrkit_model.settings.amounts import KeyedSettings

RELEASE = "emr-7.12.0"
PARTS: dict[str, type[KeyedSettings]] = {
    name: next(a for a in get_args(field.annotation) if isinstance(a, type) and issubclass(a, KeyedSettings))
    for name, field in ApplicationSettings.model_fields.items()
    if name != "wire_encryption"
}

COUNTS = st.integers(1, 4000)
SHARES = st.floats(0, 0.4).map(lambda x: round(x, 3))
WORDS = st.sampled_from(["alpha", "s3://bucket/x", "/data"])
MAPS = st.dictionaries(st.sampled_from(["a.b", "c"]), WORDS, max_size=2)


def _value_of(cls: type[KeyedSettings], name: str) -> st.SearchStrategy[object]:
    """Any sensible value of a field, by what the field is."""
    annotation = str(cls.model_fields[name].annotation) + str(cls.model_fields[name].metadata)
    special: dict[str, st.SearchStrategy[object]] = {
        "s3a": st.deferred(lambda: any_of(model.S3aSettings)),
        "llap": st.deferred(lambda: any_of(model.LlapSettings)),
        "dynamic_allocation": st.just(model.DynamicAllocation(minimum=1, maximum=9)),
        "database": st.just({"host": "db", "password": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"}),
        "engine": st.sampled_from(["tez", "mr"]),
        "scheduler": st.sampled_from(["capacity", "fair"]),
        "dynamic_partitions": st.sampled_from(["strict", "nonstrict"]),
        "deploy_mode": st.sampled_from(["cluster", "client"]),
        "retry": st.sampled_from(["QUERY", "TASK"]),
        "connectors": st.dictionaries(st.sampled_from(["mysql", "kafka"]), MAPS, max_size=2),
    }
    if name in special:
        return special[name]
    if name in cls.SHARES:
        return SHARES
    if (name.endswith("memory") and issubclass(cls, SparkSettings)) or name.endswith("memory_overhead"):
        return st.sampled_from(["512m", "2g"])
    if isinstance(cls.model_fields[name].default, Mapping):
        return MAPS
    if "bool" in annotation:
        return st.booleans()
    if "int" in annotation:
        return COUNTS
    return WORDS


def any_of(cls: type[KeyedSettings]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional={name: _value_of(cls, name) for name in cls.model_fields})


# What fields of one value may refuse of each other: for the table above. Structure is never wrong here.
CONTRADICTIONS = {"E-CONF-070", "E-CONF-077", "E-CONF-078", "E-CONF-079", "E-CONF-080"}


PART = st.sampled_from(sorted(PARTS)).flatmap(lambda part: st.tuples(st.just(part), any_of(PARTS[part])))


@given(PART, st.sampled_from(["emr-6.15.0", "emr-7.12.0", "emr-7.14.0"]))
@settings(max_examples=200, deadline=None)
def test_every_value_renders_to_known_classifications_with_text_and_one_door_for_each_key(given_part, release):
    part, fields = given_part
    try:
        value = ApplicationSettings.parse({part: fields})
    except InvalidModel as error:
        broken = {d.code for d in error.diagnostics}
    else:
        broken = set[str]()
    assert broken <= CONTRADICTIONS
    if broken:
        return
    said: dict[object, str] = {}
    for path, configuration in value.configurations(release, None):
        assert path[0] == part
        assert classifications.in_release(configuration.classification, release) is not False
        for entry, text, _ in entries(configuration):
            assert isinstance(entry[1], str)
            assert isinstance(text, str)
            assert said.setdefault(entry, text) == text
    # The same in the free map is allowed, another value is refused with both places named.
    cluster = {"name": "x", "release": release, "primary": {"on_demand": ["m5.24xlarge"]}, "settings": {part: fields}}
    free = [c.model_dump() for c in Cluster.parse({**cluster, "settings": None}).all_configurations()]
    assert free == []
    merged = [c.model_dump() for c in _merged(value, release)]
    doors = {"E-CONF-044"}
    assert not doors & _codes_of({**cluster, "configurations": merged})
    _check_renderings(cluster)
    for i, configuration in enumerate(merged):
        for key, text in configuration["properties"].items():
            changed = [dict(c) for c in merged]
            changed[i] = {**configuration, "properties": {**configuration["properties"], key: f"{text}x"}}
            assert "E-CONF-044" in _codes_of({**cluster, "configurations": changed})
            return


def _check_renderings(data: dict[str, object]) -> None:
    """A cluster that the model takes, as the service model and CloudFormation's surface know it."""
    try:
        cluster = Cluster.parse(data)
    except InvalidModel:
        return
    parameters = run_job_flow(cluster)
    shape = service().operation_model("RunJobFlow").input_shape
    assert ParamValidator().validate(parameters, shape).generate_report() == ""

    def walk(items: object) -> None:
        for item in cast("list[dict[str, object]]", items):
            assert set(item) <= SURFACE
            walk(item.get("Configurations", []))

    walk(cloudformation.cluster_properties(cluster).get("Configurations", []))


SURFACE = {"Classification", "ConfigurationProperties", "Configurations"}


@cache
def service() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("emr", "service-2"))


def _merged(value: ApplicationSettings, release: str) -> tuple[Configuration, ...]:
    return merge((), value.configurations(release, None))


def _codes_of(data: dict[str, object]) -> set[str]:
    try:
        return {d.code for d in check(Cluster.parse(data))}
    except InvalidModel as error:
        return {d.code for d in error.diagnostics}


FULL: dict[str, object] = {
    "name": "full",
    "release": RELEASE,
    "applications": ["Hadoop", "Spark", "Hive", "Tez", "Trino", "Flink", "Livy", "Hue", "Oozie", "JupyterHub"],
    "primary": {"on_demand": ["m5.2xlarge"]},
    "core": {"on_demand": ["r5.2xlarge"], "capacity": 4},
    "settings": {
        "spark": {"executor_memory": "8g", "executor_cores": 2, "dynamic_allocation": {"maximum": 10}},
        "core": {"s3a": {"connections": 100}, "trash_minutes": 60},
        "hdfs": {"replication": 2, "encryption_zones": {"/secret": "key"}},
        "mapreduce": {"map_memory": "2g", "reduce_memory": "4g"},
        "yarn": {"decommission_timeout": "30m", "scheduler": "fair"},
        "hive": {"container_memory": "4g", "server_heap": "2g", "llap": {"share": 0.5}},
        "tez": {"master_memory": "2g"},
        "trino": {"retry": "QUERY", "connectors": {"tpch": {"connector.name": "tpch"}}},
        "flink": {"task_slots": 2, "task_manager_memory": "4g"},
        "livy": {"session_timeout": "1h"},
        "hue": {"time_zone": "UTC", "idle_timeout": "1h"},
        "oozie": {"threads": 20},
        "jupyterhub": {"bucket": "notes"},
    },
    "configurations": [{"Classification": "hue-ini", "Configurations": [{"Classification": "desktop"}]}],
}


def test_a_request_read_back_has_the_same_settings_in_the_free_map():
    cluster = Cluster.parse(FULL)
    assert [d for d in check(cluster) if d.code != "W-CONF-067"] == []
    request = run_job_flow(cluster)
    again = cluster_from_request(request)
    assert again.settings is None
    assert again.all_configurations() == cluster.all_configurations()
    assert run_job_flow(again)["Configurations"] == request["Configurations"]
    names = [item["Classification"] for item in request["Configurations"]]
    assert len(names) == len(set(names))


def test_the_schema_takes_the_settings_that_the_model_takes_and_no_others():
    validator = StandardValidator(schema=cluster_schema())
    document = {key: value for key, value in FULL.items() if key != "name"}
    assert [error.message for error in validator.iter_errors(document)] == []
    for wrong in (
        {"spark": {"executor_memry": "4g"}},
        {"hive": {"engine": "spark"}},
        {"mapreduce": {"map_memory": "much"}},
        {"sqoop": {}},
    ):
        assert list(validator.iter_errors({**document, "settings": wrong})) != []
        assert _codes_of({**FULL, "settings": wrong}) & {"E-CONF-001", "E-CONF-003"}
