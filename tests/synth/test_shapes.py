"""Shapes of clusters as constructs: groups, scaling, scripts, steps and capacity that comes later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit.cluster_placement import describe_cluster, place_cluster
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.render import task
from emrkit_model.values import InvalidModel

RELEASE = "emr-7.12.0"
GROUP = emr.InstanceGroup.on_demand("m5.xlarge")
FLEET = emr.InstanceFleet.on_demand("m5.xlarge")
CLUSTER_ID = "${emr.clusterId}"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(builtin_cloud_formation_validation=False), "Shapes")


def cluster(stack: Stack, name: str = "Etl", **more: Any) -> emr.Cluster:
    given = {"network": emr.Network(stack, f"{name}Network", flow_logs=False), "release": RELEASE, "primary": GROUP}
    return emr.Cluster(stack, name, security=emr.SecurityConfiguration(stack, f"{name}Security"), **{**given, **more})


def one(stack: Stack, kind: str, prefix: str = "") -> dict[str, Any]:
    found = Template.from_stack(stack).find_resources(f"AWS::EMR::{kind}")
    return next(body for name, body in found.items() if name.startswith(prefix))


def codes(make: Any) -> list[str]:
    with pytest.raises(InvalidModel) as refused:
        make()
    return [d.code for d in refused.value.diagnostics]


# ---- groups


def test_groups_stand_in_the_first_subnet_of_the_network(stack: Stack) -> None:
    made = cluster(stack, core=emr.InstanceGroup.on_demand("r5.xlarge", count=3), task=[GROUP, GROUP])
    instances = one(stack, "Cluster")["Properties"]["Instances"]
    assert instances["Ec2SubnetId"] == stack.resolve(made.value.subnets[0])
    assert "Ec2SubnetIds" not in instances
    assert instances["CoreInstanceGroup"] == {
        "InstanceCount": 3,
        "InstanceType": "r5.xlarge",
        "Market": "ON_DEMAND",
        "Name": "core",
    }
    assert [g["Name"] for g in instances["TaskInstanceGroups"]] == ["task-1", "task-2"]


def test_fleets_choose_among_the_subnets_of_the_network(stack: Stack) -> None:
    cluster(stack, primary=FLEET)
    assert len(one(stack, "Cluster")["Properties"]["Instances"]["Ec2SubnetIds"]) == 2


def test_a_subnet_may_be_chosen(stack: Stack) -> None:
    cluster(stack, subnets=["subnet-1"])
    assert one(stack, "Cluster")["Properties"]["Instances"]["Ec2SubnetId"] == "subnet-1"


def test_the_rare_fields_of_a_cluster_reach_its_template(stack: Stack) -> None:
    cluster(
        stack,
        unhealthy_node_replacement=True,
        termination_protected=True,
        root_volume=(30, 4000, 200),
        os_release="2023.6.20250123.4",
        key_pair="pair",
        additional_primary_security_groups=["sg-1"],
        additional_core_security_groups=["sg-2"],
        additional_info={"a": 1},
    )
    found = one(stack, "Cluster")["Properties"]
    assert (found["EbsRootVolumeSize"], found["EbsRootVolumeIops"], found["EbsRootVolumeThroughput"]) == (30, 4000, 200)
    assert found["OSReleaseLabel"] == "2023.6.20250123.4"
    assert found["AdditionalInfo"] == {"a": 1}
    assert found["Instances"]["UnhealthyNodeReplacement"] is True
    assert found["Instances"]["Ec2KeyName"] == "pair"
    assert found["Instances"]["AdditionalMasterSecurityGroups"] == ["sg-1"]
    assert found["Instances"]["AdditionalSlaveSecurityGroups"] == ["sg-2"]


def test_a_state_machine_launches_a_cluster_of_groups_in_one_subnet(stack: Stack) -> None:
    network = emr.Network(stack, "Network", flow_logs=False)
    value = ClusterValue(
        name="etl",
        release=RELEASE,
        primary=GROUP,
        core=emr.InstanceGroup.on_demand("m5.xlarge", count=2, scaling=emr.AutoScaling.reference(2, 9)),
    )
    roles = emr.Roles(stack, "Roles")
    placed = place_cluster(
        value,
        network=network,
        security=emr.SecurityConfiguration(stack, "Security"),
        roles=roles,
        log_uri=None,
        log_key=None,
    )
    rendered = task.create_cluster(placed)
    assert rendered["Instances"]["Ec2SubnetId"] == network.subnet_ids[0]
    assert [g["Name"] for g in rendered["Instances"]["InstanceGroups"]] == ["primary", "core"]
    assert rendered["AutoScalingRole"] == roles.auto_scaling_role_arn
    assert CLUSTER_ID in json.dumps(rendered)


def test_the_contract_of_a_cluster_names_the_groups_beside_its_own(stack: Stack) -> None:
    rules = emr.GroupRules(additional_primary=["sg-0123456789abcdef1"], additional_core=["sg-0123456789abcdef2"])
    placed = place_cluster(
        ClusterValue(name="etl", release=RELEASE, primary=GROUP),
        network=emr.Network(stack, "Network", flow_logs=False, rules=rules),
        security=emr.SecurityConfiguration(stack, "Security"),
        roles=emr.Roles(stack, "Roles"),
        log_uri=None,
        log_key=None,
    )
    told = describe_cluster(placed, None).security_groups
    assert told.additional_primary == ("sg-0123456789abcdef1",)
    assert told.additional_core == ("sg-0123456789abcdef2",)


# ---- automatic scaling


def test_automatic_scaling_brings_its_role_and_keeps_the_cluster_id_literal(stack: Stack) -> None:
    cluster(stack, core=emr.InstanceGroup.on_demand("m5.xlarge", count=2, scaling=emr.AutoScaling.reference(2, 9)))
    found = one(stack, "Cluster")["Properties"]
    rules = found["Instances"]["CoreInstanceGroup"]["AutoScalingPolicy"]["Rules"]
    dimensions = [r["Trigger"]["CloudWatchAlarmDefinition"]["Dimensions"] for r in rules]
    assert dimensions == [[{"Key": "JobFlowId", "Value": CLUSTER_ID}]] * 4
    role = found["AutoScalingRole"]["Fn::GetAtt"][0]
    trust = Template.from_stack(stack).to_json()["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Service": "application-autoscaling.amazonaws.com"}


def test_without_a_policy_there_is_no_auto_scaling_role(stack: Stack) -> None:
    cluster(stack, core=emr.InstanceGroup.on_demand("m5.xlarge", count=2))
    assert "AutoScalingRole" not in one(stack, "Cluster")["Properties"]


def test_cdk_takes_the_literal_for_a_reference_and_is_answered(tmp_path: Path) -> None:
    """The acknowledgement is still needed: CDK's own validation, when it is on, says E1029 of the same template."""
    kept = {k: v for k, v in os.environ.items() if k != "CDK_VALIDATION"}
    given = {**kept, "CDK_OUTDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", "from tests.synth.test_shapes import _validated_app; _validated_app()"],
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "validation-report.json").read_text())
    said = [v["ruleName"] for r in report["pluginReports"] for v in r.get("violations", [])]
    kept_back = [v["ruleName"] for r in report["pluginReports"] for v in r.get("suppressedViolations", [])]
    assert "E1029" not in " ".join(said)
    assert "E1029" in " ".join(kept_back)


