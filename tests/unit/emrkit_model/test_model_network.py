"""Networks as values: what fits, what does not, and whom a network serves."""

from __future__ import annotations

import ipaddress
from typing import Any
from warnings import catch_warnings, simplefilter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emrkit_model import Application, Cluster, InstanceFleet, InstanceGroup, ManagedScaling
from emrkit_model.checking import check
from emrkit_model.metastores import GlueCatalog
from emrkit_model.network import (
    Egress,
    FlowLogs,
    GroupRules,
    InboundRule,
    InterfaceEndpoint,
    NetworkLayout,
    NetworkParts,
    check_cluster,
    interface_endpoints_for,
    needs_of,
)
from emrkit_model.network.fitness import most_nodes
from emrkit_model.tokens import UNKNOWN_NUMBER, UNKNOWN_TEXT
from emrkit_model.values import InvalidModel

NODES = {"primary": InstanceFleet.on_demand("m5.xlarge")}


def errors(make: type, **fields: object) -> list[str]:
    with pytest.raises(InvalidModel) as refused:
        make(**fields)
    return sorted(d.code for d in refused.value.diagnostics)


def warnings(value: object) -> list[str]:
    return sorted(d.code for d in check(value))


def findings(cluster: Cluster, **network: object) -> list[str]:
    given = {"way_out": True, "services": (), "service_ports": True, "service_endpoint": False, **network}
    return [d.code for d in check_cluster(cluster, **given)]  # type: ignore[arg-type]


# ---- layout


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cidr": "10.0.0.0"}, "E-NET-012"),
        ({"cidr": "10.0.0.1/16"}, "E-NET-010"),
        ({"cidr": "everywhere"}, "E-NET-010"),
        ({"cidr": "fd00::/56"}, "E-NET-011"),
        ({"cidr": "::/0"}, "E-NET-011"),
        ({"cidr": "10.0.0.0/8"}, "E-NET-012"),
        ({"subnet_prefix": 15}, "E-NET-014"),
        ({"subnet_prefix": 29}, "E-NET-014"),
        ({"cidr": "10.0.0.0/24", "subnet_prefix": 26, "zones": 4}, "E-NET-015"),
        ({"zones": 0}, "E-NET-017"),
        ({"zones": 7}, "E-NET-017"),
        ({"zones": 2, "zone_names": ["a", "a"]}, "E-NET-019"),
        ({"public": True, "nat_gateways": 1}, "E-NET-020"),
        ({"nat_gateways": 3}, "E-NET-021"),
        ({"nat_gateways": -1}, "E-NET-021"),
        ({"nat_gateway_ids": ["nat-1"]}, "E-NET-022"),
        ({"nat_gateways": 0, "s3_endpoint": False}, "E-NET-023"),
        ({"existing_vpc": True, "nat_gateways": 1}, "E-NET-024"),
        ({"zones": UNKNOWN_NUMBER}, "E-NET-025"),
        ({"nat_gateways": UNKNOWN_NUMBER}, "E-NET-025"),
        ({"existing_vpc": True, "public": True}, "E-NET-024"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(fields: dict[str, object], code: str):
    assert errors(NetworkLayout, **fields) == [code]


@pytest.mark.parametrize(
    "fields",
    [
        {"cidr": "10.0.0.0/28", "zones": 1, "nat_gateways": 0},
        {"cidr": "192.168.0.0/16", "zones": 6, "nat_gateways": 6},
        {"cidr": "10.0.0.0/24", "subnet_prefix": 26, "zones": 3},
        {"public": True},
        {"nat_gateways": 0},
        {"nat_gateway_ids": ["nat-1"], "existing_vpc": True},
        {"existing_vpc": True, "public": True, "internet_gateway_id": "igw-1"},
        {"cidr": UNKNOWN_TEXT, "zones": 6},
        {"s3_endpoint": False},
    ],
)
def test_a_layout_that_fits_is_taken(fields: dict[str, object]):
    assert not [d for d in check(NetworkLayout(**fields)) if d.code.startswith("E-")]  # type: ignore[arg-type]


def test_everything_that_does_not_fit_is_said_at_once():
    found = errors(
        NetworkLayout,
        cidr="10.0.0.0/8",
        zones=9,
        interface_endpoints=["kms", "execute-api"],
        rules={"primary_inbound": [{"source": "::/0", "port": 22}]},
        flow_logs={"interval": 5},
    )
    assert found == ["E-NET-012", "E-NET-017", "E-NET-033", "E-NET-041", "E-NET-051"]


def test_an_unusual_layout_is_only_warned_about():
    assert warnings(NetworkLayout(cidr="100.64.0.0/16")) == ["W-NET-013"]
    assert warnings(NetworkLayout(zones=1)) == []
    assert warnings(NetworkLayout(cidr="10.0.0.0/24")) == ["W-NET-016"]
    assert warnings(NetworkLayout(cidr="10.0.0.0/22")) == []


@given(
    prefix=st.integers(16, 28),
    smaller=st.integers(0, 12),
    zones=st.integers(1, 6),
    nat=st.integers(0, 6),
)
def test_subnets_of_a_layout_that_fits_never_overlap_and_lie_in_its_range(
    prefix: int, smaller: int, zones: int, nat: int
):
    room = 2**smaller if prefix + smaller <= 28 else 0
    assume(nat <= zones and zones + nat <= room)
    layout = NetworkLayout(cidr=f"10.0.0.0/{prefix}", subnet_prefix=prefix + smaller, zones=zones, nat_gateways=nat)
    ranges = [ipaddress.ip_network(r) for r in (*layout.node_ranges(), *layout.nat_ranges())]
    assert len(ranges) == zones + nat
    assert all(r.subnet_of(ipaddress.ip_network(layout.cidr)) for r in ranges)  # type: ignore[arg-type]
    assert not [(a, b) for i, a in enumerate(ranges) for b in ranges[:i] if a.overlaps(b)]


@given(zones=st.integers(1, 5))
def test_another_zone_leaves_the_subnets_that_are_there(zones: int):
    few, more = NetworkLayout(zones=zones), NetworkLayout(zones=zones + 1)
    assert more.node_ranges()[:zones] == few.node_ranges()
    assert more.nat_ranges() == few.nat_ranges()


# ---- access


@pytest.mark.parametrize(
    "source", ["0.0.0.0/0", "::/0", "0::/0", "0:0:0:0:0:0:0:0/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3"]
)
def test_nobody_opens_the_nodes_to_the_internet(source: str):
    assert errors(InboundRule, source=source, port=22) == ["E-NET-033"]


@pytest.mark.parametrize(
    "source", ["10.0.0.0/8", "198.51.100.7/32", "2001:db8::/32", "sg-0123456789abcdef0", "pl-6da54004", UNKNOWN_TEXT]
)
def test_somebody_may_be_let_in(source: str):
    assert warnings(InboundRule(source=source, port=8998)) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"source": "the office", "port": 1}, "E-NET-032"),
        ({"source": "10.0.0.0/8", "port": 70000}, "E-NET-031"),
        ({"source": "10.0.0.0/8", "port": 20, "to_port": 10}, "E-NET-031"),
        ({"source": "10.0.0.0/8", "port": 1, "protocol": "gre"}, "E-NET-030"),
    ],
)
def test_a_rule_that_is_none_is_refused(fields: dict[str, object], code: str):
    assert errors(InboundRule, **fields) == [code]


