"""The three renderings, each against its own model: botocore's service model, CloudFormation's surface, CDK's names."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import emrkit_facts
from emrkit_facts import surface
from emrkit_model import (
    ActionOnFailure,
    AtRest,
    AutoScaling,
    BootstrapAction,
    CapacityReservation,
    Cluster,
    CommandStep,
    Configuration,
    EbsVolume,
    Encryption,
    InstanceFleet,
    InstanceGroup,
    InstanceType,
    InvalidModel,
    JarStep,
    Kerberos,
    ManagedScaling,
    ScalingRule,
    ScriptStep,
    SecurityConfiguration,
    SparkSqlStep,
    SparkStep,
)
from emrkit_model.reading import cluster_from_request, step_from_request, steps_from_request, unread
from emrkit_model.render import cloudformation, request, task
from emrkit_model.values import Value

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


def test_run_job_flow_passes_the_service_model_with_every_field_set():
    set_fields = full_cluster().model_fields_set
    left_out = set(Cluster.model_fields) - set_fields
    become_others = {"settings", "metastore", "hbase", "consistent_view", "sizing"}  # configurations and fleets
    excluded = {"keep_alive", "custom_ami", "availability_zone"}
    assert left_out == {*excluded, *become_others, *request.REQUEST_ONLY}, "give the new field a value in full_cluster"
    assert refusals("RunJobFlow", request.run_job_flow(full_cluster(), STEPS)) == ""


def test_a_cluster_of_groups_passes_the_service_model_with_every_field_set():
    cluster = full_group_cluster()
    for kind in (InstanceGroup, ScalingRule):
        assert not fields_never_set(kind, cluster), "give the new field a value in full_group_cluster"
    rendered = request.run_job_flow(cluster, STEPS)
    assert refusals("RunJobFlow", rendered) == ""
    assert rendered["Instances"]["Ec2SubnetId"] == "subnet-1"
    assert "Ec2SubnetIds" not in rendered["Instances"]
    names = [g["Name"] for g in rendered["Instances"]["InstanceGroups"]]
    assert names == ["primary", "hdfs", "task-1", "task-2"]


def fields_never_set(kind: type[Value], cluster: Cluster) -> set[str]:
    groups = [group for _, group in cluster.groups()]
    rules = [rule for group in groups if group.scaling for rule in group.scaling.rules]
    values = groups if kind is InstanceGroup else rules
    return set(kind.model_fields).difference(*(value.model_fields_set for value in values))


def test_add_job_flow_steps_passes_the_service_model():
    names = [f"{step.name} [run-1]" for step in STEPS]
    rendered = request.add_job_flow_steps(
        "j-1", STEPS, names=names, default_action=ActionOnFailure.CANCEL_AND_WAIT, region="eu-west-1"
    )
    assert refusals("AddJobFlowSteps", rendered) == ""
    assert [s["Name"] for s in rendered["Steps"]] == names
    assert [s["ActionOnFailure"] for s in rendered["Steps"]] == [
        "CANCEL_AND_WAIT",
        "TERMINATE_CLUSTER",
        "CANCEL_AND_WAIT",
        "CANCEL_AND_WAIT",
        "CANCEL_AND_WAIT",
    ]


def test_a_runtime_role_is_a_parameter_of_the_whole_request():
    step = CommandStep(name="a", command=["x"], execution_role="arn:aws:iam::111122223333:role/r")
    rendered = request.add_job_flow_steps("j-1", [step])
    assert rendered["ExecutionRoleArn"] == "arn:aws:iam::111122223333:role/r"
    assert refusals("AddJobFlowSteps", rendered) == ""


def test_create_security_configuration_passes_the_service_model():
    value = SecurityConfiguration(encryption=Encryption(at_rest=AtRest.s3_managed()))
    rendered = request.create_security_configuration(value, "name")
    assert refusals("CreateSecurityConfiguration", rendered) == ""
    assert json.loads(str(rendered["SecurityConfiguration"])) == value.document()


def test_the_service_model_check_finds_a_wrong_key():
    rendered = request.run_job_flow(full_cluster())
    rendered["Aplications"] = []
    assert "Aplications" in refusals("RunJobFlow", rendered)


def test_a_password_is_resolved_only_by_who_asks_for_it():
    assert SECRET in json.dumps(request.run_job_flow(full_cluster()))
    resolved = request.run_job_flow(full_cluster(), resolve_secret=lambda secret: f"value of {secret}")
    assert resolved["KerberosAttributes"]["KdcAdminPassword"] == f"value of {SECRET}"


def test_idle_termination_is_left_out_of_a_cluster_that_ends_by_itself():
    rendered = request.run_job_flow(full_cluster(keep_alive=False))
    assert "AutoTerminationPolicy" not in rendered
    assert rendered["Instances"]["KeepJobFlowAliveWhenNoSteps"] is False


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


def test_cluster_properties_are_on_the_cloudformation_surface_and_complete():
    properties = cloudformation.cluster_properties(full_cluster())
    assert schema_problems("AWS::EMR::Cluster", properties) == []
    source = json.loads((Path(emrkit_facts.__file__).parent / "sources" / "cfn-surface.json").read_text())
    required = source["resources"]["AWS::EMR::Cluster"]["required"]
    assert set(required) <= set(properties)
    assert set(surface.keys("AWS::EMR::Cluster")) - set(properties) == {"CustomAmiId", "Steps"}


def test_groups_are_on_the_cloudformation_surface_and_complete():
    instances = cloudformation.cluster_properties(full_group_cluster())["Instances"]
    assert schema_problems("AWS::EMR::Cluster", instances, "JobFlowInstancesConfig") == []
    groups = [instances["MasterInstanceGroup"], instances["CoreInstanceGroup"], *instances["TaskInstanceGroups"]]
    assert set(surface.keys("AWS::EMR::Cluster", "InstanceGroupConfig")) == {key for g in groups for key in g}
    assert not any("Fleet" in key for key in instances)


def test_the_id_of_the_cluster_in_a_scaling_rule_stays_literal():
    for rendered in (
        request.run_job_flow(full_group_cluster()),
        cloudformation.cluster_properties(full_group_cluster()),
    ):
        assert json.dumps(rendered).count('{"Key": "JobFlowId", "Value": "${emr.clusterId}"}') == 5


def test_cloudformation_nests_fleets_and_names_properties_its_own_way():
    properties = cloudformation.cluster_properties(full_cluster())
    instances = properties["Instances"]
    assert "InstanceFleets" not in instances
    assert instances["MasterInstanceFleet"]["TargetOnDemandCapacity"] == 3
    assert [f["Name"] for f in instances["TaskInstanceFleets"]] == ["burst"]
    assert properties["Configurations"][0]["ConfigurationProperties"] == {
        "spark.executor.instances": "10",
        "spark.x": "true",
    }
    inner = instances["CoreInstanceFleet"]["InstanceTypeConfigs"][0]["Configurations"][0]
    assert inner == {"Classification": "yarn-site", "ConfigurationProperties": {"a": "1"}}


def test_targets_under_managed_scaling_belong_to_the_service():
    scaled = cloudformation.cluster_properties(full_cluster())
    owned = cloudformation.service_owned(scaled)
    assert ("Instances", "CoreInstanceFleet", "TargetOnDemandCapacity") in owned
    assert not any("MasterInstanceFleet" in path for path in owned)
    fixed = cloudformation.cluster_properties(full_cluster(scaling=None))
    assert cloudformation.service_owned(fixed) == ()


def test_counts_of_groups_that_scale_belong_to_the_service():
    automatic = cloudformation.service_owned(cloudformation.cluster_properties(full_group_cluster()))
    assert automatic == (
        ("Instances", "CoreInstanceGroup", "InstanceCount"),
        ("Instances", "TaskInstanceGroups", "0", "InstanceCount"),
    )
    unscaled = {"core": InstanceGroup.on_demand("m5.xlarge", count=4), "task": None}
    managed = full_group_cluster(scaling=ManagedScaling(minimum=2, maximum=9), **unscaled)
    owned = cloudformation.service_owned(cloudformation.cluster_properties(managed))
    assert owned == (("Instances", "CoreInstanceGroup", "InstanceCount"),)
    assert cloudformation.service_owned(cloudformation.cluster_properties(full_group_cluster(**unscaled))) == ()


def test_steps_and_security_configurations_are_on_the_surface():
    for step in [s for s in STEPS if s.name != "sql"]:
        assert schema_problems("AWS::EMR::Step", cloudformation.step_properties("j-1", step)) == []
    value = SecurityConfiguration(name="secure")
    properties = cloudformation.security_configuration_properties(value)
    assert schema_problems("AWS::EMR::SecurityConfiguration", properties) == []


def test_added_task_capacity_is_on_the_surface_and_complete():
    fleet = cloudformation.task_fleet_properties("j-1", full_cluster().fleets()[2][1])
    group = cloudformation.task_group_properties("j-1", full_group_cluster().groups()[1][1])
    assert schema_problems("AWS::EMR::InstanceFleetConfig", fleet) == []
    assert schema_problems("AWS::EMR::InstanceGroupConfig", group) == []
    assert set(surface.keys("AWS::EMR::InstanceFleetConfig")) == set(fleet)
    assert set(surface.keys("AWS::EMR::InstanceGroupConfig")) - set(group) == {"BidPrice"}


def test_a_step_of_a_stack_has_its_own_place_for_logs():
    step = CommandStep(name="a", command=["x"])
    properties = cloudformation.step_properties("j-1", step, log_uri="s3://logs/", encryption_key="key")
    assert set(surface.keys("AWS::EMR::Step")) == set(properties)


def test_a_step_of_a_stack_cannot_end_its_cluster():
    with pytest.raises(InvalidModel) as caught:
        cloudformation.step_properties("j-1", STEPS[1])
    assert [d.code for d in caught.value.diagnostics] == ["E-STEP-050"]


@cache
def cdk_names() -> dict[str, dict[str, str]]:
    """Struct -> its camelCase names, read from CDK's Python source without importing it."""
    spec = importlib.util.find_spec("aws_cdk")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "aws_emr" / "__init__.py").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {}
    for struct, mapping in re.findall(
        r'jsii_type="aws-cdk-lib\.aws_emr\.([\w.]+)",\s*jsii_struct_bases=\[[^\]]*\],\s*name_mapping=\{([^}]*)\}', text
    ):
        found[struct] = dict(re.findall(r'"(\w+)": "(\w+)"', mapping))
    return found


