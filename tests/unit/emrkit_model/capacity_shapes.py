"""Rules of the service about fleets, groups and scaling: what keeps each, and what breaks it."""

from __future__ import annotations

FLEET = {"on_demand": ["m5.xlarge"], "capacity": 4}
GROUP = {"group": "m5.xlarge"}
HA_GROUP = {"group": "m5.xlarge", "count": 3}
FOUR = {"group": "m5.xlarge", "count": 4}
PROTECTED = {"idle_timeout": None, "termination_protected": True}
MANAGED = {"minimum": 2, "maximum": 20}
POLICY = {"minimum": 1, "maximum": 9}
ROLES = {"service_role": "service", "instance_profile": "nodes"}

# rule of the facts -> a sentence, what keeps it, what breaks it, the code that says so. Clusters are of fleets unless
# they say `primary`.
CAPACITY = {
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
        ),
        (
            "whole minutes",
            {"core": {**FLEET, "on_demand_resize_timeout": "7m"}},
            {"core": {**FLEET, "on_demand_resize_timeout": "7m30s"}},
            "W-FLEET-065",
        ),
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
}
