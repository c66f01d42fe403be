"""Declarations that are odd: each is read, or refused with the place that is wrong; none ends in a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.jsonschema import StandardValidator

from emrkit_model import Cluster, InvalidModel, SecurityConfiguration
from emrkit_model.render import request, task
from emrkit_model.schema import cluster_schema, security_schema
from emrkit_model.tokens import UNKNOWN_NUMBER, UNKNOWN_TEXT

CLUSTER: dict[str, Any] = {"name": "etl", "release": "emr-7.12.0", "primary": {"on_demand": ["m5.xlarge"]}}


def test_an_open_choice_may_be_null_in_a_file_as_well():
    at_rest = {"s3_mode": None, "disk_key": "arn:aws:kms:eu-west-1:111122223333:key/1"}
    document = {"encryption": {"at_rest": at_rest}}
    assert list(StandardValidator(security_schema()).iter_errors(document)) == []
    assert SecurityConfiguration.parse(document)


def test_a_choice_that_has_to_be_made_is_not_null():
    group = {"group": "m5.xlarge", "market": None}
    given = {"release": "emr-7.12.0", "primary": group}
    assert list(StandardValidator(cluster_schema()).iter_errors(given))


def test_what_support_asked_for_is_a_map_in_a_file_as_well():
    given = {**CLUSTER, "additional_info": {"clusterType": "x"}}
    assert Cluster.parse(given).additional_info == '{"clusterType":"x"}'
    del given["name"]
    assert list(StandardValidator(cluster_schema()).iter_errors(given)) == []


@pytest.mark.parametrize("endless", [float("inf"), float("nan"), 1.5])
def test_a_time_without_end_is_refused(endless):
    with pytest.raises(InvalidModel, match="must be a duration"):
        Cluster.parse(CLUSTER, idle_timeout=endless)


def test_a_list_of_parts_holds_no_gaps():
    with pytest.raises(InvalidModel, match="role_mappings"):
        SecurityConfiguration.parse({"role_mappings": [None]})


def test_a_number_that_is_known_at_deployment_may_be_a_setting():
    properties = {"spark.executor.instances": UNKNOWN_NUMBER}
    value = Cluster.parse(CLUSTER, configurations=[{"Classification": "spark-defaults", "Properties": properties}])
    for rendered in (request.run_job_flow(value), task.create_cluster(value)):
        assert rendered["Configurations"] == [{"Classification": "spark-defaults", "Properties": properties}]


@pytest.mark.parametrize("field", ["workload", "architecture", "size"])
def test_a_size_is_chosen_by_words_that_are_known(field):
    given = {"name": "etl", "release": "emr-7.12.0", "sizing": {field: UNKNOWN_TEXT}}
    with pytest.raises(InvalidModel, match="E-SIZE-011"):
        Cluster.parse(given)


@pytest.mark.parametrize("odd", [True, 3, float("nan")])
def test_applications_beside_a_sizing_are_a_list(odd):
    with pytest.raises(InvalidModel, match="applications"):
        Cluster.parse({"name": "etl", "release": "emr-7.12.0", "sizing": {}, "applications": odd})
