"""The API's surface: every operation answers in EMR's shape, whatever it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from core_doubles import ACCOUNT, REGION, Emr, action, request, service_model, step
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emrkit_local.core.errors import ServiceError
from emrkit_local.core.operations import OPERATIONS
from emrkit_local.core.shapes import check_request, operation_names

KNOWN_CODES = {
    "InvalidRequestException", "ValidationException", "SerializationException", "UnknownOperationException",
}  # fmt: skip


def test_the_table_of_requests_is_the_service_model() -> None:
    assert set(operation_names()) == set(service_model().operation_names)
    for name in operation_names():
        shape = service_model().operation_model(name).input_shape
        if shape is not None:
            check_request(name, sample(shape))
            for required in shape.required_members:
                with pytest.raises(ServiceError) as refused:
                    check_request(name, {k: v for k, v in sample(shape).items() if k != required})
                assert refused.value.code == "ValidationException"
                assert required in refused.value.message


@pytest.mark.parametrize("operation", sorted(set(operation_names()) - set(OPERATIONS)))
def test_an_operation_that_local_emr_lacks_is_refused_by_name(emr: Emr, operation: str) -> None:
    shape = service_model().operation_model(operation).input_shape
    error = emr.refused(operation, **(sample(shape) if shape else {}))
    assert error.code == "InvalidRequestException"
    assert operation in error.message


def test_a_name_that_emr_does_not_know_is_an_unknown_operation(emr: Emr) -> None:
    assert emr.refused("MakeCoffee").code == "UnknownOperationException"


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_no_operation_breaks_on_a_request_full_of_invented_values(emr: Emr, operation: str) -> None:
    shape = service_model().operation_model(operation).input_shape
    assert outcome(emr, operation, sample(shape) if shape else {}) in KNOWN_CODES | {"answered"}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"ClusterId": 5}, "SerializationException"),
        ({"ClusterId": ["j-1"]}, "SerializationException"),
        ({}, "ValidationException"),
        ({"ClusterId": None}, "ValidationException"),
        ({"ClusterId": "j-1"}, "InvalidRequestException"),
    ],
)
def test_wrong_types_missing_members_and_unknown_ids_have_their_own_codes(
    emr: Emr, request_: dict[str, Any], code: str
) -> None:
    assert emr.refused("DescribeCluster", **request_).code == code


def test_a_request_that_is_not_an_object_is_a_serialization_error(emr: Emr) -> None:
    for body in ([], "x", None, 3):
        with pytest.raises(ServiceError) as refused:
            emr.control.call("ListClusters", body, account=ACCOUNT, region=REGION)  # type: ignore[arg-type]
        assert refused.value.code == "SerializationException"


def test_a_null_is_a_member_that_is_not_there(emr: Emr) -> None:
    cluster = emr.start(Applications=None)
    assert emr.cluster(cluster)["Applications"] == []
    assert emr.call("ListSteps", ClusterId=cluster, Marker=None)["Steps"] == []


def test_a_bottomless_request_is_a_serialization_error(emr: Emr) -> None:
    nested: dict[str, Any] = {"Classification": "x"}
    for _ in range(5000):
        nested = {"Classification": "x", "Configurations": [nested]}
    assert emr.refused("RunJobFlow", **request(Configurations=[nested])).code == "SerializationException"


def test_a_bad_enum_names_the_place_and_the_allowed_words(emr: Emr) -> None:
    error = emr.refused("AddJobFlowSteps", JobFlowId="j-1", Steps=[step("a", "EXPLODE")])
    assert error.code == "ValidationException"
    assert "Steps.1.member.ActionOnFailure" in error.message
    assert "CANCEL_AND_WAIT" in error.message


def test_our_own_mistake_is_an_internal_server_error(emr: Emr, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> dict[str, object]:
        raise ZeroDivisionError

    monkeypatch.setitem(OPERATIONS, "ListClusters", broken)
    with pytest.raises(ServiceError) as refused:
        emr.control.call("ListClusters", {}, account=ACCOUNT, region=REGION)
    assert (refused.value.code, refused.value.http_status) == ("InternalServerException", 500)


def test_the_catalogue_answers_from_the_facts(emr: Emr) -> None:
    labels = emr.call("ListReleaseLabels", Filters={"Prefix": "emr-7", "Application": "spark@3.5"})["ReleaseLabels"]
    assert labels[0].startswith("emr-7.")
    assert "emr-7.10.0" in labels
    described = emr.call("DescribeReleaseLabel", ReleaseLabel="emr-7.10.0")
    assert any(a["Name"] == "Spark" and a["Version"].startswith("3.5") for a in described["Applications"])
    page = emr.call("ListSupportedInstanceTypes", ReleaseLabel="emr-7.10.0")
    assert page["Marker"]
    more = emr.call("ListSupportedInstanceTypes", ReleaseLabel="emr-7.10.0", Marker=page["Marker"])
    assert not {t["Type"] for t in page["SupportedInstanceTypes"]} & {t["Type"] for t in more["SupportedInstanceTypes"]}
    assert emr.refused("DescribeReleaseLabel", ReleaseLabel="emr-0.0.0").code == "InvalidRequestException"


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 300) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
    max_leaves=5,
)


GOOD = {
    "RunJobFlow": request(
        Steps=[step()],
        BootstrapActions=[action()],
        Tags=[{"Key": "k", "Value": "v"}],
        Configurations=[{"Classification": "x", "Properties": {"a": "b"}, "Configurations": []}],
        ManagedScalingPolicy={
            "ComputeLimits": {
                "UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 9
            }
        },
        AutoTerminationPolicy={"IdleTimeout": 60},
    )
}  # fmt: skip


def spoil(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """The same document with one thing in it, at any depth, replaced or left out."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 5)) == 0:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: spoil(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(value) - 1))
        return [spoil(v, draw) if i == at else v for i, v in enumerate(value)]
    return draw(anything)


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_whatsoever_gets_an_uncaught_error(emr: Emr, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(["RunJobFlow"] * 4 + sorted(OPERATIONS)))
    shape = service_model().operation_model(operation).input_shape
    living = emr.call("ListClusters", ClusterStates=["WAITING", "STARTING", "BOOTSTRAPPING", "RUNNING"])["Clusters"]
    cluster = living[0]["Id"] if living else emr.start()
    document = GOOD.get(operation) or (sample(shape) if shape else {})
    real = {"ClusterId": cluster, "JobFlowId": cluster, "JobFlowIds": [cluster], "ResourceId": cluster}
    document = {key: real.get(key, value) for key, value in document.items()}
    spoilt = spoil(document, data.draw)
    assert outcome(emr, operation, spoilt if isinstance(spoilt, dict) else document) in KNOWN_CODES | {"answered"}


def outcome(emr: Emr, operation: str, request: dict[str, Any]) -> str:
    """`answered`, or the code of the refusal."""
    try:
        emr.call(operation, **request)
    except ServiceError as error:
        return error.code
    return "answered"


def sample(shape: Shape, depth: int = 0) -> Any:
    """A value of this shape, every member filled to a few levels."""
    if isinstance(shape, StructureShape):
        members = shape.members if depth < 4 else {k: shape.members[k] for k in shape.required_members}
        return {k: sample(v, depth + 1) for k, v in members.items()}
    if isinstance(shape, ListShape):
        return [sample(shape.member, depth + 1)] if depth < 6 else []
    if isinstance(shape, MapShape):
        return {"k": sample(shape.value, depth + 1)}
    if enum := getattr(shape, "enum", None):
        return enum[0]
    return {"string": "x", "boolean": True}.get(shape.type_name, 1)
