"""CDK tokens and CDK objects pass through the model without CDK."""

from __future__ import annotations

import struct

import pytest

from emrkit_model import (
    AtRest,
    Cluster,
    Encryption,
    InstanceFleet,
    InvalidModel,
    Kerberos,
    ManagedScaling,
    SecurityConfiguration,
    SparkStep,
)
from emrkit_model.fields import read
from emrkit_model.render import cloudformation, request
from emrkit_model.tokens import is_token

TEXT = "${Token[AWS.Region.4]}"
LIST = ["#{Token[TOKEN.12]}"]
NUMBER = struct.unpack(">d", bytes.fromhex("fbff00000000002a"))[0]


class Key:
    """As a CDK key is: its members are properties of the class, and reading one crosses a bridge."""

    reads = 0

    @property
    def key_arn(self) -> str:
        type(self).reads += 1
        return "${Token[Key.Arn.7]}"


class Resolvable:
    creation_stack: tuple[str, ...] = ()

    def resolve(self, context: object) -> object:
        return context


@pytest.mark.parametrize("value", [TEXT, f"prefix-{TEXT}", LIST, NUMBER, -1.8881545897087626e289, Resolvable()])
def test_recognises_every_form_of_a_token(value):
    assert is_token(value)


@pytest.mark.parametrize("value", ["$Token", "text", 5, -5.0, 0, None, True, [], ["a"], [TEXT, "b"], {}, 10**400])
def test_takes_nothing_else_for_a_token(value):
    assert not is_token(value)


def test_tokens_are_accepted_wherever_a_rule_would_look():
    cluster = Cluster(
        name=TEXT,
        release=TEXT,
        applications=["Spark"],
        primary=InstanceFleet.on_demand(TEXT),
        core=InstanceFleet.on_demand("m5.xlarge", capacity=NUMBER),
        scaling=ManagedScaling(minimum=NUMBER, maximum=NUMBER),
        subnets=LIST,
        step_concurrency=NUMBER,
        idle_timeout=NUMBER,
        log_uri=TEXT,
        security_configuration=TEXT,
        ebs_root_volume_size=NUMBER,
    )
    rendered = cloudformation.cluster_properties(cluster)
    assert rendered["Name"] == TEXT
    assert rendered["Instances"]["Ec2SubnetIds"] == LIST
    assert rendered["Instances"]["CoreInstanceFleet"]["TargetOnDemandCapacity"] == NUMBER


def test_steps_and_settings_may_hold_tokens():
    step = SparkStep(name="etl", entry_point=f"s3://{TEXT}/job.py", conf={"spark.executor.instances": TEXT})
    assert f"spark.executor.instances={TEXT}" in step.hadoop_jar().args


def test_a_number_token_in_settings_stays_a_token():
    step = SparkStep(name="etl", entry_point="s3://b/x.py", conf={"spark.executor.instances": NUMBER})
    assert is_token(step.conf["spark.executor.instances"])


def test_a_resolvable_object_is_kept_as_it_is():
    lazy = Resolvable()
    assert (
        Cluster(name="a", release="emr-7.10.0", primary=InstanceFleet.on_demand("m5.xlarge"), log_uri=lazy).log_uri
        is lazy
    )


def test_a_key_object_is_kept_and_read_once_for_each_place_it_is_rendered_in():
    Key.reads = 0
    key = Key()
    configuration = SecurityConfiguration(encryption=Encryption(at_rest=AtRest.kms(key)))
    assert configuration.encryption is not None
    assert configuration.encryption.at_rest is not None
    assert configuration.encryption.at_rest.s3_key is key
    assert Key.reads == 0
    configuration.document()
    assert Key.reads == 2


def test_an_object_without_the_member_on_its_type_is_refused_without_being_asked():
    class Nosy:
        def __getattr__(self, name: str) -> str:
            raise AssertionError(f"asked for {name}")

    with pytest.raises(InvalidModel) as caught:
        AtRest.kms(Nosy())
    assert {d.code for d in caught.value.diagnostics} == {"E-ENC-003"}


def test_each_kind_of_reference_is_read_by_its_own_member():
    class Role:
        role_arn = "arn:aws:iam::111122223333:role/emr"

    class Profile:
        instance_profile_name = "nodes"

    class Secret:
        secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf"

    class Group:
        security_group_id = "sg-1"

    cluster = Cluster(
        name="a",
        release="emr-7.10.0",
        primary=InstanceFleet.on_demand("m5.xlarge"),
        service_role=Role(),
        instance_profile=Profile(),
        primary_security_group=Group(),
        core_security_group=Group(),
        kerberos=Kerberos.cluster_dedicated(realm="EXAMPLE.COM", kdc_admin_password=Secret()),
    )
    rendered = request.run_job_flow(cluster)
    assert (rendered["ServiceRole"], rendered["JobFlowRole"]) == (Role.role_arn, "nodes")
    assert rendered["Instances"]["EmrManagedMasterSecurityGroup"] == "sg-1"
    assert rendered["KerberosAttributes"]["KdcAdminPassword"] == (
        f"{{{{resolve:secretsmanager:{Secret.secret_arn}:SecretString:::}}}}"
    )
    assert read("plain") == "plain"