@pytest.mark.parametrize(
    "name", ["Cluster", "SecurityConfiguration", "Step", "InstanceFleetConfig", "InstanceGroupConfig"]
)
def test_camel_case_keys_are_those_of_cdk(name):
    resource = f"AWS::EMR::{name}"
    table = json.loads((Path(emrkit_facts.__file__).parent / "data" / "surface.json").read_text())["types"][resource]
    for nested, keys in table.items():
        # CDK keeps an older name of this type.
        spelling = nested.replace("ApplicationConfiguration", "Configuration").replace("AppConf", "Conf")
        struct = f"Cfn{name}Props" if nested == "" else f"Cfn{name}.{spelling}Property"
        if struct not in cdk_names():
            assert nested in {"Tag", "CloudWatchLogConfiguration", "MonitoringConfiguration"}, struct
            continue
        known = set(cdk_names()[struct].values())
        ours = {cloudformation.camel_case(key) for key in keys}
        assert ours <= known, (struct, ours - known)


def test_l1_keys_are_camel_case_down_to_the_leaves_and_free_maps_stay():
    rendered = cloudformation.to_l1("AWS::EMR::Cluster", cloudformation.cluster_properties(full_cluster()))
    volume = rendered["instances"]["coreInstanceFleet"]["instanceTypeConfigs"][0]["ebsConfiguration"]
    assert volume["ebsBlockDeviceConfigs"][0]["volumeSpecification"]["sizeInGb"] == 64
    assert rendered["osReleaseLabel"] == "2023.8.20250908.0"
    assert rendered["configurations"][0]["configurationProperties"]["spark.x"] == "true"
    assert rendered["tags"] == [{"key": "team", "value": "data"}]


