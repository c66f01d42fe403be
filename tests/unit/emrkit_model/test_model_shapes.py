"""Shapes of clusters: each rule of the service kept by one cluster and broken by another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import emrkit_facts
from emrkit_model import (
    AutoScaling,
    CapacityReservation,
    Cluster,
    Configuration,
    EbsVolume,
    InstanceFleet,
    InstanceGroup,
    InstanceType,
    InvalidModel,
    ManagedScaling,
    check,
)
from emrkit_model.cluster_rules.core_nodes import core_nodes
from emrkit_model.schema import cluster_schema
from emrkit_model.tokens import UNKNOWN_NUMBER

FLEET = {"on_demand": ["m5.xlarge"], "capacity": 4}
GROUP = {"group": "m5.xlarge"}
M4 = {"group": "m4.xlarge"}
HA_FLEET = {"on_demand": ["m5.xlarge"], "capacity": 3}
HA_GROUP = {"group": "m5.xlarge", "count": 3}
FOUR = {"group": "m5.xlarge", "count": 4}
PROTECTED = {"idle_timeout": None, "termination_protected": True}
MANAGED = {"minimum": 2, "maximum": 20}
POLICY = {"minimum": 1, "maximum": 9}
ROLES = {"service_role": "service", "instance_profile": "nodes"}

# rule of the facts -> a sentence, what keeps it, what breaks it, the code that says so. Clusters are of fleets unless
# they say `primary`.
RULES = {
    "fleet-xor-group": [
        ("groups for all roles", {"primary": GROUP, "core": FOUR}, {"primary": GROUP, "core": FLEET}, "E-GROUP-021"),
        ("fleets for all roles", {"core": FLEET, "task": FLEET}, {"core": FLEET, "task": GROUP}, "E-GROUP-021"),
    ],
    "master-required": [("a primary node", {}, {"primary": None}, "E-CLUS-003")],
    "subnet-field": [
        (
            "groups take one subnet",
            {"primary": GROUP, "subnets": ["a"]},
            {"primary": GROUP, "subnets": ["a", "b"]},
            "E-GROUP-025",
        ),
        (
            "a subnet excludes a zone",
            {"subnets": ["a", "b"]},
            {"subnets": ["a"], "availability_zone": "x"},
            "E-CLUS-054",
        ),
        ("a zone alone", {"availability_zone": "x"}, {"subnets": ["a"], "availability_zone": "x"}, "E-CLUS-054"),
    ],
    "master-fleet-target": [
        (
            "one primary",
            {"primary": {"spot": ["m5.xlarge"]}},
            {"primary": {"on_demand": ["m5.xlarge"], "capacity": 2}},
            "E-FLEET-030",
        ),
        (
            "weight 1",
            {"primary": {"on_demand": [{"type": "m5.xlarge", "weight": 1}]}},
            {"primary": {"on_demand": [{"type": "m5.xlarge", "weight": 2}]}},
            "E-FLEET-031",
        ),
    ],
    "fleet-target-positive": [
        ("some capacity", {"core": FLEET}, {"core": {"on_demand": ["m5.xlarge"], "capacity": 0}}, "E-FLEET-027")
    ],
    "fleet-type-count": [
        (
            "30 types with a strategy, 5 without",
            {"core": {"on_demand": ["m5.xlarge", "m5.2xlarge", "m5.4xlarge", "r5.xlarge", "r5.2xlarge", "r5.4xlarge"]}},
            {
                "core": {
                    "types": ["m5.xlarge", "m5.2xlarge", "m5.4xlarge", "r5.xlarge", "r5.2xlarge", "r5.4xlarge"],
                    "target_on_demand": 1,
                }
            },
            "E-FLEET-021",
        )
    ],
    "one-task-fleet": [
        ("one task fleet", {"core": FLEET, "task": FLEET}, {"core": FLEET, "task": [FLEET, FLEET]}, "E-GROUP-020"),
        (
            "names differ",
            {"core": FLEET, "task": {**FLEET, "name": "burst"}},
            {"core": FLEET, "task": {**FLEET, "name": "core"}},
            "E-CLUS-024",
        ),
    ],
    "task-group-limit": [
        (
            "48 task groups",
            {"primary": GROUP, "core": GROUP, "task": [GROUP] * 48},
            {"primary": GROUP, "core": GROUP, "task": [GROUP] * 49},
            "E-GROUP-024",
        ),
        (
            "names differ",
            {"primary": GROUP, "core": GROUP, "task": [GROUP, GROUP]},
            {"primary": GROUP, "core": GROUP, "task": [{**GROUP, "name": "a"}, {**GROUP, "name": "a"}]},
            "E-CLUS-024",
        ),
    ],
    "bid-xor": [
        (
            "one bid",
            {"core": {"spot": [{"type": "m5.xlarge", "bid_price": "1"}]}},
            {"core": {"spot": [{"type": "m5.xlarge", "bid_price": "1", "bid_percentage": 80}]}},
            "E-FLEET-011",
        ),
        (
            "a bid of a group is for Spot",
            {"primary": GROUP, "core": {**GROUP, "market": "spot", "bid_price": "1"}},
            {"primary": GROUP, "core": {**GROUP, "bid_price": "1"}},
            "E-GROUP-011",
        ),
    ],
    "spot-spec": [
        (
            "5 minutes to 24 hours",
            {"core": {"spot": ["m5.xlarge"], "spot_timeout": "24h", "spot_timeout_action": "TERMINATE_CLUSTER"}},
            {"core": {"spot": ["m5.xlarge"], "spot_timeout": "4m"}},
            "E-FLEET-028",
        )
    ],
    "resize-timeout": [
        (
            "5 minutes to 7 days",
            {"core": {**FLEET, "on_demand_resize_timeout": "7d"}},
            {"core": {**FLEET, "on_demand_resize_timeout": "8d"}},
            "E-FLEET-028",
        )
    ],
    "priority": [
        (
            "a prioritized strategy has a priority",
            {
                "core": {
                    "on_demand": [{"type": "m5.xlarge", "priority": 0}, "m5.2xlarge"],
                    "on_demand_strategy": "prioritized",
                }
            },
            {"core": {"on_demand": ["m5.xlarge"], "on_demand_strategy": "prioritized"}},
            "E-FLEET-024",
        ),
        (
            "not negative",
            {
                "core": {
                    "spot": [{"type": "m5.xlarge", "priority": 0}],
                    "spot_strategy": "capacity-optimized-prioritized",
                }
            },
            {
                "core": {
                    "spot": [{"type": "m5.xlarge", "priority": -1}],
                    "spot_strategy": "capacity-optimized-prioritized",
                }
            },
            "E-FLEET-012",
        ),
        (
            "useless without",
            {"core": FLEET},
            {"core": {"on_demand": [{"type": "m5.xlarge", "priority": 0}]}},
            "W-FLEET-025",
        ),
    ],
    "odcr": [
        (
            "lowest-price",
            {"core": {**FLEET, "reservation": {"preference": "open"}}},
            {
                "core": {
                    "on_demand": [{"type": "m5.xlarge", "priority": 0}],
                    "on_demand_strategy": "prioritized",
                    "reservation": {"preference": "open"},
                }
            },
            "E-FLEET-061",
        ),
        (
            "an On-Demand strategy at all",
            {"core": {**FLEET, "reservation": {"resource_group": "arn"}}},
            {"core": {"spot": ["m5.xlarge"], "reservation": {"resource_group": "arn"}}},
            "E-FLEET-061",
        ),
        (
            "of a resize",
            {"core": {**FLEET, "resize_reservation": {"preference": "none"}}},
            {"core": {"spot": ["m5.xlarge"], "resize_reservation": {"preference": "none"}}},
            "E-FLEET-061",
        ),
        (
            "none is none",
            {"core": {**FLEET, "reservation": {"preference": "none"}}},
            {"core": {**FLEET, "reservation": {"preference": "none", "first": True}}},
            "E-FLEET-062",
        ),
    ],
    "managed-scaling-units": [
        (
            "units of fleets",
            {"core": FLEET, "scaling": {**MANAGED, "unit": "InstanceFleetUnits"}},
            {"core": FLEET, "scaling": {**MANAGED, "unit": "Instances"}},
            "E-CLUS-034",
        ),
        (
            "units of groups",
            {"primary": GROUP, "core": FOUR, "scaling": {**MANAGED, "unit": "VCPU", "minimum": 16}},
            {"primary": GROUP, "core": FOUR, "scaling": {**MANAGED, "unit": "InstanceFleetUnits"}},
            "E-CLUS-034",
        ),
        (
            "partial limits within the maximum",
            {"core": FLEET, "scaling": {**MANAGED, "maximum_core": 20, "maximum_on_demand": 20}},
            {"core": FLEET, "scaling": {**MANAGED, "maximum_core": 21}},
            "E-SCALE-012",
        ),
    ],
    "managed-scaling-release": [
        (
            "from 5.30.0",
            {"core": FLEET, "scaling": MANAGED, "release": "emr-5.30.0"},
            {"core": FLEET, "scaling": MANAGED, "release": "emr-5.29.0", "idle_timeout": None},
            "E-CLUS-031",
        ),
        (
            "not 6.0.0",
            {"core": FLEET, "scaling": MANAGED, "release": "emr-6.1.0"},
            {"core": FLEET, "scaling": MANAGED, "release": "emr-6.0.0", "idle_timeout": None},
            "E-CLUS-031",
        ),
        (
            "an application on YARN",
            {"core": FLEET, "scaling": MANAGED, "applications": ["Trino", "Hive"]},
            {"core": FLEET, "scaling": MANAGED, "applications": ["Trino"]},
            "W-CLUS-035",
        ),
        (
            "not beside automatic scaling",
            {"primary": GROUP, "core": {**FOUR, "scaling": POLICY}},
            {"primary": GROUP, "core": {**FOUR, "scaling": POLICY}, "scaling": MANAGED},
            "E-SCALE-041",
        ),
    ],
    "advanced-scaling": [
        (
            "from 7.0.0",
            {"core": FLEET, "scaling": {**MANAGED, "strategy": "ADVANCED", "utilization_index": 25}},
            {"core": FLEET, "scaling": {**MANAGED, "strategy": "ADVANCED"}, "release": "emr-6.15.0"},
            "E-CLUS-032",
        ),
        (
            "five indexes",
            {"core": FLEET, "scaling": {**MANAGED, "strategy": "ADVANCED", "utilization_index": 100}},
            {"core": FLEET, "scaling": {**MANAGED, "strategy": "ADVANCED", "utilization_index": 60}},
            "E-SCALE-014",
        ),
        (
            "an index needs it",
            {"core": FLEET, "scaling": {**MANAGED, "strategy": "ADVANCED", "utilization_index": 1}},
            {"core": FLEET, "scaling": {**MANAGED, "utilization_index": 1}},
            "E-SCALE-013",
        ),
    ],
    "autoscaling-groups-only": [
        (
            "not the primary group",
            {"primary": GROUP, "core": {**FOUR, "scaling": POLICY}},
            {"primary": {**GROUP, "scaling": POLICY}, "core": FOUR},
            "E-SCALE-040",
        ),
        ("not fleets", {"core": FLEET}, {"core": {**FLEET, "scaling": POLICY}}, "E-FLEET-001"),
        (
            "the auto scaling role",
            {"primary": GROUP, "core": {**FOUR, "scaling": POLICY}, **ROLES, "auto_scaling_role": "scaling"},
            {"primary": GROUP, "core": {**FOUR, "scaling": POLICY}, **ROLES},
            "E-SCALE-044",
        ),
    ],
    "autotermination": [
        ("a minute to a week", {"idle_timeout": "7d"}, {"idle_timeout": "8d"}, "E-SCALE-020"),
        ("its releases", {"release": "emr-6.1.0"}, {"release": "emr-6.0.0"}, "E-CLUS-030"),
        (
            "an application on YARN",
            {"applications": ["Trino"], "idle_timeout": None},
            {"applications": ["Trino"], "idle_timeout": 3600},
            "W-CLUS-039",
        ),
        (
            "three primaries never end by themselves",
            {"primary": HA_GROUP, "core": FOUR, **PROTECTED},
            {"primary": HA_GROUP, "core": FOUR},
            "W-CLUS-094",
        ),
    ],
    "multi-primary": [
        (
            "three, not two",
            {"primary": HA_GROUP, "core": FOUR, **PROTECTED},
            {"primary": {"group": "m5.xlarge", "count": 2}, "core": FOUR},
            "E-GROUP-022",
        ),
        (
            "groups from 5.23.0",
            {"primary": HA_GROUP, "core": FOUR, "release": "emr-5.23.0", **PROTECTED},
            {"primary": HA_GROUP, "core": FOUR, "release": "emr-5.22.0", **PROTECTED},
            "E-CLUS-091",
        ),
        (
            "fleets of their releases",
            {"primary": HA_FLEET, "core": FLEET, "release": "emr-6.8.1", **PROTECTED},
            {"primary": HA_FLEET, "core": FLEET, "release": "emr-6.8.0", **PROTECTED},
            "E-CLUS-021",
        ),
        (
            "fleets of 5.36.1",
            {"primary": HA_FLEET, "core": FLEET, "release": "emr-5.36.1", **PROTECTED},
            {"primary": HA_FLEET, "core": FLEET, "release": "emr-5.36.0", **PROTECTED},
            "E-CLUS-021",
        ),
        (
            "On-Demand groups",
            {"primary": HA_GROUP, "core": FOUR, **PROTECTED},
            {"primary": {**HA_GROUP, "market": "spot"}, "core": FOUR, **PROTECTED},
            "E-GROUP-026",
        ),
        (
            "On-Demand fleets",
            {"primary": HA_FLEET, "core": FLEET, **PROTECTED},
            {"primary": {"spot": ["m5.xlarge"], "capacity": 3}, "core": FLEET, **PROTECTED},
            "E-FLEET-030",
        ),
        (
            "a subnet",
            {"primary": HA_GROUP, "core": FOUR, "subnets": ["a"], **PROTECTED},
            {"primary": HA_GROUP, "core": FOUR, "availability_zone": "x", **PROTECTED},
            "E-CLUS-092",
        ),
        (
            "four core nodes",
            {"primary": HA_GROUP, "core": FOUR, **PROTECTED},
            {"primary": HA_GROUP, "core": {"group": "m5.xlarge", "count": 3}, **PROTECTED},
            "W-CLUS-093",
        ),
        (
            "or two copies",
            {
                "primary": HA_GROUP,
                "core": {"group": "m5.xlarge", "count": 3},
                "configurations": [{"Classification": "hdfs-site", "Properties": {"dfs.replication": 2}}],
                **PROTECTED,
            },
            {
                "primary": HA_GROUP,
                "core": {"group": "m5.xlarge", "count": 3},
                "configurations": [{"Classification": "hdfs-site", "Properties": {"dfs.replication": 1}}],
                **PROTECTED,
            },
            "W-CLUS-093",
        ),
        (
            "Hive's database is outside",
            {"primary": HA_GROUP, "core": FOUR, "applications": ["Hive"], "metastore": "glue", **PROTECTED},
            {"primary": HA_GROUP, "core": FOUR, "applications": ["Hive"], **PROTECTED},
            "E-CLUS-095",
        ),
        (
            "Oozie's database is outside",
            {
                "primary": HA_GROUP,
                "core": FOUR,
                "applications": ["Oozie"],
                "configurations": [
                    {
                        "Classification": "oozie-site",
                        "Properties": {"oozie.service.JPAService.jdbc.url": "jdbc:mysql://h/d"},
                    }
                ],
                **PROTECTED,
            },
            {"primary": HA_GROUP, "core": FOUR, "applications": ["Oozie"], **PROTECTED},
            "E-CLUS-095",
        ),
        (
            "an external KDC",
            {
                "primary": HA_GROUP,
                "core": FOUR,
                "kerberos": {
                    "realm": "A.B",
                    "kind": "external",
                    "admin_server": "k:749",
                    "kdc_server": "k:88",
                    "kdc_admin_password": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf",
                },
                **PROTECTED,
            },
            {
                "primary": HA_GROUP,
                "core": FOUR,
                "kerberos": {"realm": "A.B", "kind": "cluster-dedicated"},
                **PROTECTED,
            },
            "E-CLUS-041",
        ),
    ],
    "placement-group": [
        (
            "three to spread",
            {"primary": HA_FLEET, "core": FLEET, "spread_primaries": True, **PROTECTED},
            {"spread_primaries": True},
            "W-CLUS-090",
        )
    ],
    "step-concurrency": [
        ("1 to 256", {"step_concurrency": 256}, {"step_concurrency": 257}, "E-CLUS-060"),
        (
            "from 5.28.0",
            {"step_concurrency": 2, "release": "emr-5.30.0"},
            {"step_concurrency": 2, "release": "emr-5.27.0", "idle_timeout": None},
            "E-CLUS-061",
        ),
    ],
    "ebs-root": [
        ("10 to 100 GiB", {"ebs_root_volume_size": 100}, {"ebs_root_volume_size": 101}, "E-CLUS-070"),
        (
            "speed from 6.15.0",
            {"ebs_root_volume_iops": 4000, "release": "emr-6.15.0"},
            {"ebs_root_volume_iops": 4000, "release": "emr-6.14.0"},
            "E-CLUS-071",
        ),
        (
            "500 IOPS a GiB",
            {"ebs_root_volume_iops": 10_000, "ebs_root_volume_size": 20},
            {"ebs_root_volume_iops": 10_001, "ebs_root_volume_size": 20},
            "E-CLUS-072",
        ),
        ("500 IOPS a GiB of 15", {"ebs_root_volume_iops": 7500}, {"ebs_root_volume_iops": 7501}, "E-CLUS-072"),
        (
            "a quarter of the IOPS",
            {"ebs_root_volume_throughput": 1000, "ebs_root_volume_iops": 4000},
            {"ebs_root_volume_throughput": 751},
            "E-CLUS-073",
        ),
    ],
    "os-release": [
        (
            "an AMI or a release",
            {"os_release": "2023.6.20250123.4"},
            {"os_release": "2023.6.20250123.4", "custom_ami": "ami-1"},
            "E-CLUS-064",
        ),
        (
            "of a type too",
            {"primary": {**GROUP, "custom_ami": "ami-1"}},
            {"primary": {**GROUP, "custom_ami": "ami-1"}, "os_release": "2023.6.20250123.4"},
            "E-CLUS-064",
        ),
        (
            "from 5.36.0 and 6.6.0",
            {"os_release": "2.0.1", "release": "emr-6.6.0"},
            {"os_release": "2.0.1", "release": "emr-6.5.0"},
            "E-CLUS-065",
        ),
    ],
    "custom-ami": [
        (
            "cluster or type",
            {"primary": {**GROUP, "custom_ami": "ami-1"}, "core": {**GROUP, "custom_ami": "ami-2"}},
            {"primary": {**GROUP, "custom_ami": "ami-1"}, "custom_ami": "ami-2"},
            "E-CLUS-022",
        ),
        (
            "from 5.7.0",
            {"primary": M4, "custom_ami": "ami-1", "release": "emr-5.7.0", "idle_timeout": None},
            {"primary": M4, "custom_ami": "ami-1", "release": "emr-5.6.0", "idle_timeout": None},
            "E-CLUS-063",
        ),
        (
            "from 5.7.0 for a type",
            {
                "primary": {**M4, "custom_ami": "a"},
                "release": "emr-5.7.0",
                "idle_timeout": None,
            },
            {
                "primary": {**M4, "custom_ami": "a"},
                "release": "emr-5.6.0",
                "idle_timeout": None,
            },
            "E-CLUS-063",
        ),
    ],
    "log-kms": [
        (
            "logs that go somewhere",
            {"log_key": "arn:aws:kms:eu-west-1:111122223333:key/1", "log_uri": "s3://logs/", **ROLES},
            {"log_key": "arn:aws:kms:eu-west-1:111122223333:key/1", **ROLES},
            "E-CLUS-098",
        ),
        (
            "from 5.30.0",
            {"log_key": "k", "log_uri": "s3://logs/", "release": "emr-5.30.0"},
            {"log_key": "k", "log_uri": "s3://logs/", "release": "emr-5.29.0", "idle_timeout": None},
            "E-CLUS-042",
        ),
    ],
    "unhealthy-replacement": [
        (
            "with protection",
            {"core": FLEET, "unhealthy_node_replacement": True, "termination_protected": True},
            {"core": FLEET, "unhealthy_node_replacement": True},
            "W-CLUS-099",
        )
    ],
}
# Said elsewhere: groups, Kerberos and names have rules of other parts; the rest is no matter of one cluster's values.
ELSEWHERE = {
    "managed-sg-pair": "network",
    "kerberos-pair": "security",
    "name-chars": "identity",
    "nested-updates": "plan: test_plan_scaling.py",
    "api-only": "construct: E-CLUS-097, E-STEP-051",
    "visible": "rendered as true, without effect",
    "custom-ami-kernel": "an image's kernel is not in its id",
}
CASES = [pytest.param(*row[1:], id=f"{rule}: {row[0]}") for rule, rows in RULES.items() for row in rows]


def cluster(**fields: object) -> Cluster:
    return Cluster.parse({"name": "etl", "release": "emr-7.12.0", "primary": {"on_demand": ["m5.xlarge"]}, **fields})


def codes(**fields: object) -> set[str]:
    try:
        return {d.code for d in check(cluster(**fields))}
    except InvalidModel as caught:
        return {d.code for d in caught.diagnostics}


@pytest.mark.parametrize(("kept", "broken", "code"), CASES)
def test_a_rule_of_the_service_is_kept_by_one_cluster_and_broken_by_another(kept, broken, code):
    assert code not in codes(**kept)
    assert not any(found.startswith("E-") for found in codes(**kept)), codes(**kept)
    assert code in codes(**broken)


def test_every_rule_of_the_facts_is_kept_and_broken_somewhere():
    source = json.loads((Path(emrkit_facts.__file__).parent / "sources" / "cfn-surface.json").read_text())
    assert {rule["id"] for rule in source["rules"]} == {*RULES, *ELSEWHERE}


@pytest.mark.parametrize(
    ("code", "broken", "kept"),
    [
        ("E-GROUP-010", {"task": {"group": "m5.xlarge", "count": -1}}, {"task": {"group": "m5.xlarge", "count": 0}}),
        ("E-GROUP-023", {"core": {"group": "m5.xlarge", "count": 0}}, {"core": {"group": "m5.xlarge", "count": 1}}),
    ],
)
def test_a_group_has_as_many_nodes_as_its_role_takes(code, broken, kept):
    nodes = {"primary": GROUP, "core": FOUR}
    assert code in codes(**{**nodes, **broken})
    assert code not in codes(**{**nodes, **kept})


def test_a_group_of_the_file_is_the_group_of_python():
    parsed = cluster(primary={"group": "m5.xlarge"}, core={"group": "m5.xlarge", "count": 3, "market": "spot"})
    assert parsed.primary == InstanceGroup.on_demand("m5.xlarge")
    assert parsed.core == InstanceGroup.spot("m5.xlarge", count=3)
    assert parsed.fleets() == ()
    assert [role for role, _ in parsed.nodes()] == ["primary", "core"]


def test_task_groups_are_a_list_or_one():
    one = cluster(primary=GROUP, core=GROUP, task=GROUP)
    several = cluster(primary=GROUP, core=GROUP, task=[GROUP, FOUR])
    assert [role for role, _ in one.nodes()] == ["primary", "core", "task"]
    assert [nodes.count for role, nodes in several.groups() if role == "task"] == [1, 4]


def test_problems_of_a_group_name_the_words_of_the_file():
    with pytest.raises(InvalidModel) as caught:
        cluster(primary={"group": "t3.micro"}, core={"group": "m5.xlarge", "cuont": 2}, task=[{"group": "m5.metal"}])
    found = {(d.code, d.path) for d in caught.value.diagnostics}
    assert ("E-FLEET-014", ("primary", "group")) in found
    assert ("E-GROUP-001", ("core", "cuont")) in found
    assert ("E-FLEET-014", ("task", 0, "group")) in found


def test_every_problem_of_several_task_groups_is_told_at_once():
    with pytest.raises(InvalidModel) as caught:
        cluster(primary=GROUP, core=GROUP, task=[{"group": "m5.xlarge", "count": -1}, FLEET, {"group": "m5.metal"}])
    assert {d.path[:2] for d in caught.value.diagnostics} == {("task", 0), ("task", 1), ("task", 2)}


def test_the_schema_of_a_cluster_has_groups_beside_fleets():
    properties = cluster_schema()["properties"]
    for role in ("primary", "core", "task"):
        groups = [choice for choice in properties[role]["anyOf"] if "group" in choice.get("properties", {})]
        assert groups[0]["required"] == ["group"]
        assert groups[0]["properties"]["market"]["enum"] == ["on-demand", "spot"]
    assert properties["task"]["anyOf"][-1]["maxItems"] == 48


def test_an_unknown_type_of_a_group_is_a_warning():
    assert "W-FLEET-015" in codes(primary={"group": "m9x.xlarge"})


def test_tokens_pass_in_groups():
    token = "${Token[TOKEN.1]}"
    group = {"group": token, "count": UNKNOWN_NUMBER, "bid_price": token, "market": token}
    found = codes(primary=GROUP, core=group, task=[{**group, "scaling": {"minimum": 0, "maximum": UNKNOWN_NUMBER}}])
    assert not {code for code in found if code.startswith("E-")}


@pytest.mark.parametrize(
    ("volume", "code"),
    [
        ({"size_gib": 0}, "E-FLEET-050"),
        ({"size_gib": 2000}, "W-FLEET-051"),
        ({"size_gib": 10, "count": 0}, "E-FLEET-052"),
        ({"size_gib": 10, "type": "io2", "iops": 100}, "W-FLEET-053"),
        ({"size_gib": 10, "type": "io1"}, "E-FLEET-054"),
        ({"size_gib": 500, "type": "st1", "iops": 100}, "E-FLEET-055"),
        ({"size_gib": 10, "iops": 2999}, "E-FLEET-056"),
        ({"size_gib": 10, "iops": 5001}, "E-FLEET-057"),
        ({"size_gib": 10, "type": "gp2", "throughput": 125}, "E-FLEET-058"),
        ({"size_gib": 10, "throughput": 751}, "E-FLEET-059"),
        ({"size_gib": 10, "throughput": 124}, "E-FLEET-059"),
        ({"size_gib": 10, "count": 26}, "E-FLEET-013"),
    ],
)
def test_a_volume_that_ebs_does_not_have_is_told(volume, code):
    assert code in codes(primary={**GROUP, "ebs": [volume]})
    assert code in codes(primary={"on_demand": [{"type": "m5.xlarge", "ebs": [volume]}]})


@pytest.mark.parametrize(
    "volume",
    [
        {"size_gib": 1024, "count": 25},
        {"size_gib": 10, "iops": 5000, "throughput": 1000},
        {"size_gib": 10, "type": "io1", "iops": 100},
        {"size_gib": 500, "type": "st1"},
        {"size_gib": 1, "iops": 3000, "throughput": 125},
    ],
)
def test_volumes_that_ebs_has_pass(volume):
    assert codes(primary={**GROUP, "ebs": [volume]}) == set()


def test_several_kinds_of_volumes_count_together():
    volumes = [EbsVolume(size_gib=64, count=20), EbsVolume(size_gib=500, type="st1", count=6)]
    assert "E-FLEET-013" in codes(primary={"group": "m5.xlarge", "ebs": volumes})


def test_reservations_by_name_say_what_they_mean():
    assert CapacityReservation.open().preference == "open"
    assert CapacityReservation.targeted("arn").first is True
    assert CapacityReservation.none().first is False


def test_core_nodes_of_groups_are_counted_down_to_their_minimum():
    scaled = cluster(primary=GROUP, core={"group": "m5.xlarge", "count": 5, "scaling": {"minimum": 2, "maximum": 9}})
    found = core_nodes(scaled)
    assert found is not None
    assert (found.at_start, found.least) == (5, 2)
    managed = core_nodes(cluster(primary=GROUP, core=FOUR, scaling={"minimum": 3, "maximum": 9}))
    assert managed is not None
    assert (managed.at_start, managed.least, managed.path) == (4, 3, ("scaling", "minimum"))


def test_a_fleet_is_made_of_objects_too():
    made = Cluster(
        name="etl",
        release="emr-7.12.0",
        primary=InstanceGroup.on_demand("m5.xlarge"),
        core=InstanceGroup.on_demand("m5.xlarge", count=2, scaling=AutoScaling.reference(2, 9)),
        configurations=[Configuration.of("core-site", {"a": 1})],
    )
    assert made.groups()[1][1].scaling == AutoScaling.reference(2, 9)
    with pytest.raises(InvalidModel):
        Cluster(
            name="etl",
            release="emr-7.12.0",
            primary=InstanceFleet.on_demand(InstanceType.of("m5.xlarge")),
            core=InstanceGroup.on_demand("m5.xlarge"),
            scaling=ManagedScaling(minimum=1, maximum=2),
        )


def test_what_support_asked_for_is_a_map_or_its_text():
    assert cluster(additional_info='{ "a": 1 }') == cluster(additional_info={"a": 1})
    assert codes(additional_info="a=1") == {"E-CLUS-003"}
    assert codes(additional_info="[1]") == {"E-CLUS-003"}
