"""The database of a metastore: which logs it writes, whether its key outlives it, and what is refused for it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Annotations, Match, Template

import emrkit as emr
from emrkit_model.values import InvalidModel

KEY = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"
SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:hive-AbCdEf"


@pytest.fixture
def network(stack: Stack) -> emr.Network:
    return emr.Network(stack, "Network", flow_logs=False)


def only(stack: Stack, kind: str) -> dict[str, Any]:
    (found,) = Template.from_stack(stack).find_resources(kind).values()
    return found["Properties"]


def warned(stack: Stack, code: str) -> list[str]:
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp(code))
    return [str(entry.entry.data) for entry in found]


def codes(refused: pytest.ExceptionInfo[InvalidModel]) -> list[str]:
    return [d.code for d in refused.value.diagnostics]


def test_aurora_writes_the_audit_and_slow_logs_that_it_exports(stack: Stack, network: emr.Network) -> None:
    emr.HiveMetastore(stack, "Store", network=network, key=KEY)
    exported = only(stack, "AWS::RDS::DBCluster")["EnableCloudwatchLogsExports"]
    assert exported == ["audit", "error", "general", "slowquery"]
    assert only(stack, "AWS::RDS::DBClusterParameterGroup")["Parameters"] == {
        "require_secure_transport": "ON",
        "server_audit_logging": "1",
        "server_audit_events": "CONNECT,QUERY_DCL,QUERY_DDL",
        "slow_query_log": "1",
        "long_query_time": "2",
        "log_output": "FILE",
    }


def test_rds_writes_the_slow_log_that_it_exports_into_files(stack: Stack, network: emr.Network) -> None:
    emr.HiveMetastore(stack, "Store", network=network, key=KEY, engine="rds")
    parameters = only(stack, "AWS::RDS::DBParameterGroup")["Parameters"]
    assert parameters["slow_query_log"] == "1"
    assert parameters["log_output"] == "FILE"


def test_a_key_that_goes_with_its_stack_is_a_warning_beside_the_snapshots_that_stay(
    stack: Stack, network: emr.Network
) -> None:
    foundation = emr.Foundation(stack, "Foundation")
    emr.HiveMetastore(stack, "Store", network=network, key=foundation.key)
    (said,) = warned(stack, "W-META-040")
    assert "Alone/Foundation/Key" in said
    assert "keep_data=True" in said


@pytest.mark.parametrize("kind", ["kept foundation", "kept key", "imported key", "name"])
def test_a_key_that_stays_is_none(stack: Stack, network: emr.Network, kind: str) -> None:
    key = {
        "kept foundation": lambda: emr.Foundation(stack, "Foundation", keep_data=True).key,
        "kept key": lambda: kms.Key(stack, "Key", removal_policy=RemovalPolicy.RETAIN),
        "imported key": lambda: kms.Key.from_key_arn(stack, "Key", KEY),
        "name": lambda: KEY,
    }[kind]()
    emr.HiveMetastore(stack, "Store", network=network, key=cast("Any", key))
    assert warned(stack, "W-META-040") == []


def test_a_cluster_whose_metastore_trusts_any_certificate_says_so(stack: Stack, network: emr.Network) -> None:
    for name, ca_file in (("Trusting", None), ("Checking", "/etc/pki/rds/global-bundle.pem")):
        emr.Cluster(
            stack,
            name,
            network=network,
            security=emr.SecurityConfiguration(stack, f"{name}Security"),
            release="emr-7.12.0",
            applications=[emr.Application.HIVE],
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            metastore=emr.HiveMetastore(stack, f"{name}Store", network=network, key=KEY, ca_file=ca_file),
        )
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("W-META-017"))
    assert [entry.id for entry in found] == ["/Alone/Trusting"]
    assert "name the file: ca_file" in str(found[0].entry.data)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"network": None}, "E-CLUS-110"),
        ({"network": "vpc-0123456789abcdef0"}, "E-CLUS-110"),
        ({"key": "alias/metastore"}, "E-ENC-040"),
        ({"engine": "aurora"}, "E-META-041"),
    ],
)
def test_what_no_database_can_be_made_of_is_refused(
    stack: Stack, network: emr.Network, given: dict[str, Any], code: str
) -> None:
    arguments: dict[str, Any] = {"network": network, "key": KEY, **given}
    with pytest.raises(InvalidModel) as refused:
        emr.HiveMetastore(stack, "Store", **arguments)
    assert codes(refused) == [code]


def test_the_network_of_an_imported_metastore_is_one(stack: Stack) -> None:
    with pytest.raises(InvalidModel) as refused:
        emr.HiveMetastore.from_attributes(stack, "Store", host="db", password=SECRET, network=cast("Any", "vpc-1"))
    assert codes(refused) == ["E-CLUS-110"]