def test_an_unknown_key_is_refused_instead_of_vanishing():
    with pytest.raises(KeyError, match="ComputLimits"):
        cloudformation.to_l1("AWS::EMR::Cluster", {"ManagedScalingPolicy": {"ComputLimits": {}}})


def test_the_create_cluster_task_is_run_job_flow_without_steps_kept_alive_with_unique_fleet_names():
    cluster = full_cluster(keep_alive=False, kerberos=None, idle_timeout=600)
    rendered = task.create_cluster(cluster)
    assert "Steps" not in rendered
    assert rendered["Instances"]["KeepJobFlowAliveWhenNoSteps"] is True
    assert rendered["AutoTerminationPolicy"] == {"IdleTimeout": 600}
    names = [f["Name"] for f in rendered["Instances"]["InstanceFleets"]]
    assert names == ["primary", "core", "burst"]
    assert refusals("RunJobFlow", rendered) == ""


def test_the_add_step_task_holds_one_step():
    step = CommandStep(name="a", command=["x"], execution_role="arn:aws:iam::111122223333:role/r")
    rendered = task.add_step("j-1", step, name="a [run]", default_action=ActionOnFailure.TERMINATE_CLUSTER)
    assert set(rendered) == {"ClusterId", "ExecutionRoleArn", "Step"}
    as_request = {"JobFlowId": "j-1", "Steps": [rendered["Step"]]}
    assert refusals("AddJobFlowSteps", as_request) == ""
    assert rendered["Step"]["ActionOnFailure"] == "TERMINATE_CLUSTER"


