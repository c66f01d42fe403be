"""Declarations that are odd: each is read, or refused with the place that is wrong; none ends in a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.jsonschema import StandardValidator

from emrkit_model import Cluster, InvalidModel, SecurityConfiguration
from emrkit_model.render import cloudformation, request, task
from emrkit_model.schema import cluster_schema, security_schema
from emrkit_model.tokens import UNKNOWN_LIST, UNKNOWN_NUMBER, UNKNOWN_TEXT

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


class Resolvable:
    """What CDK resolves by itself, such as the outcome of a condition."""

    creation_stack = ()

    def resolve(self, _: object) -> object:
        raise AssertionError("nobody asks at synthesis")


SOMETHING = Resolvable()
TOKENS = pytest.mark.parametrize("token", [list(UNKNOWN_LIST), SOMETHING], ids=["list", "resolvable"])


@TOKENS
@pytest.mark.parametrize(
    ("field", "member"),
    [("applications", "Applications"), ("configurations", "Configurations"), ("bootstrap_actions", "BootstrapActions")],
)
def test_a_list_of_parts_may_be_known_at_deployment(field, member, token):
    value = Cluster.parse(CLUSTER, **{field: token})
    assert cloudformation.cluster_properties(value)[member] == token
    assert task.create_cluster(value)[member] == token


@TOKENS
def test_lists_inside_the_nodes_may_be_known_at_deployment(token):
    group = {"group": "m5.xlarge", "ebs": token, "configurations": token, "scaling": {"minimum": 1, "maximum": 2}}
    group["scaling"]["rules"] = token
    value = Cluster.parse(CLUSTER, primary={"group": "m5.xlarge"}, core=group)
    core = cloudformation.cluster_properties(value)["Instances"]["CoreInstanceGroup"]
    assert (core["Configurations"], core["EbsConfiguration"]) == (token, {"EbsBlockDeviceConfigs": token})
    assert core["AutoScalingPolicy"]["Rules"] == token


@TOKENS
def test_the_types_of_a_fleet_may_be_known_at_deployment(token):
    value = Cluster.parse(CLUSTER, core={"on_demand": token, "capacity": 2})
    fleet = cloudformation.cluster_properties(value)["Instances"]["CoreInstanceFleet"]
    assert fleet["InstanceTypeConfigs"] == token


@TOKENS
def test_lists_of_a_security_configuration_may_be_known_at_deployment(token):
    ranger = {
        "admin_url": "https://ranger.example.com:6182",
        "admin_secret": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ranger",
        "plugins_role": "arn:aws:iam::111122223333:role/data",
        "other_services_role": "arn:aws:iam::111122223333:role/services",
        "plugins": token,
    }
    given = {
        "encryption": {"at_rest": {"s3_overrides": token}},
        "kerberos": {"realm": "EC2.INTERNAL"},
        "role_mappings": token,
        "ranger": ranger,
    }
    document = SecurityConfiguration.parse(given).document()
    at_rest = document["EncryptionConfiguration"]["AtRestEncryptionConfiguration"]
    assert at_rest["S3EncryptionConfiguration"]["Overrides"] == token
    authorization = document["AuthorizationConfiguration"]
    assert authorization["EmrFsConfiguration"]["RoleMappings"] == token
    assert authorization["RangerConfiguration"]["RangerPluginConfigurations"] == token


def test_typed_settings_are_not_lost_in_what_is_known_at_deployment_only():
    inner = [{"Classification": "hive-env", "Configurations": list(UNKNOWN_LIST)}]
    kept = Cluster.parse(CLUSTER, configurations=inner)
    rendered = [{"Classification": "hive-env", "Configurations": list(UNKNOWN_LIST)}]
    assert cloudformation.cluster_properties(kept)["Configurations"] == rendered
    with pytest.raises(InvalidModel, match=r"E-CONF-050.*hive-env") as caught:
        Cluster.parse(CLUSTER, applications=["Hive"], configurations=inner, settings={"hive": {"server_heap": "2g"}})
    assert caught.value.diagnostics[0].path == ("configurations", 0, "configurations")


@pytest.mark.parametrize(
    "changes",
    [
        {"release": SOMETHING, "settings": {"spark": {"s3_committer": True}}, "metastore": "glue"},
        {"core": {"on_demand": [{"type": SOMETHING}, "m5.xlarge"]}},
        {"security_configuration": SOMETHING, "configurations": [{"Classification": SOMETHING}]},
        {"primary": {"group": "m5.xlarge"}, "core": {"group": "m5.xlarge", "count": SOMETHING}, "subnets": SOMETHING},
        {"additional_primary_security_groups": SOMETHING, "metastore": {"databases": SOMETHING}},
        {"bootstrap_actions": [{"name": "a", "path": "s3://b/c", "args": SOMETHING}]},
    ],
)
def test_what_cdk_resolves_by_itself_passes(changes):
    assert cloudformation.to_l1(
        cloudformation.CLUSTER, cloudformation.cluster_properties(Cluster.parse(CLUSTER, **changes))
    )


def test_what_support_asked_for_is_plain():
    with pytest.raises(InvalidModel, match="must be plain JSON"):
        Cluster.parse(CLUSTER, additional_info={"a": SOMETHING})
