"""What only RunJobFlow has words for: sent by the API, refused by CloudFormation and Step Functions, read back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from emrkit_model import Cluster, InvalidModel
from emrkit_model.monitoring import CloudWatchLogs, Monitoring
from emrkit_model.reading import cluster_from_request, unread
from emrkit_model.render import cloudformation, request, task

FIELDS: dict[str, Any] = {
    "monitoring": {
        "cloudwatch": {"group": "/emr/etl", "stream_prefix": "etl", "key": "key-1", "spark_driver": ["stderr"]},
        "system_logs": "disabled",
        "application_logs": "on-customer-s3only",
        "persistent_ui_logs": "emr-managed",
    },
    "sessions": True,
    "repository_upgrade": "security",
    "extended_support": True,
    "step_execution_role": "arn:aws:iam::111122223333:role/runtime",
}


def _cluster(**fields: Any) -> Cluster:
    return Cluster.parse(
        {"name": "etl", "release": "emr-spark-8.0.0", "primary": {"on_demand": ["m5.xlarge"]}, **fields}
    )


def test_the_request_has_them_and_the_service_model_knows_them() -> None:
    rendered = request.run_job_flow(_cluster(**FIELDS))
    shape = ServiceModel(Loader().load_service_model("emr", "service-2")).operation_model("RunJobFlow").input_shape
    assert ParamValidator().validate(rendered, shape).generate_report() == ""
    assert rendered["SessionEnabled"] is True
    assert rendered["RepoUpgradeOnBoot"] == "SECURITY"
    assert rendered["MonitoringConfiguration"] == {
        "CloudWatchLogConfiguration": {
            "Enabled": True,
            "LogGroupName": "/emr/etl",
            "LogStreamNamePrefix": "etl",
            "EncryptionKeyArn": "key-1",
            "LogTypes": {"STEP_LOGS": ["STDOUT", "STDERR"], "SPARK_DRIVER": ["STDERR"]},
        },
        "S3LoggingConfiguration": {
            "LogTypeUploadPolicy": {
                "system-logs": "disabled",
                "application-logs": "on-customer-s3only",
                "persistent-ui-logs": "emr-managed",
            }
        },
    }


def test_they_are_read_back() -> None:
    rendered = request.run_job_flow(_cluster(**FIELDS))
    assert unread(rendered) == ()
    assert request.run_job_flow(cluster_from_request(rendered)) == rendered


def test_every_such_field_is_known_by_its_member() -> None:
    rendered = request.run_job_flow(_cluster(**FIELDS))
    assert set(request.REQUEST_ONLY.values()) <= set(rendered)
    assert set(FIELDS) == set(request.REQUEST_ONLY)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_cloudformation_and_step_functions_refuse_each_by_name(name: str) -> None:
    cluster = _cluster(**{name: FIELDS[name]})
    for render in (cloudformation.cluster_properties, task.create_cluster):
        with pytest.raises(InvalidModel) as caught:
            render(cluster)
        assert [(d.code, d.path) for d in caught.value.diagnostics] == [("E-CLUS-097", (name,))]


def test_all_of_them_are_named_at_once() -> None:
    with pytest.raises(InvalidModel) as caught:
        cloudformation.cluster_properties(_cluster(**FIELDS))
    assert {d.path[0] for d in caught.value.diagnostics} == set(FIELDS)


def test_sessions_are_for_the_spark_train() -> None:
    with pytest.raises(InvalidModel) as caught:
        _cluster(sessions=True, release="emr-7.12.0")
    assert [d.code for d in caught.value.diagnostics] == ["E-CLUS-101"]
    assert _cluster(sessions=True).sessions is True


def test_refuses_cloudwatch_logs_without_a_stream() -> None:
    with pytest.raises(InvalidModel) as caught:
        CloudWatchLogs(steps=[])
    assert [d.code for d in caught.value.diagnostics] == ["E-CLUS-100"]


def test_refuses_event_logs_that_only_the_customer_keeps() -> None:
    with pytest.raises(InvalidModel) as caught:
        Monitoring(persistent_ui_logs="on-customer-s3only")
    assert [d.code for d in caught.value.diagnostics] == ["E-CLUS-003"]


def test_no_is_something_that_only_a_request_says_as_well() -> None:
    cluster = _cluster(extended_support=False)
    assert request.run_job_flow(cluster)["ExtendedSupport"] is False
    for render in (cloudformation.cluster_properties, task.create_cluster):
        with pytest.raises(InvalidModel, match="E-CLUS-097"):
            render(cluster)
