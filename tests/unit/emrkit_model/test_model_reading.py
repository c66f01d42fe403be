"""Requests are read back as what they were rendered from."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emrkit_model import (
    AutoScaling,
    Cluster,
    CommandStep,
    Configuration,
    EbsVolume,
    InstanceFleet,
    InstanceGroup,
    InstanceType,
    JarStep,
    ManagedScaling,
    ScalingRule,
)
from emrkit_model.reading import cluster_from_request, step_from_request, steps_from_request, unread
from emrkit_model.render import cloudformation, request
from tests.unit.emrkit_model.full_clusters import (
    STEPS,
    full_cluster,
    full_group_cluster,
    refusals,
    schema_problems,
)

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
