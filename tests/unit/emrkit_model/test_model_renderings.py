"""What goes to the service and to Step Functions: requests that the service model knows."""

from __future__ import annotations

import json

import pytest

from emrkit_model import (
    ActionOnFailure,
    AtRest,
    Cluster,
    CommandStep,
    Encryption,
    InstanceGroup,
    InvalidModel,
    ScalingRule,
    SecurityConfiguration,
)
from emrkit_model.render import request, task
from emrkit_model.values import Value
from tests.unit.emrkit_model.full_clusters import SECRET, STEPS, full_cluster, full_group_cluster, refusals


def test_run_job_flow_passes_the_service_model_with_every_field_set():
    set_fields = full_cluster().model_fields_set
    left_out = set(Cluster.model_fields) - set_fields
    become_others = {"settings", "metastore", "hbase", "consistent_view", "sizing"}  # configurations and fleets
    excluded = {"keep_alive", "custom_ami", "availability_zone"}
    assert left_out == {*excluded, *become_others, *request.REQUEST_ONLY}, "give the new field a value in full_cluster"
    assert refusals("RunJobFlow", request.run_job_flow(full_cluster(), STEPS)) == ""


def test_a_cluster_of_groups_passes_the_service_model_with_every_field_set():
    cluster = full_group_cluster()
    for kind in (InstanceGroup, ScalingRule):
        assert not fields_never_set(kind, cluster), "give the new field a value in full_group_cluster"
    rendered = request.run_job_flow(cluster, STEPS)
    assert refusals("RunJobFlow", rendered) == ""
    assert rendered["Instances"]["Ec2SubnetId"] == "subnet-1"
    assert "Ec2SubnetIds" not in rendered["Instances"]
    names = [g["Name"] for g in rendered["Instances"]["InstanceGroups"]]
    assert names == ["primary", "hdfs", "task-1", "task-2"]


def fields_never_set(kind: type[Value], cluster: Cluster) -> set[str]:
    groups = [group for _, group in cluster.groups()]
    rules = [rule for group in groups if group.scaling for rule in group.scaling.rules]
    values = groups if kind is InstanceGroup else rules
    return set(kind.model_fields).difference(*(value.model_fields_set for value in values))


def test_add_job_flow_steps_passes_the_service_model():
    names = [f"{step.name} [run-1]" for step in STEPS]
    rendered = request.add_job_flow_steps(
        "j-1", STEPS, names=names, default_action=ActionOnFailure.CANCEL_AND_WAIT, region="eu-west-1"
    )
    assert refusals("AddJobFlowSteps", rendered) == ""
    assert [s["Name"] for s in rendered["Steps"]] == names
    assert [s["ActionOnFailure"] for s in rendered["Steps"]] == [
        "CANCEL_AND_WAIT",
        "TERMINATE_CLUSTER",
        "CANCEL_AND_WAIT",
        "CANCEL_AND_WAIT",
        "CANCEL_AND_WAIT",
    ]


def test_a_runtime_role_is_a_parameter_of_the_whole_request():
    step = CommandStep(name="a", command=["x"], execution_role="arn:aws:iam::111122223333:role/r")
    rendered = request.add_job_flow_steps("j-1", [step])
    assert rendered["ExecutionRoleArn"] == "arn:aws:iam::111122223333:role/r"
    assert refusals("AddJobFlowSteps", rendered) == ""


def test_create_security_configuration_passes_the_service_model():
    value = SecurityConfiguration(encryption=Encryption(at_rest=AtRest.s3_managed()))
    rendered = request.create_security_configuration(value, "name")
    assert refusals("CreateSecurityConfiguration", rendered) == ""
    assert json.loads(str(rendered["SecurityConfiguration"])) == value.document()


def test_the_service_model_check_finds_a_wrong_key():
    rendered = request.run_job_flow(full_cluster())
    rendered["Aplications"] = []
    assert "Aplications" in refusals("RunJobFlow", rendered)


def test_a_password_is_resolved_only_by_who_asks_for_it():
    assert SECRET in json.dumps(request.run_job_flow(full_cluster()))
    resolved = request.run_job_flow(full_cluster(), resolve_secret=lambda secret: f"value of {secret}")
    assert resolved["KerberosAttributes"]["KdcAdminPassword"] == f"value of {SECRET}"


def test_idle_termination_is_left_out_of_a_cluster_that_ends_by_itself():
    rendered = request.run_job_flow(full_cluster(keep_alive=False))
    assert "AutoTerminationPolicy" not in rendered
    assert rendered["Instances"]["KeepJobFlowAliveWhenNoSteps"] is False


def test_the_create_cluster_task_is_run_job_flow_without_steps_kept_alive_with_unique_fleet_names():
    cluster = full_cluster(keep_alive=False, kerberos=None, idle_timeout=600)
    rendered = task.create_cluster(cluster)
    assert "Steps" not in rendered
    assert rendered["Instances"]["KeepJobFlowAliveWhenNoSteps"] is True
    assert rendered["AutoTerminationPolicy"] == {"IdleTimeout": 600}
    names = [f["Name"] for f in rendered["Instances"]["InstanceFleets"]]
    assert names == ["primary", "core", "burst"]
    assert refusals("RunJobFlow", rendered) == ""


def test_the_add_step_task_holds_one_step():
    step = CommandStep(name="a", command=["x"], execution_role="arn:aws:iam::111122223333:role/r")
    rendered = task.add_step("j-1", step, name="a [run]", default_action=ActionOnFailure.TERMINATE_CLUSTER)
    assert set(rendered) == {"ClusterId", "ExecutionRoleArn", "Step"}
    as_request = {"JobFlowId": "j-1", "Steps": [rendered["Step"]]}
    assert refusals("AddJobFlowSteps", as_request) == ""
    assert rendered["Step"]["ActionOnFailure"] == "TERMINATE_CLUSTER"


def test_a_kerberos_cluster_is_refused_by_the_task_rendering():
    with pytest.raises(InvalidModel) as caught:
        task.create_cluster(full_cluster())
    assert [d.code for d in caught.value.diagnostics] == ["E-KRB-030"]
