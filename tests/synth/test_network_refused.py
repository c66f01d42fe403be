"""What the network construct refuses, and what it warns about."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk.assertions import Annotations, Match

import emrkit as emr
from emrkit.network import ExistingGroups
from emrkit_model.values import InvalidModel
from tests.synth.network_shapes import IDS, RELEASE, SUBNETS, VPC, place_cluster

# ---- what is refused, what is warned about


def refused(make: Any, *args: Any, **given: Any) -> list[str]:
    with pytest.raises(InvalidModel) as error:
        make(*args, **given)
    return sorted(d.code for d in error.value.diagnostics)


def test_every_problem_is_said_at_once_before_anything_is_made(stack: Stack) -> None:
    codes = refused(
        emr.Network,
        stack,
        "Network",
        zones=9,
        cidr="10.0.0.0/8",
        rules=emr.GroupRules(),
        security_groups=emr.SecurityGroups.from_ids("sg-1", "sg-2"),
    )
    assert codes == ["E-NET-012", "E-NET-017", "E-NET-071", "E-NET-073"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"subnet_ids": []}, "E-NET-075"),
        ({"subnet_ids": ["subnet-1", "subnet-1"]}, "E-NET-076"),
        ({"s3_endpoint": True}, "E-NET-077"),
        ({"access_lists": True}, "E-NET-070"),
        ({"releases": ["emr-spark-8.1.0"]}, "E-NET-070"),
        ({"security_groups": ExistingGroups(primary="sg-1", service_access="sg-3")}, "E-NET-072"),
        ({"security_groups": emr.SecurityGroups.from_ids("sg-1", "sg-2")}, "E-NET-073"),
        ({"security_groups": emr.SecurityGroups.from_ids("sg-1", "sg-2", "sg-3"), "public": True}, "E-NET-074"),
    ],
)
def test_a_network_of_subnets_that_exist_is_refused(stack: Stack, given: dict[str, Any], code: str) -> None:
    assert refused(emr.Network.from_attributes, stack, "Network", **{**IDS, **given}) == [code]


@pytest.mark.parametrize("vpc", ["vpc-1", None, 7])
def test_what_is_no_vpc_is_refused_with_the_ways_to_one(stack: Stack, vpc: Any) -> None:
    if vpc is not None:
        assert refused(emr.Network, stack, "Network", vpc=vpc, zones=9) == ["E-NET-017", "E-NET-080"]
    with pytest.raises(InvalidModel, match=r"ec2\.Vpc\.from_lookup") as error:
        emr.Network.from_vpc(stack, "There", vpc=vpc)
    assert [d.code for d in error.value.diagnostics] == ["E-NET-080"]


@pytest.mark.parametrize("key", ["alias/x", "arn:aws:kms:eu-west-1:111122223333:key/1"])
def test_what_is_no_key_is_refused_by_every_network(stack: Stack, key: Any) -> None:
    vpc = ec2.Vpc(stack, "Vpc")
    assert refused(emr.Network, stack, "Network", key=key) == ["E-NET-081"]
    assert refused(emr.Network.from_vpc, stack, "There", vpc=vpc, key=key) == ["E-NET-081"]
    assert refused(emr.Network.from_attributes, stack, "Known", **IDS, key=key) == ["E-NET-081"]


def test_a_vpc_that_does_not_say_its_range_is_asked_for_it(stack: Stack) -> None:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id=VPC, availability_zones=["a"], private_subnet_ids=SUBNETS[:1]
    )
    assert refused(emr.Network.from_vpc, stack, "Network", vpc=vpc, access_lists=True) == ["E-NET-070"]
    emr.Network.from_vpc(stack, "Told", vpc=vpc, access_lists=True, vpc_cidr="10.1.0.0/16")


def test_a_cluster_of_the_other_kind_of_release_is_refused(stack: Stack) -> None:
    network = emr.Network(stack, "Network", flow_logs=False)
    assert refused(place_cluster, stack, network, "emr-spark-8.1.0") == ["E-NET-060"]


def test_a_cluster_without_a_way_out_warns(stack: Stack) -> None:
    network = emr.Network(stack, "Network", nat_gateways=0, interface_endpoints=["sts"], flow_logs=False)
    emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=emr.SecurityConfiguration(stack, "Security"),
        release=RELEASE,
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
    )
    said = [str(w.entry.data) for w in Annotations.from_stack(stack).find_warning("*", Match.any_value())]
    assert len(said) == 2
    assert any("idle termination" in text for text in said)
    assert any("elasticmapreduce" in text for text in said)


def test_a_network_with_a_way_out_warns_of_nothing(stack: Stack) -> None:
    place_cluster(stack, emr.Network(stack, "Network", flow_logs=False))
    assert Annotations.from_stack(stack).find_warning("*", Match.any_value()) == []


def test_one_id_in_place_of_a_list_is_refused_as_such(stack: Stack) -> None:
    make = emr.Network.from_attributes
    with pytest.raises(InvalidModel) as error:
        make(stack, "Network", vpc_id=VPC, subnet_ids=SUBNETS[0], route_table_ids="rtb-0123456789abcdef0")
    found = [(d.code, d.path, d.got) for d in error.value.diagnostics]
    assert found == [
        ("E-NET-065", ("subnet_ids",), SUBNETS[0]),
        ("E-NET-065", ("route_table_ids",), "rtb-0123456789abcdef0"),
    ]


def test_an_endpoint_of_an_unknown_service_is_a_warning_of_the_network(stack: Stack) -> None:
    emr.Network(stack, "Network", interface_endpoints=["kmss"], flow_logs=False)
    (said,) = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("W-NET-043"))
    assert said.id == "/Alone/Network"
    assert "did you mean 'kms'?" in str(said.entry.data)


@pytest.mark.parametrize(
    ("kind", "warned"), [(emr.InstanceFleet.on_demand, True), (emr.InstanceGroup.on_demand, False)]
)
def test_one_zone_is_a_warning_where_a_cluster_of_fleets_is_placed(stack: Stack, kind: Any, warned: bool) -> None:
    network = emr.Network(stack, "Network", zones=1, flow_logs=False)
    security = emr.SecurityConfiguration(stack, "Security")
    emr.Cluster(stack, "Etl", network=network, security=security, release=RELEASE, primary=kind("m5.xlarge"))
    said = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("W-NET-018"))
    assert bool(said) is warned


def test_tokens_pass(stack: Stack) -> None:
    subnets = CfnParameter(stack, "Subnets", type="List<AWS::EC2::Subnet::Id>")
    network = emr.Network.from_attributes(stack, "Network", vpc_id=VPC, subnet_ids=subnets.value_as_list)
    place_cluster(stack, network)
    from aws_cdk.assertions import Template as Read

    (found,) = Read.from_stack(stack).find_resources("AWS::EMR::Cluster").values()
    assert found["Properties"]["Instances"]["Ec2SubnetIds"] == {"Ref": "Subnets"}