def _validated_app() -> None:
    app = App()
    stack = Stack(app, "Validated")
    policy = emr.AutoScaling.reference(1, 9)
    made = cluster(stack, core=emr.InstanceGroup.on_demand("m5.xlarge", scaling=policy))
    emr.TaskGroup(stack, "More", cluster=made, group=emr.InstanceGroup.on_demand("m5.xlarge", scaling=policy))
    app.synth()


# ---- scripts


def test_a_script_of_yours_becomes_an_asset_that_the_nodes_may_read(stack: Stack, tmp_path: Path) -> None:
    script = tmp_path / "setup.sh"
    script.write_text("echo hello\n")
    far = emr.BootstrapAction(name="far", path="s3://bucket/far.sh")
    cluster(stack, bootstrap_actions=[emr.BootstrapAction(name="near", path=str(script), args=["1"]), far])
    near, kept = one(stack, "Cluster")["Properties"]["BootstrapActions"]
    assert near["ScriptBootstrapAction"]["Path"]["Fn::Sub"].startswith("s3://cdk-hnb659fds-assets-")
    assert near["ScriptBootstrapAction"]["Args"] == ["1"]
    assert kept == {"Name": "far", "ScriptBootstrapAction": {"Path": "s3://bucket/far.sh"}}
    key = near["ScriptBootstrapAction"]["Path"]["Fn::Sub"].rsplit("/", 1)[1]
    roles = json.dumps(Template.from_stack(stack).find_resources("AWS::IAM::Role"))
    assert f"/{key}" in roles