def test_the_words_of_a_peer_are_those_of_cloudformation():
    class Group:
        @property
        def security_group_id(self) -> str:
            return "sg-1"

    peers = [InboundRule(source=s, port=1).peer() for s in ("10.0.0.0/8", "fd00::/64", "pl-6da54004", Group())]
    assert peers == [
        {"cidrIp": "10.0.0.0/8"},
        {"cidrIpv6": "fd00::/64"},
        {"sourcePrefixListId": "pl-6da54004"},
        {"sourceSecurityGroupId": "sg-1"},
    ]


def test_limited_egress_keeps_a_way_to_s3():
    assert errors(Egress) == ["E-NET-034"]
    assert errors(Egress, prefix_lists=["s3"]) == ["E-NET-035"]
    assert errors(Egress, https=True, ranges=["x"]) == ["E-NET-036"]
    assert errors(Egress, https=True, ranges=["0.0.0.0/0", "::/0"]) == ["E-NET-037", "E-NET-037"]
    assert GroupRules(egress=Egress.limited(https=True)).egress is not None
    assert Egress.limited(UNKNOWN_TEXT, ranges=["10.9.0.0/16"]).prefix_lists == (UNKNOWN_TEXT,)


# ---- endpoints


def test_an_api_gateway_endpoint_has_no_private_dns():
    assert errors(InterfaceEndpoint, service="execute-api") == ["E-NET-041"]
    assert errors(InterfaceEndpoint, service="com.amazonaws.eu-west-1.execute-api") == ["E-NET-041"]
    assert InterfaceEndpoint(service="execute-api", private_dns=False).full_name is None