def test_a_kerberos_cluster_is_refused_by_the_task_rendering():
    with pytest.raises(InvalidModel) as caught:
        task.create_cluster(full_cluster())
    assert [d.code for d in caught.value.diagnostics] == ["E-KRB-030"]


TYPES = st.lists(
    st.sampled_from(["m5.xlarge", "m5.2xlarge", "r5.xlarge", "r5.4xlarge", "c5.9xlarge", "m4.xlarge"]),
    min_size=1,
    max_size=5,
    unique=True,
)
VALUES = st.one_of(st.booleans(), st.integers(), st.text(max_size=5))
CONFIGURATION = st.builds(
    lambda name, values: Configuration.of(name, values),
    st.sampled_from(["spark-defaults", "core-site", "yarn-site"]),
    st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=3),
)


@st.composite
def fleets(draw: st.DrawFn) -> InstanceFleet:
    names = draw(TYPES)
    weights = draw(st.lists(st.one_of(st.none(), st.integers(1, 9)), min_size=len(names), max_size=len(names)))
    types = [
        InstanceType.of(n) if w is None else InstanceType.of(n, weight=w) for n, w in zip(names, weights, strict=True)
    ]
    if draw(st.booleans()):
        return InstanceFleet.on_demand(*types, capacity=draw(st.integers(1, 50)))
    return InstanceFleet.spot(
        *types, capacity=draw(st.integers(1, 50)), on_demand=draw(st.integers(0, 9)), spot_timeout=600
    )


