"""Rules of the service about whole clusters: what keeps each, and what breaks it."""

from __future__ import annotations

FLEET = {"on_demand": ["m5.xlarge"], "capacity": 4}
GROUP = {"group": "m5.xlarge"}
M4 = {"group": "m4.xlarge"}
HA_FLEET = {"on_demand": ["m5.xlarge"], "capacity": 3}
HA_GROUP = {"group": "m5.xlarge", "count": 3}
FOUR = {"group": "m5.xlarge", "count": 4}
PROTECTED = {"idle_timeout": None, "termination_protected": True}
ROLES = {"service_role": "service", "instance_profile": "nodes"}

# rule of the facts -> a sentence, what keeps it, what breaks it, the code that says so. Clusters are of fleets unless
# they say `primary`.
CLUSTERS = {
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
