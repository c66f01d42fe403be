"""Clusters with every field set, and the service's own model of requests."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from emrkit_facts import surface
from emrkit_model import (
    ActionOnFailure,
    AutoScaling,
    BootstrapAction,
    CapacityReservation,
    Cluster,
    CommandStep,
    Configuration,
    EbsVolume,
    InstanceFleet,
    InstanceGroup,
    InstanceType,
    JarStep,
    Kerberos,
    ManagedScaling,
    ScalingRule,
    ScriptStep,
    SparkSqlStep,
    SparkStep,
)

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf"


@cache
def service() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("emr", "service-2"))


def refusals(operation: str, parameters: object) -> str:
    shape = service().operation_model(operation).input_shape
    return ParamValidator().validate(parameters, shape).generate_report()


def full_cluster(**changes: object) -> Cluster:
    fields: dict[str, object] = {
        "name": "etl",
        "release": "emr-7.11.0",
        "applications": ["Spark", "Tez"],
        "primary": InstanceFleet.on_demand("m5.xlarge", capacity=3),
        "core": InstanceFleet.on_demand(
            InstanceType.of(
                "r5.xlarge",
                ebs=[EbsVolume(size_gib=64, count=2, iops=3000, throughput=125)],
                ebs_optimized=True,
                configurations=[Configuration.of("yarn-site", {"a": 1})],
                priority=0,
            ),
            "r5.2xlarge",
            capacity=4,
            on_demand_strategy="prioritized",
            on_demand_resize_timeout=600,
            on_demand_resize_strategy="lowest-price",
            resize_reservation=CapacityReservation(first=False, preference="none"),
        ),
        "task": InstanceFleet.spot(
            InstanceType.of("m5.xlarge", bid_price="0.2"),
            InstanceType.of("m5.2xlarge", bid_percentage=80, weight=3),
            capacity=12,
            on_demand=5,
            name="burst",
            spot_timeout=600,
            spot_timeout_action="TERMINATE_CLUSTER",
            spot_resize_timeout=900,
            spot_resize_strategy="diversified",
            reservation=CapacityReservation(preference="open"),
        ),
        "scaling": ManagedScaling(
            minimum=2,
            maximum=100,
            maximum_on_demand=20,
            maximum_core=20,
            strategy="ADVANCED",
            utilization_index=50,
        ),
        "idle_timeout": 7200,
        "configurations": [
            Configuration.of("spark-defaults", {"spark.executor.instances": 10, "spark.x": True}),
            Configuration.of("spark-env", {}, Configuration.of("export", {"A": "b"})),
        ],
        "bootstrap_actions": [BootstrapAction(name="setup", path="s3://b/setup.sh", args=["1"])],
        "step_concurrency": 5,
        "log_uri": "s3://logs/emr/",
        "log_key": "arn:aws:kms:eu-west-1:111122223333:key/1",
        "security_configuration": "secure",
        "kerberos": Kerberos.external(
            realm="EXAMPLE.COM", admin_server="kdc:749", kdc_server="kdc:88", kdc_admin_password=SECRET
        ),
        "service_role": "service",
        "instance_profile": "nodes",
        "subnets": ["subnet-1", "subnet-2"],
        "primary_security_group": "sg-1",
        "core_security_group": "sg-2",
        "service_access_security_group": "sg-3",
        "additional_primary_security_groups": ["sg-4"],
        "additional_core_security_groups": ["sg-5"],
        "key_pair": "pair",
        "tags": {"team": "data"},
        "termination_protected": True,
        "unhealthy_node_replacement": True,
        "ebs_root_volume_size": 30,
        "ebs_root_volume_iops": 4000,
        "ebs_root_volume_throughput": 200,
        "os_release": "2023.8.20250908.0",
        "scale_down": "TERMINATE_AT_TASK_COMPLETION",
        "spread_primaries": True,
        "auto_scaling_role": "arn:aws:iam::111122223333:role/scaling",
        "additional_info": {"support": "case"},
    }
    return Cluster.parse(fields, **changes)


def full_group_cluster(**changes: object) -> Cluster:
    """The same with groups, which scale by themselves."""
    rule = ScalingRule(
        name="burst",
        metric="AppsPending",
        comparison="at_least",
        threshold=2.5,
        adjustment=50,
        adjustment_type="PERCENT_CHANGE_IN_CAPACITY",
        market="SPOT",
        description="more for a queue",
        statistic="MAXIMUM",
        period=600,
        cool_down=60,
        namespace="Ours",
        unit="COUNT",
        dimensions={"JobFlowId": "${emr.clusterId}", "queue": "etl"},
    )
    fields: dict[str, object] = {
        "primary": InstanceGroup.on_demand("m5.xlarge", count=3),
        "core": InstanceGroup.on_demand(
            "r5.xlarge",
            count=4,
            ebs=[EbsVolume(size_gib=64, count=2), EbsVolume(size_gib=500, type="st1")],
            ebs_optimized=True,
            configurations=[Configuration.of("yarn-site", {"a": 1})],
            custom_ami="ami-1",
            name="hdfs",
            scaling=AutoScaling.reference(4, 10),
        ),
        "task": [
            InstanceGroup.spot(
                "m5.2xlarge", count=2, bid_price="0.2", scaling=AutoScaling(minimum=0, maximum=9, rules=[rule])
            ),
            InstanceGroup.on_demand("c5.2xlarge"),
        ],
        "scaling": None,
        "subnets": ["subnet-1"],
        "os_release": None,
    }
    return full_cluster(**{**fields, **changes})


STEPS = [
    SparkStep(name="spark", entry_point="s3://b/x.py", args=["a"], conf={"spark.x": 1}),
    SparkSqlStep(name="sql", query="select 1", on_failure=ActionOnFailure.TERMINATE_CLUSTER),
    CommandStep(name="command", command=["echo", "a"]),
    ScriptStep(name="script", script="s3://b/x.sh"),
    JarStep(name="jar", jar="s3://b/x.jar", main_class="Main", properties={"a": 1}),
]


def schema_problems(resource: str, properties: object, nested: str = "", path: str = "") -> list[str]:
    keys = surface.keys(resource, nested)
    found: list[str] = []
    for key, value in properties.items():
        where = f"{path}.{key}"
        if key not in keys:
            found.append(where)
            continue
        inner = keys[key]
        for item in value if isinstance(value, list) else [value]:
            if inner is not None:
                found += schema_problems(resource, item, inner, where)
    return found