@st.composite
def policies(draw: st.DrawFn, low: int) -> AutoScaling:
    minimum = draw(st.integers(low, 5))
    maximum = minimum + draw(st.integers(0, 20))
    if draw(st.booleans()):
        return AutoScaling.reference(minimum, maximum, draw(st.integers(1, 5)))
    rule = st.builds(
        lambda name, metric, comparison, threshold, adjustment, periods, rest: ScalingRule(
            name=name,
            metric=metric,
            comparison=comparison,
            threshold=threshold,
            adjustment=adjustment,
            periods=periods,
            cool_down=rest,
        ),
        st.text("abc", min_size=1, max_size=4),
        st.sampled_from(["AppsPending", "HDFSUtilization"]),
        st.sampled_from(["below", "at_most", "above", "at_least"]),
        st.floats(0, 100, allow_nan=False),
        st.integers(-9, 9).filter(bool),
        st.integers(1, 6),
        st.integers(0, 900),
    )
    rules = draw(st.lists(rule, min_size=1, max_size=3, unique_by=lambda r: r.name))
    return AutoScaling(minimum=minimum, maximum=maximum, rules=rules)


@st.composite
def groups(draw: st.DrawFn, role: str, *, scaled: bool) -> InstanceGroup:
    low = 1 if role == "core" else 0
    fields: dict[str, object] = {"type": draw(st.sampled_from(["m5.xlarge", "r5.4xlarge", "m6g.xlarge"]))}
    fields["count"] = draw(st.integers(low, 50))
    if draw(st.booleans()):
        fields["market"] = "SPOT"
        fields["bid_price"] = draw(st.sampled_from([None, "0.1"]))
    if draw(st.booleans()):
        fields["ebs"] = [EbsVolume(size_gib=draw(st.integers(10, 1000)), count=draw(st.integers(1, 5)))]
    if scaled and draw(st.booleans()):
        fields["scaling"] = draw(policies(low))
    return InstanceGroup.parse({key: value for key, value in fields.items() if value is not None})


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    fields: dict[str, object] = {
        "name": draw(st.text("abc é-", min_size=1, max_size=9)),
        "release": draw(st.sampled_from(["emr-7.10.0", "emr-7.14.0", "emr-6.15.0", "emr-7.99.0"])),
        "applications": draw(st.lists(st.sampled_from(["Spark", "Hive", "Hadoop"]), unique=True)),
        "primary": InstanceFleet.on_demand("m5.xlarge"),
        "core": draw(st.one_of(st.none(), fleets())),
        "configurations": draw(st.lists(CONFIGURATION, max_size=2, unique_by=lambda c: c.classification)),
        "idle_timeout": draw(st.one_of(st.none(), st.integers(60, 604_800))),
        "tags": draw(st.dictionaries(st.text("abc", min_size=1), st.text(max_size=3), max_size=2)),
        "step_concurrency": draw(st.integers(1, 256)),
        "subnets": draw(st.lists(st.sampled_from(["subnet-1", "subnet-2"]), unique=True)),
        "log_uri": draw(st.sampled_from([None, "s3://logs/"])),
        "termination_protected": draw(st.booleans()),
    }
    if draw(st.booleans()):
        scaled = draw(st.booleans())
        fields["primary"] = InstanceGroup.on_demand("m5.xlarge")
        fields["core"] = draw(groups("core", scaled=scaled))
        task = draw(st.lists(groups("task", scaled=scaled), max_size=3))
        fields["task"] = task[0] if len(task) == 1 else tuple(task)
        fields["subnets"] = fields["subnets"][:1]
        if not scaled and draw(st.booleans()):
            unit = draw(st.sampled_from([None, "VCPU"]))
            fields["scaling"] = ManagedScaling(minimum=1, maximum=200, unit=unit)
        return Cluster.parse(fields)
    if fields["core"] is not None:
        fields["task"] = draw(st.one_of(st.none(), fleets()))
        low = draw(st.integers(1, 5))
        fields["scaling"] = draw(st.one_of(st.none(), st.just(ManagedScaling(minimum=low, maximum=low + 5))))
    return Cluster.parse(fields)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(cluster=clusters())
