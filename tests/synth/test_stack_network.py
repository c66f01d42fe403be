"""What the network stack means: nodes are private, and nobody but EMR and the nodes themselves gets in."""

from __future__ import annotations

import json
from typing import Any

from tests.synth.assembly import Assembly, flat

TAG = {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}
PRIVATE = {"NetworkPrivate1905F40B7", "NetworkPrivate274EF3D2E"}
GROUPS = {"Primary": "NetworkGroupsPrimaryA0D8187F", "Core": "NetworkGroupsCore068B194C"}
SERVICE = "NetworkGroupsService99EBC0D7"


def group_of(reference: dict[str, Any]) -> str:
    return reference["Fn::GetAtt"][0]


def test_clusters_and_endpoints_stand_in_private_subnets_only(each: Assembly) -> None:
    subnets = each.all("AWS::EC2::Subnet")
    assert not [name for name, subnet in subnets.items() if subnet["Properties"]["MapPublicIpOnLaunch"]]
    exported = {
        output["Export"]["Name"]: flat(output["Value"]).strip("<>")
        for output in each.templates["network"]["Outputs"].values()
    }
    used = {
        exported[subnet["Fn::ImportValue"].strip("<>")]
        for cluster in each.all("AWS::EMR::Cluster").values()
        for subnet in cluster["Properties"]["Instances"]["Ec2SubnetIds"]
    }
    assert used == PRIVATE
    ends = [e["Properties"] for e in each.all("AWS::EC2::VPCEndpoint").values()]
    assert {s["Ref"] for e in ends for s in e.get("SubnetIds", [])} == PRIVATE


def test_no_private_subnet_has_a_route_to_the_internet_gateway(each: Assembly) -> None:
    tables = {
        a["Properties"]["SubnetId"]["Ref"]: a["Properties"]["RouteTableId"]["Ref"]
        for a in each.all("AWS::EC2::SubnetRouteTableAssociation").values()
    }
    open_tables = {
        r["Properties"]["RouteTableId"]["Ref"]
        for r in each.all("AWS::EC2::Route").values()
        if "GatewayId" in r["Properties"]
    }
    assert {tables[subnet] for subnet in PRIVATE} & open_tables == set()
    assert len({tables[subnet] for subnet in PRIVATE}) == 2


def test_the_zones_are_chosen_at_deployment(each: Assembly) -> None:
    zones = [each.all("AWS::EC2::Subnet")[name]["Properties"]["AvailabilityZone"] for name in sorted(PRIVATE)]
    assert zones == [{"Fn::Select": [n, {"Fn::GetAZs": ""}]} for n in (0, 1)]


def test_the_s3_endpoint_lets_only_this_account_and_the_repositories_through(each: Assembly) -> None:
    (gateway,) = [
        e["Properties"]
        for e in each.all("AWS::EC2::VPCEndpoint").values()
        if e["Properties"]["VpcEndpointType"] == "Gateway"
    ]
    statements = {s["Sid"]: s for s in gateway["PolicyDocument"]["Statement"]}
    assert statements["OwnIdentities"]["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}
    }
    others = [s for sid, s in statements.items() if sid != "OwnIdentities"]
    resources = [
        flat(r) for s in others for r in (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])
    ]
    assert "*" not in resources
    assert "arn:<AWS::Partition>:s3:::repo.<AWS::Region>.emr.amazonaws.com/*" in resources
    assert statements["Repositories"]["Action"] == ["s3:GetObject"]
    writable = [flat(r) for sid in ("ServiceLogs", "ApplicationHistory") for r in statements[sid]["Resource"]]
    assert writable == [
        "arn:<AWS::Partition>:s3:::aws157-logs-prod-<AWS::Region>/*",
        "arn:<AWS::Partition>:s3:::aws157-logs-prod/*",
        "arn:<AWS::Partition>:s3:::prod.<AWS::Region>.appinfo.src/*",
    ]


def test_the_nodes_groups_admit_each_other_and_the_service_and_nobody_else(each: Assembly) -> None:
    found = {
        (
            group_of(p["GroupId"]),
            group_of(p["SourceSecurityGroupId"]),
            p["IpProtocol"],
            p["FromPort"],
            p["ToPort"],
        )
        for p in (r["Properties"] for r in each.all("AWS::EC2::SecurityGroupIngress").values())
    }
    everything = [("tcp", 0, 65535), ("udp", 0, 65535), ("icmp", -1, -1)]
    wanted = {(to, source, *rule) for to in GROUPS.values() for source in GROUPS.values() for rule in everything}
    wanted |= {(to, SERVICE, "tcp", 8443, 8443) for to in GROUPS.values()}
    assert found == wanted
    groups = each.all("AWS::EC2::SecurityGroup")
    assert not [name for name in GROUPS.values() if "SecurityGroupIngress" in groups[name]["Properties"]]


def test_the_services_group_has_emrs_three_rules(each: Assembly) -> None:
    service = each.all("AWS::EC2::SecurityGroup")[SERVICE]["Properties"]
    (inward,) = service["SecurityGroupIngress"]
    assert (group_of(inward["SourceSecurityGroupId"]), inward["FromPort"], inward["ToPort"]) == (
        GROUPS["Primary"],
        9443,
        9443,
    )
    outward = [
        (group_of(rule["DestinationSecurityGroupId"]), rule["FromPort"], rule["ToPort"])
        for rule in service["SecurityGroupEgress"]
    ]
    assert outward == [(GROUPS["Primary"], 8443, 8443), (GROUPS["Core"], 8443, 8443)]


def test_no_ingress_rule_names_addresses(each: Assembly) -> None:
    rules = [r["Properties"] for r in each.all("AWS::EC2::SecurityGroupIngress").values()]
    for group in each.all("AWS::EC2::SecurityGroup").values():
        rules += group["Properties"].get("SecurityGroupIngress", [])
    assert len(rules) == 17
    assert not [rule for rule in rules if {"CidrIp", "CidrIpv6", "SourcePrefixListId"} & set(rule)]


def test_what_emrs_service_policy_touches_carries_its_tag(each: Assembly) -> None:
    for kind in (
        "AWS::EC2::Subnet",
        "AWS::EC2::SecurityGroup",
        "AWS::EMR::Cluster",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCEndpoint",
    ):
        untagged = [name for name, r in each.all(kind).items() if TAG not in r["Properties"]["Tags"]]
        assert (kind, untagged) == (kind, [])
    machine = flat(each.one("AWS::StepFunctions::StateMachine")["DefinitionString"])
    assert TAG in json.loads(machine)["States"]["Create cluster"]["Arguments"]["Tags"]


def test_connections_are_logged_for_a_year_under_the_key(each: Assembly) -> None:
    group = each.one("AWS::Logs::LogGroup", "network")
    assert group["RetentionInDays"] == 365
    assert "KmsKeyId" in group