def test_scripts_that_are_nowhere_are_all_told(stack: Stack) -> None:
    lost = [emr.BootstrapAction(name=name, path=f"missing/{name}.sh") for name in "ab"]
    assert codes(lambda: cluster(stack, bootstrap_actions=lost)) == ["E-CLUS-096", "E-CLUS-096"]


# ---- steps


def test_steps_run_one_after_the_other_each_as_a_resource(stack: Stack) -> None:
    steps = [emr.CommandStep(name=name, command=["echo", name]) for name in ("one", "two", "three")]
    cluster(stack, steps=steps)
    assert "Steps" not in one(stack, "Cluster")["Properties"]
    found = Template.from_stack(stack).find_resources("AWS::EMR::Step")
    after = {body["Properties"]["Name"]: body.get("DependsOn", []) for body in found.values()}
    ids = {body["Properties"]["Name"]: name for name, body in found.items()}
    assert after == {"one": [], "two": [ids["one"]], "three": [ids["two"]]}


def test_a_step_brings_its_files_and_may_repeat_an_argument(stack: Stack, tmp_path: Path) -> None:
    for name in ("main.py", "lib.py"):
        (tmp_path / name).write_text(f"print('{name}')\n")
    made = cluster(stack)
    spark = emr.SparkStep(
        name="spark",
        entry_point=str(tmp_path / "main.py"),
        py_files=[str(tmp_path / "lib.py"), "s3://bucket/other.py"],
        jars=["/usr/lib/spark/jars/there.jar"],
        conf={"a": 1, "b": 2},
    )
    emr.Step(stack, "Spark", cluster=made, step=spark, log_uri="s3://logs/", encryption_key="arn:aws:kms:::key/1")
    found = one(stack, "Step")["Properties"]
    args = found["HadoopJarStep"]["Args"]
    assert args.count("--conf") == 2
    assert "/usr/lib/spark/jars/there.jar" in args
    texts = [a if isinstance(a, str) else json.dumps(a) for a in args]
    assert sum("cdk-hnb659fds-assets" in text for text in texts) == 2
    assert any("s3://bucket/other.py" in text for text in texts)
    assert (found["LogUri"], found["EncryptionKeyArn"]) == ("s3://logs/", "arn:aws:kms:::key/1")


def test_a_step_that_a_stack_cannot_run_is_refused(stack: Stack, tmp_path: Path) -> None:
    program = tmp_path / "main.py"
    program.write_text("")
    made = cluster(stack, step_concurrency=2)
    elsewhere = emr.Cluster.from_cluster_id(stack, "Other", "j-1")

    def step(name: str, on: Any = made, **fields: Any) -> Any:
        value = emr.CommandStep(name=name, command=["true"], **fields)
        return lambda: emr.Step(stack, name, cluster=on, step=value)

    assert codes(step("ends", on_failure="terminate")) == ["E-STEP-053"]
    assert codes(step("ends-elsewhere", elsewhere, on_failure="terminate")) == ["E-STEP-050"]
    assert codes(step("role", execution_role="arn:aws:iam::111122223333:role/r")) == ["E-STEP-051"]
    assert codes(step("stops", on_failure="stop")) == ["E-STEP-053"]
    local = emr.SparkStep(name="local", entry_point=str(program))
    assert codes(lambda: emr.Step(stack, "Local", cluster=elsewhere, step=local)) == ["E-STEP-052"]


def test_a_step_of_a_cluster_by_its_id(stack: Stack) -> None:
    elsewhere = emr.Cluster.from_cluster_id(stack, "Other", "j-1")
    emr.Step(stack, "Look", cluster=elsewhere, step=emr.CommandStep(name="look", command=["true"]))
    assert one(stack, "Step")["Properties"]["JobFlowId"] == "j-1"


