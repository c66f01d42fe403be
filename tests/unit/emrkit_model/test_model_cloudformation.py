"""Properties of CloudFormation: on its surface, complete, under the keys that the CDK takes."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import pytest

import emrkit_facts
from emrkit_facts import surface
from emrkit_model import (
    CommandStep,
    InstanceGroup,
    InvalidModel,
    ManagedScaling,
    SecurityConfiguration,
)
from emrkit_model.render import cloudformation, request
from tests.unit.emrkit_model.full_clusters import STEPS, full_cluster, full_group_cluster, schema_problems


def test_cluster_properties_are_on_the_cloudformation_surface_and_complete():
    properties = cloudformation.cluster_properties(full_cluster())
    assert schema_problems("AWS::EMR::Cluster", properties) == []
    source = json.loads((Path(emrkit_facts.__file__).parent / "sources" / "cfn-surface.json").read_text())
    required = source["resources"]["AWS::EMR::Cluster"]["required"]
    assert set(required) <= set(properties)
    assert set(surface.keys("AWS::EMR::Cluster")) - set(properties) == {"CustomAmiId", "Steps"}


def test_groups_are_on_the_cloudformation_surface_and_complete():
    instances = cloudformation.cluster_properties(full_group_cluster())["Instances"]
    assert schema_problems("AWS::EMR::Cluster", instances, "JobFlowInstancesConfig") == []
    groups = [instances["MasterInstanceGroup"], instances["CoreInstanceGroup"], *instances["TaskInstanceGroups"]]
    assert set(surface.keys("AWS::EMR::Cluster", "InstanceGroupConfig")) == {key for g in groups for key in g}
    assert not any("Fleet" in key for key in instances)


def test_the_id_of_the_cluster_in_a_scaling_rule_stays_literal():
    for rendered in (
        request.run_job_flow(full_group_cluster()),
        cloudformation.cluster_properties(full_group_cluster()),
    ):
        assert json.dumps(rendered).count('{"Key": "JobFlowId", "Value": "${emr.clusterId}"}') == 5


def test_cloudformation_nests_fleets_and_names_properties_its_own_way():
    properties = cloudformation.cluster_properties(full_cluster())
    instances = properties["Instances"]
    assert "InstanceFleets" not in instances
    assert instances["MasterInstanceFleet"]["TargetOnDemandCapacity"] == 3
    assert [f["Name"] for f in instances["TaskInstanceFleets"]] == ["burst"]
    assert properties["Configurations"][0]["ConfigurationProperties"] == {
        "spark.executor.instances": "10",
        "spark.x": "true",
    }
    inner = instances["CoreInstanceFleet"]["InstanceTypeConfigs"][0]["Configurations"][0]
    assert inner == {"Classification": "yarn-site", "ConfigurationProperties": {"a": "1"}}


def test_targets_under_managed_scaling_belong_to_the_service():
    scaled = cloudformation.cluster_properties(full_cluster())
    owned = cloudformation.service_owned(scaled)
    assert ("Instances", "CoreInstanceFleet", "TargetOnDemandCapacity") in owned
    assert not any("MasterInstanceFleet" in path for path in owned)
    fixed = cloudformation.cluster_properties(full_cluster(scaling=None))
    assert cloudformation.service_owned(fixed) == ()


def test_counts_of_groups_that_scale_belong_to_the_service():
    automatic = cloudformation.service_owned(cloudformation.cluster_properties(full_group_cluster()))
    assert automatic == (
        ("Instances", "CoreInstanceGroup", "InstanceCount"),
        ("Instances", "TaskInstanceGroups", "0", "InstanceCount"),
    )
    unscaled = {"core": InstanceGroup.on_demand("m5.xlarge", count=4), "task": None}
    managed = full_group_cluster(scaling=ManagedScaling(minimum=2, maximum=9), **unscaled)
    owned = cloudformation.service_owned(cloudformation.cluster_properties(managed))
    assert owned == (("Instances", "CoreInstanceGroup", "InstanceCount"),)
    assert cloudformation.service_owned(cloudformation.cluster_properties(full_group_cluster(**unscaled))) == ()


def test_steps_and_security_configurations_are_on_the_surface():
    for step in [s for s in STEPS if s.name != "sql"]:
        assert schema_problems("AWS::EMR::Step", cloudformation.step_properties("j-1", step)) == []
    value = SecurityConfiguration(name="secure")
    properties = cloudformation.security_configuration_properties(value)
    assert schema_problems("AWS::EMR::SecurityConfiguration", properties) == []


def test_added_task_capacity_is_on_the_surface_and_complete():
    fleet = cloudformation.task_fleet_properties("j-1", full_cluster().fleets()[2][1])
    group = cloudformation.task_group_properties("j-1", full_group_cluster().groups()[1][1])
    assert schema_problems("AWS::EMR::InstanceFleetConfig", fleet) == []
    assert schema_problems("AWS::EMR::InstanceGroupConfig", group) == []
    assert set(surface.keys("AWS::EMR::InstanceFleetConfig")) == set(fleet)
    assert set(surface.keys("AWS::EMR::InstanceGroupConfig")) - set(group) == {"BidPrice"}


def test_a_step_of_a_stack_has_its_own_place_for_logs():
    step = CommandStep(name="a", command=["x"])
    properties = cloudformation.step_properties("j-1", step, log_uri="s3://logs/", encryption_key="key")
    assert set(surface.keys("AWS::EMR::Step")) == set(properties)


def test_a_step_of_a_stack_cannot_end_its_cluster():
    with pytest.raises(InvalidModel) as caught:
        cloudformation.step_properties("j-1", STEPS[1])
    assert [d.code for d in caught.value.diagnostics] == ["E-STEP-050"]


@cache
def cdk_names() -> dict[str, dict[str, str]]:
    """Struct -> its camelCase names, read from CDK's Python source without importing it."""
    spec = importlib.util.find_spec("aws_cdk")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "aws_emr" / "__init__.py").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {}
    for struct, mapping in re.findall(
        r'jsii_type="aws-cdk-lib\.aws_emr\.([\w.]+)",\s*jsii_struct_bases=\[[^\]]*\],\s*name_mapping=\{([^}]*)\}', text
    ):
        found[struct] = dict(re.findall(r'"(\w+)": "(\w+)"', mapping))
    return found


