"""Who reaches whom in a network: groups, endpoints, access lists, names, logs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.synth.assembly import flat
from tests.synth.network_shapes import GROUPS, SERVICE, assembly, group, instances, of, services


def names(found: Mapping[str, Any], *parts: str) -> list[str]:
    return sorted(i for i in found if all(p in i for p in parts))


NODES = ("the primary node", "core and task nodes")


# ---- groups


def test_service_and_nodes_meet_on_8443_and_9443() -> None:
    service = group("Private", SERVICE)
    assert [r["FromPort"] for r in service["SecurityGroupIngress"]] == [9443]
    assert [r["FromPort"] for r in service["SecurityGroupEgress"]] == [8443, 8443]
    ports = [p["FromPort"] for p in of("Private", "AWS::EC2::SecurityGroupIngress").values()]
    assert ports.count(8443) == 2


def test_newer_releases_meet_the_service_on_443_alone() -> None:
    service = group("Newer", SERVICE)
    assert [(r["FromPort"], r["CidrIp"]) for r in service["SecurityGroupIngress"]] == [(443, "10.0.0.0/16")]
    text = json.dumps(assembly()["Newer"])
    assert "8443" not in text
    assert "9443" not in text
    endpoint = services("Newer")["aws.api.<AWS::Region>.emr-service-cell01"]
    assert endpoint["PrivateDnsEnabled"]
    assert {"Key": "Name", "Value": "emr-service-vpce"} in endpoint["Tags"]
    (used,) = endpoint["SecurityGroupIds"]
    assert used == instances("Newer")["ServiceAccessSecurityGroup"]
    outward = [p for i, p in of("Newer", "AWS::EC2::SecurityGroupEgress").items() if "ToService" in i]
    assert {p["FromPort"] for p in outward} == {443}


def test_releases_of_both_kinds_share_a_network() -> None:
    service = group("Both", SERVICE)
    assert [r["FromPort"] for r in service["SecurityGroupIngress"]] == [9443, 443]
    assert "aws.api.<AWS::Region>.emr-service-cell01" in services("Both")


def test_limited_nodes_reach_each_other_the_service_s3_and_endpoints() -> None:
    for what in NODES:
        outward = group("Limited", what)["SecurityGroupEgress"]
        assert [(r.get("DestinationPrefixListId"), r.get("CidrIp")) for r in outward] == [
            ("pl-6da54004", None),
            (None, "10.99.0.0/16"),
        ]
    found = of("Limited", "AWS::EC2::SecurityGroupEgress")
    assert len(names(found, "ToPrimary")) == len(names(found, "ToCore")) == 6
    ports = {i: p["FromPort"] for i, p in found.items() if "ToService" in i or "ToEndpoints" in i}
    assert sorted(ports.values()) == [443, 443, 443, 443, 9443, 9443]


def test_limited_nodes_may_reach_https_everywhere_for_what_goes_through_nat() -> None:
    for what in NODES:
        (rule,) = group("Https", what)["SecurityGroupEgress"]
        assert (rule["FromPort"], rule["ToPort"], rule["CidrIp"]) == (443, 443, "0.0.0.0/0")


def test_who_else_is_let_in_stands_in_rules_of_its_own() -> None:
    found = {i: p for i, p in of("Admitted", "AWS::EC2::SecurityGroupIngress").items() if "Inbound" in i}
    told = {
        (p["IpProtocol"], p["FromPort"], p["ToPort"], p.get("CidrIp") or p.get("CidrIpv6") or "other")
        for p in found.values()
    }
    assert told == {
        ("tcp", 8998, 8998, "10.8.0.0/16"),
        ("tcp", 18080, 18090, "fd00::/64"),
        ("udp", 53, 53, "other"),
        ("tcp", 8042, 8042, "other"),
    }
    assert {p.get("SourcePrefixListId") for p in found.values()} >= {"pl-6da54004"}
    assert {p.get("SourceSecurityGroupId") for p in found.values()} >= {"sg-0123456789abcdef9"}
    assert instances("Admitted")["AdditionalMasterSecurityGroups"] == ["sg-0123456789abcdef9"]
    assert instances("Admitted")["AdditionalSlaveSecurityGroups"] == ["sg-0123456789abcdef8"]


def test_emrs_own_groups_are_named_by_nobody() -> None:
    used = instances("EmrsGroups")
    assert not [key for key in used if key.startswith(("EmrManaged", "ServiceAccess"))]
    assert used["AdditionalMasterSecurityGroups"] == ["sg-0123456789abcdef7"]
    inward = group("EmrsGroups", "interface endpoints")["SecurityGroupIngress"]
    assert [r["CidrIp"] for r in inward] == ["10.0.0.0/16"]


def test_groups_that_are_brought_are_used_and_nothing_is_made() -> None:
    used = instances("GroupsBrought")
    assert used["EmrManagedMasterSecurityGroup"] == GROUPS[0]
    assert used["EmrManagedSlaveSecurityGroup"] == GROUPS[1]
    assert used["ServiceAccessSecurityGroup"] == GROUPS[2]
    assert used["AdditionalSlaveSecurityGroups"] == ["sg-0123456789abcde14"]
    assert not [r for r in assembly()["GroupsBrought"]["Resources"].values() if r["Type"].startswith("AWS::EC2")]


# ---- endpoints


def test_the_s3_endpoint_leads_to_the_buckets_of_the_region_and_the_release() -> None:
    text = {name: json.dumps(services(name)["com.amazonaws.<AWS::Region>.s3"]["PolicyDocument"]) for name in SHAPES_S3}
    assert "al2023-repos-us-east-1-de612dc2" in text["Virginia"]
    assert "aws157-logs-prod/*" in text["Virginia"]
    assert "packages." not in text["Virginia"]
    assert "repo.cn-north-1.emr.amazonaws.com.cn" in text["China"]
    assert "aws157-instance-data-bucket-1-prod-ap-southeast-2" in text["Sydney"]
    assert "instance-data" not in text["Private"]
    assert '"arn:aws:' not in "".join(text.values())


SHAPES_S3 = ("Virginia", "China", "Sydney", "Private", "GovCloud")


def test_endpoints_are_named_as_their_partition_does() -> None:
    assert {"cn.com.amazonaws.cn-north-1.sts", "com.amazonaws.cn-north-1.kms"} <= set(services("China"))
    assert "com.amazonaws.<AWS::Region>.kms" in services("GovCloud")


def test_each_endpoint_is_as_asked() -> None:
    found = services("Endpoints")
    assert found["com.amazonaws.<AWS::Region>.execute-api"]["PrivateDnsEnabled"] is False
    assert found["com.amazonaws.<AWS::Region>.glue"]["PrivateDnsEnabled"] is True
    assert found["com.amazonaws.<AWS::Region>.ecr.api"]["VpcEndpointType"] == "Interface"
    assert found["com.amazonaws.vpce.eu-west-1.vpce-svc-0123"]["PolicyDocument"] == {"Statement": []}
    assert found["com.amazonaws.<AWS::Region>.dynamodb"]["VpcEndpointType"] == "Gateway"


def test_a_policy_of_the_users_own_replaces_ours() -> None:
    (endpoint,) = services("OwnPolicy").values()
    assert endpoint["PolicyDocument"]["Statement"] == []


def test_without_endpoints_there_is_none() -> None:
    assert services("NoS3") == {}
    assert of("NoS3", "AWS::EC2::FlowLog") == {}


# ---- access lists, names, flow logs


def test_an_access_list_lets_answers_back_in_and_opens_no_port_for_administration() -> None:
    entries = of("Lists", "AWS::EC2::NetworkAclEntry").values()
    told = {(e["Egress"], e["CidrBlock"], e["Protocol"], *_ports(e)) for e in entries}
    assert told == {
        (False, "10.7.0.0/16", -1, 0, 65535),
        (False, "0.0.0.0/0", 6, 32768, 65535),
        (True, "10.7.0.0/16", -1, 0, 65535),
        (True, "0.0.0.0/0", 6, 443, 443),
        (True, "0.0.0.0/0", 6, 80, 80),
    }
    inward = [_ports(e) for e in entries if not e["Egress"] and e["CidrBlock"] == "0.0.0.0/0"]
    assert not [port for port in (22, 3389, 8443, 9443) for first, last in inward if first <= port <= last]
    bound = of("Lists", "AWS::EC2::SubnetNetworkAclAssociation").values()
    assert len({json.dumps(b["SubnetId"]) for b in bound}) == 2


def test_a_public_access_list_also_lets_the_service_in_and_answers_out() -> None:
    entries = of("PublicLists", "AWS::EC2::NetworkAclEntry").values()
    told = {(e["Egress"], *_ports(e)) for e in entries if e["CidrBlock"] == "0.0.0.0/0"}
    assert {(False, 8443, 8443), (False, 32768, 65535), (True, 1024, 65535), (True, 443, 443)} <= told


def _ports(entry: Mapping[str, Any]) -> tuple[int, int]:
    ports = entry.get("PortRange")
    return (0, 65535) if ports is None else (ports["From"], ports["To"])


def test_nodes_are_named_as_the_region_does() -> None:
    domains = {n: next(iter(of(n, "AWS::EC2::DHCPOptions").values())) for n in ("Names", "Virginia", "GovCloud")}
    assert domains["Virginia"]["DomainName"] == "ec2.internal"
    assert domains["GovCloud"]["DomainName"] == "us-gov-west-1.compute.internal"
    condition, first, other = domains["Names"]["DomainName"]["Fn::If"]
    assert first == "ec2.internal"
    assert flat(other) == "<AWS::Region>.compute.internal"
    assert assembly()["Names"]["Conditions"][condition] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    assert all(d["DomainNameServers"] == ["AmazonProvidedDNS"] for d in domains.values())


@pytest.mark.parametrize("name", ["NamesBrought", "VpcBrought"])
def test_options_that_are_brought_are_associated(name: str) -> None:
    (found,) = of(name, "AWS::EC2::VPCDHCPOptionsAssociation").values()
    assert found["DhcpOptionsId"] == "dopt-0123456789abcdef0"
    assert of(name, "AWS::EC2::DHCPOptions") == {}


def test_flow_logs_go_to_a_bucket_whose_policy_lets_them() -> None:
    (log,) = of("Bucket", "AWS::EC2::FlowLog").values()
    assert (log["LogDestinationType"], log["TrafficType"], log["MaxAggregationInterval"]) == ("s3", "REJECT", 60)
    assert log["DestinationOptions"]["FileFormat"] == "parquet"
    (policy,) = of("Bucket", "AWS::S3::BucketPolicy").values()
    told = {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"]}
    assert told["FlowLogsWrite"]["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    written = flat(told["FlowLogsWrite"]["Resource"]).replace(":s3:::<Logs", ":s3:::")
    assert written.endswith("/flow-logs/AWSLogs/<AWS::AccountId>/*")
    assert of("Bucket", "AWS::Logs::LogGroup") == {}
    assert of("Bucket", "AWS::IAM::Role") == {}


def test_a_destination_that_is_brought_is_used_as_it_is() -> None:
    (log,) = of("BucketBrought", "AWS::EC2::FlowLog").values()
    assert flat(log["LogDestination"]) == "arn:<AWS::Partition>:s3:::their-logs"
    (log,) = of("GroupBrought", "AWS::EC2::FlowLog").values()
    assert log["LogGroupName"] == "theirs"
    assert log["DeliverLogsPermissionArn"] == "arn:aws:iam::123456789012:role/flow"
    assert of("GroupBrought", "AWS::Logs::LogGroup") == {}


def test_a_log_group_that_is_made_has_its_key_and_its_days() -> None:
    (made,) = of("GroupMade", "AWS::Logs::LogGroup").values()
    assert made["RetentionInDays"] == 90
    assert "KmsKeyId" in made