def test_a_service_has_a_name_and_one_endpoint():
    assert errors(InterfaceEndpoint, service="AWS Glue") == ["E-NET-040"]
    assert errors(NetworkParts, interface_endpoints=["glue", "glue"]) == ["E-NET-042"]
    named: list[Any] = ["glue", "sts"]
    assert [e.service for e in NetworkParts(interface_endpoints=named).interface_endpoints] == named


def test_endpoints_follow_the_needs():
    assert interface_endpoints_for() == ("elasticmapreduce", "sts", "kms", "secretsmanager")
    assert interface_endpoints_for(encryption=False, secrets=False) == ("elasticmapreduce", "sts")
    everything = interface_endpoints_for(
        glue_catalog=True,
        lake_formation=True,
        cloudwatch_logs=True,
        cloudwatch_metrics=True,
        session_manager=True,
        containers=True,
        hbase_wal=True,
        kinesis=True,
    )
    assert {"glue", "lakeformation", "logs", "monitoring", "ssm", "ecr.dkr", "emrwal.prod", "kinesis-streams"} <= set(
        everything
    )
    assert "execute-api" not in everything


def test_a_need_that_no_application_can_have_adds_nothing():
    assert "glue" not in interface_endpoints_for(["HBase"], glue_catalog=True)
    assert "emrwal.prod" not in interface_endpoints_for([Application.SPARK], hbase_wal=True)
    assert "monitoring" in interface_endpoints_for(["AmazonCloudWatchAgent"])


@pytest.mark.parametrize("given", ["Spark", None, 7])
def test_applications_that_are_no_list_of_names_are_refused(given: Any):
    with pytest.raises(InvalidModel) as refused:
        interface_endpoints_for(given)
    assert [d.code for d in refused.value.diagnostics] == ["E-NET-044"]


def test_an_application_that_is_not_known_is_a_warning_with_a_close_name_where_the_list_stands():
    with pytest.warns(UserWarning, match=r"W-NET-045(.|\n)*did you mean Spark") as told:
        assert "glue" not in interface_endpoints_for(["Sprak"], glue_catalog=True)
    assert [warned.filename for warned in told] == [__file__]
    with catch_warnings():
        simplefilter("error")
        interface_endpoints_for(["spark", "HIVE"])


def test_needs_are_read_off_a_cluster():
    plain = Cluster(name="a", release="emr-7.12.0", **NODES)  # type: ignore[arg-type]
    assert needs_of(plain) == ("elasticmapreduce", "sts")
    glue = plain.replace(metastore=GlueCatalog(), log_key="arn:aws:kms:eu-west-1:123456789012:key/1", log_uri="s3://l/")
    assert needs_of(glue) == ("elasticmapreduce", "sts", "kms", "glue")


# ---- flow logs


def test_flow_logs_go_to_one_place_and_are_kept_as_long_as_cloudwatch_can():
    assert errors(FlowLogs, bucket="b", log_group="g") == ["E-NET-050"]
    assert errors(FlowLogs, interval=61) == ["E-NET-051"]
    assert errors(FlowLogs, retention_days=100) == ["E-NET-052"]
    assert warnings(FlowLogs.to_bucket("b", interval=60)) == []
    assert warnings(FlowLogs.to_log_group("g", role="arn:aws:iam::1:role/r", traffic="accept")) == []


# ---- whom a network serves


def test_a_newer_release_needs_a_network_with_the_services_endpoint():
    newer = Cluster(name="a", release="emr-spark-8.1.0", **NODES)  # type: ignore[arg-type]
    assert findings(newer) == ["E-NET-060"]
    assert findings(newer, service_endpoint=True) == []
    assert findings(newer, service_endpoint=None, service_ports=None) == []


def test_an_older_release_needs_the_services_ports():
    older = Cluster(name="a", release="emr-7.12.0", **NODES)  # type: ignore[arg-type]
    assert findings(older, service_ports=False, service_endpoint=True) == ["E-NET-061"]
    assert findings(older, service_ports=True) == []


def test_a_release_known_at_deployment_only_is_not_judged():
    later = Cluster(name="a", release=UNKNOWN_TEXT, **NODES)  # type: ignore[arg-type]
    assert findings(later, service_ports=False, service_endpoint=False) == []


