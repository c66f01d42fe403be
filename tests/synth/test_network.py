"""Every option of the network construct, on the template that it makes."""

from __future__ import annotations

import json
from typing import Any

import cfnlint.api
import cfnlint.config
import pytest

from tests.synth.network_shapes import SERVICE, SUBNETS, VPC, assembly, group, instances, of, services

EMR_TAG = {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}
SHAPES = tuple(assembly())


# ---- everything, whatever its shape


@pytest.mark.parametrize("name", SHAPES)
def test_cfn_lint_finds_nothing(name: str) -> None:
    regions = {"China": "cn-north-1", "GovCloud": "us-gov-west-1"}
    config = cfnlint.config.ManualArgs(regions=[regions.get(name, "eu-central-1")])
    found = cfnlint.api.lint(json.dumps(assembly()[name]), config=config)
    # Who names zones wants these zones.
    wanted = {"W3010"} if name == "Zones" else set[str]()
    assert {m.rule.id for m in found} == wanted, found


@pytest.mark.parametrize("name", SHAPES)
def test_no_group_names_another_in_a_circle(name: str) -> None:
    """Inline rules that name each other's groups could neither be made nor deleted."""
    groups = of(name, "AWS::EC2::SecurityGroup")
    edges = {i: {o for o in groups if o != i and f'"{o}"' in json.dumps(g)} for i, g in groups.items()}

    def reaches(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(edges[start])
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo += edges[here]
        return seen

    assert [i for i in groups if i in reaches(i)] == []


@pytest.mark.parametrize("name", SHAPES)
def test_nobody_outside_gets_in_on_any_port(name: str) -> None:
    rules = list(of(name, "AWS::EC2::SecurityGroupIngress").values())
    for made in of(name, "AWS::EC2::SecurityGroup").values():
        rules += made.get("SecurityGroupIngress", [])
    assert not [r for r in rules if r.get("CidrIp") in ("0.0.0.0/0",) or str(r.get("CidrIpv6", "")).endswith("/0")]


@pytest.mark.parametrize("name", SHAPES)
def test_everything_that_takes_tags_carries_emrs(name: str) -> None:
    kinds = ("VPC", "Subnet", "SecurityGroup", "VPCEndpoint", "RouteTable", "NatGateway", "NetworkAcl", "DHCPOptions")
    for kind in kinds:
        untagged = [i for i, r in of(name, f"AWS::EC2::{kind}").items() if EMR_TAG not in r.get("Tags", [])]
        assert (kind, untagged) == (kind, [])


@pytest.mark.parametrize("name", [n for n in SHAPES if n != "Shared"])
def test_a_cluster_waits_for_what_its_nodes_need_at_the_start(name: str) -> None:
    """Or EMR would add a rule before CloudFormation does, or look for S3 in vain."""
    resources = assembly()[name]["Resources"]
    clusters = [r for r in resources.values() if r["Type"] == "AWS::EMR::Cluster"]
    awaited = {"SecurityGroupIngress", "SecurityGroupEgress", "Route", "VPCEndpoint", "SubnetRouteTableAssociation"}
    wanted = {i for i, r in resources.items() if r["Type"].removeprefix("AWS::EC2::") in awaited}
    if not clusters or name == "Elsewhere":
        return
    seen: set[str] = set()
    todo = list(_listed(clusters[0].get("DependsOn", [])))
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += _listed(resources[here].get("DependsOn", []))
    admitted = {i for i in wanted if "Inbound" in i or "PublicRoute" in i or "Public1" in i or "Public2" in i}
    assert wanted - seen <= admitted


def test_in_another_stack_the_order_of_the_stacks_does_it() -> None:
    (cluster,) = [r for r in assembly()["Elsewhere"]["Resources"].values() if r["Type"] == "AWS::EMR::Cluster"]
    assert "DependsOn" not in cluster
    assert not [r for r in assembly()["Shared"]["Resources"].values() if len(_listed(r.get("DependsOn", []))) > 2]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


# ---- private and public


def test_private_subnets_share_the_nat_gateways_that_there_are() -> None:
    routes = [r["NatGatewayId"]["Ref"] for r in of("Private", "AWS::EC2::Route").values() if "NatGatewayId" in r]
    assert len(routes) == 3
    assert len(set(routes)) == 2
    assert not [s for s in of("Private", "AWS::EC2::Subnet").values() if s["MapPublicIpOnLaunch"]]
    assert len(instances("Private")["Ec2SubnetIds"]) == 3


def test_public_subnets_have_addresses_an_internet_gateway_names_and_no_group_of_the_service() -> None:
    subnets = of("Public", "AWS::EC2::Subnet")
    assert len(subnets) == 2
    assert all(s["MapPublicIpOnLaunch"] for s in subnets.values())
    (vpc,) = of("Public", "AWS::EC2::VPC").values()
    assert vpc["EnableDnsHostnames"]
    assert vpc["EnableDnsSupport"]
    (route,) = of("Public", "AWS::EC2::Route").values()
    assert route["DestinationCidrBlock"] == "0.0.0.0/0"
    assert "GatewayId" in route
    assert of("Public", "AWS::EC2::NatGateway") == {}
    assert "ServiceAccessSecurityGroup" not in instances("Public")
    assert "EmrManagedMasterSecurityGroup" in instances("Public")
    ports = {p["FromPort"] for p in of("Public", "AWS::EC2::SecurityGroupIngress").values()}
    assert ports == {0, -1}


def test_zones_and_sizes_are_as_asked() -> None:
    subnets = of("Zones", "AWS::EC2::Subnet")
    zones = {s["AvailabilityZone"] for i, s in subnets.items() if "Private" in i}
    assert zones == {"eu-central-1a", "eu-central-1c"}
    assert sorted(s["CidrBlock"] for s in subnets.values()) == ["10.0.0.0/25", "10.0.0.128/25", "10.0.2.0/25"]


def test_a_range_known_at_deployment_is_cut_by_cloudformation() -> None:
    ranges = [s["CidrBlock"] for s in of("LaterRange", "AWS::EC2::Subnet").values()]
    assert sorted(r["Fn::Select"][0] for r in ranges) == [0, 1, 2]
    assert {json.dumps(r["Fn::Select"][1]) for r in ranges} == {'{"Fn::Cidr": [{"Ref": "Cidr"}, 3, "10"]}'}


# ---- what exists


def test_of_a_vpc_that_exists_only_what_was_asked_for_is_made() -> None:
    kinds = {r["Type"].rsplit("::", 1)[1] for r in assembly()["VpcBrought"]["Resources"].values()}
    assert not kinds & {"VPC", "Subnet", "RouteTable", "Route", "InternetGateway", "NatGateway", "EIP"}
    endpoint = services("VpcBrought")["com.amazonaws.<AWS::Region>.s3"]
    assert endpoint["RouteTableIds"] == ["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"]
    logs = of("VpcBrought", "AWS::EC2::FlowLog").values()
    assert {(log["ResourceType"], log["ResourceId"]) for log in logs} == {("Subnet", s) for s in SUBNETS}
    assert instances("VpcBrought")["Ec2SubnetIds"] == SUBNETS
    entries = of("VpcBrought", "AWS::EC2::NetworkAclEntry").values()
    assert "10.20.0.0/16" in {e["CidrBlock"] for e in entries}


def test_newer_releases_in_a_vpc_that_exists_are_let_in_from_its_range() -> None:
    (rule,) = group("NewerBrought", SERVICE)["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["CidrIp"]) == (443, "10.20.0.0/16")


def test_subnets_are_made_in_a_vpc_that_exists() -> None:
    for name in ("SubnetsMade", "NatMade"):
        assert of(name, "AWS::EC2::VPC") == {}
        assert {s["VpcId"] for s in of(name, "AWS::EC2::Subnet").values()} == {VPC}
        assert {log["ResourceType"] for log in of(name, "AWS::EC2::FlowLog").values()} == {"Subnet"}
    routes = [r["NatGatewayId"] for r in of("SubnetsMade", "AWS::EC2::Route").values()]
    assert routes == ["nat-0123456789abcdef0"] * 2
    assert len(of("NatMade", "AWS::EC2::NatGateway")) == 1
    assert of("NatMade", "AWS::EC2::InternetGateway") == {}
