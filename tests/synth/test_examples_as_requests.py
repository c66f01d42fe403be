"""The clusters of the examples, as a run would launch them: EMR's API knows every request, and it reads back."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

import emrkit as emr
from docs import examples
from emrkit_model.cluster import Cluster
from emrkit_model.reading import cluster_from_request
from emrkit_model.render.request import run_job_flow


@pytest.fixture(scope="module")
def clusters() -> dict[str, Cluster]:
    """By their paths; one app for each example, which nobody synthesizes."""
    found: dict[str, Cluster] = {}
    for name in examples.names():
        app = App(builtin_cloud_formation_validation=False)
        examples.load(name)(app)
        found |= {node.node.path: node.value for node in app.node.find_all() if isinstance(node, emr.Cluster)}
    return found


@pytest.fixture(scope="module")
def shape() -> Any:
    model = ServiceModel(Loader().load_service_model("emr", "service-2"))
    return model.operation_model("RunJobFlow").input_shape


def _request(cluster: Cluster) -> dict[str, Any]:
    return dict(run_job_flow(cluster, resolve_secret=lambda _: "-"))


def test_every_example_is_a_request_that_the_service_model_knows(clusters: dict[str, Cluster], shape: Any) -> None:
    told = {path: ParamValidator().validate(_request(each), shape).generate_report() for path, each in clusters.items()}
    assert {path: report for path, report in told.items() if report} == {}
    assert len(told) >= 40, "examples lost their clusters"


def test_every_example_is_read_back_from_its_request(clusters: dict[str, Cluster]) -> None:
    for path, cluster in clusters.items():
        # A password is in the request and never in what is read.
        request = {key: value for key, value in _request(cluster).items() if key != "KerberosAttributes"}
        assert run_job_flow(cluster_from_request(request)) == request, path
