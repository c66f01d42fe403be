"""What no field sets is an override on CDK's own resource: each one reaches the template."""

from __future__ import annotations

from typing import Any, cast

import pytest
from aws_cdk import App, Stack, aws_emr
from aws_cdk.assertions import Template

import emrkit as emr
from docs import coverage

_PLACES = {
    "": "",
    "StepConfig": "Steps.0.",
    "HadoopJarStepConfig": "Steps.0.HadoopJarStep.",
    "KeyValue": "Steps.0.HadoopJarStep.StepProperties.0.",
    "Application": "Applications.0.",
    "JobFlowInstancesConfig": "Instances.",
    "SpotProvisioningSpecification": "Instances.CoreInstanceFleet.LaunchSpecifications.SpotSpecification.",
}
_ESCAPED = sorted(found for found in coverage.ESCAPED if found.resource_type == "AWS::EMR::Cluster")
# They appear with what is set inside them.
_HOLDERS = {"Steps", "HadoopJarStep", "StepProperties"}


@pytest.fixture(scope="module")
def template() -> Any:
    stack = Stack(App(builtin_cloud_formation_validation=False), "Stack")
    cluster = emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network"),
        security=emr.SecurityConfiguration(stack, "Security"),
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.spot("r5.xlarge", capacity=4),
    )
    resource = cast("aws_emr.CfnCluster", cluster.node.default_child)
    for found in _ESCAPED:
        if found.name not in _HOLDERS:
            resource.add_property_override(f"{_PLACES[found.nested]}{found.name}", f"set {found}")
    (cluster_resource,) = Template.from_stack(stack).find_resources("AWS::EMR::Cluster").values()
    return cluster_resource["Properties"]


@pytest.mark.parametrize("found", _ESCAPED, ids=str)
def test_an_override_reaches_the_template(template: Any, found: coverage.Property) -> None:
    value = template
    for step in f"{_PLACES[found.nested]}{found.name}".split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    assert value == f"set {found}" or (found.name in _HOLDERS and value)