def test_without_a_way_out_scaling_and_idle_termination_are_warned_about():
    core = InstanceFleet.on_demand("m5.xlarge", capacity=2)
    cluster = Cluster(
        name="a",
        release="emr-7.12.0",
        core=core,
        scaling=ManagedScaling(minimum=4, maximum=12),
        **NODES,  # type: ignore[arg-type]
    )
    services = ("elasticmapreduce", "sts")
    assert findings(cluster, way_out=False, services=services) == ["W-NET-062"]
    assert findings(cluster, way_out=True) == []
    assert findings(cluster, way_out=None) == []
    lasting = Cluster(name="a", release="emr-7.12.0", idle_timeout=None, **NODES)  # type: ignore[arg-type]
    assert findings(lasting, way_out=False, services=services) == []


def test_one_zone_is_little_for_fleets_and_all_that_groups_can_have():
    fleets = Cluster(name="a", release="emr-7.12.0", **NODES)  # type: ignore[arg-type]
    groups = fleets.replace(primary=InstanceGroup(type="m5.xlarge"))
    one, named = NetworkLayout(zones=1), NetworkLayout(zones=1, zone_names=["eu-west-1a"])
    assert findings(fleets, one_zone=one.one_zone) == ["W-NET-018"]
    assert findings(groups, one_zone=one.one_zone) == []
    assert findings(fleets.replace(availability_zone="eu-west-1a"), one_zone=one.one_zone) == []
    assert findings(fleets, one_zone=named.one_zone) == []
    assert findings(fleets, one_zone=NetworkLayout().one_zone) == []


def test_an_endpoint_of_a_service_that_nobody_knows_is_a_warning_with_the_closest_name():
    (found,) = check(NetworkLayout(interface_endpoints=["kmss"]))
    assert (found.code, found.path) == ("W-NET-043", ("interface_endpoints", 0, "service"))
    assert found.hint == "did you mean 'kms'?"
    (newer,) = check(NetworkLayout(interface_endpoints=["zzz.quantum"]))
    assert "newer" in str(newer.hint)
    known = [
        "kms-fips",
        "ecr.dkr",
        "com.amazonaws.vpce.eu-west-1.vpce-svc-0123",
        "aws.api.eu-west-1.emr-service-cell01",
    ]
    assert warnings(NetworkLayout(interface_endpoints=known)) == []


def test_without_a_way_out_a_missing_endpoint_is_named():
    cluster = Cluster(
        name="a",
        release="emr-7.12.0",
        idle_timeout=None,
        metastore=GlueCatalog(),
        **NODES,  # type: ignore[arg-type]
    )
    (found,) = check_cluster(cluster, way_out=False, services=("sts",), service_ports=True, service_endpoint=False)
    assert (found.code, found.got) == ("W-NET-063", "elasticmapreduce, glue")


@pytest.mark.parametrize(
    ("releases", "ports", "endpoint"),
    [
        ([], True, False),
        (["emr-7.12.0"], True, False),
        (["emr-spark-8.1.0"], False, True),
        (["emr-7.12.0", "emr-spark-8.1.0"], True, True),
        (["latest"], True, True),
        ([UNKNOWN_TEXT], True, True),
    ],
)
def test_the_releases_decide_how_nodes_and_service_meet(releases: list[str], ports: bool, endpoint: bool):
    parts = NetworkParts(releases=releases)
    assert (parts.service_ports, parts.service_endpoint) == (ports, endpoint)


@pytest.mark.parametrize(
    ("more", "most"),
    [
        ({}, 1),
        ({"core": InstanceFleet.on_demand("m5.xlarge", capacity=4)}, 5),
        ({"core": InstanceFleet.on_demand("m5.xlarge", "m5.2xlarge", capacity=4)}, 5),
        (
            {
                "core": InstanceFleet.on_demand("m5.xlarge", capacity=4),
                "scaling": ManagedScaling(minimum=4, maximum=60),
            },
            61,
        ),
        ({"core": InstanceFleet.on_demand("m5.xlarge", target_on_demand=UNKNOWN_NUMBER)}, None),
    ],
)
def test_a_cluster_may_have_so_many_nodes(more: dict[str, Any], most: int | None):
    assert most_nodes(Cluster(name="a", release="emr-7.12.0", **NODES, **more)) == most  # type: ignore[arg-type]


def test_a_cluster_that_may_outgrow_its_subnet_is_warned_about():
    core = InstanceFleet.on_demand("m5.xlarge", capacity=30)
    cluster = Cluster(name="a", release="emr-7.12.0", core=core, **NODES)  # type: ignore[arg-type]
    assert findings(cluster, addresses=30) == ["W-NET-064"]
    assert findings(cluster, addresses=31) == []
    assert NetworkLayout(cidr="10.0.0.0/16").node_addresses == 4096 - 6
