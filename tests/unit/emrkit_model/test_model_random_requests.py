"""Random clusters as requests: the service model knows each, what is read back is what was said, schemas agree.

By hand, to hunt: `EMRKIT_RANDOM_EXAMPLES=5000 EMRKIT_RANDOM_SEED=7 pytest tests/unit/emrkit_model -k random`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator
from cfnlint.jsonschema import StandardValidator

from emrkit_facts import security_grammar
from emrkit_model.capacity import InstanceFleet
from emrkit_model.capacity.groups import InstanceGroup
from emrkit_model.capacity.managed_scaling import ManagedScaling
from emrkit_model.cluster import Cluster
from emrkit_model.metastores import ExternalMetastore
from emrkit_model.reading import cluster_from_request, steps_from_request, unread
from emrkit_model.render import request, task
from emrkit_model.schema import cluster_schema, step_schema
from emrkit_model.values import InvalidModel, Value
from tests.random_clusters import Example, each, examples
from tests.random_ground import Plain

# What a request has no word for, or says in another: with what becomes of it.
TURNED: Mapping[str, str] = {
    "configurations": "the typed settings are among them",
    "settings": "classifications",
    "metastore": "classifications",
    "hbase": "classifications",
    "consistent_view": "classifications",
    "sizing": "the fleets that it chose",
    "security_configuration": "its name",
    "kerberos": "realm and passwords; the KDC is the security configuration's",
    "idle_timeout": "a cluster that ends with its last step has none",
    "scaling": "its unit is the nodes' own where nobody chose another",
    "monitoring": "none where it says nothing",
    "primary": "nodes are compared by what they mean",
    "core": "nodes are compared by what they mean",
    "task": "nodes are compared by what they mean",
}
HOW_MANY = 150


def test_each_is_a_request_that_the_service_model_knows() -> None:
    each(examples(HOW_MANY), is_known)


def is_known(example: Example) -> None:
    rendered = request.run_job_flow(example.cluster, example.steps)
    assert unknown_to_the_service("RunJobFlow", rendered) == ""
    assert unread(rendered) == ()
    if example.steps:
        added = request.add_job_flow_steps("j-1", example.steps)
        assert unknown_to_the_service("AddJobFlowSteps", added) == ""


def test_each_that_is_read_back_is_the_one_that_was_said() -> None:
    each(examples(HOW_MANY), is_read_back)


def is_read_back(example: Example) -> None:
    said = example.cluster
    rendered = request.run_job_flow(said, example.steps)
    read = cluster_from_request(rendered)
    assert request.run_job_flow(read, steps_from_request(rendered.get("Steps"))) == rendered
    kept = [name for name in Cluster.model_fields if name not in TURNED]
    assert {name: getattr(read, name) for name in kept} == {name: getattr(said, name) for name in kept}
    assert read.configurations == said.all_configurations()
    monitoring = [value.monitoring and (value.monitoring.document() or None) for value in (read, said)]
    assert monitoring[0] == monitoring[1]
    assert read.security_configuration == request.security_name(said)
    assert request.kerberos(read) == request.kerberos(said)
    assert read.idle_timeout == (said.idle_timeout if said.keep_alive else None)
    assert (read.scaling and unit_of(read.scaling)) == (said.scaling and unit_of(said.scaling))
    assert [plain(*nodes) for nodes in read.nodes()] == [plain(*nodes) for nodes in said.nodes()]
    # What was read is in normal form: reading it once more changes nothing.
    assert cluster_from_request(request.run_job_flow(read)) == read


def test_each_in_the_words_of_project_files_is_the_same_and_one_that_their_schema_admits() -> None:
    clusters, steps = StandardValidator(cluster_schema()), StandardValidator(step_schema())

    def is_admitted(example: Example) -> None:
        document = in_the_files_words(example.document)
        assert Cluster.parse(document) == example.cluster
        found = [*clusters.iter_errors({name: value for name, value in document.items() if name != "name"})]
        for step in example.document["steps"]:
            found += steps.iter_errors(step)
        assert [f"{list(error.path)}: {error.message}" for error in found] == []

    each(examples(HOW_MANY), is_admitted)


def in_the_files_words(document: Plain) -> Plain:
    """The cluster with each fleet's types under their market."""
    words = {name: value for name, value in document.items() if name != "steps"}
    for node in ("primary", "core", "task"):
        fleet = words.get(node)
        if isinstance(fleet, dict) and "types" in fleet:
            kept: Plain = {"on_demand_strategy": None, "spot_strategy": None, **fleet}
            types, on_demand, spot = (kept.pop(name) for name in ("types", "target_on_demand", "target_spot"))
            given = {"spot": types, "capacity": spot, "on_demand_capacity": on_demand}
            words[node] = kept | (given if spot else {"on_demand": types, "capacity": on_demand})
    return words


def test_each_security_configuration_fits_the_grammar_of_the_service() -> None:
    each(examples(HOW_MANY), fits_the_grammar)


def fits_the_grammar(example: Example) -> None:
    written = example.cluster.security_document()
    if written is None:
        return
    known = {name: block for name, block in written.items() if name in security_grammar.blocks()}
    assert security_grammar.problems(known) == ()
    assert isinstance(example.cluster.security_configuration, Value)
    made = request.create_security_configuration(example.cluster.security_configuration, "ours")
    assert unknown_to_the_service("CreateSecurityConfiguration", made) == ""


def test_each_is_one_that_a_state_machine_launches_or_refuses_by_name() -> None:
    each(examples(HOW_MANY), is_launched_or_refused)


def is_launched_or_refused(example: Example) -> None:
    cluster = example.cluster
    only = {name: getattr(cluster, name) for name in request.REQUEST_ONLY}
    if only.pop("sessions") or any(value is not None for value in only.values()):
        reason = "E-CLUS-097"
    elif cluster.realm is not None:
        reason = "E-KRB-030"
    elif isinstance(cluster.metastore, ExternalMetastore) and cluster.metastore.password_key is not None:
        reason = "E-META-030"
    else:
        assert unknown_to_the_service("RunJobFlow", task.create_cluster(cluster)) == ""
        return
    with pytest.raises(InvalidModel, match=reason):
        task.create_cluster(cluster)


def unit_of(scaling: ManagedScaling) -> ManagedScaling:
    """Scaling without a unit that is the default of its nodes."""
    return scaling if scaling.unit == "VCPU" else scaling.replace(unit=None)


def plain(role: str, nodes: InstanceFleet | InstanceGroup) -> object:
    """Nodes without what was only the default, and in a fleet without what belongs to a market that it does not use."""
    fields: dict[str, object] = {name: getattr(nodes, name) for name in type(nodes).model_fields}
    if isinstance(nodes, InstanceFleet):
        weights = {item.type: 1 for item in nodes.types} if role == "primary" else nodes.weights()
        fields["types"] = [item.replace(weight=weights[item.type]) for item in nodes.types]
        if not nodes.target_spot and nodes.spot_strategy is None:
            fields |= {"spot_timeout": None, "spot_timeout_action": None}
    # No volumes of one's own, and none at all, are one request.
    fields["ebs"] = fields.get("ebs") or None
    return role, fields


def unknown_to_the_service(operation: str, parameters: Mapping[str, Any]) -> str:
    """What botocore says of the parameters."""
    return ParamValidator().validate(parameters, _shape(operation)).generate_report()


@cache
def _shape(operation: str) -> Shape:
    shape = ServiceModel(Loader().load_service_model("emr", "service-2")).operation_model(operation).input_shape
    assert shape is not None
    return shape