@pytest.mark.parametrize(
    "name", ["Cluster", "SecurityConfiguration", "Step", "InstanceFleetConfig", "InstanceGroupConfig"]
)
def test_camel_case_keys_are_those_of_cdk(name):
    resource = f"AWS::EMR::{name}"
    table = json.loads((Path(emrkit_facts.__file__).parent / "data" / "surface.json").read_text())["types"][resource]
    for nested, keys in table.items():
        # CDK keeps an older name of this type.
        spelling = nested.replace("ApplicationConfiguration", "Configuration").replace("AppConf", "Conf")
        struct = f"Cfn{name}Props" if nested == "" else f"Cfn{name}.{spelling}Property"
        if struct not in cdk_names():
            assert nested in {"Tag", "CloudWatchLogConfiguration", "MonitoringConfiguration"}, struct
            continue
        known = set(cdk_names()[struct].values())
        ours = {cloudformation.camel_case(key) for key in keys}
        assert ours <= known, (struct, ours - known)


def test_l1_keys_are_camel_case_down_to_the_leaves_and_free_maps_stay():
    rendered = cloudformation.to_l1("AWS::EMR::Cluster", cloudformation.cluster_properties(full_cluster()))
    volume = rendered["instances"]["coreInstanceFleet"]["instanceTypeConfigs"][0]["ebsConfiguration"]
    assert volume["ebsBlockDeviceConfigs"][0]["volumeSpecification"]["sizeInGb"] == 64
    assert rendered["osReleaseLabel"] == "2023.8.20250908.0"
    assert rendered["configurations"][0]["configurationProperties"]["spark.x"] == "true"
    assert rendered["tags"] == [{"key": "team", "value": "data"}]


def test_an_unknown_key_is_refused_instead_of_vanishing():
    with pytest.raises(KeyError, match="ComputLimits"):
        cloudformation.to_l1("AWS::EMR::Cluster", {"ManagedScalingPolicy": {"ComputLimits": {}}})
