"""Every option of the network construct, on the template that it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import cfnlint.api
import cfnlint.config
import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

import emrkit as emr
from emrkit.network import ExistingGroups
from emrkit_model.values import InvalidModel
from tests.synth.assembly import flat

RELEASE = "emr-7.12.0"
EMR_TAG = {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}
VPC, SUBNETS = "vpc-0123456789abcdef0", ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
GROUPS = ("sg-0123456789abcde11", "sg-0123456789abcde12", "sg-0123456789abcde13")
IDS: dict[str, Any] = {"vpc_id": VPC, "subnet_ids": SUBNETS}
Template = Mapping[str, Any]


def _brought(stack: Stack, **more: Any) -> ec2.IVpc:
    given: dict[str, Any] = {
        "vpc_id": VPC,
        "vpc_cidr_block": "10.20.0.0/16",
        "availability_zones": ["eu-central-1a", "eu-central-1b"],
        "private_subnet_ids": SUBNETS,
        "private_subnet_route_table_ids": ["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
        **more,
    }
    return ec2.Vpc.from_vpc_attributes(stack, "Vpc", **given)


def _define(app: App, name: str, region: str | None = None) -> Stack:
    return Stack(app, name, env=None if region is None else Environment(region=region))


def _cluster(stack: Stack, network: emr.Network, release: str = RELEASE) -> emr.Cluster:
    return emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=emr.SecurityConfiguration(stack, "Security"),
        release=release,
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        idle_timeout=None,
    )


@cache
def assembly() -> Mapping[str, Template]:
    """One stack for each shape, synthesized together."""
    app = App(builtin_cloud_formation_validation=False)
    limited = emr.GroupRules(egress=emr.Egress.limited("pl-6da54004", ranges=["10.99.0.0/16"]))

    stack = _define(app, "Private")
    _cluster(stack, emr.Network(stack, "Network", zones=3, nat_gateways=2))
    stack = _define(app, "Public")
    _cluster(stack, emr.Network(stack, "Network", public=True))
    stack = _define(app, "PublicLists")
    emr.Network(stack, "Network", public=True, access_lists=True, interface_endpoints=())
    stack = _define(app, "Limited")
    _cluster(stack, emr.Network(stack, "Network", nat_gateways=0, rules=limited))
    stack = _define(app, "Https")
    emr.Network(stack, "Network", rules=emr.GroupRules(egress=emr.Egress.limited(https=True)))
    stack = _define(app, "Newer")
    _cluster(stack, emr.Network(stack, "Network", releases=["emr-spark-8.1.0"], rules=limited), "emr-spark-8.1.0")
    stack = _define(app, "Both")
    emr.Network(stack, "Network", releases=["emr-spark-8.1.0", RELEASE])
    stack = _define(app, "Lists")
    emr.Network(stack, "Network", access_lists=True, cidr="10.7.0.0/16")
    stack = _define(app, "Names")
    emr.Network(stack, "Network", dhcp_options=True)
    stack = _define(app, "NamesBrought", "eu-west-1")
    emr.Network(stack, "Network", dhcp_options="dopt-0123456789abcdef0")
    stack = _define(app, "Virginia", "us-east-1")
    emr.Network(stack, "Network", dhcp_options=True, releases=[RELEASE])
    stack = _define(app, "China", "cn-north-1")
    emr.Network(stack, "Network", interface_endpoints=["sts", "kms"], dhcp_options=True)
    stack = _define(app, "GovCloud", "us-gov-west-1")
    emr.Network(stack, "Network", dhcp_options=True)
    stack = _define(app, "Sydney", "ap-southeast-2")
    emr.Network(stack, "Network", releases=["emr-spark-8.1.0"])
    stack = _define(app, "Zones", "eu-central-1")
    emr.Network(stack, "Network", zones=["eu-central-1a", "eu-central-1c"], cidr="10.0.0.0/22", subnet_prefix=25)
    stack = _define(app, "LaterRange")
    parameter = CfnParameter(stack, "Cidr", type="String")
    emr.Network(stack, "Network", cidr=parameter.value_as_string, subnet_prefix=22)
    stack = _define(app, "Bucket")
    logs = s3.Bucket(stack, "Logs")
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_bucket(logs, parquet=True, interval=60, traffic="REJECT"))
    stack = _define(app, "BucketBrought")
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_bucket("their-logs", prefix="/"))
    stack = _define(app, "GroupBrought")
    role = "arn:aws:iam::123456789012:role/flow"
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_log_group("theirs", role=role))
    stack = _define(app, "GroupMade")
    key = cast("kms.IKey", kms.Key(stack, "Key"))
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_log_group(retention_days=90), key=key)
    stack = _define(app, "Endpoints")
    gateway = emr.InterfaceEndpoint(service="execute-api", private_dns=False)
    own = emr.InterfaceEndpoint(service="com.amazonaws.vpce.eu-west-1.vpce-svc-0123", policy={"Statement": []})
    emr.Network(stack, "Network", interface_endpoints=["glue", "ecr.api", gateway, own], dynamodb=True)
    stack = _define(app, "OwnPolicy")
    emr.Network(stack, "Network", s3_policy={"Version": "2012-10-17", "Statement": []}, interface_endpoints=())
    stack = _define(app, "NoS3")
    emr.Network(stack, "Network", s3_endpoint=False, interface_endpoints=(), flow_logs=False)
    stack = _define(app, "Admitted")
    theirs = ec2.SecurityGroup.from_security_group_id(stack, "Theirs", "sg-0123456789abcdef9")
    inbound = [
        emr.InboundRule(source="10.8.0.0/16", port=8998, description="Livy"),
        emr.InboundRule(source="fd00::/64", port=18080, to_port=18090),
        emr.InboundRule(source="pl-6da54004", port=53, protocol="udp"),
    ]
    rules = emr.GroupRules(
        primary_inbound=inbound,
        core_inbound=[emr.InboundRule(source=theirs, port=8042)],
        additional_primary=[theirs],
        additional_core=["sg-0123456789abcdef8"],
    )
    _cluster(stack, emr.Network(stack, "Network", rules=rules))
    stack = _define(app, "EmrsGroups")
    groups = emr.SecurityGroups.emr_managed(additional_primary=["sg-0123456789abcdef7"])
    _cluster(stack, emr.Network(stack, "Network", security_groups=groups))
    stack = _define(app, "GroupsBrought")
    groups = emr.SecurityGroups.from_ids(*GROUPS, additional_core=["sg-0123456789abcde14"])
    _cluster(stack, emr.Network.from_attributes(stack, "Network", **IDS, security_groups=groups))
    stack = _define(app, "VpcBrought")
    _cluster(
        stack,
        emr.Network.from_vpc(
            stack,
            "Network",
            vpc=_brought(stack),
            s3_endpoint=True,
            dynamodb=True,
            interface_endpoints=["kms"],
            flow_logs=True,
            access_lists=True,
            dhcp_options="dopt-0123456789abcdef0",
        ),
    )
    stack = _define(app, "NewerBrought")
    _cluster(
        stack,
        emr.Network.from_vpc(stack, "Network", vpc=_brought(stack), releases=["emr-spark-8.1.0"]),
        "emr-spark-8.1.0",
    )
    stack = _define(app, "SubnetsMade")
    emr.Network(
        stack,
        "Network",
        vpc=_brought(stack),
        cidr="10.20.128.0/17",
        nat_gateways=["nat-0123456789abcdef0"],
        access_lists=True,
    )
    stack = _define(app, "NatMade")
    emr.Network(
        stack,
        "Network",
        vpc=_brought(stack),
        cidr="10.20.128.0/17",
        nat_gateways=1,
        internet_gateway_id="igw-0123456789abcdef0",
    )
    network = _define(app, "Shared")
    shared = emr.Network(network, "Network")
    _cluster(_define(app, "Elsewhere"), shared)
    made = app.synth()
    return {stack.stack_name: stack.template for stack in made.stacks}


SHAPES = tuple(assembly())


def of(name: str, kind: str) -> dict[str, dict[str, Any]]:
    resources = assembly()[name]["Resources"]
    return {i: r["Properties"] for i, r in resources.items() if r["Type"] == kind}


def names(found: Mapping[str, Any], *parts: str) -> list[str]:
    return sorted(i for i in found if all(p in i for p in parts))


def services(name: str) -> dict[str, dict[str, Any]]:
    return {flat(e["ServiceName"]): e for e in of(name, "AWS::EC2::VPCEndpoint").values()}


def group(name: str, what: str) -> dict[str, Any]:
    (found,) = [g for g in of(name, "AWS::EC2::SecurityGroup").values() if g["GroupDescription"] == f"EMR: {what}"]
    return found


def instances(name: str) -> dict[str, Any]:
    (found,) = of(name, "AWS::EMR::Cluster").values()
    return found["Instances"]


SERVICE = "access of the service to the nodes"
NODES = ("the primary node", "core and task nodes")


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


# ---- what is refused, what is warned about


@pytest.fixture
def stack() -> Stack:
    return Stack(App(builtin_cloud_formation_validation=False), "Alone")


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


def test_a_vpc_that_does_not_say_its_range_is_asked_for_it(stack: Stack) -> None:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id=VPC, availability_zones=["a"], private_subnet_ids=SUBNETS[:1]
    )
    assert refused(emr.Network.from_vpc, stack, "Network", vpc=vpc, access_lists=True) == ["E-NET-070"]
    emr.Network.from_vpc(stack, "Told", vpc=vpc, access_lists=True, vpc_cidr="10.1.0.0/16")


def test_a_cluster_of_the_other_kind_of_release_is_refused(stack: Stack) -> None:
    network = emr.Network(stack, "Network", flow_logs=False)
    assert refused(_cluster, stack, network, "emr-spark-8.1.0") == ["E-NET-060"]


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
    _cluster(stack, emr.Network(stack, "Network", flow_logs=False))
    assert Annotations.from_stack(stack).find_warning("*", Match.any_value()) == []


def test_tokens_pass(stack: Stack) -> None:
    subnets = CfnParameter(stack, "Subnets", type="List<AWS::EC2::Subnet::Id>")
    network = emr.Network.from_attributes(stack, "Network", vpc_id=VPC, subnet_ids=subnets.value_as_list)
    _cluster(stack, network)
    from aws_cdk.assertions import Template as Read

    (found,) = Read.from_stack(stack).find_resources("AWS::EMR::Cluster").values()
    assert found["Properties"]["Instances"]["Ec2SubnetIds"] == {"Ref": "Subnets"}
