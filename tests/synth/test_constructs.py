"""The constructs by themselves: what is refused, what the CDK's tags and aspects reach, ids that stay."""

from __future__ import annotations

import jsii
import pytest
from aws_cdk import Annotations as CdkAnnotations
from aws_cdk import App, Aspects, IAspect, Stack, Tags
from aws_cdk import aws_emr as cfn
from aws_cdk.assertions import Annotations, Match, Template
from constructs import IConstruct

import emrkit as emr
from emrkit_model.cluster import Cluster
from emrkit_model.diagnostics import EmrkitError


@pytest.fixture
def stack() -> Stack:
    return Stack(App(builtin_cloud_formation_validation=False), "Stack")


def _cluster(stack: Stack) -> emr.Cluster:
    return emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network"),
        security=emr.SecurityConfiguration(stack, "Security"),
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
        logs="my-logs",
    )


def test_a_pipeline_refuses_a_cluster_with_kerberos(stack: Stack) -> None:
    value = Cluster(
        name="safe",
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        kerberos=emr.Kerberos.cluster_dedicated(realm="EXAMPLE.COM"),
    )
    job = emr.Job(name="etl", run_on="safe", steps=(emr.CommandStep(name="only", command=("true",)),))
    with pytest.raises(EmrkitError) as refused:
        emr.Pipeline(stack, "Job", job=job, cluster=value, roles=emr.Roles(stack, "Roles"))
    assert "E-PIPE-001" in str(refused.value)


@jsii.implements(IAspect)
class _Rename:
    def visit(self, node: IConstruct) -> None:
        if isinstance(node, cfn.CfnCluster):
            node.name = "renamed"


def test_tags_and_aspects_reach_the_cluster(stack: Stack) -> None:
    cluster = _cluster(stack)
    assert isinstance(cluster.node.default_child, cfn.CfnCluster)
    Tags.of(stack).add("team", "data")
    Aspects.of(stack).add(_Rename())
    (found,) = Template.from_stack(stack).find_resources("AWS::EMR::Cluster").values()
    assert found["Properties"]["Name"] == "renamed"
    assert {"Key": "team", "Value": "data"} in found["Properties"]["Tags"]


def test_logical_ids_of_what_holds_state_stay(stack: Stack) -> None:
    _cluster(stack)
    resources = Template.from_stack(stack).to_json()["Resources"]
    wanted = {"AWS::EMR::Cluster", "AWS::EMR::SecurityConfiguration", "AWS::EC2::VPC"}
    assert {r["Type"]: name for name, r in resources.items() if r["Type"] in wanted} == {
        "AWS::EC2::VPC": "Network1C6012B5",
        "AWS::EMR::Cluster": "Etl917AF821",
        "AWS::EMR::SecurityConfiguration": "Security2D46CA7F",
    }


def test_what_is_unknown_is_a_warning_beside_the_cluster(stack: Stack) -> None:
    emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network"),
        security=emr.SecurityConfiguration(stack, "Security"),
        release="emr-7.99.0",
        applications=[emr.Application.of("Sprak")],
        primary=emr.InstanceFleet.on_demand("m99.xlarge"),
    )
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    said = " ".join(str(message.entry.data) for message in found)
    assert all(word in said for word in ("emr-7.99.0", "m99.xlarge", "Sprak"))
    assert all("emrkit:W-" in str(message.entry.data) for message in found)


def test_a_warning_is_taken_away_by_whoever_accepts_it(stack: Stack) -> None:
    security = emr.SecurityConfiguration(stack, "Security")
    cluster = emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network"),
        security=security,
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m99.xlarge"),
    )
    assert Annotations.from_stack(stack).find_warning("*", Match.any_value())
    CdkAnnotations.of(cluster).acknowledge_warning("emrkit:W-FLEET-015")
    assert not Annotations.from_stack(stack).find_warning("*", Match.any_value())


def test_a_cluster_without_a_warning_says_nothing(stack: Stack) -> None:
    _cluster(stack)
    assert not Annotations.from_stack(stack).find_warning("*", Match.any_value())


def test_a_name_in_place_of_roles_is_refused_in_words(stack: Stack) -> None:
    with pytest.raises(EmrkitError, match="E-ROLE-020"):
        emr.Cluster(
            stack,
            "Etl",
            network=emr.Network(stack, "Network"),
            security=emr.SecurityConfiguration(stack, "Security"),
            release="emr-7.12.0",
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            roles="EMR_DefaultRole",  # type: ignore[arg-type]
        )
