"""Plans of clusters whose nodes EMR scales by itself: what is replaced, what is updated, what is only a start."""

import copy

import pytest

from emrkit_jobs.plan.actions import Effect
from emrkit_jobs.plan.stacks import StackPair, compare_stacks
from emrkit_model import AutoScaling, Cluster, InstanceFleet, InstanceGroup, ManagedScaling
from emrkit_model.render.cloudformation import cluster_properties

START = "(EMR scales it by itself: the change is only a start)"


def groups(**changes):
    fields = {
        "name": "etl",
        "release": "emr-7.12.0",
        "primary": InstanceGroup.on_demand("m5.xlarge"),
        "core": InstanceGroup.on_demand("m5.xlarge", count=3),
        "task": [InstanceGroup.spot("m5.xlarge", count=2), InstanceGroup.spot("r5.xlarge", count=2)],
    }
    return Cluster.parse({**fields, **changes})


def plan(wanted, deployed):
    templates = [
        {"Resources": {"Etl": {"Type": "AWS::EMR::Cluster", "Properties": cluster_properties(c)}}}
        for c in (wanted, deployed)
    ]
    found = compare_stacks([StackPair("emr", templates[0], copy.deepcopy(templates[1]))])
    return next((a.effect, a.because) for a in found if a.name == "Etl")


def test_a_group_s_count_is_updated_in_place():
    larger = groups(core=InstanceGroup.on_demand("m5.xlarge", count=5))
    assert plan(larger, groups()) == (Effect.UPDATE, ("Instances",))


def test_a_task_group_s_count_is_updated_in_place_and_its_type_replaces():
    counts = groups(task=[InstanceGroup.spot("m5.xlarge", count=9), InstanceGroup.spot("r5.xlarge", count=2)])
    assert plan(counts, groups()) == (Effect.UPDATE, ("Instances",))
    types = groups(task=[InstanceGroup.spot("m5.xlarge", count=2), InstanceGroup.spot("c5.xlarge", count=2)])
    assert plan(types, groups()) == (Effect.REPLACE, ("Instances.TaskInstanceGroups.1.InstanceType",))


def test_one_task_group_more_is_a_new_cluster():
    fewer = groups(task=[InstanceGroup.spot("m5.xlarge", count=2)])
    assert plan(groups(), fewer)[0] is Effect.REPLACE


def test_a_scaling_policy_is_updated_in_place():
    scaled = {"core": InstanceGroup.on_demand("m5.xlarge", count=3, scaling=AutoScaling.reference(2, 9))}
    wider = {"core": InstanceGroup.on_demand("m5.xlarge", count=3, scaling=AutoScaling.reference(2, 20))}
    assert plan(groups(**wider), groups(**scaled)) == (Effect.UPDATE, ("Instances",))


def test_a_count_under_automatic_scaling_is_told_to_be_only_a_start():
    policy = AutoScaling.reference(2, 9)
    one, other = (groups(core=InstanceGroup.on_demand("m5.xlarge", count=n, scaling=policy)) for n in (3, 4))
    assert plan(other, one) == (
        Effect.UPDATE,
        ("Instances", f"Instances.CoreInstanceGroup.InstanceCount {START}"),
    )


@pytest.mark.parametrize("target", [4, 8])
def test_a_target_under_managed_scaling_is_told_to_be_only_a_start(target):
    def fleets(capacity):
        return groups(
            primary=InstanceFleet.on_demand("m5.xlarge"),
            core=InstanceFleet.on_demand("m5.xlarge", capacity=capacity),
            task=None,
            scaling=ManagedScaling(minimum=2, maximum=20),
        )

    expected = f"Instances.CoreInstanceFleet.TargetOnDemandCapacity {START}"
    assert plan(fleets(target), fleets(2)) == (Effect.UPDATE, ("Instances", expected))


def test_a_count_that_gets_its_policy_in_the_same_change_is_not_the_service_s_yet():
    policy = AutoScaling.reference(2, 9)
    wanted = groups(core=InstanceGroup.on_demand("m5.xlarge", count=4, scaling=policy))
    assert plan(wanted, groups())[1] == ("Instances",)