# ---- capacity that comes later


def test_a_task_fleet_is_added(stack: Stack) -> None:
    made = cluster(stack, primary=FLEET, core=FLEET)
    emr.TaskFleet(stack, "Burst", cluster=made, fleet=emr.InstanceFleet.spot("m5.xlarge", capacity=8))
    found = one(stack, "InstanceFleetConfig")["Properties"]
    assert (found["InstanceFleetType"], found["Name"], found["TargetSpotCapacity"]) == ("TASK", "Burst", 8)
    assert found["ClusterId"] == {"Ref": next(iter(Template.from_stack(stack).find_resources("AWS::EMR::Cluster")))}


def test_task_groups_are_added_and_give_the_cluster_its_scaling_role(stack: Stack) -> None:
    made = cluster(stack, core=GROUP)
    scaled = emr.InstanceGroup.spot("m5.xlarge", count=1, scaling=emr.AutoScaling.reference(0, 9))
    emr.TaskGroup(stack, "One", cluster=made, group=scaled)
    emr.TaskGroup(stack, "Two", cluster=made, group=GROUP.replace(name="second"))
    found = Template.from_stack(stack).find_resources("AWS::EMR::InstanceGroupConfig")
    assert sorted(b["Properties"]["Name"] for b in found.values()) == ["One", "second"]
    assert CLUSTER_ID in json.dumps(found)
    assert "AutoScalingRole" in one(stack, "Cluster")["Properties"]
    assert made.contract().auto_scaling_role is not None


def test_added_capacity_that_does_not_fit_the_cluster_is_refused(stack: Stack) -> None:
    fleets = cluster(stack, "Fleets", primary=FLEET, core=FLEET)
    groups = cluster(stack, "Groups", core=emr.InstanceGroup.on_demand("m5.xlarge", count=2), scaling=_managed())
    scaled = emr.InstanceGroup.spot("m5.xlarge", count=1, scaling=emr.AutoScaling.reference(0, 9))
    many = emr.InstanceFleet.on_demand("m5.xlarge", "m5.2xlarge", "m5.4xlarge", "r5.xlarge", "r5.2xlarge", "r5.4xlarge")
    assert codes(lambda: emr.TaskGroup(stack, "A", cluster=fleets, group=GROUP)) == ["E-GROUP-030"]
    assert codes(lambda: emr.TaskFleet(stack, "B", cluster=groups, fleet=FLEET)) == ["E-GROUP-030"]
    assert codes(lambda: emr.TaskGroup(stack, "C", cluster=groups, group=scaled)) == ["E-GROUP-032"]
    emr.TaskFleet(stack, "D", cluster=fleets, fleet=FLEET)
    assert codes(lambda: emr.TaskFleet(stack, "E", cluster=fleets, fleet=FLEET)) == ["E-GROUP-031"]
    other = emr.Cluster.from_cluster_id(stack, "Other", "j-1")
    assert codes(lambda: emr.TaskFleet(stack, "F", cluster=other, fleet=many)) == ["E-FLEET-063"]


def _managed() -> emr.ManagedScaling:
    return emr.ManagedScaling(minimum=2, maximum=9)


# ---- reservations


@pytest.mark.parametrize(
    ("reservation", "targeted"),
    [(emr.CapacityReservation.open(), False), (emr.CapacityReservation.targeted("arn:aws:rg:group/a"), True)],
)
def test_a_reservation_gives_the_service_role_what_it_needs(
    stack: Stack, reservation: emr.CapacityReservation, targeted: bool
) -> None:
    cluster(stack, primary=FLEET, core=emr.InstanceFleet.on_demand("m5.xlarge", reservation=reservation))
    roles = json.dumps(Template.from_stack(stack).find_resources("AWS::IAM::Role"))
    assert "ec2:DescribeCapacityReservations" in roles
    assert ("resource-groups:ListGroupResources" in roles) == targeted


def test_without_a_reservation_the_service_role_stays_as_it_is(stack: Stack) -> None:
    cluster(stack, primary=FLEET, core=FLEET)
    assert "ec2:DescribeCapacityReservations" not in json.dumps(Template.from_stack(stack).to_json())
