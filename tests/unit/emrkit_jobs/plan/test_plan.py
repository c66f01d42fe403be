"""Plans: what a deployment and a run would do, told before they do it."""

import copy

import pytest

from emrkit_jobs.bundle.archive import Source, build
from emrkit_jobs.plan.actions import Action, Effect, Plan, join
from emrkit_jobs.plan.stacks import StackPair, compare_stacks
from emrkit_jobs.plan.uploads import Uploaded, compare_bundle

FLEET = {"InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}], "TargetOnDemandCapacity": 1, "Name": "core"}
TEMPLATE = {
    "Resources": {
        "Etl": {
            "Type": "AWS::EMR::Cluster",
            "Properties": {
                "Name": "etl",
                "ReleaseLabel": "emr-7.10.0",
                "Instances": {"CoreInstanceFleet": FLEET, "Ec2SubnetIds": ["a"]},
                "AutoTerminationPolicy": {"IdleTimeout": 3600},
                "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
                "VisibleToAllUsers": True,
            },
        },
        "Logs": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "logs"}},
        "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "x"}},
    }
}


def actions(wanted, deployed):
    return {a.name: (a.effect, a.because) for a in compare_stacks([StackPair("emr", wanted, deployed)])}


def changed(*path, to):
    template = copy.deepcopy(TEMPLATE)
    place = template["Resources"]["Etl"]["Properties"]
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = to
    return actions(template, TEMPLATE)["Etl"]


def test_the_same_template_changes_nothing():
    found = list(compare_stacks([StackPair("emr", TEMPLATE, copy.deepcopy(TEMPLATE))]))
    assert {a.effect for a in found} == {Effect.UNCHANGED}
    assert Plan("local", tuple(found)).changes == ()


def test_what_cloudformation_reads_as_the_same_is_the_same():
    deployed = copy.deepcopy(TEMPLATE)
    properties = deployed["Resources"]["Etl"]["Properties"]
    properties["VisibleToAllUsers"] = "true"
    properties["AutoTerminationPolicy"] = {"IdleTimeout": "3600"}
    properties["Tags"].reverse()
    assert actions(TEMPLATE, deployed)["Etl"] == (Effect.UNCHANGED, ())


def test_metadata_is_not_a_change():
    deployed = copy.deepcopy(TEMPLATE)
    deployed["Resources"]["CDKMetadata"]["Properties"]["Analytics"] = "y"
    deployed["Resources"]["Etl"]["Metadata"] = {"aws:cdk:path": "x"}
    assert not Plan("local", tuple(compare_stacks([StackPair("emr", TEMPLATE, deployed)]))).changes


@pytest.mark.parametrize(
    ("path", "value", "effect", "because"),
    [
        (("ReleaseLabel",), "emr-7.11.0", Effect.REPLACE, ("ReleaseLabel",)),
        (("Name",), "other", Effect.REPLACE, ("Name",)),
        (("AutoTerminationPolicy",), {"IdleTimeout": 60}, Effect.UPDATE, ("AutoTerminationPolicy",)),
        (("Tags",), [], Effect.UPDATE, ("Tags",)),
        (("Instances", "CoreInstanceFleet", "TargetOnDemandCapacity"), 5, Effect.UPDATE, ("Instances",)),
        (("Instances", "TerminationProtected"), True, Effect.UPDATE, ("Instances",)),
        (("Instances", "UnhealthyNodeReplacement"), False, Effect.UPDATE, ("Instances",)),
        (("Instances", "Ec2SubnetIds"), ["b"], Effect.REPLACE, ("Instances.Ec2SubnetIds",)),
        (
            ("Instances", "CoreInstanceFleet", "InstanceTypeConfigs"),
            [{"InstanceType": "m5.2xlarge"}],
            Effect.REPLACE,
            ("Instances.CoreInstanceFleet.InstanceTypeConfigs",),
        ),
    ],
)
def test_a_cluster_is_replaced_or_updated_by_what_changes(path, value, effect, because):
    assert changed(*path, to=value) == (effect, because)


def test_cloudformation_decides_for_types_that_the_facts_do_not_hold():
    wanted = copy.deepcopy(TEMPLATE)
    wanted["Resources"]["Logs"]["Properties"]["BucketName"] = "other"
    assert actions(wanted, TEMPLATE)["Logs"] == (Effect.CHANGE, ("BucketName",))


def test_a_resource_of_another_type_is_replaced():
    wanted = copy.deepcopy(TEMPLATE)
    wanted["Resources"]["Logs"] = {"Type": "AWS::SNS::Topic"}
    assert actions(wanted, TEMPLATE)["Logs"] == (Effect.REPLACE, ("was AWS::S3::Bucket",))


def test_a_new_stack_creates_everything_and_a_gone_one_deletes_it():
    assert {e for e, _ in actions(TEMPLATE, None).values()} == {Effect.CREATE}
    gone = actions(None, TEMPLATE)
    assert {e for e, _ in gone.values()} == {Effect.DELETE}
    assert gone["Logs"][1] == ("the resource itself is kept",)


def test_outputs_alone_change_the_stack():
    found = actions({**TEMPLATE, "Outputs": {"A": {"Value": "1"}}}, TEMPLATE)
    assert found["emr"] == (Effect.UPDATE, ("Outputs",))


@pytest.mark.parametrize("template", [{}, {"Resources": None}, {"Resources": {"A": None}}, {"Resources": []}])
def test_a_broken_deployed_template_is_compared_not_crashed_on(template):
    assert actions(TEMPLATE, template)["Etl"][0] is Effect.CREATE


# ---- bundles ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def bundle(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(name)
    return build(tmp_path, [Source(name, tmp_path / name) for name in ("a.py", "b.py")])


def test_the_bundle_itself_comes_last(bundle):
    found = list(compare_bundle("daily", bundle, Uploaded()))
    assert [(a.kind, a.effect) for a in found] == [("file", Effect.UPLOAD)] * 2 + [("bundle", Effect.UPLOAD)]


def test_files_that_an_interrupted_upload_left_are_not_sent_again(bundle):
    found = list(compare_bundle("daily", bundle, Uploaded({bundle.key("a.py")})))
    assert [(a.name, a.effect) for a in found[:2]] == [("a.py", Effect.UNCHANGED), ("b.py", Effect.UPLOAD)]


def test_a_bundle_with_its_manifest_is_complete(bundle):
    found = list(compare_bundle("daily", bundle, Uploaded({bundle.key("manifest.json")})))
    assert [a.effect for a in found] == [Effect.UNCHANGED]


# ---- words -----------------------------------------------------------------------------------------------------------


def test_a_plan_reads_as_text_and_as_data():
    plan = join(
        "prod",
        [Action(Effect.REPLACE, "AWS::EMR::Cluster", "Etl", "emr", ("ReleaseLabel",))],
        [Action(Effect.UNCHANGED, "bundle", "abc", "daily")],
    )
    assert plan.text() == (
        "emr:\n"
        "  ± AWS::EMR::Cluster Etl (replace: ReleaseLabel)\n"
        "daily: unchanged\n"
        "\n"
        "on prod: 1 to replace, 1 unchanged"
    )
    assert plan.data()["counts"] == {"replace": 1, "unchanged": 1}
    assert plan.data()["changed"] is True


def test_an_empty_plan_says_so():
    assert Plan("local", ()).text().endswith("on local: nothing to do")
