"""A cluster of a run's own stands where the stacks made room for it."""

from __future__ import annotations

from emrkit_jobs.run.preflights import place_cluster
from emrkit_model import Cluster, InstanceFleet
from emrkit_model.contract import ContractCluster, SecurityGroups
from emrkit_model.render.request import run_job_flow

DECLARED = Cluster(name="etl", release="emr-7.12.0", primary=InstanceFleet.on_demand("m5.xlarge"))


def instances(groups: SecurityGroups, declared: Cluster = DECLARED) -> dict[str, object]:
    contract = ContractCluster(
        name="etl",
        release="emr-7.12.0",
        service_role="service",
        instance_profile="nodes",
        subnets=("subnet-1", "subnet-2"),
        security_groups=groups,
    )
    request = run_job_flow(place_cluster(declared, contract), region="eu-west-1", resolve_secret=lambda _: "-")
    found = request["Instances"]
    assert isinstance(found, dict)
    return dict(found)


def test_the_groups_of_the_contract_and_those_beside_them_are_in_the_request() -> None:
    found = instances(
        SecurityGroups(
            primary="sg-1",
            core="sg-2",
            service_access="sg-3",
            additional_primary=("sg-4",),
            additional_core=("sg-5", "sg-6"),
        )
    )
    assert found["EmrManagedMasterSecurityGroup"] == "sg-1"
    assert found["EmrManagedSlaveSecurityGroup"] == "sg-2"
    assert found["ServiceAccessSecurityGroup"] == "sg-3"
    assert found["AdditionalMasterSecurityGroups"] == ["sg-4"]
    assert found["AdditionalSlaveSecurityGroups"] == ["sg-5", "sg-6"]
    assert found["Ec2SubnetIds"] == ["subnet-1", "subnet-2"]


def test_a_contract_without_groups_beside_leaves_those_of_the_project_file() -> None:
    declared = DECLARED.replace(additional_primary_security_groups=["sg-7"])
    found = instances(SecurityGroups(primary="sg-1", core="sg-2"), declared)
    assert found["AdditionalMasterSecurityGroups"] == ["sg-7"]
    assert "AdditionalSlaveSecurityGroups" not in found
