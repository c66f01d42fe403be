"""Owner, cost center, project and environment on everything that takes tags, by CloudFormation's own schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import App, CfnTag, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

import emrkit as emr
from emrkit_model.values import InvalidModel
from tests.synth.assembly import ROOT, Assembly, flat

# Their schemas have tags, and the CDK's constructs of this version do not; none of them costs anything by itself.
WITHOUT = {"AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile"}


def takes_tags(kind: str) -> bool:
    return "Tags" in PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-central-1", kind).schema["properties"]


def tags_of(resource: dict[str, Any]) -> dict[str, str]:
    tags = resource.get("Properties", {}).get("Tags", [])
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def wanted(environment: str) -> dict[str, str]:
    return {
        "emrkit:project": "emrkit-demo",
        "emrkit:environment": environment,
        "owner": "emrkit-examples",
        "cost-center": "examples",
    }


def resources(assembly: Assembly) -> Iterator[tuple[str, dict[str, Any]]]:
    for stack, template in assembly.templates.items():
        for name, resource in template["Resources"].items():
            yield f"{stack}: {name} ({resource['Type']})", resource


def test_everything_that_takes_tags_says_whose_it_is_and_who_pays(each: Assembly) -> None:
    taking = [(name, r) for name, r in resources(each) if takes_tags(r["Type"]) and r["Type"] not in WITHOUT]
    assert len({r["Type"] for _, r in taking}) >= 14
    assert [name for name, r in taking if not wanted(each.environment).items() <= tags_of(r).items()] == []


def test_what_is_left_without_tags_still_cannot_have_them(each: Assembly) -> None:
    untagged = {r["Type"] for _, r in resources(each) if takes_tags(r["Type"]) and not tags_of(r)}
    assert untagged <= WITHOUT


def test_the_stacks_themselves_carry_the_tags(each: Assembly) -> None:
    manifest = json.loads((each.folder / "manifest.json").read_text())
    stacks = [a for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack"]
    assert len(stacks) == 4
    for stack in stacks:
        assert wanted(each.environment).items() <= stack["properties"]["tags"].items()


def test_a_cluster_that_a_pipeline_launches_carries_them_too(each: Assembly) -> None:
    machine = each.one("AWS::StepFunctions::StateMachine")
    states = json.loads(flat(machine["DefinitionString"]))["States"]
    tags = {tag["Key"]: tag["Value"] for tag in states["Create cluster"]["Arguments"]["Tags"]}
    assert wanted(each.environment).items() <= tags.items()
    assert tags["for-use-with-amazon-emr-managed-policies"] == "true"


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_a_cluster_that_a_run_launches_carries_them_too(target: str) -> None:
    import emrkit_jobs.bundle.project as projects
    from emrkit_model.render.request import run_job_flow

    resolved = projects.load(ROOT).for_target(target)
    placed = resolved.transient_clusters["nightly"].with_placement(
        subnets=("subnet-1",), service_role="service", instance_profile="nodes"
    )
    request: Any = run_job_flow(placed, region="eu-central-1", resolve_secret=str)
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    assert wanted(target).items() <= tags.items()


def test_what_a_resource_says_itself_wins() -> None:
    stack = Stack(App(builtin_cloud_formation_validation=False), "Own")
    s3.CfnBucket(stack, "Bucket", tags=[CfnTag(key="owner", value="somebody")])
    emr.tag_everything(stack, emr.Ownership(owner="everybody", tags={"tier": "gold"}))
    (found,) = Template.from_stack(stack).find_resources("AWS::S3::Bucket").values()
    assert tags_of(dict(found)) == {"owner": "somebody", "tier": "gold"}


def test_a_project_file_says_it_once_and_each_place_may_say_it_better() -> None:
    import emrkit_jobs.bundle.project as projects

    loaded = projects.load(ROOT / "docs/examples/tags_and_owner.yaml", {"branch": "feature"})
    local, prod = loaded.for_target("local"), loaded.for_target("prod")
    assert local.ownership.all_tags() == {
        "owner": "data-platform",
        "cost-center": "4711",
        "tier": "gold",
        "branch": "feature",
    }
    assert prod.ownership.tags["tier"] == "platinum"
    tags = prod.clusters["etl"].tags
    assert (tags["owner"], tags["tier"]) == ("data-platform", "silver")
    assert (tags["emrkit:project"], tags["emrkit:environment"]) == ("shop", "prod")


@pytest.mark.parametrize("given", [None, "data-platform", {"owner": "data-platform"}])
def test_what_is_no_ownership_is_refused(given: Any) -> None:
    stack = Stack(App(builtin_cloud_formation_validation=False), "Tagged")
    with pytest.raises(InvalidModel) as refused:
        emr.tag_everything(stack, given)
    assert [d.code for d in refused.value.diagnostics] == ["E-CLUS-113"]