def test_a_request_read_back_renders_to_the_same_request(cluster):
    rendered = request.run_job_flow(cluster)
    assert refusals("RunJobFlow", rendered) == ""
    again = cluster_from_request(rendered)
    assert request.run_job_flow(again) == rendered
    for (_, one), (_, other) in zip(cluster.fleets(), again.fleets(), strict=True):
        assert one.weights() == other.weights()
    assert again.groups() == cluster.groups()
    assert again.scaling == cluster.scaling
    assert cluster_from_request(request.run_job_flow(again)) == again
    assert unread(rendered) == ()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(cluster=clusters())
def test_cloudformation_properties_of_any_cluster_are_on_the_surface(cluster):
    properties = cloudformation.cluster_properties(cluster)
    assert schema_problems("AWS::EMR::Cluster", properties) == []
    assert cloudformation.to_l1("AWS::EMR::Cluster", properties)


def test_a_full_cluster_is_read_back_as_it_was_but_for_its_kdc():
    cluster = full_cluster(kerberos=None)
    again = cluster_from_request(request.run_job_flow(cluster))
    assert again == cluster


def test_a_full_cluster_of_groups_is_read_back_as_it_was():
    cluster = full_group_cluster(kerberos=None)
    again = cluster_from_request(request.run_job_flow(cluster))
    assert again == cluster


def test_two_types_and_a_count_are_read_as_the_groups_that_they_stand_for():
    instances = {"MasterInstanceType": "m5.xlarge", "SlaveInstanceType": "r5.xlarge", "InstanceCount": 4}
    cluster = cluster_from_request({"Name": "a", "ReleaseLabel": "emr-7.10.0", "Instances": instances})
    assert cluster.primary == InstanceGroup.on_demand("m5.xlarge")
    assert cluster.core == InstanceGroup.on_demand("r5.xlarge", count=3)
    alone = cluster_from_request(
        {"Name": "a", "ReleaseLabel": "emr-7.10.0", "Instances": {"MasterInstanceType": "m5.xlarge"}}
    )
    assert alone.nodes() == (("primary", InstanceGroup.on_demand("m5.xlarge")),)


def test_a_bid_alone_makes_a_group_spot():
    group = {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2, "BidPrice": "0.1"}
    primary = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    cluster = cluster_from_request(
        {"Name": "a", "ReleaseLabel": "emr-7.10.0", "Instances": {"InstanceGroups": [primary, group]}}
    )
    assert cluster.core == InstanceGroup.spot("m5.xlarge", count=2, bid_price="0.1")


def test_a_zone_is_read_back():
    cluster = full_cluster(subnets=[], availability_zone="eu-west-1a", primary=InstanceFleet.on_demand("m5.xlarge"))
    rendered = request.run_job_flow(cluster)
    assert rendered["Instances"]["Placement"] == {"AvailabilityZone": "eu-west-1a"}
    assert cluster_from_request(rendered).availability_zone == "eu-west-1a"


def test_a_password_in_a_request_is_not_kept():
    rendered = request.run_job_flow(full_cluster(), resolve_secret=lambda _: "hunter2")
    again = cluster_from_request(rendered)
    assert again.kerberos is not None
    assert again.kerberos.realm == "EXAMPLE.COM"
    assert "hunter2" not in repr(again)


def test_steps_are_read_back_as_what_the_service_knows_of_them():
    rendered = request.add_job_flow_steps("j-1", STEPS)
    again = steps_from_request(rendered["Steps"])
    assert request.add_job_flow_steps("j-1", again) == rendered
    assert isinstance(again[0], CommandStep)
    assert isinstance(step_from_request(rendered["Steps"][4]), JarStep)


def test_what_is_not_read_is_listed():
    assert unread({"Name": "a", "AmiVersion": "3.11"}) == ("AmiVersion",)
