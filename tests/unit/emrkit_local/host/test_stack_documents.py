"""From a template's properties to EMR requests."""

from __future__ import annotations

from emrkit_local.core.shapes import check_request
from emrkit_local.host.stack_documents import changed, from_template, instances_request


def test_names_that_cloudformation_spells_otherwise() -> None:
    properties = {
        "Name": "c",
        "Configurations": [
            {
                "Classification": "spark-env",
                "Configurations": [
                    {"Classification": "export", "ConfigurationProperties": {"StepProperties": 1, "B": True}}
                ],
            }
        ],
    }
    export = {"Classification": "export", "Properties": {"StepProperties": "1", "B": "true"}}
    assert from_template("RunJobFlow", properties) == {
        "Name": "c",
        "Configurations": [{"Classification": "spark-env", "Configurations": [export]}],
    }


def test_scalars_get_the_type_the_operation_asks_for() -> None:
    request = from_template("RunJobFlow", {"Name": 7, "StepConcurrencyLevel": "3", "VisibleToAllUsers": "false"})
    assert request == {"Name": "7", "StepConcurrencyLevel": 3, "VisibleToAllUsers": False}


def test_fleets_are_listed_with_their_roles_and_the_cluster_stays() -> None:
    instances = instances_request(
        {
            "MasterInstanceFleet": {
                "TargetOnDemandCapacity": "1",
                "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
            },
            "CoreInstanceFleet": {"TargetSpotCapacity": 4},
            "TaskInstanceFleets": [{"Name": "t1"}, {"Name": "t2"}],
            "Ec2SubnetIds": ["subnet-1"],
        }
    )
    assert [f["InstanceFleetType"] for f in instances["InstanceFleets"]] == ["MASTER", "CORE", "TASK", "TASK"]  # type: ignore[union-attr]
    assert instances["KeepJobFlowAliveWhenNoSteps"] is True
    check_request("RunJobFlow", {"Name": "c", "Instances": instances})


def test_groups_are_listed_with_their_roles() -> None:
    instances = instances_request({"MasterInstanceGroup": {"InstanceCount": "1", "InstanceType": "m5.xlarge"}})
    assert instances["InstanceGroups"] == [{"InstanceCount": 1, "InstanceType": "m5.xlarge", "InstanceRole": "MASTER"}]


def test_changed_names_what_differs() -> None:
    assert changed({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None}) == {"b"}
